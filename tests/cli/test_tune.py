"""`crosstie tune` as a person types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FILE = """\
data: customers.csv
target: Churn
model_type: linear
hyperopt:
  parameters:
    trainer.l2: [0.1, 100.0]
  search_alg: grid
"""


@pytest.mark.slow
def test_a_search_prints_one_line_where_a_program_reads_it(tmp_path, customers):
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "customers.csv").write_text("".join(lines[:200]), encoding="utf-8")
    (tmp_path / "model.yaml").write_text(FILE)

    command = [sys.executable, "-m", "crosstie.cli.main", "tune"]
    done = subprocess.run(
        [*command, "model.yaml", "--json", "-o", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    found = json.loads(done.stdout)
    assert (found["run"], found["file"]) == (str(tmp_path / "run"), str(tmp_path / "run/best.yaml"))
    assert [each["parameters"] for each in found["trials"]] == [
        {"trainer.l2": 0.1},
        {"trainer.l2": 100.0},
    ]
    assert found["best"] in {"trial_0", "trial_1"}
    assert found["judged_by"] == "validation/Churn/loss"
    told = done.stderr.splitlines()
    assert told[0] == "2 trials of trainer.l2, judged by validation/Churn/loss"
    assert told[1].startswith("trial_0: loss 0.")
    assert "2 trials, by validation/Churn/loss" in told


def test_it_says_where_optuna_is_missing(tmp_path):
    absent = (
        "import sys\n"
        "sys.modules['optuna'] = None\n"
        "import crosstie\n"
        "file = {'target': 'y', 'model_type': 'linear', 'hyperopt': {'parameters': {'trainer.l2': [1.0, 2.0]}}}\n"
        "rows = {'x': [i % 7 for i in range(40)], 'y': [i % 5 + 0.5 for i in range(40)]}\n"
        "try:\n"
        "    crosstie.tune(file, data=rows, runs='runs')\n"
        "except crosstie.CrosstieError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", absent], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "a search needs optuna, which is not installed. Type: pip install 'crosstie[tune]'\n"
    )
    assert not Path(tmp_path / "runs").exists()
