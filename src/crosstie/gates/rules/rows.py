"""What code changed of the table that models learn from, where its data did not."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE
from crosstie.gates.row_diff import ColumnDiff, RowDiff
from crosstie.gates.show import number
from crosstie.gates.tables import Versions


@gates("rows")
class Rows(Gate):
    """The table that the candidate learned from is production's row for row, where only code moved since.

    An edit is there to change something: it warns of all that changed, and fails where it is told to.

    Args:
        most: The share of rows of a column that may change, and of rows that may come or go.
        fails: Whether it fails, and does not only warn.
    """

    def __init__(self, *, most: Annotated[float, Ge(0), Le(1)] = 0.0, fails: bool = False) -> None:
        self.most = most
        self.fails = fails

    def check(self, comparison: Comparison) -> list[Finding]:
        versions = comparison.versions
        if versions is None:
            nothing = comparison.production is None
            why = NOTHING_BEFORE if nothing else "two versions of the table were not given"
            return [Finding("not applicable", why)]
        if versions.same:
            return [
                Finding("passed", f"{versions.table} is row for row what production learned from")
            ]
        if versions.diff is None:
            return [Finding("not applicable", f"{versions.table} is not compared: {versions.why}")]
        return self._findings(versions, versions.diff)

    def _findings(self, versions: Versions, diff: RowDiff) -> list[Finding]:
        found = [
            *self._come_and_gone(diff),
            *self._columns(diff),
            *(
                self._finding(name, each, diff)
                for name, each in sorted(diff.columns.items(), key=lambda each: -each[1].changed)
                if not each.same
            ),
        ]
        moved = f" ({', '.join(versions.moved)} moved)" if versions.moved else ""
        if not found:
            what = f"{diff.shared} rows of {versions.table} hold what they held{moved}"
            return [Finding("passed", what, "", 0.0, self.most)]
        first, *others = found
        return [Finding(first.result, f"{first.what}{moved}", first.where, first.value, first.bound), *others]  # fmt: skip

    def _come_and_gone(self, diff: RowDiff) -> list[Finding]:
        share = (diff.added + diff.lost) / max(diff.rows[0], 1)
        if not share:
            return []
        what = f"{diff.added} rows are new and {diff.lost} gone, of {diff.rows[0]}"
        return [self._told(what, "", share)]

    def _columns(self, diff: RowDiff) -> list[Finding]:
        told = ((diff.new_columns, "new"), (diff.lost_columns, "gone"))
        return [
            self._told(f"column is {what}", name, 1.0) for names, what in told for name in names
        ]

    def _finding(self, name: str, column: ColumnDiff, diff: RowDiff) -> Finding:
        said = [f"{column.rows} of {diff.shared} rows changed ({column.changed:.1%})"]
        if column.max_delta:
            said.append(f"by {number(column.max_delta)} at most")
        if column.new_missing:
            said.append(f"{column.new_missing} newly missing")
        if column.stored[0] != column.stored[1]:
            said.append(f"was {column.stored[0]} and is {column.stored[1]}")
        if column.examples:
            key, was, now = column.examples[0]
            said.append(f"as {key}: {_cell(was)} → {_cell(now)}")
        other = column.kind[0] != column.kind[1] or column.stored[0] != column.stored[1]
        return self._told(", ".join(said), name, column.changed, other=other)

    def _told(self, what: str, where: str, share: float, *, other: bool = False) -> Finding:
        if share <= self.most and not other:
            return Finding("passed", what, where, share, self.most)
        return Finding("failed" if self.fails else "warned", what, where, share, self.most)


def _cell(text: str | None) -> str:
    return "missing" if text is None else text
