"""`features.sql`: expressions that DuckDB works out, columns that are handed on as they are."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import numpy as np

from crosstie.data.column import Column
from crosstie.data.rowwise.engine import AS_TEXT, Program
from crosstie.data.rowwise.function import Function
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.rowwise.rowwise import reads
from crosstie.data.rowwise.statement import Statement, composed, read_statement
from crosstie.data.table import Table
from crosstie.errors import DataError, Problem

# what an expression may make, and what that is kept as
KEPT = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), "BIGINT"),
    **dict.fromkeys(("FLOAT", "HUGEINT", "UBIGINT", "DECIMAL"), "DOUBLE"),
    **dict.fromkeys(("DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "TIMESTAMP"),
    **{name: name for name in ("BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "TIMESTAMP")},
    "\"NULL\"": "VARCHAR",
}  # fmt: skip
STATE = ("columns", "expressions", "file", "inputs", "kind", "passed")


class RowwiseSql:
    """A checked SELECT over `input`.

    Args:
        statement: What it makes.
        inputs: The columns that its expressions read, by name.
        missing: Texts that mean that nothing is there.
        file: What it was read from, without its folder.
        where: What messages call that; None is `file`.

    Raises:
        DataError: An expression does not fit the types of its columns, or makes what no feature can be.
    """

    requires = ("duckdb",)
    function: Function | None = None

    def __init__(
        self,
        statement: Statement,
        inputs: Mapping[str, RawColumn],
        *,
        missing: Sequence[str] | None = None,
        file: str = "features.sql",
        where: str | None = None,
    ) -> None:
        wanted = {each for name in statement.expressions for each in statement.reads[name]}
        self.file = file
        self.where = where or file
        self.statement = statement
        self.inputs = {name: each for name, each in inputs.items() if name in wanted}
        self.passed = statement.passed
        self.columns = statement.columns
        self.missing = missing
        self._types = {name: each.type for name, each in self.inputs.items()}
        self.expressions = self._kept(statement)
        self._program = Program(self.expressions, self._types)
        # made once: each is kept by every connection that ran it
        tried = {name: f"TRY({sql})" for name, sql in self.expressions.items()}
        self._tried = Program(tried, self._types)
        self._each = {
            name: (Program({name: sql}, self._types), Program({name: tried[name]}, self._types))
            for name, sql in self.expressions.items()
        }

    def _kept(self, statement: Statement) -> dict[str, str]:
        """The expressions, each a type that a column of a table may have."""
        found, problems = {}, []
        for name, sql in statement.expressions.items():
            where = f"{self.where}:{statement.lines[name]}"
            try:
                made = Program({name: sql}, self._types).described()[name]
            except DataError as error:
                kinds = ", ".join(
                    f"{each} is {self._types[each]}" for each in statement.reads[name]
                )
                told = f" ({kinds})" if kinds else ""
                problems.append(Problem(where, f"{name}: {error}{told}"))
                continue
            bare = made.partition("(")[0]
            kind = KEPT.get(bare, made if made.endswith("[]") and KEPT.get(made[:-2]) else None)
            if kind is None:
                what = f"{name} is of the type {made}, which no feature can be; make a number, a text, a date, true or false of it"  # fmt: skip
                problems.append(Problem(where, what))
                continue
            found[name] = sql if kind == made else f"CAST({sql} AS {kind})"
        if problems:
            raise DataError(problems)
        return found

    @property
    def reads(self) -> tuple[str, ...]:
        """See `Rowwise.reads`."""
        return reads(self.passed, self.inputs)

    @property
    def fingerprint(self) -> str:
        """See `Rowwise.fingerprint`."""
        told = {key: each for key, each in self.state().items() if key != "file"}
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def sources(self, column: str) -> tuple[str, ...]:
        """See `Rowwise.sources`."""
        return (self.passed[column],) if column in self.passed else self.statement.reads[column]

    def only(self, columns: Collection[str]) -> Self:
        """See `Rowwise.only`."""
        said = self.statement
        names = tuple(name for name in self.columns if name in columns)
        statement = Statement(
            names,
            {name: each for name, each in said.passed.items() if name in names},
            {name: each for name, each in self.expressions.items() if name in names},
            {name: each for name, each in said.reads.items() if name in names},
            {name: each for name, each in said.lines.items() if name in names},
        )
        return type(self)(statement, self.inputs, missing=self.missing, file=self.file, where=self.where)  # fmt: skip

    def of(self, table: Table, *, strict: bool = False) -> tuple[Table, dict[str, Column]]:
        """See `Rowwise.of`."""
        read = {name: each.read(table) for name, each in self.inputs.items()}
        if not self.expressions:
            made = Table({}, len(table)) if table.row is None else Table.from_rows([{}])
            return table.derived(self.columns, self.passed, made), read
        try:
            made = self._made(table, read)
        except DataError as error:
            failed = self._failed(read, len(table))
            if strict:
                raise self._explained(failed, error) from None
            made = self._made(table, read, attempt=True)
            for name, (rows, why) in failed.items():
                held = _all_but(rows, len(table))
                read[name] = Column(name, [], held, unparsed=len(rows), unparsed_examples=(why,))
        return table.derived(self.columns, self.passed, made), read

    def _made(self, table: Table, read: Mapping[str, Column], *, attempt: bool = False) -> Table:
        """The worked-out columns; with `attempt` NULL where that fails."""
        program = self._tried if attempt else self._program
        names = list(self.expressions)
        if len(table) > AS_TEXT and (found := self._by_arrow(program, read, len(table))) is not None:  # fmt: skip
            return Table.from_arrow(found.rename_columns(names), missing=self.missing)
        cells = [each.cells(read[name]) for name, each in self.inputs.items()]
        if table.row is not None:
            row = program.row([each[0] for each in cells])
            return Table.from_rows([dict(zip(names, row, strict=True))], missing=self.missing)
        columns = program.rows(cells, len(table))
        return Table.from_columns(dict(zip(names, map(list, columns), strict=True)), missing=self.missing)  # fmt: skip

    def _by_arrow(self, program: Program, read: Mapping[str, Column], rows: int) -> Any:
        """The same through pyarrow, which takes a sixth of the time; None where it is not installed."""
        try:
            import pyarrow as pa
        except ModuleNotFoundError:
            return None
        arrays = [_arrow(pa, each.type, each.cells(read[name])) for name, each in self.inputs.items()]  # fmt: skip
        numbers = pa.array(np.arange(rows))
        names = [f"c{i}" for i in range(len(arrays))]
        return program.arrow(pa.table([*arrays, numbers], names=[*names, "n"]))

    def _failed(self, read: Mapping[str, Column], rows: int) -> dict[str, tuple[list[int], str]]:
        """Of each expression that cannot be worked out for some rows: which rows, and what the engine says."""
        cells = [each.cells(read[name]) for name, each in self.inputs.items()]
        found: dict[str, tuple[list[int], str]] = {}
        for name, (program, tried) in self._each.items():
            try:
                program.rows(cells, rows)
                continue
            except DataError as error:
                why = str(error)  # of one of them; they may differ
            (values,) = tried.rows(cells, rows)
            empty = [row for row, value in enumerate(values) if value is None]
            lost = _failing(program, cells, empty)
            if lost:
                found[name] = lost, why
        return found

    def _explained(
        self, failed: Mapping[str, tuple[list[int], str]], error: DataError
    ) -> DataError:
        """What is said where training rows cannot be worked out."""
        problems = []
        for name, (rows, why) in failed.items():
            hidden = any(self.inputs[each].private for each in self.statement.reads[name])
            said = "what it says may show a private cell" if hidden else why
            what = (
                f"{name} cannot be worked out for {len(rows)} rows, the first at row {rows[0] + 1}: {said}. Say what it is "
                "then, as in CASE WHEN … THEN … END, or TRY(…) for missing"
            )
            problems.append(Problem(f"{self.where}:{self.statement.lines.get(name, 1)}", what))
        return DataError(problems or error.problems)

    def state(self) -> dict[str, Any]:
        """See `Rowwise.state`."""
        return {
            "kind": "sql",
            "file": self.file,
            "columns": list(self.columns),
            "passed": dict(self.passed),
            "expressions": dict(self.expressions),
            "inputs": {name: each.state() for name, each in self.inputs.items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], missing: Sequence[str] | None) -> Self:
        """See `revive.revived`."""
        if sorted(state) != sorted(STATE):
            raise ValueError(f"should say {', '.join(STATE)} and nothing else, got {', '.join(map(repr, state))[:200]}")  # fmt: skip
        inputs = {name: RawColumn.from_state(name, each) for name, each in state["inputs"].items()}
        expressions = {str(name): str(sql) for name, sql in state["expressions"].items()}
        passed = {str(name): str(each) for name, each in state["passed"].items()}
        columns = tuple(map(str, state["columns"]))
        file = str(state["file"])
        if expressions:
            found = read_statement(composed(expressions), tuple(inputs), where=file)
            if found.passed or found.columns != tuple(expressions):
                raise ValueError(f"{file}: its expressions are not those that it names")
        else:
            found = Statement((), {}, {}, {}, {})
        if sorted(columns) != sorted((*passed, *expressions)):
            raise ValueError(f"{file}: makes other columns than it names")
        statement = Statement(columns, passed, found.expressions, found.reads, found.lines)
        return cls(statement, inputs, missing=missing, file=file)

    def __repr__(self) -> str:
        return f"RowwiseSql({self.file!r}: {len(self.expressions)} worked out, {len(self.passed)} handed on)"  # fmt: skip


def _failing(program: Program, cells: Sequence[list[Any]], rows: list[int]) -> list[int]:
    """Those of some rows for which a program fails: halved until they are found."""
    if not rows:
        return []
    try:
        program.rows([[each[row] for row in rows] for each in cells], len(rows))
    except DataError:
        if len(rows) == 1:
            return rows
        half = len(rows) // 2
        return _failing(program, cells, rows[:half]) + _failing(program, cells, rows[half:])
    return []


def _arrow(pa: Any, kind: str, cells: list[Any]) -> Any:
    stored = {"DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_()}
    return pa.array(cells, stored.get(kind, pa.int64()))


def _all_but(rows: Sequence[int], size: int) -> Any:
    held = np.ones(size, np.bool_)
    held[list(rows)] = False
    return held
