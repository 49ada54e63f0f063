"""A candidate against the model in production, and how that changes."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

import crosstie
from crosstie.data.files import write_json, write_text
from crosstie.errors import ProjectError, RunError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.candidate import judge_candidate
from crosstie.project.production import (
    Promoted,
    history,
    in_production,
    promote,
    roll_back,
)
from crosstie.project.store.store import Product

MODEL = """\
data: data/customers.csv
target: Churn
model_type: linear
exclude: [customerID]
split: {type: hash, column: customerID}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory, customers):
    """A project whose model is built."""
    root = tmp_path_factory.mktemp("churn")
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "data").mkdir()
    (root / "data" / "customers.csv").write_text("".join(lines[:1501]), encoding="utf-8")
    (root / "more.csv").write_text("".join([lines[0], *lines[1:2001]]), encoding="utf-8")
    (root / "model.yaml").write_text(MODEL)
    (root / "gates.yaml").write_text("skew: false\n")
    (root / "pyproject.toml").write_text('[project]\nname = "churn"\n\n[tool.crosstie]\n')
    assert build(opened(root)).to_json() == {"ran": ["model"], "cached": [], "failed": []}
    return root


@pytest.mark.slow
def test_a_model_that_was_made_with_other_packages_says_so(project):
    run = project / opened(project).state.get("model").file
    had = (run / "packages.txt").read_text()
    (run / "packages.txt").write_text("numpy==0.1\n")
    (project / ".crosstie/cache.json").unlink()
    said = []

    build(opened(project), say=said.append)
    build(opened(project), say=said.append)  # what was found is known then

    line = f"model: made with other packages than are here: numpy 0.1 → {version('numpy')}"
    assert said == [line, line]
    (run / "packages.txt").write_text(had)
    (project / ".crosstie/cache.json").unlink()


@pytest.mark.slow
def test_a_model_is_tested_promoted_followed_and_put_back(project):
    first = judge_candidate(opened(project)).comparison
    assert (first.passed, first.production) == (True, None)
    one = promote(opened(project))
    assert one == in_production(opened(project))
    pointer = project / "runs" / "churn" / "production"
    assert pointer.read_text().strip() == Path(one.run).name
    assert crosstie.load(pointer).artifact.manifest["name"] == "churn"

    with pytest.raises(ProjectError, match="is in production already"):
        promote(opened(project))
    (project / "more.csv").replace(project / "data" / "customers.csv")
    with pytest.raises(
        ProjectError, match=r"the model is not built as it is now \(.*Type: crosstie build"
    ):
        promote(opened(project))
    assert build(opened(project)).to_json()["ran"] == ["model"]
    with pytest.raises(ProjectError, match=r"was not tested\. Type: crosstie test"):
        promote(opened(project))

    second = judge_candidate(opened(project), junit=project / "junit.xml").comparison
    assert second.passed
    assert second.rows == first.rows  # those that the model in production was tested on
    assert second.production == one.run
    page = project / ".crosstie" / "reports" / "test.html"
    assert "</html>" in page.read_text(encoding="utf-8")
    assert "<testsuite" in (project / "junit.xml").read_text()
    two = promote(opened(project))
    assert [each.run for each in history(opened(project))] == [two.run, one.run]

    assert roll_back(opened(project)) == one
    assert pointer.read_text().strip() == Path(one.run).name
    with pytest.raises(ProjectError, match="nothing was in production before"):
        roll_back(opened(project))


def promoted(name):
    none = Product("folder", "", {"model/manifest.json": "0" * 64})
    return Promoted(f"runs/churn/{name}", "2026-01-01T00:00:00+00:00", none, none, none, "development")  # fmt: skip


@pytest.mark.parametrize("command", [promote, roll_back])
def test_a_move_that_was_killed_halfway_is_finished_and_not_made_twice(calls, command):
    here, pointer = opened(calls), calls / "runs/churn/production"
    old, new, newer = (promoted(name) for name in ("old", "new", "newer"))
    alias = {"now": new.to_json(), "before": [old.to_json()]}
    here.store.set_alias("production", alias)
    write_text(pointer, "newer\n")
    write_json(calls / ".crosstie/moving.json", alias)

    assert command(here) == new

    assert pointer.read_text() == "new\n"
    assert not (calls / ".crosstie/moving.json").exists()
    assert history(here) == [new, old]
    write_json(calls / ".crosstie/moving.json", {"now": newer.to_json(), "before": [new.to_json()]})
    with pytest.raises(
        (ProjectError, RunError)
    ):  # none of these has a model; what never moved is not taken up
        command(here)
    assert not (calls / ".crosstie/moving.json").exists()
    assert history(here) == [new, old]


@pytest.mark.slow
def test_a_model_of_corrupted_data_is_not_promoted(project):
    table = project / "data" / "customers.csv"
    whole = table.read_text(encoding="utf-8")
    if in_production(opened(project)) is None:
        promote(opened(project), anyway=True)
    header, *rows = whole.splitlines()
    at = header.split(",").index("MonthlyCharges")
    spoilt = [",".join([*(cells := row.split(","))[:at], "0", *cells[at + 1 :]]) for row in rows]
    table.write_text("\n".join([header, *spoilt, ""]), encoding="utf-8")
    build(opened(project))

    (project / "tests").mkdir()
    (project / "tests" / "test_own.py").write_text("def test_own():\n    assert False\n")
    both = judge_candidate(opened(project))
    found = both.comparison

    assert (both.passed, both.own, found.passed) == (False, False, False)
    assert any("MonthlyCharges" in str(each) for each in found.failed)
    with pytest.raises(ProjectError, match=r"did not pass\. See crosstie test"):
        promote(opened(project))
    run = project / opened(project).state.get("model").file
    assert json.loads((run / "gates.json").read_text())["passed"] is False
    table.write_text(whole, encoding="utf-8")
