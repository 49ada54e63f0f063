"""Connections to PostgreSQL by ADBC, rows as Arrow. The password is in no message that comes from here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from crosstie.errors import DataError, MissingExtra

SCHEMES = ("postgresql", "postgres")
SECONDS = 10  # to wait for a server, where the address does not say
_ODD = re.compile(r"[\s#]|%(?![0-9a-fA-F]{2})")


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
        found = urlsplit(self.connection)
        return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"


@contextmanager
def connected(database: Database) -> Iterator[Any]:
    """A connection; what was not committed is taken back.

    Raises:
        MissingExtra: The driver is not installed.
        DataError: The address is none, or nobody answers there.
    """
    try:
        from adbc_driver_postgresql import dbapi  # 150 ms
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "postgres", needed_for="steps in PostgreSQL") from None  # fmt: skip
    address = database.connection
    check_address(address)
    if "connect_timeout=" not in address:
        address += f"{'&' if '?' in address else '?'}connect_timeout={SECONDS}"
    try:
        connection = dbapi.connect(address)
    except dbapi.Error as error:
        raise DataError(f"{database}: cannot be reached: {told(error, database)}") from None
    try:
        yield connection
    finally:
        connection.close()


def check_address(address: str) -> None:
    """Refuse what the driver would read otherwise than it is meant, and then name parts of a password.

    Raises:
        DataError: A user or password has characters that mean something in an address.
    """
    _, _, rest = address.partition("://")
    before, _, asked = rest.partition("?")
    names = [each.partition("=")[0] for each in asked.split("&")]
    at_odds = before.count("@") > 1 or any("@" in each for each in [urlsplit(address).path, *names])
    if at_odds or _ODD.search(rest):
        raise DataError(
            "engine.connection: a user or password in it has a space or one of @ / : ? # %, which mean something in an address; "
            "write %20 %40 %2F %3A %3F %23 %25 instead"
        )


def told(error: Exception, database: Database) -> str:
    """What the server says in one line."""
    said = str(error).partition("ERROR:")[2] or str(error).rpartition("[libpq]")[2]
    said = said.partition("\nLINE ")[0].partition("\n\nQuery was")[0].partition(". SQLSTATE")[0]
    said = said.partition("\nCONTEXT:")[0].partition("\nDETAIL:")[0]
    said = " ".join(said.split()).removeprefix("Failed to connect: ")
    password = urlsplit(database.connection).password or ""
    for each in {password, unquote(password)} - {""}:
        said = said.replace(each, "…")
    return said
