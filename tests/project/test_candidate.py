"""What `crosstie test` looks at of a project, beyond its two models."""

import json

import pytest

from crosstie.cli.test import test as command
from crosstie.config import registry
from crosstie.errors import ConfigError
from crosstie.gates.gate import gates
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.candidate import compare_candidate
from crosstie.project.production import promote

MODEL = """\
data: data/customers.csv
target: Churn
model_type: linear
exclude: [customerID]
split: {type: hash, column: customerID}
"""
OWN = """\
def gate_seniors(comparison, most=0.9):
    share = comparison.flips(SeniorCitizen=1)
    return share <= most, f"{share:.0%} of senior citizens"
"""
CLASS = '''\
from crosstie.gates.comparison import Finding
from crosstie.gates.gate import Gate, gates


@gates("many_rows")
class ManyRows(Gate):
    """There are rows enough."""

    def check(self, comparison):
        return [Finding("passed" if comparison.rows > 10 else "failed", f"{comparison.rows} rows")]
'''


@pytest.fixture
def project(tmp_path, customers, monkeypatch):
    """A project with gates of its own, its model built."""
    assert gates.names()  # Crosstie's own are read before the copy
    monkeypatch.setattr(registry, "_project_folders", [])
    monkeypatch.setattr(gates, "_classes", dict(gates._classes))
    root = tmp_path
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    files = {
        "data/customers.csv": "".join(lines[:401]),
        "model.yaml": MODEL,
        "gates.yaml": "skew: false\n",
        "pyproject.toml": '[project]\nname = "churn"\n\n[tool.crosstie]\n',
        "components/many_rows.py": CLASS,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    build(opened(root))
    (root / "tests").mkdir()
    (root / "tests" / "gates.py").write_text(OWN)
    return root


@pytest.mark.slow
def test_gates_of_the_projects_own_hold_and_what_each_step_took_is_beside_what_it_took(
    project, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "300")
    assert command(project=project, json=True) == 0
    first = json.loads(capsys.readouterr().out)
    told = {each["gate"]: (each["result"], each["what"]) for each in first["outcomes"]}
    assert told["many_rows"] == ("passed", f"{first['rows']} rows")
    why = "nothing is in production to compare with"
    assert told["seniors"] == ("not applicable", why)
    assert told["rows"] == ("not applicable", why)
    (cost,) = (each for each in first["outcomes"] if each["gate"] == "cost")
    said = [each["what"].partition(";")[0] for each in cost["findings"]]
    assert said == ["no earlier runs on this machine"] * 2
    assert {step: each["now"]["rows"] for step, each in first["costs"].items()} == {
        "model": 400,
        "customers": 400,
    }

    promote(opened(project))
    (project / "gates.yaml").write_text("skew: false\nseniors: {most: -1}\ncost: {fails: true}\n")
    table = project / "data" / "customers.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    build(opened(project))
    here = opened(project)
    key = here.state.get("model").key
    kept = project / ".crosstie" / "costs" / "development.json"
    costs = json.loads(kept.read_text())
    (machine,) = costs
    costs[machine]["model"][-1]["seconds"] = 1000.0
    kept.write_text(json.dumps(costs))
    assert here.costs.of("model", key).runs == 1

    assert command(project=project) == 1
    shown = capsys.readouterr().out
    assert "of senior citizens (" in shown
    assert "model: more time than before: 1e+03 s, " in shown
    page = (project / ".crosstie" / "reports" / "test.html").read_text(encoding="utf-8")
    assert "<h2>What it took</h2>" in page
    assert "Not compared: data moved: data/customers.csv; see drift" in page

    (project / "tests" / "gates.py").write_text(OWN.replace("SeniorCitizen", "SeniorCitzen"))
    with pytest.raises(ConfigError) as error:
        compare_candidate(opened(project))
    assert str(error.value) == (
        f"{project / 'tests' / 'gates.py'}:2: gate 'seniors': the holdout has no column 'SeniorCitzen'; "
        "did you mean 'SeniorCitizen'?"
    )
