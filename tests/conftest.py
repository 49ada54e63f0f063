"""What every room's tests may use: the folder of real data, where this checkout has one beside it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder of real datasets (shared/data beside the checkout) is absent")
    return SHARED
