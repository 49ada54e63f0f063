"""A run that was made with other packages says so."""

from importlib.metadata import version

import pytest

from crosstie.data.files import write_json
from crosstie.pipeline.packages import others
from crosstie.pipeline.run import Run

NUMPY = version("numpy")


@pytest.fixture
def run(tmp_path) -> Run:
    versions = {"numpy": NUMPY, "safetensors": "0.0.1", "cupy": "13.0", "polars": None}
    write_json(tmp_path / "manifest.json", {"name": "churn", "versions": versions})
    return Run(tmp_path)


def test_what_is_here_in_another_version_is_named(run):
    now = version("safetensors")
    assert others(run) == f"made with other packages than are here: safetensors 0.0.1 → {now}"


def test_of_all_that_was_installed_what_the_lock_names_counts_absent_or_not(run):
    had = [f"numpy=={NUMPY}", "Annotated.Types==0.1", "cu_py==13.0", "black==1.0"]
    (run.path / "packages.txt").write_text("".join(f"{each}\n" for each in had))
    assert others(run).endswith(f": Annotated.Types 0.1 → {version('annotated-types')}")

    (run.path / "uv.lock").write_text(
        '[[package]]\nname = "cu-py"\n\n[[package]]\nname = "numpy"\n'
    )
    assert others(run) == "made with other packages than are here: cu_py 13.0 → absent"
    (run.path / "packages.txt").write_text(f"numpy=={NUMPY}\n")
    assert others(run) == ""


def test_of_many_the_first_are_named(run):
    had = "".join(f"{name}==0.0\n" for name in ["numpy", "rich", "cyclopts", "onnx", "pydantic", "fsspec", "scipy", "duckdb"])  # fmt: skip
    (run.path / "packages.txt").write_text(had)
    assert others(run).endswith(f"fsspec 0.0 → {version('fsspec')} and 2 more")
