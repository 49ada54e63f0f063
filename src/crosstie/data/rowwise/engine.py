"""DuckDB as row-wise features use it: in memory, locked, without files, network or extensions.

It runs expressions over rows that are handed to it, and nothing else. A row of a request goes in and comes out as
text and Python values: registering a frame, and even a bound parameter, imports pandas (0.5 s) where it is installed.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from crosstie.errors import DataError, MissingExtra

Rows = Sequence[Sequence[Any]]

AT_ONCE = 20_000  # rows that go in as text
AS_TEXT = 5_000  # rows up to which that is quicker than to load pyarrow
SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "python_enable_replacements": "false",  # no name of ours is a table
    "memory_limit": "2GB",
    "threads": 1,
}
_ours = threading.local()
_numbers = count()


def connection() -> Any:
    """This thread's connection, and in it the numbers of the programs that it knows.

    Raises:
        MissingExtra: DuckDB is not installed.
    """
    if getattr(_ours, "process", None) != os.getpid():
        try:
            import duckdb  # 113 ms
        except ModuleNotFoundError:
            raise MissingExtra("duckdb", "train", needed_for="features.sql") from None
        made = duckdb.connect(":memory:", config=SETTINGS)
        made.execute("SET TimeZone = 'UTC'")
        # what it would rewrite for many rows and not for one could end in other bits, and planning takes longer
        made.execute("PRAGMA disable_optimizer")
        made.execute("SET lock_configuration = true")
        _ours.connection, _ours.known, _ours.process = made, set(), os.getpid()
    return _ours.connection


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def parsed(text: str) -> dict[str, Any]:
    """What DuckDB's own parser makes of a text: `{"error": …}` or `{"statements": […]}`."""
    found = connection().execute(f"SELECT json_serialize_sql({literal(text)})").fetchone()
    tree: dict[str, Any] = json.loads(found[0])
    return tree


def written(tree: Mapping[str, Any]) -> str:
    """The text of what `parsed` gave, from whatever was changed in it."""
    asked = literal(json.dumps(tree))
    found = connection().execute(f"SELECT json_deserialize_sql({asked})").fetchone()
    return str(found[0])


