"""Whether groups of people are treated alike: rates of each group, how far apart they are, and how sure that is.

The criteria are those of fairlearn (Bird and others 2020), under its names. Each is a single number, for which there is
no threshold that holds everywhere: a difference of 0.1 and a ratio of four fifths are the usual ones, the second that of the
Uniform Guidelines on Employee Selection (USA, 1978). Where the interval reaches over the bound the verdict is `unsure`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.group_intervals import (
    Spread,
    ends,
    largest_difference,
    quantile,
    smallest_ratio,
)
from crosstie.evaluation.groups import Grouping

LEAST = 50  # rows of a group that is judged
LEAST_COUNTED = 10  # rows that one of its rates is of, such as those whose true value is positive
DIFFERENCE = 0.1
FOUR_FIFTHS = 0.8
AUDITED = ("binary", "category", "number")

Verdict = Literal["holds", "fails", "unsure", ""]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """A rate of a group, with its 95 % interval.

    Attributes:
        value: A share, or a mean in the unit of the column.
        low: Lower end.
        high: Upper end.
        rows: How many rows it is of.
    """

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Group:
    """Rows that columns say the same of.

    Attributes:
        values: What they say, one for each column of the grouping.
        rows: How many.
        judged: Whether they are enough to be judged.
        rates: By name; no share of no row, and no mean of fewer than two.
    """

    values: tuple[str, ...]
    rows: int
    judged: bool
    rates: Mapping[str, Rate]

    @property
    def name(self) -> str:
        """Its values in one text."""
        return ", ".join(self.values)


@dataclass(frozen=True)
class Criterion:
    """One number for how far the judged groups are from being treated alike.

    Attributes:
        name: fairlearn's, where it has one.
        value: A difference, 0 where all are alike, or a ratio, 1 where they are.
        low: Lower end of its 95 % interval, which holds for all pairs of groups together.
        high: Upper end.
        bound: What is usually asked; None where nothing is usual.
        verdict: `holds` or `fails` if the whole interval does, else `unsure`; empty without a bound.
        least: The group with the smallest rate.
        most: That with the largest.
        rate: Which rate decides.
    """

    name: str
    value: float
    low: float
    high: float
    bound: float | None
    verdict: Verdict
    least: str
    most: str
    rate: str


@dataclass(frozen=True)
class Fairness:
    """What became of the groups of one column, or of the intersections of two.

    Attributes:
        columns: By which rows are told apart.
        groups: Those that have rows, in the order of the grouping.
        criteria: In the order of `CRITERIA`; empty where fewer than two groups can be judged.
    """

    columns: tuple[str, ...]
    groups: Sequence[Group]
    criteria: Sequence[Criterion]

    @property
    def small(self) -> Sequence[Group]:
        """The groups that are too small to be judged."""
        return [each for each in self.groups if not each.judged]


@dataclass(frozen=True)
class Quantity:
    """What a rate is the mean of.

    Attributes:
        values: Of each row, `[rows]`.
        counted: Which rows it is of.
        share: Whether values are 0 and 1.
    """

    values: Floats
    counted: NDArray[np.bool_]
    share: bool = True


@dataclass(frozen=True)
class _Rule:
    name: str
    of: Literal["difference", "ratio"]
    rates: tuple[str, ...]
    bound: float | None


CRITERIA: Mapping[str, Sequence[_Rule]] = {
    "binary": (
        _Rule("demographic_parity_difference", "difference", ("selection_rate",), DIFFERENCE),
        _Rule("demographic_parity_ratio", "ratio", ("selection_rate",), FOUR_FIFTHS),
        _Rule("equalized_odds_difference", "difference", ("tpr", "fpr"), DIFFERENCE),
        _Rule("equalized_odds_ratio", "ratio", ("tpr", "fpr"), FOUR_FIFTHS),
        _Rule("equal_opportunity_difference", "difference", ("tpr",), DIFFERENCE),
        _Rule("equal_opportunity_ratio", "ratio", ("tpr",), FOUR_FIFTHS),
        _Rule("precision_difference", "difference", ("precision",), DIFFERENCE),
        _Rule("accuracy_difference", "difference", ("accuracy",), DIFFERENCE),
        _Rule("calibration_difference", "difference", ("calibration",), DIFFERENCE),
    ),
    "category": (
        _Rule("accuracy_difference", "difference", ("accuracy",), DIFFERENCE),
        _Rule("calibration_difference", "difference", ("calibration",), DIFFERENCE),
    ),
    "number": (
        _Rule("mae_ratio", "ratio", ("mae",), FOUR_FIFTHS),
        _Rule("mean_error_difference", "difference", ("mean_error",), None),
    ),
}


def quantities(
    output_type: str,
    target: NDArray[Any],
    predicted: NDArray[Any],
    probability: Floats | None = None,
) -> dict[str, Quantity]:
    """What is measured of each group.

    binary: `selection_rate` (predicted positive), `base_rate` (truly so), `accuracy`, `tpr`, `fnr` (of those truly positive),
    `fpr` (of those truly not), `precision` (of those predicted positive), `calibration` (mean of probability less truth).
    category: `accuracy`, `calibration` of the class that is predicted. number: `mean_error` (predicted less true), `mae`,
    `mean_predicted`, `mean_true`.

    Args:
        output_type: One of `AUDITED`.
        target: binary: 0 and 1; category: codes; number: in the unit of the column. `[rows]`.
        predicted: Likewise; of two classes also -1, which is neither: not positive, and never right.
        probability: binary: of 1; category: of what is predicted; None where it is not known. `[rows]`.
    """
    every = np.ones(len(target), np.bool_)
    if output_type == "number":
        target, predicted = np.asarray(target, np.float64), np.asarray(predicted, np.float64)
        return {
            "mean_predicted": Quantity(predicted, every, share=False),
            "mean_true": Quantity(target, every, share=False),
            "mean_error": Quantity(predicted - target, every, share=False),
            "mae": Quantity(np.abs(predicted - target), every, share=False),
        }
    right = np.asarray(predicted == target, np.float64)
    found = {"accuracy": Quantity(right, every)}
    if output_type == "binary":
        true, said = np.asarray(target, np.float64), np.asarray(predicted == 1, np.float64)
        found = {
            "selection_rate": Quantity(said, every),
            "base_rate": Quantity(true, every),
            **found,
            "tpr": Quantity(said, true == 1),
            "fnr": Quantity(1 - said, true == 1),
            "fpr": Quantity(said, true == 0),
            "precision": Quantity(true, said == 1),
        }
        right = true
    if probability is not None:
        found["calibration"] = Quantity(probability - right, every, share=False)
    return found


def overall(measured: Mapping[str, Quantity]) -> dict[str, Rate]:
    """The rates of all rows together."""
    rows = len(next(iter(measured.values())).values)
    one = Grouping((), ((),), np.zeros(rows, np.int64))
    return dict(fairness(measured, one, (), least=0).groups[0].rates) if rows else {}


def fairness(
    measured: Mapping[str, Quantity], by: Grouping, rules: Sequence[_Rule], *, least: int = LEAST
) -> Fairness:
    """Rates of each group, and the criteria.

    Args:
        measured: What `quantities` gives.
        by: The groups of the same rows.
        rules: Of `CRITERIA`.
        least: A group of fewer rows is not judged.
    """
    rows = np.bincount(by.codes[by.codes >= 0], minlength=len(by.values))
    judged = rows >= max(least, 1)
    moments = {name: _moments(each, by) for name, each in measured.items()}
    rates: list[dict[str, Rate]] = [{} for _ in by.values]
    for name, (counts, mean, std) in moments.items():
        there = np.flatnonzero(counts >= (1 if std is None else 2))
        low, high = ends(mean[there], counts[there], _of(std, there), quantile())
        for group, *value in zip(
            there.tolist(), mean[there], low, high, counts[there], strict=True
        ):
            m, a, b, n = value
            rates[group][name] = Rate(float(m), float(a), float(b), int(n))
    groups = [
        Group(values, int(n), bool(enough), found)
        for values, n, enough, found in zip(by.values, rows, judged, rates, strict=True)
    ]
    criteria = [each for rule in rules for each in _criterion(rule, moments, judged, groups)]
    return Fairness(by.columns, [each for each in groups if each.rows], criteria)


Moments = tuple[Floats, Floats, Floats | None]  # rows counted, mean and deviation by group


def _moments(measured: Quantity, by: Grouping) -> Moments:
    inside = (by.codes >= 0) & measured.counted
    codes, values, wide = by.codes[inside], measured.values[inside], len(by.values)
    counts = np.bincount(codes, minlength=wide).astype(np.float64)
    mean = np.bincount(codes, values, wide) / np.maximum(counts, 1)
    if measured.share:
        return counts, mean, None
    squares = np.bincount(codes, (values - mean[codes]) ** 2, wide)
    return counts, mean, np.sqrt(squares / np.maximum(counts - 1, 1))


def _of(std: Floats | None, which: NDArray[Any]) -> Floats | None:
    return None if std is None else std[which]


def _criterion(
    rule: _Rule, moments: Mapping[str, Moments], judged: NDArray[np.bool_], groups: Sequence[Group]
) -> Iterator[Criterion]:
    """The criterion, if there are two groups to compare: with several rates, by that which is furthest apart."""
    enough = {
        name: np.flatnonzero(judged & (moments[name][0] >= LEAST_COUNTED))
        for name in rule.rates
        if name in moments
    }
    pairs = sum(len(each) * (len(each) - 1) // 2 for each in enough.values())
    found: list[tuple[Spread, str]] = []
    for name, which in enough.items():
        if len(which) < 2:
            continue
        counts, mean, std = (_of(each, which) for each in moments[name])
        assert counts is not None
        assert mean is not None
        low, high = ends(mean, counts, std, quantile(pairs))
        if rule.of == "difference":
            spread: Spread | None = largest_difference(mean, low, high)
        else:
            spread = smallest_ratio(mean, low, high)
        if spread is not None:
            least, most = (int(which[i]) for i in spread.pair)
            found.append((Spread(spread.value, spread.low, spread.high, (least, most)), name))
    if len(found) < len(rule.rates):
        return  # one of its rates cannot be compared, so that the whole cannot be told
    furthest = max if rule.of == "difference" else min
    spread, rate = furthest(found, key=lambda each: each[0].value)
    low_end, high_end = (
        furthest(getattr(each, end) for each, _ in found) for end in ("low", "high")
    )
    yield Criterion(
        rule.name,
        spread.value,
        low_end,
        high_end,
        rule.bound,
        _verdict(rule, low_end, high_end),
        groups[spread.pair[0]].name,
        groups[spread.pair[1]].name,
        rate,
    )


def _verdict(rule: _Rule, low: float, high: float) -> Verdict:
    if rule.bound is None:
        return ""
    if rule.of == "difference":
        return "holds" if high <= rule.bound else "fails" if low > rule.bound else "unsure"
    return "holds" if low >= rule.bound else "fails" if high < rule.bound else "unsure"
