"""`features.py`: a function from a frame to a frame, called on the whole table in training and on each request."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.frames import table_of
from crosstie.data.rowwise.function import WANTED, Function, line_of, near
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.table import Table
from crosstie.errors import CrosstieError, DataError, MissingExtra, Problem

ALONE = 50  # rows that are tried one by one
SMALL = 100  # rows that are handed on as Python values, which is quicker than a frame's own way
_LOOKUPS = ("KeyError", "ColumnNotFoundError")  # of a column that is not there
STATE = ("columns", "digest", "file", "form", "inputs", "kind", "requires")


class RowwisePython:
    """A user's function.

    Args:
        function: It.
        inputs: The columns that it is given, by name.
        columns: What it returns.
        missing: Texts that mean that nothing is there.
        sample: Training rows, to find out which columns make which.
        where: What messages call its file.
    """

    def __init__(
        self,
        function: Function,
        inputs: Mapping[str, RawColumn],
        columns: Sequence[str] = (),
        *,
        missing: Sequence[str] | None = None,
        sample: Table | None = None,
        file: str = "features.py",
        requires: Sequence[str] | None = None,
    ) -> None:
        self.function = function
        self.inputs = dict(inputs)
        self.columns = tuple(columns)
        self.passed: Mapping[str, str] = {}
        self.missing = missing
        self.file = file
        self.requires = tuple(function.requires if requires is None else requires)
        self._sample = sample
        self._made_of: dict[str, tuple[str, ...]] = {}
        self._touched: set[str] = set(inputs)

    @classmethod
    def tried(
        cls,
        function: Function,
        inputs: Mapping[str, RawColumn],
        table: Table,
        *,
        missing: Sequence[str] | None = None,
    ) -> Self:
        """The features of a function that was tried on training rows.

        Args:
            function: It.
            inputs: As for the class.
            table: Training rows.
            missing: As for the class.

        Raises:
            DataError: It fails, returns no table of as many rows, or looks at other rows than the one.
        """
        assert function.path is not None
        few = table.take(np.sort(np.random.default_rng(0).permutation(len(table))[:ALONE]))
        found = cls(function, inputs, missing=missing, sample=few, file=function.path.name)
        made = found._called(table)
        found.columns = made.columns
        if not found.columns:
            raise DataError(Problem(near(function.path), "returned no column"))
        found._check_alone(few, table, made)
        found._trace()
        return found

    @property
    def reads(self) -> tuple[str, ...]:
        """See `Rowwise.reads`."""
        return tuple(self.inputs)

    @property
    def fingerprint(self) -> str:
        """See `Rowwise.fingerprint`."""
        told = {key: each for key, each in self.state().items() if key != "file"}
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def sources(self, column: str) -> tuple[str, ...]:
        """See `Rowwise.sources`."""
        return self._made_of.get(column, self.reads)

    def only(self, columns: Collection[str]) -> Self:
        """See `Rowwise.only`."""
        names = [name for name in self.columns if name in columns]
        made_of = {name: self.sources(name) for name in names}
        wanted = {*self._touched, *(each for made in made_of.values() for each in made)}
        inputs = {name: each for name, each in self.inputs.items() if name in wanted}
        found = type(self)(
            self.function,
            inputs,
            names,
            missing=self.missing,
            file=self.file,
            requires=self.requires,
        )
        found._made_of, found._touched = made_of, self._touched  # noqa: SLF001 - its own class
        return found

    def of(self, table: Table, *, strict: bool = False) -> tuple[Table, dict[str, Column]]:
        """See `Rowwise.of`; a function that fails for a row fails for all."""
        read = {name: each.read(table) for name, each in self.inputs.items()}
        made = self._made(read, len(table), alone=table.row is not None)
        absent = [name for name in self.columns if name not in made.columns]
        if absent:
            names = ", ".join(map(repr, absent))
            raise DataError(Problem(near(self.function.path), f"did not return {names}, as it did in training"))  # fmt: skip
        if made.row is None:
            made = made.select(self.columns)
        return table.derived(self.columns, {}, made), read

    def _called(self, table: Table) -> Table:
        """All that it makes of a table."""
        read = {name: each.read(table) for name, each in self.inputs.items()}
        return self._made(read, len(table), alone=False)

    def _made(self, read: Mapping[str, Column], rows: int, *, alone: bool) -> Table:
        odd = self._odd(read, rows)
        if rows == 1 or not odd.any():
            return self._call({name: self._values(name, each) for name, each in read.items()}, rows, alone=alone)  # fmt: skip
        # a missing cell where training had none is no whole number: such rows go by themselves, that none of their
        # neighbours is given as another type for it
        usual, others = np.flatnonzero(~odd), np.flatnonzero(odd)
        parts = [usual] * bool(len(usual)) + [np.array([row]) for row in others]
        made = []
        for part in parts:
            some = {name: self._values(name, each.take(part)) for name, each in read.items()}
            made.append(self._call(some, len(part), alone=False))
        order = np.argsort(np.concatenate(parts), kind="stable")
        return Table.concat(made, made[0].columns).take(order)

    def _odd(self, read: Mapping[str, Column], rows: int) -> NDArray[np.bool_]:
        odd = np.zeros(rows, np.bool_)
        for name, column in read.items():
            each = self.inputs[name]
            if each.type in ("BIGINT", "BOOLEAN") and not each.nullable:
                odd |= ~column.valid
        return odd

    def _values(self, name: str, column: Column) -> NDArray[Any]:
        """A column as numpy has it: whole numbers and booleans only where none is ever missing."""
        kind, whole = self.inputs[name].type, bool(column.valid.all())
        sure = whole and not self.inputs[name].nullable
        if kind == "TIMESTAMP":
            held = np.where(column.valid, np.rint(np.asarray(column.values) * 1e6), 0)
            found = held.astype(np.int64).astype("datetime64[us]")
            found[~column.valid] = np.datetime64("NaT")
            return found
        if kind == "VARCHAR" or (kind == "BOOLEAN" and not sure):
            cells: NDArray[Any] = np.empty(len(column), object)
            cells[:] = self.inputs[name].cells(column)
            return cells
        values = np.where(column.valid, np.asarray(column.values), np.nan)
        if sure and kind == "BIGINT":
            return values.astype(np.int64)
        return values.astype(np.bool_) if sure and kind == "BOOLEAN" else values

    def _call(self, values: dict[str, NDArray[Any]], rows: int, *, alone: bool) -> Table:
        path = self.function.path
        try:
            frame = self._frame(values)
        except ModuleNotFoundError as error:
            raise MissingExtra.of_module(error.name, "frames", needed_for=self.file) from None
        try:
            found = self.function.call(frame)
        except CrosstieError:
            raise
        except Exception as error:
            many = f"{rows} row{'s' * (rows != 1)}"
            has = ", ".join(self.inputs)
            hint = f". input has {has}" if type(error).__name__ in _LOOKUPS else ""
            hidden = any(each.private for each in self.inputs.values())
            told = "what it says may show a private cell" if hidden else f"{error}{hint}"
            what = f"fails for {many}: {type(error).__name__}: {told}"
            raise DataError(Problem(line_of(error, path), what)) from error
        return self._table(found, rows, alone=alone)

    def _frame(self, values: dict[str, NDArray[Any]]) -> Any:
        match self.function.form:
            case "numpy":
                return values
            case "pandas":
                import pandas as pd

                return pd.DataFrame({name: pd.Series(each, dtype=each.dtype) for name, each in values.items()})  # fmt: skip
            case "polars":
                import polars as pl

                return pl.DataFrame([_series(pl, name, each, self.inputs[name].type) for name, each in values.items()])  # fmt: skip
            case _:
                import pyarrow as pa

                return pa.table({name: _arrow(pa, each, self.inputs[name].type) for name, each in values.items()})  # fmt: skip

    def _table(self, found: Any, rows: int, *, alone: bool) -> Table:
        """What it returned, as a table; whatever of it cannot be is told."""
        where = near(self.function.path)
        if isinstance(found, Mapping) and not found:
            raise DataError(Problem(where, "returned no column"))
        if isinstance(found, Mapping):
            columns = {str(name): each for name, each in found.items()}
            sizes = {name: len(each) if hasattr(each, "__len__") else 1 for name, each in columns.items()}  # fmt: skip
        elif hasattr(found, "columns") and hasattr(found, "__len__"):
            size = int(found.num_rows) if hasattr(found, "num_rows") else len(found)
            columns, sizes = {}, {"it": size}
        else:
            raise DataError(Problem(where, f"returned a {type(found).__name__}; return {WANTED}"))
        odd = next((name for name, size in sizes.items() if size != rows), None)
        if odd is not None:
            which = f"{odd!r} has" if columns else "it has"
            raise DataError(Problem(where, f"was given {rows} rows and returned {sizes[odd]} ({which} {sizes[odd]}); return one for each, in their order"))  # fmt: skip
        if not columns and rows <= SMALL:
            columns = _lists(found)
        if not columns:
            return table_of(found, self.missing)[0]
        lists = {name: each.tolist() if isinstance(each, np.ndarray) and each.dtype.kind != "M" else list(each) for name, each in columns.items()}  # fmt: skip
        if alone:
            return Table.from_rows([{name: each[0] for name, each in lists.items()}], missing=self.missing)  # fmt: skip
        return Table.from_columns(lists, missing=self.missing)

    def _check_alone(self, few: Table, table: Table, made: Table) -> None:
        """Raise where a row is another alone, or in another order, than in the whole table."""
        rows = np.sort(np.random.default_rng(0).permutation(len(table))[:ALONE])
        whole = made.take(rows)
        turned = self._called(few.take(np.arange(len(few))[::-1]))
        ways = [("in another order", turned.take(np.arange(len(few))[::-1]))]
        alone = [self._called(few.take(np.array([row]))) for row in range(len(few))]
        ways.insert(0, ("alone", Table.concat(alone, alone[0].columns)))
        problems = []
        show = _hidden if any(each.private for each in self.inputs.values()) else _shown
        for name in made.columns:
            expected = whole.cells(name)
            for way, other in ways:
                cells = other.cells(name) if name in other.columns else [None] * len(expected)
                odd = [row for row in range(len(rows)) if cells[row] != expected[row]]
                if odd:
                    row = odd[0]
                    problems.append(
                        Problem(
                            near(self.function.path),
                            f"{name!r} looks at other rows: row {rows[row] + 1} gives {show(expected[row])} in the "
                            f"table and {show(cells[row])} {way} ({len(odd)} of {len(rows)} rows differ). A request is "
                            "one row; work it out in a step, or from the row alone",
                        )
                    )
                    break
        if problems:
            raise DataError(problems)

    def _trace(self) -> None:
        """Find out which of the columns it needs, and which make which: by going without."""
        assert self._sample is not None
        few = self._sample
        expected = self._called(few)
        made_of: dict[str, dict[str, None]] = {name: {} for name in self.columns}
        touched: set[str] = set()
        for each in self.inputs:
            rest = {name: raw for name, raw in self.inputs.items() if name != each}
            less = type(self)(self.function, rest, missing=self.missing, file=self.file)
            found: Table | None
            try:
                found = less._called(few)  # noqa: SLF001 - its own class
            except DataError:
                touched.add(each)
                found = self._blanked(few, each)
            for name in self.columns:
                same = found is not None and name in found.columns and found.cells(name) == expected.cells(name)  # fmt: skip
                if not same:
                    made_of[name][each] = None
        self._made_of = {name: tuple(each) for name, each in made_of.items()}
        self._touched = touched

    def _blanked(self, few: Table, column: str) -> Table | None:
        """What it makes of rows in which a column is empty; None where it fails."""
        read = {name: each.read(few) for name, each in self.inputs.items()}
        read[column] = self.inputs[column].absent(len(few))
        try:
            return self._made(read, len(few), alone=False)
        except DataError:
            return None

    def state(self) -> dict[str, Any]:
        """See `Rowwise.state`."""
        return {
            "kind": "python",
            "file": self.file,
            "form": self.function.form,
            "digest": self.function.digest,
            "requires": list(self.requires),
            "columns": list(self.columns),
            "inputs": {name: each.state() for name, each in self.inputs.items()},
        }

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], missing: Sequence[str] | None, function: Function
    ) -> Self:
        """See `revive.revived`; the function is one that somebody else said may run."""
        if sorted(state) != sorted(STATE):
            raise ValueError(f"should say {', '.join(STATE)} and nothing else, got {', '.join(map(repr, state))[:200]}")  # fmt: skip
        inputs = {name: RawColumn.from_state(name, each) for name, each in state["inputs"].items()}
        return cls(
            function,
            inputs,
            tuple(map(str, state["columns"])),
            missing=missing,
            file=str(state["file"]),
            requires=tuple(map(str, state["requires"])),
        )

    def __repr__(self) -> str:
        return f"RowwisePython({self.file!r}: {len(self.columns)} columns from {len(self.inputs)}, as {self.function.form})"  # fmt: skip


def _lists(frame: Any) -> dict[str, Any]:
    """A small frame's columns as Python values; none where that would lose something."""
    kind = type(frame).__module__.partition(".")[0]
    names = list(map(str, frame.column_names if kind == "pyarrow" else frame.columns))
    if len(set(names)) < len(names):
        return {}
    if kind == "pandas":
        return {name: frame.iloc[:, i].tolist() for i, name in enumerate(names)}
    if kind == "polars":
        return {name: frame.to_series(i).to_list() for i, name in enumerate(names)}
    return {name: frame.column(i).to_pylist() for i, name in enumerate(names)}


def _series(pl: Any, name: str, values: NDArray[Any], kind: str) -> Any:
    kinds = {"DOUBLE": pl.Float64, "BIGINT": pl.Int64, "BOOLEAN": pl.Boolean, "VARCHAR": pl.String}
    return pl.Series(name, _nulls(values), dtype=kinds.get(kind, pl.Datetime("us")))


def _arrow(pa: Any, values: NDArray[Any], kind: str) -> Any:
    kinds = {"DOUBLE": pa.float64(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string()}  # fmt: skip
    return pa.array(_nulls(values), kinds.get(kind, pa.timestamp("us")))


def _nulls(values: NDArray[Any]) -> list[Any]:
    """Python values, None where one is missing."""
    return [None if each != each else each for each in values.tolist()]  # noqa: PLR0124 - NaN


def _shown(cell: str | None) -> str:
    return "nothing" if cell is None else repr(cell if len(cell) <= 40 else f"{cell[:40]}…")


def _hidden(_cell: str | None) -> str:
    return "(private)"
