"""A small real table: telephone customers, as shipped with the example."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def customers() -> Path:
    return EXAMPLES / "churn" / "customers.csv"


@pytest.fixture
def few_customers(customers, tmp_path) -> Path:
    """The first 600 customers, in a folder of their own."""
    path = tmp_path / "data" / "few.csv"
    path.parent.mkdir()
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:601]), encoding="utf-8")
    return path
