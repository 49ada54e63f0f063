"""The database that queries of a project run in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crosstie.data import postgres


@dataclass(frozen=True)
class Database:
    """A database and where in it the tables of a project are.

    Attributes:
        connection: Its address.
        schema: Where tables are brought to; None for its usual one.
        digests: Of tables that are brought there, of what is in them.
    """

    connection: str = field(repr=False)
    schema: str | None
    digests: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The address without who asks and their password."""
        return postgres.shown(self.connection)

    def told(self, error: Exception) -> str:
        """What the server says in one line, the password not in it."""
        return postgres.told(error, self.connection)


@contextmanager
def connected(database: Database) -> Iterator[Any]:
    """A connection; what was not committed is taken back.

    Raises:
        MissingExtra: The driver is not installed.
        DataError: The address is none, or nobody answers there.
    """
    where, what = "engine.connection", "steps in PostgreSQL"
    with postgres.connected(database.connection, needed_for=what, where=where) as connection:
        yield connection
