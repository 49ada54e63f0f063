"""What is found of the tables that two models learned from: plain values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from crosstie.gates.holdout import HIDDEN
from crosstie.gates.row_diff import RowDiff


@dataclass(frozen=True)
class Shift:
    """How a column of the training table differs from production's: see `evaluation.drift.Drift`.

    `ends` is None of a private column too.
    """

    psi: float
    chance: float
    js: float
    ks: float | None
    p: float | None
    missing: tuple[float, float]
    constant: bool
    ends: tuple[tuple[float, float], tuple[float, float]] | None
    far: int
    far_p: float


@dataclass(frozen=True)
class Training:
    """The tables that the two models learned from.

    Attributes:
        rows: Of the candidate's.
        rows_before: Of production's; None where there is none, as are the others of it.
        repeated: Share of the candidate's rows that say again what an earlier one says.
        repeated_before: Likewise of production's.
        columns: By column, how it drifted, the furthest first.
        unread: Columns whose cells cannot be counted so: pictures, sounds, vectors.
        absent: Columns of the models that are in the candidate's table but not in production's.
        in_holdout: How many rows have a key that the holdout has too; None without a key.
    """

    rows: int
    rows_before: int | None
    repeated: float
    repeated_before: float | None
    columns: Mapping[str, Shift]
    unread: Sequence[str] = ()
    absent: Sequence[str] = ()
    in_holdout: int | None = None


@dataclass(frozen=True)
class Versions:
    """The table that production was trained on, and the candidate's.

    Attributes:
        table: What the candidate's is called.
        moved: What of code moved between them, in words.
        same: Whether they are one and the same.
        key: Columns that name a row.
        diff: Row by row, where only code moved.
        why: Why there is none.
    """

    table: str
    moved: Sequence[str] = ()
    same: bool = False
    key: Sequence[str] = ()
    diff: RowDiff | None = None
    why: str = ""

    def without(self, private: Collection[str]) -> "Versions":
        """The same without what cells of private columns hold."""
        if self.diff is None or not private:
            return self
        named = any(each in private for each in self.key)
        columns = {}
        for name, each in self.diff.columns.items():
            hidden = name in private
            examples = [
                (HIDDEN if named else key, *((HIDDEN, HIDDEN) if hidden else (was, now)))
                for key, was, now in each.examples
            ]
            columns[name] = replace(each, examples=examples, range=None if hidden else each.range)
        return replace(self, diff=replace(self.diff, columns=columns))