class Program:
    """Expressions over rows, prepared once in each thread.

    Args:
        expressions: SQL by the name of what it makes, checked already: see `statement`.
        types: SQL type by the name of each column that they read.
    """

    def __init__(self, expressions: Mapping[str, str], types: Mapping[str, str]) -> None:
        self.expressions = dict(expressions)
        self.types = dict(types)
        self._number = next(_numbers)

    def described(self) -> dict[str, str]:
        """The SQL type of what each expression makes.

        Raises:
            DataError: They do not fit the columns' types; the message is the engine's.
        """
        import duckdb

        try:
            connection().execute(f"{self._select()} FROM ({self._one('NULL')}) AS input")
        except duckdb.Error as error:
            raise DataError(said(error)) from None
        names = list(self.expressions)
        found = connection().description or []
        return dict(zip(names, (str(each[1]) for each in found), strict=True))

    def row(self, cells: Sequence[Any]) -> tuple[Any, ...]:
        """What one row gives: cells in the order of `types`, NULL as None, times as microseconds.

        Raises:
            DataError: The engine refuses.
        """
        if any(type(each) is str and "\0" in each for each in cells):  # ends a statement's text
            ((*found,),) = zip(*self.rows([[each] for each in cells], 1), strict=True)
            return tuple(found)
        texts = ", ".join(_cell(each, kind) for each, kind in zip(cells, self.types.values(), strict=True))  # fmt: skip
        arguments = f"({texts})" if texts else ""
        row: tuple[Any, ...] = self._execute("row", arguments).fetchone()
        return row

    def rows(self, columns: Rows, size: int) -> list[tuple[Any, ...]]:
        """What many rows give, as columns; as `row`, with a list of cells for each column.

        Raises:
            DataError: The engine refuses.
        """
        found: list[tuple[Any, ...]] = []
        for start in range(0, size, AT_ONCE):
            part = [each[start : start + AT_ONCE] for each in columns]
            held = {f"c{i}": each for i, each in enumerate(part)}
            held["n"] = list(range(min(AT_ONCE, size - start)))
            found += self._execute("rows", f"({literal(json.dumps(held))})").fetchall()  # fmt: skip
        return list(zip(*found, strict=True)) if found else [() for _ in self.expressions]

    def arrow(self, table: Any) -> Any:
        """What the rows of an Arrow table give, as one; its columns are those of `types`, in order, as `row` has them."""
        import duckdb

        names = [f"c{i}" for i in range(len(self.types))]
        here = connection()
        here.register("rows_of_input", table.rename_columns([*names, "n"]))
        source = self._typed(names, "FROM rows_of_input")
        try:
            return here.execute(f"{self._select()} FROM ({source}) AS input").to_arrow_table()
        except duckdb.Error as error:
            raise DataError(said(error)) from None
        finally:
            here.unregister("rows_of_input")

    def _execute(self, kind: str, arguments: str) -> Any:
        import duckdb

        here, name = connection(), f"{kind}_{self._number}"
        try:
            if name not in _ours.known:
                source = self._one("?") if kind == "row" else self._many()
                here.execute(f"PREPARE {name} AS {self._select()} FROM ({source}) AS input")
                _ours.known.add(name)
            return here.execute(f"EXECUTE {name}{arguments}")
        except duckdb.Error as error:
            raise DataError(said(error)) from None

    def _select(self) -> str:
        made = [f"{sql} AS o{i}" for i, sql in enumerate(self.expressions.values())]
        return f"SELECT {', '.join(made)}"

    def _one(self, cell: str) -> str:
        places = [f"{cell}::{STORED.get(kind, kind)}" for kind in self.types.values()]
        return self._typed(places, "") if places else "SELECT 1 AS n"

    def _many(self) -> str:
        kinds = {f"c{i}": [STORED.get(kind, kind)] for i, kind in enumerate(self.types.values())}
        shape = literal(json.dumps({**kinds, "n": ["BIGINT"]}))
        places = [f"unnest(j.{name})" for name in kinds]
        return self._typed([*places, "unnest(j.n)"], f"FROM (SELECT from_json(?::VARCHAR, {shape}) AS j)")  # fmt: skip

    def _typed(self, places: Sequence[str], source: str) -> str:
        """The columns of `input`, each with its type."""
        made = [
            f"{_READ.get(kind, '{}').format(place)} AS {quoted(name)}"
            for place, (name, kind) in zip(places, self.types.items(), strict=False)
        ]
        made += [f"{each} AS n_of_row" for each in places[len(self.types) :]]
        return f"SELECT {', '.join(made) or '1 AS n_of_row'} {source}"


STORED = {"TIMESTAMP": "BIGINT"}  # how cells come where not as they are meant
_READ = {"TIMESTAMP": "make_timestamp({})", "BOOLEAN": "CAST({} AS BOOLEAN)"}


def said(error: Exception) -> str:
    """The engine's message, without the statement around what somebody wrote."""
    text = str(error).partition("\n\nLINE ")[0].partition("\nLINE ")[0].partition("\tCandidate")[0]
    text = text.partition("Candidate functions:")[0].partition(" You might need to add")[0]
    for kind in ("Error: ",):
        head, mark, rest = text.partition(kind)
        if mark and head.replace(" ", "").isalpha():
            text = rest
    return " ".join(text.split())


def _cell(cell: Any, kind: str) -> str:
    """A cell as SQL writes it, of exactly its type: another would have the statement planned anew."""
    if cell is None:
        return f"NULL::{STORED.get(kind, kind)}"
    if kind == "DOUBLE":
        text = repr(float(cell))
        return text if "e" in text else f"{text}e0"  # with an exponent it is read as a double
    if kind == "VARCHAR":
        return literal(cell)
    return f"{int(cell)}::BIGINT" if kind != "BOOLEAN" else ("true" if cell else "false")
