import json
from collections import Counter

import numpy as np
import pytest

import crosstie
from crosstie.artifact.example import check_alone, check_skew
from crosstie.cli.cluster import cluster as command
from crosstie.cli.runs import show
from crosstie.data.read import open_source
from crosstie.datasets.shipped import FILES
from crosstie.errors import ConfigError, DataError, RunError
from crosstie.pipeline.run import list_runs
from crosstie.reports.collect import collect
from crosstie.reports.verdict import LEARNERS

PENGUINS = FILES / "penguins.csv.gz"
MEASURED = ["species", "island", "sex", "year"]  # what is no measurement


@pytest.fixture(scope="module")
def species(tmp_path_factory):
    """Penguins grouped by their measurements."""
    runs = tmp_path_factory.mktemp("species") / "runs"
    lines: list[str] = []
    found = crosstie.cluster(
        PENGUINS, method="mixture", most=4, exclude=MEASURED, runs=runs, say=lines.append
    )
    return found, lines


@pytest.fixture(scope="module")
def model(species):
    return crosstie.load(species[0].run.path)


@pytest.fixture
def table(tmp_path):
    """Writes a CSV file of columns."""

    def write(columns, name="table.csv"):
        path = tmp_path / name
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def noise(rows=60):
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=rows).round(6).tolist() for name in ("a", "b", "c")}


def test_a_mixture_finds_the_three_species_of_penguins(species, model):
    found, _ = species
    true = open_source(PENGUINS).table().cells("species")
    said = model.predict(PENGUINS)["group_prediction"]
    pairs = Counter(zip(true, said, strict=True))
    own = {name: max("123", key=lambda group, name=name: pairs[name, group]) for name in set(true)}
    assert sorted(own.values()) == ["1", "2", "3"]
    assert sum(pairs[name, group] for name, group in own.items()) >= 330  # of 344
    assert (found.clear, [each["rows"] for each in found.groups]) == (True, [152, 123, 69])


def test_each_group_is_told_from_the_others(species):
    found, lines = species
    first = found.groups[0]
    assert first["text"].startswith("bill_length_mm is lower (38.80 against 47.75); ")
    assert first["differences"][0] == {
        "column": "bill_length_mm",
        "kind": "number",
        "what": "median",
        "value": pytest.approx(38.8),
        "others": pytest.approx(47.75),
        "effect": pytest.approx(-0.985, abs=0.01),
        "same_as": "",
        "text": "bill_length_mm is lower (38.80 against 47.75)",
    }
    assert lines == [
        "344 rows by 4 columns: bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g",
        "mixture: looking for how many groups there are, at most 4",
    ]
    assert "<td>bill_length_mm is lower" in found._repr_html_()


def test_a_row_alone_is_in_the_group_that_it_has_in_the_table(model):
    assert check_skew(model.artifact) == []
    table = open_source(PENGUINS).table()
    assert check_alone(model.artifact, table.take(np.arange(0, 344, 12))) == []


def test_a_new_row_is_assigned_with_how_much_it_belongs_and_how_far_it_is(model):
    usual = {"bill_length_mm": 38.8, "bill_depth_mm": 18.4, "flipper_length_mm": 190, "body_mass_g": 3700}  # fmt: skip
    said = model.predict(usual)
    assert said["group_prediction"] == "1"
    assert sum(said[f"group_probability_{each}"] for each in "123") == pytest.approx(1)
    assert said["distance_prediction"] < 1
    assert model.predict({**usual, "body_mass_g": 30000})["distance_prediction"] > 10
    assert model.predict({**usual, "body_mass_g": None})["group_prediction"] == "1"


def test_the_run_holds_what_the_model_says_of_every_row(species, model):
    run = species[0].run
    kept = open_source(run.path / "predictions" / "train.parquet").table()
    assert kept.cells("group_prediction") == model.predict(PENGUINS)["group_prediction"]
    assert json.loads((run.path / "groups.json").read_text()) == species[0].content
    assert run.exit == "done"
    assert run.manifest["learner"] == "mixture"
    assert run.metrics["train"]["group"]["groups"] == 3
    assert not (run.path / "graph.onnx").exists()


def test_a_run_is_done_again_to_the_same_groups(species, tmp_path):
    found, _ = species
    again = crosstie.cluster(found.run.path, output=tmp_path / "again")
    assert again.content == found.content
    first, second = (each.run.model / "graph" / "0.onnx" for each in (found, again))
    assert first.read_bytes() == second.read_bytes()


