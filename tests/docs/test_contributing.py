"""The worked example of CONTRIBUTING, done as it says on a copy of the source."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EACH_LEARNER = """
import json, crosstie

found = {}
for name in ("linear", "gbm", "ecd"):
    run = crosstie.train("hosts.csv", target="inside", model_type=name, output=name)
    answers = crosstie.load(run.path).predict("hosts.csv")["inside_prediction"]
    found[name] = [answers[0], answers[255]]
print(json.dumps(found))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source and the contract test, with the new type in every place that CONTRIBUTING names."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copytree(ROOT / "tests" / "features", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    feature, cells = re.findall(
        r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
    package = tmp_path / "src" / "crosstie"
    (package / "features" / "ipv4.py").write_text(feature, encoding="utf-8")
    edit(package / "models/encoders/vector_dense.py", 'of=("vector",)', 'of=("vector", "ipv4")')
    for learner in ("linear", "gbm", "ecd"):
        edit(package / f"learners/{learner}.py", "    uses = (", '    uses = ("ipv4", ')
    edit(tmp_path / "tests" / "test_feature.py", "CELLS = {", f"CELLS = {{\n{cells}")
    edit(tmp_path / "tests" / "test_feature.py", 'PROMISED = "', 'PROMISED = "ipv4 ')
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} no longer holds {old!r} once"
    path.write_text(text.replace(old, new), encoding="utf-8")


def python(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_new_feature_type_meets_the_contract_and_trains(copy: Path) -> None:
    python(
        copy,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "tests/test_feature.py",
        "-k",
        "ipv4 or promised",
    )
    rows = [f"{first}.0.3.{first},{'yes' if first > 127 else 'no'}" for first in range(256)]
    (copy / "hosts.csv").write_text("\n".join(["host,inside", *rows, ",no", "none,yes", ""]))
    assert "ipv4" in python(
        copy, "-m", "crosstie.cli.main", "check", "hosts.csv", "--target", "inside"
    )
    predicted = json.loads(python(copy, "-c", EACH_LEARNER).splitlines()[-1])
    assert predicted == {"linear": ["no", "yes"], "gbm": ["no", "yes"], "ecd": ["no", "yes"]}
