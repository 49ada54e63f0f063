"""An installation without the training extra: it predicts, and says what else needs to be installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ABSENT = """
import sys

TRAINING = {"pydantic", "ruamel", "torch", "scipy", "duckdb", "pyarrow", "lightgbm", "onnx", "fsspec", "huggingface_hub"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in TRAINING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment in which only what prediction needs can be imported."""
    (tmp_path / "sitecustomize.py").write_text(ABSENT, encoding="utf-8")
    path = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


@pytest.mark.parametrize(
    ("arguments", "package"),
    [
        (["train", "churn/customers.csv", "--target", "Churn"], "pydantic"),
        (["check", "churn/model.yaml"], "ruamel.yaml"),
        (["schema"], "pydantic"),
        (["explain", "--predictions", "churn/customers.csv", "--prediction", "Churn"], "lightgbm"),
    ],
)
def test_training_without_its_packages_names_the_line_that_installs_them(
    bare: dict[str, str], arguments: list[str], package: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", *arguments],
        cwd=EXAMPLES,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"error: this needs {package}, which is not installed. Type: pip install 'crosstie[train]'\n"
    )


def test_a_model_of_the_hub_without_its_package_names_the_line_that_installs_it(
    bare: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", "predict", "hf://acme/churn", "customers.csv"],
        cwd=EXAMPLES / "churn",
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: fetching hf://acme/churn needs huggingface-hub, which is not installed. "
        "Type: pip install 'crosstie[hub]'\n"
    )
