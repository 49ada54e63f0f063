"""A table of a database that rows are written to: all of them or none, in one transaction.

Rows go to a temporary table as they come, and from there to the table at the end. Until the transaction ends, whoever
reads the table reads it as it was, and if this process is killed it stays so.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, cast

from crosstie.config.environment import substitute
from crosstie.config.yaml import Tree
from crosstie.data import postgres
from crosstie.data.postgres import quoted
from crosstie.data.transaction import DUCKDB, STAGED, in_duckdb, in_postgres
from crosstie.data.write import Columns, arrow_table
from crosstie.errors import ConfigError, DataError, nearest

IfExists = Literal["fail", "replace", "append"]
TEXTS = {"text", "varchar", "character varying"}
FRACTIONS = {"double precision", "double", "real", "float"}
WHOLES = {"smallint", "integer", "bigint", "tinyint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}  # fmt: skip
NUMBERS = {  # what a column of texts becomes if all of them are such; `007` is a text
    "BIGINT": r"^(0|-?[1-9][0-9]{0,17})$",
    "DOUBLE PRECISION": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$",
}
_TABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)?")
HINT = "as in postgresql://${USER}:${PASSWORD}@db/shop:marts.churn or duckdb:///shop.duckdb:churn"


@dataclass(frozen=True)
class Destination:
    """A table of a database.

    Attributes:
        address: Of the database, which may hold a password.
        table: Its name, with its schema or without.
        if_exists: What is done where there is one: fail, put rows in place of those there, or add them.
    """

    address: str = field(repr=False)
    table: str
    if_exists: IfExists = "fail"

    @classmethod
    def read(cls, text: str, if_exists: IfExists = "fail", *, where: str = "--to") -> Self:
        """The one that is written as `ADDRESS:TABLE`.

        Args:
            text: It; `${NAME}` is a variable.
            if_exists: What is done where there is one.
            where: Where it is written, for messages.

        Raises:
            ConfigError: It is not so written, names a variable that is not set, or is of a database that is not written to.

        Examples:
            >>> print(Destination.read("postgresql://ann:secret@db:5432/shop:marts.churn"))
            marts.churn at postgresql://db:5432/shop
        """
        address, _, table = substitute(Tree(text), lambda _: where).value.rpartition(":")
        if "://" not in address or not _TABLE.fullmatch(table):
            raise ConfigError(f"{where}: must be the address of a database, a colon and the name of a table, {HINT}")  # fmt: skip
        return cls.at(address, table, if_exists, where=where)

    @classmethod
    def at(cls, address: str, table: str, if_exists: str = "fail", *, where: str = "--to") -> Self:
        """The one of an address and a name.

        Args:
            address: Of a database.
            table: As in `marts.churn`.
            if_exists: What is done where there is one.
            where: Where it is written, for messages.

        Raises:
            ConfigError: It is no such address, or no name.
        """
        scheme = address.partition("://")[0]
        if scheme not in (DUCKDB, *postgres.SCHEMES):
            raise ConfigError(f"{where}: {scheme!r} cannot be written to, only PostgreSQL and DuckDB, {HINT}")  # fmt: skip
        if scheme == DUCKDB and address.removeprefix("duckdb://").strip("/") in {"", ":memory:"}:
            raise ConfigError(f"{where}: names no file of DuckDB, {HINT}")
        if not _TABLE.fullmatch(table):
            raise ConfigError(f"{where}: {table!r} cannot be the name of a table; use letters, digits and _, as in marts.churn")  # fmt: skip
        return cls(address, table, cast("IfExists", if_exists))

    def __str__(self) -> str:
        return f"{self.table} at {postgres.shown(self.address)}"

    def writer(self, *, numbers: Sequence[str] = (), base: Path = Path()) -> "DatabaseWriter":
        """What writes to it.

        Args:
            numbers: Columns of text that become numbers in a new table, if all that they hold are some.
            base: The folder that the path of a DuckDB is relative to.
        """
        return DatabaseWriter(self, numbers=numbers, base=base)


class DatabaseWriter:
    """Rows on their way to a table; they are there only when the block has ended well.

    Args:
        to: Where.
        numbers: As for `Destination.writer`.
        base: As for `Destination.writer`.

    Attributes:
        rows: How many were written.

    Raises:
        DataError: The database cannot be reached or refuses something, the table is there and is not to be written to,
            or has other columns than are to be added.
        MissingExtra: What speaks to the database is not installed.
    """

    def __init__(
        self, to: Destination, *, numbers: Sequence[str] = (), base: Path = Path()
    ) -> None:
        self._to = to
        self._numbers = numbers
        self._base = base
        self._stack = ExitStack()
        self._schema: Any = None
        self._staged = False
        self.rows = 0

    def __enter__(self) -> Self:
        address, name = self._to.address, str(self._to)
        duck = address.startswith(DUCKDB)
        opening = in_duckdb(address, name, self._base) if duck else in_postgres(address, name)
        self._database = self._stack.enter_context(opening)
        try:
            self._check_schema()
            self._there()
        except BaseException:
            self._stack.close()
            raise
        return self

    def append(self, columns: Columns) -> None:
        """Write rows behind those that are on their way.

        Args:
            columns: As for `write_table`; names and types are those of the first piece.
        """
        table = arrow_table(columns, self._schema)
        self._schema = table.schema
        self.append_arrow(table)

    def append_arrow(self, table: Any) -> None:
        """The same, of an Arrow table."""
        self._database.stage(table, first=not self._staged)
        self._staged = True
        self.rows += table.num_rows

    def __exit__(self, *error: object) -> None:
        with self._stack:
            if error[0] is None:
                self._settle()
                self._database.commit()

    def _check_schema(self) -> None:
        schema = self._to.table.rpartition(".")[0]
        if schema and not self._database.has_schema(schema):
            raise DataError(f"{self._to}: there is no schema {schema!r}; make it there first")

    def _there(self) -> dict[str, str] | None:
        """The columns of the table with their types; None if there is none."""
        found = self._database.columns(self._to.table)
        if found is not None and self._to.if_exists == "fail":
            raise DataError(f"{self._to}: is there already; --if-exists replace puts the rows in place of its own, append adds them")  # fmt: skip
        return found

    def _settle(self) -> None:
        """Have the rows in the table."""
        if not self._staged:
            raise DataError(f"{self._to}: there are no rows to write; it is as it was")
        execute, table = self._database.execute, _quoted(self._to.table)
        own, there = self._database.columns(STAGED), self._there()
        assert own is not None
        if there is not None and self._to.if_exists == "replace":
            if own.keys() == there.keys():
                self._database.lock(table)  # else of two who replace it at once both add their rows
                execute(f"DELETE FROM {table}")  # noqa: S608 - a name, quoted
            else:
                execute(f"DROP TABLE {table}")
                there = None
        if there is None:
            kinds = {name: self._number(name) for name in self._numbers if own.get(name) in TEXTS}
            shown = ", ".join(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" if (kind := kinds.get(name)) else quoted(name) for name in own)  # fmt: skip
            execute(f"CREATE TABLE {table} AS SELECT {shown} FROM {STAGED}")  # noqa: S608
            return
        self._check_fits(own, there)
        names = ", ".join(map(quoted, own))
        cast = ", ".join(f"CAST({quoted(name)} AS {there[name]})" for name in own)
        execute(f"INSERT INTO {table} ({names}) SELECT {cast} FROM {STAGED}")  # noqa: S608

    def _number(self, name: str) -> str | None:
        """The type of number that all texts of a column are; None if they are not."""
        column = quoted(name)
        for kind, pattern in NUMBERS.items():
            (found,) = self._database.execute(f"SELECT bool_and({column} ~ '{pattern}') FROM {STAGED}")  # noqa: S608  # fmt: skip
            if found:
                return kind
        return None

    def _check_fits(self, own: Mapping[str, str], there: Mapping[str, str]) -> None:
        for name, kind in own.items():
            if name not in there:
                raise DataError(f"{self._to}: has no column {name!r} to add to; {nearest(name, there)}")  # fmt: skip
            if kind in FRACTIONS and there[name] in WHOLES:
                raise DataError(f"{self._to}: {name!r} holds whole numbers ({there[name]}) there, and these have fractions")  # fmt: skip


def _quoted(table: str) -> str:
    return ".".join(map(quoted, table.split(".")))