def test_the_report_says_the_verdict_and_shows_the_groups(species):
    report = collect(species[0].run.path)
    assert report["verdict"] == [
        f"344 rows of penguins.csv.gz are grouped by 4 columns, without a target, by {LEARNERS['mixture']}.",
        species[0].verdict,
    ]
    assert [each["id"] for each in report["sections"]] == ["groups", "data", "again"]
    groups, *each, tried = report["sections"][0]["blocks"]
    assert [row[:2] for row in groups["rows"]] == [["1", "152"], ["2", "123"], ["3", "69"]]
    assert [block["title"] for block in each] == [
        "Group 1: 152 rows",
        "Group 2: 123 rows",
        "Group 3: 69 rows",
    ]
    assert each[0]["rows"][0][:3] == ["bill_length_mm (median)", "38.80", "47.75"]
    assert tried["strong"] == [2]
    page = (species[0].run.path / "report.html").read_text()
    assert "bill_length_mm is lower (38.80 against 47.75)" in page
    assert "crosstie cluster" in page


def test_a_card_and_a_comparison_say_the_verdict(species, tmp_path):
    found, _ = species
    other = crosstie.cluster(PENGUINS, groups=2, exclude=MEASURED, output=tmp_path / "two")
    written = crosstie.report(found.run.path, other.run.path, output=tmp_path / "both.html")
    assert f"two: {other.verdict}" in written.content["verdict"]
    card = crosstie.report(other.run.path, output=tmp_path / "two.html", card=True).card
    text = card.read_text()
    assert "It is the nearest middle of a group (k-means), trained with" in text
    assert f"## Limits\n\n- {other.verdict}\n" in text
    assert "## Figures" not in text


def test_the_command_prints_what_was_tried_the_groups_and_the_verdict(tmp_path, capsys):
    command(
        str(PENGUINS), groups=2, exclude=["species,year", "sex,island"], output=tmp_path / "run"
    )
    printed = capsys.readouterr().out
    assert "kmeans, figures of 344 rows\n" in printed
    assert " ← chosen" in printed
    assert "flipper_length_mm is higher (216 against 191)" in printed
    assert (
        "\n2 groups, as asked, stand apart: rows are nearer to their own than to the next"
        in printed
    )
    assert printed.endswith(
        f"Next: crosstie predict {tmp_path / 'run'} NEW_DATA.csv -o groups.csv\n"
    )
    show(str(tmp_path / "run"))
    assert "2 groups, as asked, stand apart: " in capsys.readouterr().out


def test_json_is_one_line_with_all_that_was_found(tmp_path, capsys, table):
    path = table(noise())
    command(str(path), groups=2, seed=7, json=True, quiet=True, output=tmp_path / "run")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found.pop("run") == str(tmp_path / "run")
    assert found == json.loads((tmp_path / "run" / "groups.json").read_text())
    assert (found["clear"], found["groups"], found["asked"]) == (False, 2, 2)
    assert found["verdict"].startswith("No clear groups: ")


def test_texts_are_grouped_and_their_words_told(tmp_path, table):
    rng = np.random.default_rng(0)
    topics = [["ship", "parcel", "late", "courier"], ["refund", "money", "card", "bank"]]
    texts = [" ".join(rng.permutation(topics[i % 2])[:3]) + f" thanks x{i}" for i in range(80)]
    found = crosstie.cluster(
        table({"message": texts}), groups=2, types={"message": "text"}, output=tmp_path / "run"
    )
    assert found.clear
    told = {each["group"]: each["text"] for each in found.groups}
    assert ["message" in each and "holds" in each for each in told.values()] == [True, True]
    said = crosstie.load(found.run.path).predict(
        [{"message": "my parcel is late"}, {"message": "where is my refund, my money"}]
    )
    assert said[0]["group_prediction"] != said[1]["group_prediction"]


def test_a_table_with_columns_of_these_names_keeps_them(tmp_path, table):
    path = table({"group": noise()["a"], "distance": noise()["b"]})
    found = crosstie.cluster(path, groups=2, output=tmp_path / "run")
    said = crosstie.load(found.run.path).predict(path)
    assert list(said) == [
        "group__prediction",
        "group__probability_1",
        "group__probability_2",
        "distance__prediction",
    ]


def test_cells_of_a_private_column_are_told_nowhere(tmp_path, table):
    town = ["Aburg"] * 30 + ["Bstadt"] * 30
    columns = {"town": town, "income": [*range(30), *range(100, 130)]}
    found = crosstie.cluster(
        table(columns), groups=2, set=["private=[town]"], output=tmp_path / "run"
    )
    assert [each["column"] for group in found.groups for each in group["differences"]] == [
        "income",
        "income",
    ]
    run = tmp_path / "run"
    told = [run / name for name in ("groups.json", "report.html", "log.txt", "model/example.json")]
    assert [each.name for each in told if "Aburg" in each.read_text()] == []


