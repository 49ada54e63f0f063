"""A table small enough to train on in a test."""

from pathlib import Path

import pytest


@pytest.fixture
def few_customers(customers, tmp_path) -> Path:
    """The first 600 customers, in a folder of their own."""
    path = tmp_path / "data" / "few.csv"
    path.parent.mkdir()
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:601]), encoding="utf-8")
    return path
