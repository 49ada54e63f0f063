"""What every room's tests may use: the example's table, and the folder of real data beside this checkout if there is one."""

import os
from pathlib import Path

import pytest

# workers share the processors: more threads would only wait for each other
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder of real datasets (shared/data beside the checkout) is absent")
    return SHARED


@pytest.fixture(scope="session")
def customers() -> Path:
    """A small real table: telephone customers, as shipped with the example."""
    return Path(__file__).resolve().parents[1] / "examples" / "churn" / "customers.csv"
