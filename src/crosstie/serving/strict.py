"""Cells that a model would take for missing although they hold something, or should: what a server refuses.

`Model.predict` counts such cells in its notes and goes on, as one does with a table of a million rows. Whoever asks
about a few rows is better told. A category that training never saw is no fault.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.data.column import Column, Form
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.absent import lacking
from crosstie.features.feature import Feature
from crosstie.features.preprocessor import Encoded

SHOWN = 60  # characters of a value
LIKELY = 0.8  # how alike the names of a column that may be absent and of one that nothing reads must be to ask


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be used, or a column that is not there.

    Attributes:
        row: Its number from 1; None where it is about all rows.
        column: Which column.
        value: What it holds, as text, cut where it is long; None where it holds nothing.
        wanted: What it should hold, in words.
        why: What is wrong.
    """

    row: int | None
    column: str
    value: str | None
    wanted: str
    why: str

    def __str__(self) -> str:
        row = "" if self.row is None else f"row {self.row}, "
        return f"{row}column {self.column!r}: {self.why}"


class WrongRows(Exception):
    """Rows that a model cannot use.

    Args:
        wrong: All that is wrong with them.
    """

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("\n".join(map(str, wrong)))
        self.wrong = wrong


@dataclass(frozen=True)
class _Rule:
    """What the cells of one column must be: read in a form, then looked at."""

    column: str
    form: Form
    wanted: str
    readable: Callable[[Column], NDArray[np.bool_]]
    style: Style
    nullable: bool

    def wrong(self, table: Table, *, hidden: bool, files: bool) -> Iterator[Wrong]:
        """The cells that are not so, in order."""
        if self.form == "media" and not files:
            found = table.column(self.column, "media")
            named = [
                row
                for row, each in enumerate(found.values)
                if isinstance(each, str) and not each.startswith("data:")
            ]
            if named:
                for row in named:
                    yield self._of(table, row, hidden, "files and addresses are not opened here")
                return
        good = self._readable(table)
        for row in np.flatnonzero(~good).tolist():
            one = table.take(np.array([row]))
            held = one.cells(self.column)[0] is not None
            if not held and not self.nullable:
                yield self._of(table, row, hidden, "is empty, and no training row was")
            elif held and not self._readable(one)[0]:  # its neighbours may be what did not fit
                yield self._of(table, row, hidden, "")

    def _readable(self, table: Table) -> NDArray[np.bool_]:
        return self.readable(table.column(self.column, self.form, style=self.style))

    def _of(self, table: Table, row: int, hidden: bool, why: str) -> Wrong:
        text = table.take(np.array([row])).cells(self.column)[0]
        if text is not None:
            text = "(private)" if hidden else text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        got = "" if text is None else f", got {text!r}"
        said = f"{why}; wanted {self.wanted}{got}" if why else f"wanted {self.wanted}{got}"
        return Wrong(row + 1, self.column, text, self.wanted, said)


def to_judge(artifact: Artifact, table: Table) -> list[Encoded] | None:
    """The rows encoded, where that tells in which columns anything is odd: a fifth of the time that asking all takes."""
    if artifact.windows is not None or any(each.reads == "media" for each in artifact.inputs):
        return None
    try:
        return artifact.encode(table)
    except DataError:
        return None  # it is to be told cell by cell


def wrong_cells(
    artifact: Artifact,
    table: Table,
    encoded: Sequence[Encoded] | None,
    *,
    files: bool = False,
    most: int = 100,
) -> list[Wrong]:
    """All that is wrong with some rows, row by row; columns that are absent first.

    Args:
        artifact: The model.
        table: The rows.
        encoded: What `to_judge` gives of them.
        files: Whether cells may name files and addresses. They are opened to see whether they can be read, which
            whoever answers strangers must not do.
        most: How many are named of each column.
    """
    odd = None
    if encoded is not None:
        counts = encoded[0].counts
        odd = {name for name, each in counts.items() if each.missing or each.unseen}
        if artifact.rowwise is not None:  # what is worked out may be missing for good reason
            odd &= set(artifact.columns)
        if not odd:
            return []
    rules = [each for each in _rules(artifact, table) if odd is None or each.column in odd]
    found: list[Wrong] = []
    present = set(table.columns)
    absent = {each.column: each for each in rules if each.column not in present}
    free = {each.lower(): each for each in sorted(present - set(artifact.columns))}
    for name, rule in absent.items():
        near = get_close_matches(name.lower(), free, n=1, cutoff=LIKELY)
        if not rule.nullable:
            said = lacking([name], table.columns, set(artifact.columns)).what
        elif near:
            said = f"is absent; did you mean {free[near[0]]!r}? If it is missing, give it as null"
        else:
            continue
        found.append(Wrong(None, name, None, rule.wanted, said))
    for rule in rules:
        if rule.column in present:
            hidden = rule.column in artifact.private
            found += islice(rule.wrong(table, hidden=hidden, files=files), most)
    once: dict[tuple[int | None, str], Wrong] = {}  # of two rules the first one's word
    for each in found:
        once.setdefault((each.row, each.column), each)
    return sorted(once.values(), key=lambda each: each.row or 0)


def _rules(artifact: Artifact, table: Table) -> list[_Rule]:
    preprocessor = artifact.members[0].preprocessor
    windows, styles = preprocessor.windows, preprocessor.styles
    rules = []
    long = windows.past if windows is not None and windows.fits(table) else {}
    if windows is not None and long:
        for name in windows.columns:
            when = name == windows.time
            form: Form = ("date" if windows.dated else "number") if when else "levels"
            wanted = "the time of the row" if when else "which series it is of"
            rules.append(_Rule(name, form, wanted, _valid, styles.get(name, PLAIN), nullable=False))
    for column, feature in artifact.direct:
        style = styles.get(feature.column, PLAIN)
        if feature.column in long:  # a number a row; a step may be missing
            rules.append(_Rule(column, "number", "a number", _valid, style, nullable=True))
            continue
        rules.append(
            _Rule(
                column,
                feature.reads,
                feature.wanted,
                _read(feature),
                style,
                nullable=preprocessor.nullable(feature),
            )
        )
    for name, known in artifact.groups.items():
        wanted = f"the group of the row, such as {known[0]!r}"
        rules.append(_Rule(name, "levels", wanted, _valid, PLAIN, nullable=None in known))
    raw = {} if artifact.rowwise is None else artifact.rowwise.inputs
    rules += [
        _Rule(name, each.form, each.wanted, each.readable, each.style, nullable=each.nullable)
        for name, each in raw.items()
    ]
    return rules


def _valid(column: Column) -> NDArray[np.bool_]:
    return column.valid


def _read(feature: Feature) -> Callable[[Column], NDArray[np.bool_]]:
    return lambda column: feature.readable(feature.opened(column))
