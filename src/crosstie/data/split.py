"""Which row goes where: train, validation, test. Every kind of split is a class with `assign`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from annotated_types import Len
from numpy.typing import NDArray

from crosstie.config.registry import Registry
from crosstie.data.keys import Rows, group_codes, level_codes
from crosstie.errors import ConfigError, DataError, Problem

TRAIN, VALIDATION, TEST, UNUSED = range(4)
Assignment = NDArray[np.int8]
Probabilities = Annotated[Sequence[float], Len(3, 3)]
USUAL = (0.7, 0.1, 0.2)
FEW = 20  # different numbers up to which a target of numbers counts as classes


class Split(ABC):
    """A way to part a table."""

    columns: tuple[str, ...] = ()  # that it reads

    @abstractmethod
    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """int8 `[rows]`: 0 train, 1 validation, 2 test, 3 unused.

        Args:
            source: The table.
            target: The column to be predicted.
            seed: The same seed gives the same split.

        Raises:
            DataError: The rows cannot be parted that way.
        """


splits: Registry[Split] = Registry("split", home=f"{__package__}.splits")


def shares(probabilities: Sequence[float]) -> tuple[float, float, float]:
    """Three shares that sum to 1.

    Raises:
        ConfigError: They are not three, negative, or sum to something else.
    """
    found = tuple(map(float, probabilities))
    if len(found) != 3 or min(found) < 0 or abs(sum(found) - 1) > 1e-6 or found[0] == 0:
        raise ConfigError(
            Problem(
                "split.probabilities",
                f"must be three shares for train, validation and test that sum to 1, got {list(probabilities)}. "
                "Write for example [0.7, 0.1, 0.2].",
            )
        )
    return found[0], found[1], found[2]


def classes(source: Rows, column: str) -> NDArray[np.int32] | None:
    """Codes of a column's levels, -1 where missing, if it can be stratified by; None for a range of numbers."""
    few: set[str] = set()
    words = False
    for table in source.chunks(columns=[column]):
        if len(few) <= FEW:
            few.update(table.column(column, "levels").levels)
        words = words or bool(table.column(column, "number").unparsed)
        if words:
            break
    return None if len(few) > FEW and not words else level_codes(source, column)[0]


def deal(strata: NDArray[np.int32], parts: Sequence[float], rng: np.random.Generator) -> Assignment:
    """Part each stratum by the same shares; strata too small to be in every part are dealt with together.

    Args:
        strata: Codes `[rows]`, from -1.
        parts: Shares.
        rng: Shuffles.
    """
    least = 2 / min((each for each in parts if each > 0), default=1.0)
    codes, counts = np.unique(strata, return_counts=True)
    small = codes[counts < least]
    strata = np.where(np.isin(strata, small), -2, strata)
    assignment = np.zeros(len(strata), np.int8)
    for code in np.unique(strata):
        rows = rng.permutation(np.flatnonzero(strata == code))
        assignment[rows] = _dealt(len(rows), parts)
    return assignment


def _dealt(rows: int, parts: Sequence[float]) -> NDArray[np.int8]:
    """Part numbers in order, their counts as near to the shares as whole rows can be; training gets the rest."""
    exact = np.asarray(parts) * rows
    counts = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: rows - counts.sum()]] += 1
    return np.repeat(np.arange(len(parts)), counts).astype(np.int8)


def folds(
    source: Rows,
    k: int,
    *,
    target: str | None,
    seed: int,
    among: NDArray[np.bool_] | None = None,
    group: str | None = None,
) -> Assignment:
    """Fold numbers 0 to k - 1 for the rows `among`, -1 for the others: int8 `[rows]`.

    Args:
        source: The table.
        k: How many folds, 2 to 100.
        target: Folds are stratified by it where it has classes.
        seed: The same seed gives the same folds.
        among: Which rows take part; all by default.
        group: A column no value of which may be in two folds.

    Raises:
        DataError: There are fewer rows or groups than folds.
    """
    chosen = np.flatnonzero(np.ones(source.rows, bool) if among is None else among)
    if not 2 <= k <= 100:
        raise ConfigError(Problem("folds", f"must be 2 to 100, got {k}. 5 is usual."))
    if len(chosen) < k:
        raise DataError(f"{source.name}: {len(chosen)} rows cannot be parted into {k} folds")
    rng = np.random.default_rng(seed)
    numbers = np.full(source.rows, -1, np.int8)
    if group is not None:
        groups = group_codes(source, group)[chosen]
        numbers[chosen] = deal_groups(groups, [1 / k] * k, rng)
        if len(np.unique(numbers[chosen])) < k:
            raise DataError(
                f"column {group!r}: has fewer groups than the {k} folds. Use fewer folds."
            )
        return numbers
    codes = None if target is None else classes(source, target)
    strata = np.zeros(len(chosen), np.int32) if codes is None else codes[chosen]
    # dealt out one by one, class after class: folds differ by one row at most, in each class too
    shuffled = rng.permutation(len(chosen))
    ordered = shuffled[np.argsort(strata[shuffled], kind="stable")]
    numbers[chosen[ordered]] = np.arange(len(chosen)) % k
    return numbers


def deal_groups(
    codes: NDArray[np.int64], parts: Sequence[float], rng: np.random.Generator
) -> Assignment:
    """Whole groups to parts: large ones first, each to the part that lacks most rows."""
    groups, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    lacking = np.asarray(parts, float) * len(codes)
    home = np.zeros(len(groups), np.int8)
    order = rng.permutation(len(groups))
    for each in order[np.argsort(-counts[order], kind="stable")]:
        home[each] = int(np.argmax(lacking))
        lacking[home[each]] -= counts[each]
    return home[places]
