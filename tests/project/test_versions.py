"""What moved between the table that production was trained on and the candidate's."""

import pytest

from crosstie.errors import ProjectError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.built import built_model
from crosstie.project.candidate import compare_candidate
from crosstie.project.keys import naming_columns, shared_columns
from crosstie.project.production import in_production, promote, run_of
from crosstie.project.steps.duck import connect
from crosstie.project.steps.read import MODEL
from crosstie.project.versions import versions
from crosstie.serving.model import Model

FILES = {
    "pyproject.toml": '[project]\nname = "churn"\n\n[tool.crosstie]\n',
    "gates.yaml": "skew: false\n",
    "model.yaml": (
        "data: shaped\ntarget: Churn\nmodel_type: linear\nexclude: [customerID]\n"
        "private: [PaymentMethod]\nsplit: {type: hash, column: customerID}\n"
    ),
    "steps/10_clean.sql": "SELECT * FROM customers\n",
    "steps/20_shaped.sql": "SELECT * FROM clean\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory, customers):
    """A project whose model is in production."""
    root = tmp_path_factory.mktemp("churn")
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, text in {**FILES, "data/customers.csv": "".join(lines[:501])}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    built(root)
    promote(opened(root), anyway=True)
    return root


def built(root):
    assert not build(opened(root)).failed


def beside(root):
    """The training tables of production and of the candidate."""
    here = opened(root)
    now = in_production(here)
    models = Model.load(run_of(here, now)), Model.load(built_model(here)[0].path)
    return versions(here, now.run, now.product, models)


@pytest.mark.slow
def test_code_that_moved_is_told_row_by_row_and_data_that_moved_is_not(project):
    assert beside(project).same

    clean = project / "steps" / "10_clean.sql"
    clean.write_text(
        "SELECT * REPLACE (tenure + (tenure > 60)::INT AS tenure, nullif(PaymentMethod, 'Mailed check') AS PaymentMethod)"
        ", tenure * 2 AS one FROM customers\n"
    )
    built(project)
    found = beside(project)
    mailed = (project / "data/customers.csv").read_text().count("Mailed check")
    assert (found.table, found.moved, found.key) == ("shaped", ("query of clean",), ("customerID",))
    assert (found.diff.shared, found.diff.added, found.diff.new_columns) == (500, 0, ["one"])
    changed = {name: each for name, each in found.diff.columns.items() if not each.same}
    assert changed.keys() == {"tenure", "PaymentMethod"}
    assert (changed["tenure"].max_delta, changed["tenure"].stored) == (1.0, ("bigint", "bigint"))
    assert changed["PaymentMethod"].new_missing == mailed

    compared = compare_candidate(opened(project))
    assert compared.outputs["Churn"].flips is not None  # on rows that production had without `one`
    assert any(each.kind == "input" and each.where == "one" for each in compared.contract)
    outcome = next(each for each in compared.outcomes if each.gate == "rows")
    assert (outcome.result, len(outcome.findings)) == ("warned", 3)
    assert outcome.what == "one: column is new (query of clean moved) (and 2 more)"
    told = compared.versions.diff.columns["PaymentMethod"].examples[0]
    assert told[1:] == ("(private)", "(private)")
    page = (project / ".crosstie/reports/test.html").read_text(encoding="utf-8")
    assert "Of code moved: query of clean; of data nothing. By customerID: 500 rows in both" in page
    assert "Mailed check" not in page

    text = (project / "model.yaml").read_text()
    (project / "model.yaml").write_text(text.replace("customerID}", "gender}"))
    built(project)
    with pytest.raises(
        ProjectError,
        match=r"tested on have no column 'one', which this model takes, and no key tells them",
    ):
        compare_candidate(opened(project))
    (project / "model.yaml").write_text(text)

    lines = (project / "data/customers.csv").read_text().splitlines(keepends=True)
    (project / "data/customers.csv").write_text("".join(lines[:-1]))
    built(project)
    found = beside(project)
    assert (found.diff, found.moved) == (None, ("query of clean",))
    assert found.why == "data moved: data/customers.csv; see drift"


def test_rows_are_named_by_the_splits_columns_else_by_the_first_that_never_repeats():
    with connect() as connection:
        connection.execute("CREATE VIEW before AS SELECT * FROM (VALUES (1, 0.5, 'a', 7), (1, 0.6, 'b', 8)) t(same, share, name, number)")  # fmt: skip
        connection.execute("CREATE VIEW after AS SELECT *, 1 AS new FROM before")
        columns = shared_columns(connection)
        assert list(columns) == ["same", "share", "name", "number"]
        assert naming_columns(connection, columns, ["same", "name"]) == ["same", "name"]
        assert naming_columns(connection, columns, ["gone"]) == ["name"]
        columns = {name: columns[name] for name in ("same", "share")}
        assert naming_columns(connection, columns, []) == []


@pytest.mark.slow
def test_what_the_store_does_not_know_is_told(project):
    here = opened(project)
    product = here.store.records(MODEL)[0].product
    other = type(product)("folder", "another", {})
    model = Model.load(built_model(here)[0].path)
    why = versions(here, "runs/churn/another", other, (model, model)).why
    assert why == "the store does not know what production was trained on"


@pytest.mark.slow
def test_an_edit_of_row_wise_features_is_told_row_by_row(tmp_path):
    rows = "".join(f"{i % 7},{i % 11 / 10},{'yes' if i % 3 else 'no'}\n" for i in range(120))
    query = "SELECT *, visits * 2 AS twice, share * 10 AS tenths FROM input\n"
    for name, text in {
        **FILES,
        "data/shop.csv": "visits,share,bought\n" + rows,
        "model.yaml": "data: data/shop.csv\ntarget: bought\nmodel_type: linear\nprivate: [share]\n",
        "features.sql": query,
    }.items():
        if not name.startswith("steps/"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
    built(tmp_path)
    promote(opened(tmp_path), anyway=True)
    assert beside(tmp_path).same

    edited = query.replace("visits * 2", "visits * 2 + (visits > 5)::INT").replace("* 10", "* 9")
    (tmp_path / "features.sql").write_text(edited)
    built(tmp_path)

    found = beside(tmp_path)
    assert (found.same, found.moved, found.key) == (False, ("features.sql",), ("(row)",))
    assert found.diff.columns.keys() == {"visits", "twice"}
    assert found.diff.columns["visits"].same
    twice = found.diff.columns["twice"]
    assert (twice.rows, twice.max_delta) == (17, 1.0)
    assert twice.examples[0] == ("6", "12", "13")
