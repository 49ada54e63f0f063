"""The database that a study lies in: its address, opened or told why it cannot be."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crosstie.config.document import Place
from crosstie.errors import ConfigError, Problem

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

MEETINGS = 4  # with a process that makes the tables of a new database, too
WAIT = 60  # seconds that SQLite waits for another process to be done with the file


def located(storage: str | None, run: Path, base: Path) -> str:
    """The address of a study's database.

    Args:
        storage: As the file has it.
        run: Where it lies if that says nothing.
        base: What a path in it is relative to.
    """
    if storage is None:
        return f"sqlite:///{(run / 'study.db').resolve()}"
    kind, slashes, path = storage.partition(":///")
    if slashes and kind.startswith("sqlite") and path and path != ":memory:":
        return f"{kind}:///{(base / path).resolve()}"
    return storage


def store(address: str) -> "RDBStorage":
    """The database, its tables made where they are not there; of two processes that make them at once one is refused."""
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    options = {"connect_args": {"timeout": WAIT}} if address.startswith("sqlite") else {}
    for _ in range(MEETINGS):
        try:
            return RDBStorage(address, engine_kwargs=options)
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            if not isinstance(error, IntegrityError) and "already exists" not in str(error):
                raise
            time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - so that they do not meet again
    return RDBStorage(address, engine_kwargs=options)


@contextmanager
def opening(address: str, place: Place) -> Iterator[None]:
    """Says in a sentence why a database cannot be opened."""
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    if address in ("sqlite://", "sqlite:///:memory:"):
        what = "is gone when the process ends; give a file, as sqlite:///study.db, or leave it out"
        raise ConfigError(Problem(str(place), what))
    try:
        yield
    except (OptunaError, SQLAlchemyError, ImportError, RuntimeError) as error:
        cause = error.__cause__ or error
        why = str(cause).splitlines()[0]
        if isinstance(cause, ModuleNotFoundError):
            why = f"its driver, {cause.name}, is not installed"
        raise ConfigError(
            Problem(
                str(place),
                f"cannot be opened: {why}. Give the address of a database, as sqlite:///study.db, or leave it out",
            )
        ) from None
