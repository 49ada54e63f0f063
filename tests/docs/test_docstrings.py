"""Examples in docstrings give what they show."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_examples_give_what_they_show(tmp_path: Path, local_index: dict[str, str]) -> None:
    for name in ("customers.csv", "later_customers.csv"):
        shutil.copy(ROOT / "examples" / "churn" / name, tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).with_name("run_docstrings.py")],
        cwd=tmp_path,
        env={**os.environ, **local_index, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_example_is_skipped() -> None:
    pattern = re.compile(r">>>.*doctest:\s*\+SKIP")
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "src").rglob("*.py"))
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
