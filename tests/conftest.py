"""What every room's tests may use: the example's table, and the folder of real data beside this checkout if there is one."""

import os
import sys
from pathlib import Path

import pytest
from local_index import write_wheels

# workers share the processors: more threads would only wait for each other
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# hundreds of processes are started; where Python may not keep what it compiled, each compiles our source anew: 0.6 s
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

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


@pytest.fixture(scope="session")
def local_index(tmp_path_factory) -> dict[str, str]:
    """Settings with which pip and uv install from wheels on this machine, and reach no index."""
    folder = tmp_path_factory.mktemp("index")
    write_wheels(
        folder,
        *("annotated-types", "numpy", "onnxruntime", "safetensors"),
        *("httptools", "prometheus-client", "starlette", "uvicorn", "uvloop"),
    )
    cache = str(tmp_path_factory.mktemp("cache"))
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CACHE_DIR": cache,
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(folder),
        "UV_CACHE_DIR": cache,
    }
