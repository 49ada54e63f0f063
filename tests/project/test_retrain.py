"""The model anew, on the data as it is now."""

import json
from pathlib import Path

import pytest

from crosstie.cli.retrain import retrain as command
from crosstie.errors import ProjectError
from crosstie.pipeline.run import Run
from crosstie.project.build.open import opened
from crosstie.project.build.state import alone
from crosstie.project.production import in_production
from crosstie.project.retrain import retrain

MODEL = """\
data: data/customers.csv
target: Churn
exclude: [customerID]
split: {type: hash, column: customerID}
"""


@pytest.fixture
def project(tmp_path, customers):
    """A project that was never built."""
    (tmp_path / "data").mkdir()
    (tmp_path / "model.yaml").write_text(MODEL + "model_type: linear\n")
    (tmp_path / "gates.yaml").write_text("skew: false\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "churn"\n\n[tool.crosstie]\n')
    rows(tmp_path, customers, 600)
    return tmp_path


def rows(project, customers, count, spoil=str):
    lines = customers.read_text(encoding="utf-8").splitlines()
    text = "\n".join([lines[0], *map(spoil, lines[1 : count + 1]), ""])
    (project / "data/customers.csv").write_text(text, encoding="utf-8")


def told(project, capsys, **more):
    """The exit code, and the one line of JSON."""
    code = command(json=True, quiet=True, project=project, **more)
    (line,) = capsys.readouterr().out.splitlines()
    return code, json.loads(line)


@pytest.mark.slow
def test_what_passes_is_promoted_what_is_not_new_is_left_and_what_fails_stays_out(
    project, customers, capsys
):
    code, first = told(project, capsys, promote=True)
    run = Path(first["run"]).relative_to(project).as_posix()
    assert (code, first) == (
        0,
        {
            "trained": True,
            "run": str(project / run),
            "passed": True,
            "promoted": True,
            "production": str(project / run),
            "gates": {},
            "tests": True,
            "ran": ["model"],
            "cached": [],
            "failed": [],
            "said": f"{run} trained and is in production",
        },
    )

    code, again = told(project, capsys, promote=True)
    assert (code, again["passed"], again["promoted"], again["ran"]) == (0, None, False, [])
    assert again["said"] == (
        f"nothing new: {run} is in production already, and its code and data are as they were"
    )

    rows(project, customers, 700)
    code, second = told(project, capsys)
    assert (code, second["passed"], second["promoted"], second["production"]) == (0, True, False, first["run"])  # fmt: skip
    assert second["said"].endswith(" trained and passed. Next: crosstie promote")
    (project / "tests").mkdir()
    (project / "tests/test_own.py").write_text("def test_own():\n    assert False\n")
    code, third = told(project, capsys, promote=True)
    assert (code, third["trained"], third["tests"], third["promoted"]) == (1, False, False, False)
    assert third["said"].endswith(" stays out of production: the project's own tests failed")

    (project / "tests/test_own.py").unlink()
    rows(
        project,
        customers,
        700,
        lambda line: ",".join([*line.split(",")[:-3], "0", *line.split(",")[-2:]]),
    )
    code, spoilt = told(project, capsys, promote=True)
    assert (code, spoilt["promoted"], spoilt["production"]) == (1, False, first["run"])
    assert spoilt["gates"]["drift"].startswith("MonthlyCharges: ")
    assert in_production(opened(project)).run == run


@pytest.mark.slow
def test_a_choice_among_learners_is_not_made_again(project, customers):
    (project / "model.yaml").write_text(
        MODEL + "model_type: auto\ntrainer: {learners: [linear, gbm]}\n"
    )
    said = []
    first = retrain(opened(project), promote=True, say=said.append)
    assert sum("trying" in each for each in said) == 2
    learner = Run(project / first.run).manifest["learner"]
    rows(project, customers, 650)
    said.clear()

    second = retrain(opened(project), say=said.append)

    assert not any("trying" in each for each in said)
    assert second.trained
    manifest = Run(project / second.run).manifest
    assert manifest["learner"] == learner
    assert manifest["origin"]["files"] == ["packages.txt"]


@pytest.mark.slow
def test_a_step_that_fails_and_another_who_retrains_are_the_users_to_mend(project, capsys):
    (project / "steps").mkdir()
    (project / "steps/10_odd.sql").write_text("SELECT nope FROM customers")
    (project / "model.yaml").write_text(MODEL.replace("data/customers.csv", "odd"))

    code, found = told(project, capsys)

    assert (code, found["failed"], found["run"], found["passed"]) == (2, ["odd", "model"], None, None)  # fmt: skip
    assert found["said"].startswith(
        'odd failed: steps/10_odd.sql: Binder Error: Referenced column "nope"'
    )
    with (
        alone(project / ".crosstie", doing="retrains"),
        pytest.raises(ProjectError, match="retrains here now"),
    ):
        retrain(opened(project))
    (project / "model.yaml").unlink()
    with pytest.raises(ProjectError, match=r"there is no model\.yaml here; nothing is trained"):
        retrain(opened(project))
