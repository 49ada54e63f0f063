"""Two versions of a table compared row by row: what code changed where its inputs did not.

Rows are told by a key, cells are compared exactly. Where samples of moving data are compared by their shape (see
`evaluation.drift`), here a single cell that is another is found and counted. DuckDB does it: Parquet files are read as they are,
no more of them than memory bears at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.config.wording import hint
from crosstie.data.read import open_source
from crosstie.data.style import PLAIN
from crosstie.data.table import Table
from crosstie.errors import ConfigError

SHOWN = 5  # rows of a column that are named
WHICH = ("before", "after")
ROW = "crosstie_row"  # the number of a row, from 0
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


@dataclass(frozen=True)
class ColumnDiff:
    """What became of a column in the rows that both tables have.

    Attributes:
        kind: What it holds before and after: `number`, `text` or `empty`.
        stored: How the two tables store it: `text` in a CSV, typed elsewhere.
        changed: Share of rows whose cell is another.
        rows: How many.
        max_delta: Of numbers, the largest change; None otherwise.
        new_missing: Cells that held something and hold nothing.
        no_longer_missing: Cells that held nothing and hold something.
        range: Smallest and largest before and after; None unless both are numbers.
        distinct: Different values before and after, of all rows.
        examples: Of some changed rows, (key, before, after), those of numbers that moved furthest first.
    """

    kind: tuple[str, str]
    stored: tuple[str, str]
    changed: float
    rows: int
    max_delta: float | None
    new_missing: int
    no_longer_missing: int
    range: tuple[tuple[float, float], tuple[float, float]] | None
    distinct: tuple[int, int]
    examples: Sequence[tuple[str, str | None, str | None]]

    @property
    def same(self) -> bool:
        """Whether nothing of it changed."""
        return not self.rows and self.kind[0] == self.kind[1] and self.stored[0] == self.stored[1]


@dataclass(frozen=True)
class RowDiff:
    """How two versions of a table differ.

    Attributes:
        rows: Of the first and of the second.
        shared: How many keys both have.
        added: Keys that only the second has; lost: that only the first has.
        lost: Likewise.
        repeated: Rows whose key an earlier row has, in the first and in the second; the first of them is compared.
        changed: Rows with any cell that is another.
        columns: By name, of those that both have.
        new_columns: That only the second has.
        lost_columns: That only the first has.
    """

    rows: tuple[int, int]
    shared: int
    added: int
    lost: int
    repeated: tuple[int, int]
    changed: int
    columns: Mapping[str, ColumnDiff]
    new_columns: Sequence[str]
    lost_columns: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether the tables hold the same rows, in whatever order."""
        counts = (self.added, self.lost, self.changed, *self.new_columns, *self.lost_columns)
        alike = self.rows[0] == self.rows[1] and all(each.same for each in self.columns.values())
        return alike and not any(counts)

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return {"same": self.same, **asdict(self)}


def row_diff(before: Any, after: Any, key: str | Sequence[str]) -> RowDiff:
    """Compare two versions of a table.

    Args:
        before: The one that was, as for `data.read.open_source`. A Parquet file is not read into memory whole.
        after: The one that is.
        key: Columns that name a row.

    Raises:
        ConfigError: A table lacks the key.

    Examples:
        >>> was = {"id": [1, 2, 3], "pay": [10.0, 20.0, 30.0]}
        >>> now = {"id": [2, 1, 4], "pay": [20.0, 11.5, 40.0]}
        >>> found = row_diff(was, now, "id")
        >>> found.shared, found.added, found.lost, found.columns["pay"].max_delta
        (2, 1, 1, 1.5)
    """
    import duckdb  # 113 ms

    keys = [key] if isinstance(key, str) else list(key)
    with TemporaryDirectory() as folder, duckdb.connect(config=_config(folder)) as connection:
        sides = [_Side(connection, each, name) for each, name in zip((before, after), WHICH, strict=True)]  # fmt: skip
        for side in sides:
            for name in keys:
                if name not in side.columns:
                    near = hint(name, side.columns)
                    raise ConfigError(f"key: the table {side.name} has no column {name!r}; {near}")
        return _Diff(connection, sides[0], sides[1], keys).found()


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _config(folder: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": folder,  # for what memory does not bear
        "preserve_insertion_order": "false",
        # pairs first: it liked to hold each row of one table against each of the other, 6,000 times 6,000 in 13 s
        "disabled_optimizers": "join_order",
    }


