"""What is found of the tables that two models learned from: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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
