"""The rows in which the last two tables of a step differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.data.notebook import notebook
from crosstie.errors import ProjectError, nearest
from crosstie.gates.row_diff import RowDiff, quoted, row_diff
from crosstie.project.build.workspace import Workspace
from crosstie.project.keys import naming_columns, shared_columns
from crosstie.project.steps.duck import connect
from crosstie.project.steps.read import MODEL

MOST = 1000  # rows that are given as frames
HEAD = ("column", "rows changed", "largest change", "for example")


@dataclass(frozen=True)
class Difference:
    """What became of the rows of a step's table.

    Attributes:
        step: Whose.
        made: When the table before and the one after were made.
        key: Columns that name a row; empty where none do.
        gone: The rows of the table before that the one after does not have, at most 1,000, as pandas has them.
        new: The rows of the table after that the one before does not have, likewise.
        counts: How many are gone and new, all told.
        by_key: What changed in rows of the same key; None without one.
    """

    step: str
    made: tuple[str, str]
    key: tuple[str, ...]
    gone: Any
    new: Any
    counts: tuple[int, int]
    by_key: RowDiff | None

    @property
    def same(self) -> bool:
        """Whether both have the same rows and columns."""
        columns = self.by_key is None or not (self.by_key.new_columns or self.by_key.lost_columns)
        return not any(self.counts) and columns

    def _line(self) -> str:
        between = f"{self.step} of {self.made[1]} against that of {self.made[0]}"
        if self.same:
            return f"{between}: the same rows"
        found = self.by_key
        if found is None:
            return f"{between}: {self.counts[1]:,} rows new, {self.counts[0]:,} gone; no column names a row"  # fmt: skip
        return f"{between}, by {', '.join(self.key)}: {found.added:,} rows new, {found.lost:,} gone, {found.changed:,} changed"

    def _more(self) -> list[str]:
        found = self.by_key
        new = f"new columns: {', '.join(found.new_columns)}" if found and found.new_columns else ""
        lost = f"columns gone: {', '.join(found.lost_columns)}" if found and found.lost_columns else ""  # fmt: skip
        return [each for each in (new, lost) if each]

    def _rows(self) -> list[tuple[str, ...]]:
        if self.by_key is None:
            return []
        return [
            (name, f"{each.rows:,}", "" if each.max_delta is None else f"{each.max_delta:g}", _example(self.key, each.examples))
            for name, each in self.by_key.columns.items()
            if each.rows
        ]  # fmt: skip

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in ([HEAD, *rows] if rows else [])
        ]
        return "\n".join([self._line(), *lines, *self._more()])

    def _repr_html_(self) -> str:
        return notebook(". ".join([self._line(), *self._more()]), HEAD, self._rows())


def difference(here: Workspace, step: str, key: str | Sequence[str] | None = None) -> Difference:
    """The table that lies there of a step against the one that it gave before.

    Args:
        here: The project.
        step: Which.
        key: Columns that name a row; None finds one: those that the model splits by, else the first that is different in
            every row.

    Raises:
        ProjectError: There is no such step, it gave one table only, or the key is no column of it.
        RunError: The store no longer has it.
    """
    steps = here.steps
    if step not in steps:
        raise ProjectError(f"{step!r} is no step here; {nearest(step, steps)}")
    if step == MODEL:
        raise ProjectError("models are held against each other by crosstie test")
    built = here.state.get(step)
    after = None if built is None else here.store.record(step, built.key)
    if after is None:
        raise ProjectError(f"{step}: is not built; build it: dag[{step!r}].run()")
    others = [each for each in here.store.records(step) if each.product.digest != after.product.digest]  # fmt: skip
    if not others:
        raise ProjectError(f"{step}: gave one table so far; there is none to hold it against")
    before = others[-1]
    with TemporaryDirectory() as folder:
        paths = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        for record, path in zip((before, after), paths, strict=True):
            here.store.fetch(record.product, path)
        return _compared(here, step, (before.made, after.made), paths, key)


def _compared(
    here: Workspace,
    step: str,
    made: tuple[str, str],
    paths: tuple[Path, Path],
    asked: str | Sequence[str] | None,
) -> Difference:
    with connect() as connection:
        for name, path in zip(("before", "after"), paths, strict=True):
            connection.read_parquet(str(path)).create_view(name)
        shared = shared_columns(connection)
        if asked is not None:
            keys = [asked] if isinstance(asked, str) else list(asked)
            for name in keys:
                if name not in shared:
                    raise ProjectError(f"key: {step} has no column {name!r} before and after; {nearest(name, shared)}")  # fmt: skip
        else:
            keys = naming_columns(connection, shared, here.model_file.key_columns)
        columns = ", ".join(map(quoted, shared))
        ordered = ", ".join(map(quoted, keys)) or "ALL"
        frames, counts = [], []
        for one, other in (("before", "after"), ("after", "before")):
            only = f"(SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other})"  # noqa: S608 - quoted
            counts.append(connection.execute(f"SELECT count(*) FROM {only}").fetchone()[0])  # noqa: S608
            frames.append(connection.execute(f"SELECT * FROM {only} ORDER BY {ordered} LIMIT {MOST}").df())  # noqa: S608  # fmt: skip
    by_key = row_diff(str(paths[0]), str(paths[1]), keys) if keys else None
    return Difference(step, made, tuple(keys), frames[0], frames[1], (counts[0], counts[1]), by_key)


def _example(key: Sequence[str], examples: Sequence[tuple[str, str | None, str | None]]) -> str:
    if not examples:
        return ""
    row, before, after = examples[0]
    return f"{', '.join(key)} {row}: {_cell(before)} → {_cell(after)}"


def _cell(text: str | None) -> str:
    return "missing" if text is None else text