def test_rows_that_lie_nowhere_dense_leave_a_run_without_a_model(tmp_path, table):
    rng = np.random.default_rng(0)
    path = table({f"c{i}": rng.random(40).round(6).tolist() for i in range(6)})
    found = crosstie.cluster(path, method="hdbscan", output=tmp_path / "run")
    assert found.verdict == "No groups: nowhere do rows lie so dense that they would be one."
    assert [(each["group"], each["rows"]) for each in found.groups] == [("none", 40)]
    assert found.run.exit == "done"
    with pytest.raises(RunError, match="holds no model"):
        crosstie.load(found.run.path)


def test_hdbscan_says_that_its_model_holds_rows(tmp_path, table):
    rng = np.random.default_rng(0)
    columns = {name: [*rng.normal(0, 0.1, 30), *rng.normal(5, 0.1, 30), 2.5] for name in ("a", "b")}
    lines: list[str] = []
    found = crosstie.cluster(
        table(columns), method="hdbscan", output=tmp_path / "run", say=lines.append
    )
    assert "hdbscan: the model holds 60 rows, as numbers; who has it can read them" in lines
    assert {each["group"]: each["rows"] for each in found.groups} == {"1": 30, "2": 30, "none": 1}
    said = crosstie.load(found.run.path).predict({"a": 2.5, "b": 2.5})
    assert said["group_prediction"] == "none"
    assert said["group_probability_none"] > 0.5


def test_all_that_is_wrong_is_said_at_once(table):
    columns = {**noise(), "photo": [f"{i}.png" for i in range(60)], "name": ["x", "y"] * 30}
    path = table(columns)
    left_out = "A column that is not to count is left out by `exclude:`"
    with pytest.raises(ConfigError) as error:
        crosstie.cluster(
            path,
            method="kmean",
            groups=1,
            exclude=["nmae"],
            types={"photo": "image", "a": "numbr"},
            set=["target=b", "preprocessing.oversample_minority=0.5"],
        )
    assert sorted(map(str, error.value.problems)) == [
        f"--exclude: {path} has no column 'nmae'; did you mean 'name'?",
        "--groups: must be at least 2, got 1",
        "--method: must be 'kmeans', 'mixture' or 'hdbscan', got 'kmean'",
        "--set preprocessing.oversample_minority: is not read where rows are grouped; there are sample_ratio and sample_size",
        f"--target: groups are made without a target, and this is not read; leave it out. {left_out}",
        "--type a: unknown type 'numbr'; did you mean 'number'?",
        "--type photo: rows cannot be grouped by the image column 'photo'; exclude it, or make vectors of it first: crosstie embed",
    ]


def test_a_file_says_how_and_row_wise_features_make_its_columns(tmp_path, table):
    path = table({"a": noise()["a"], "b": [*range(30), *range(500, 530)]})
    file = tmp_path / "kinds.yaml"
    file.write_text(f"data: {path.name}\ncluster: {{method: kmeans, grups: 2}}\n")
    with pytest.raises(ConfigError) as error:
        crosstie.cluster(file)
    assert str(error.value) == f"{file}:2 cluster.grups: unknown option; did you mean 'groups'?"
    file.write_text(f"data: {path.name}\ncluster: {{method: kmeans, groups: 2}}\n")
    (tmp_path / "features.sql").write_text("SELECT b, b * 2.0 AS twice FROM input")
    found = crosstie.cluster(file, output=tmp_path / "run")
    assert [each["rows"] for each in found.groups] == [30, 30]
    said = crosstie.load(found.run.path).predict([{"b": 3}, {"b": 520}])
    assert [each["group_prediction"] for each in said] in (["1", "2"], ["2", "1"])


def test_a_run_that_predicts_is_not_a_run_of_groups(tmp_path, few_customers):
    run = crosstie.train(
        few_customers, target="Churn", model_type="linear", output=tmp_path / "run"
    )
    with pytest.raises(ConfigError) as error:
        crosstie.cluster(run.path)
    said = [each.what for each in error.value.problems]
    assert said[0] == "groups are made without a target, and this is not read; leave it out"


def test_too_few_rows_leave_a_failed_run_and_nothing_else(tmp_path, table):
    with pytest.raises(DataError, match="all rows are the same"):
        crosstie.cluster(
            table({"a": [1, 1] * 15, "b": ["x"] * 30}),
            types={"a": "number", "b": "category"},
            runs=tmp_path / "runs",
        )
    assert [run.exit for run in list_runs(tmp_path / "runs")] == ["failed"]


def test_a_file_that_is_not_there_is_said_not_to_be(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file, table or run"):
        crosstie.cluster(tmp_path / "absent.csv")
