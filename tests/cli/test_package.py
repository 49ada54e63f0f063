"""`crosstie package` as a program calls it; docs/ship.md shows it to people."""

import json
import os
import subprocess
import sys

import pytest

import crosstie


@pytest.mark.slow
def test_one_line_of_json_says_what_was_packaged(customers, local_index, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("".join(customers.read_text().splitlines(keepends=True)[:301]))
    crosstie.train(few, target="Churn", model_type="linear", name="churn", runs=tmp_path / "runs")

    done = subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", "package", "--json"],
        cwd=tmp_path,
        env={**os.environ, **local_index},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    wheel = tmp_path / "dist" / "churn-0.1.0-py3-none-any.whl"
    assert said["wheel"] == str(wheel)
    assert said["bytes"] == wheel.stat().st_size
    assert (said["name"], said["version"], said["rows"]) == ("churn", "0.1.0", 5)
    assert (said["locked"], said["problems"], said["notes"]) == (True, [], [])
    assert said["installed_bytes"] < said["training_bytes"]