class _Side:
    """One of the two tables as a view of DuckDB: of each column its cells, and how it holds them.

    Args:
        connection: Of DuckDB.
        source: The table.
        name: What the view is called.
    """

    def __init__(self, connection: Any, source: Any, name: str) -> None:
        self.name = name
        self._connection = connection
        self._types: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._table: Table | None = None
        parquet = isinstance(source, str | Path) and str(source).endswith(".parquet")
        if parquet and Path(source).is_file():
            self._view(source)
        else:
            self._register(open_source(source).table())
        view, row = quoted(name), quoted(ROW)
        self.rows = int(self._one(f"SELECT count({row}) FROM {view}")[0])  # noqa: S608 - our own names

    def _view(self, path: str | Path) -> None:
        rows = self._connection.read_parquet(str(path), file_row_number=True)
        rows.project(f"* EXCLUDE file_row_number, file_row_number AS {ROW}").create_view(self.name)
        described = self._connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {self.name})")  # noqa: S608 # fmt: skip
        self._types = {name: kind for name, kind in described.fetchall() if name != ROW}
        self.columns = tuple(self._types)

    def _register(self, table: Table) -> None:
        """A table in memory: of each column its cells as text, and as numbers where all are."""
        import pyarrow as pa  # 131 ms

        self._table = table
        self.columns = table.columns
        arrays = {ROW: pa.array(range(len(table)), pa.int64())}
        for name in table.columns:
            arrays[name] = pa.array(table.cells(name), pa.string())
            if self.kind(name) == "number":
                numbers = table.column(name, "number", style=PLAIN)
                arrays[_numeric(name)] = pa.array(numbers.values, mask=~numbers.valid)
        self._connection.register(self.name, pa.table(arrays))

    def kind(self, name: str) -> str:
        """`number` where every cell reads as one."""
        if name not in self._kinds:
            self._kinds[name] = self._read_kind(name)
        return self._kinds[name]

    def _read_kind(self, name: str) -> str:
        if self._table is not None:
            return _kind(self._table, name)
        filled = self._one(f"SELECT count({self.cell(name)}) FROM {self.name}")[0]  # noqa: S608
        number = self._types[name].partition("(")[0] in NUMBERS
        return "empty" if not filled else "number" if number else "text"

    def stored(self, name: str) -> str:
        """How it holds a column."""
        return self._types[name].lower() if self._table is None else self._table.stored(name)

    def cell(self, name: str) -> str:
        """The cell of a column, in SQL."""
        whole = f"{self.name}.{quoted(name)}"
        if self._types.get(name) in {"FLOAT", "DOUBLE"}:
            return f"CASE WHEN isnan({whole}) THEN NULL ELSE {whole} END"
        return whole

    def text(self, name: str) -> str:
        """Likewise, as text."""
        return f"CAST({self.cell(name)} AS VARCHAR)"

    def number(self, name: str) -> str:
        """Likewise, as a number."""
        return self.cell(name if self._table is None else _numeric(name))

    def key(self, name: str) -> str:
        """Likewise, to tell rows by: 1 and 1.0 are one."""
        if not self._types.get(name, "").startswith(("FLOAT", "DOUBLE", "DECIMAL")):
            return self.text(name)
        number = self.cell(name)
        whole = f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS BIGINT) END"
        return f"coalesce(CAST({whole} AS VARCHAR), {self.text(name)})"

    def about(self, name: str) -> tuple[int, tuple[float, float] | None]:
        """How many different values a column has, and of numbers the ends."""
        of = self.number(name) if self.kind(name) == "number" else self.cell(name)
        ends = f", CAST(min({of}) AS DOUBLE), CAST(max({of}) AS DOUBLE)" * (self.kind(name) == "number")  # fmt: skip
        count, *found = self._one(f"SELECT count(DISTINCT {of}){ends} FROM {self.name}")  # noqa: S608
        return int(count), (float(found[0]), float(found[1])) if found else None

    def _one(self, query: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._connection.execute(query).fetchone()
        return found


class _Diff:
    """The comparison itself.

    Args:
        connection: Of DuckDB.
        before: The first table.
        after: The second.
        keys: Columns that name a row.
    """

    def __init__(self, connection: Any, before: _Side, after: _Side, keys: Sequence[str]) -> None:
        self._connection = connection
        self._sides = before, after
        self._keys = keys
        self._both = [each for each in before.columns if each in after.columns and each not in keys]
        self._kinds = {name: (before.kind(name), after.kind(name)) for name in self._both}

    def found(self) -> RowDiff:
        """All of it."""
        before, after = self._sides
        different = [self._pair_by_key(side) for side in self._sides]
        alike = " AND ".join(f"before_keys.k{i} IS NOT DISTINCT FROM after_keys.k{i}" for i in range(len(self._keys)))  # fmt: skip
        self._connection.execute(
            "CREATE TEMP TABLE pairs AS SELECT before_keys.place AS b, after_keys.place AS a "  # noqa: S608 - quoted
            f"FROM before_keys JOIN after_keys ON {alike}"
        )
        shared = int(self._connection.execute("SELECT count(*) FROM pairs").fetchone()[0])
        changed, columns = self._columns(shared)
        return RowDiff(
            rows=(before.rows, after.rows),
            shared=shared,
            added=different[1] - shared,
            lost=different[0] - shared,
            repeated=(before.rows - different[0], after.rows - different[1]),
            changed=changed,
            columns=columns,
            new_columns=[each for each in after.columns if each not in before.columns],
            lost_columns=[each for each in before.columns if each not in after.columns],
        )

    def _pair_by_key(self, side: _Side) -> int:
        """Note the first row of each key; how many keys there are."""
        keys = ", ".join(f"{side.key(name)} AS k{i}" for i, name in enumerate(self._keys))
        group = ", ".join(f"k{i}" for i in range(len(self._keys)))
        self._connection.execute(
            f"CREATE TEMP TABLE {side.name}_keys AS SELECT {keys}, min({ROW}) AS place FROM {side.name} GROUP BY {group}"  # noqa: S608
        )
        return int(self._connection.execute(f"SELECT count(*) FROM {side.name}_keys").fetchone()[0])  # noqa: S608 # fmt: skip

    def _columns(self, shared: int) -> tuple[int, dict[str, ColumnDiff]]:
        """How many rows have a cell that is another, and what became of each column."""
        if not self._both:
            return 0, {}
        asked = [f"count(*) FILTER (WHERE {' OR '.join(map(self._other, self._both))})"]
        for name in self._both:
            was, now = (side.cell(name) for side in self._sides)
            asked += [
                f"count(*) FILTER (WHERE {self._other(name)})",
                f"max({self._delta(name)})",
                f"count(*) FILTER (WHERE {now} IS NULL AND {was} IS NOT NULL)",
                f"count(*) FILTER (WHERE {was} IS NULL AND {now} IS NOT NULL)",
            ]
        query = f"SELECT {', '.join(asked)} FROM {self._joined}"  # noqa: S608 - quoted
        changed, *counts = self._connection.execute(query).fetchone()
        return int(changed), {
            name: self._column(name, counts[4 * i : 4 * i + 4], shared)
            for i, name in enumerate(self._both)
        }

    def _column(self, name: str, counts: Sequence[Any], shared: int) -> ColumnDiff:
        (rows, delta, new, gone), (before, after) = counts, self._sides
        about = before.about(name), after.about(name)
        numbers = self._kinds[name] == ("number", "number")
        low, high = about[0][1], about[1][1]
        return ColumnDiff(
            kind=self._kinds[name],
            stored=(before.stored(name), after.stored(name)),
            changed=rows / shared if shared else 0.0,
            rows=rows,
            max_delta=float(delta or 0.0) if numbers else None,
            new_missing=new,
            no_longer_missing=gone,
            range=(low, high) if low is not None and high is not None else None,
            distinct=(about[0][0], about[1][0]),
            examples=self._examples(name) if rows else [],
        )

    def _examples(self, name: str) -> list[tuple[str, str | None, str | None]]:
        """Some rows that changed, those that moved furthest first."""
        before, after = self._sides
        keys = ", ".join(f"before.{quoted(each)} AS k{i}" for i, each in enumerate(self._keys))
        query = (
            f"SELECT {keys}, {before.cell(name)} AS was, {after.cell(name)} AS now FROM {self._joined} "  # noqa: S608
            f"WHERE {self._other(name)} ORDER BY coalesce({self._delta(name)}, 0) DESC, pairs.b LIMIT {SHOWN}"
        )
        table = open_source(self._connection.execute(query).to_arrow_table()).table()
        names = zip(*(table.cells(f"k{i}") for i in range(len(self._keys))), strict=True)
        told = [", ".join("" if each is None else each for each in row) for row in names]
        return list(zip(told, table.cells("was"), table.cells("now"), strict=True))

    @property
    def _joined(self) -> str:
        return f"pairs JOIN before ON before.{ROW} = pairs.b JOIN after ON after.{ROW} = pairs.a"

    def _other(self, name: str) -> str:
        """Whether the cell of a column is another; 1 and 1.0 are one number."""
        before, after = self._sides
        if self._kinds[name] == ("number", "number"):
            return f"{before.number(name)} IS DISTINCT FROM {after.number(name)}"
        return f"{before.text(name)} IS DISTINCT FROM {after.text(name)}"

    def _delta(self, name: str) -> str:
        if self._kinds[name] != ("number", "number"):
            return "0.0"
        was, now = (f"CAST({side.number(name)} AS DOUBLE)" for side in self._sides)
        return f"abs({now} - {was})"


def _numeric(name: str) -> str:
    """What the numbers of a column of texts are called."""
    return f"crosstie_number {name}"


def _kind(table: Table, name: str) -> str:
    """`number` where every cell reads as one."""
    codes, texts = table.distinct(name)
    if not (codes >= 0).any():
        return "empty"
    column = table.column(name, "number")
    return "text" if column.unparsed or not column.valid.any() or not texts else "number"
