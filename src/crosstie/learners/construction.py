"""Columns made of others, for trees: sums, differences, products and ratios of numbers, and the target beside categories.

A tree asks one column at a time, so that what depends on two takes it many splits. Which columns are worth making is
found on a sample: a few trees choose among all candidates and some columns of chance, and what gains no more than
chance is dropped. Categories, and pairs of them, become what the target was beside them (`target_statistics`).
The candidates are a part of those of TabPrep, which AutoGluon's portfolio of 2025 puts before its boosters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout, Output
from crosstie.learners.booster import Booster, Dataset, threads
from crosstie.learners.columns import Columns
from crosstie.learners.graph import GraphWriter
from crosstie.learners.target_statistics import TargetStatistics, add_statistics
from crosstie.learners.trees import gain, read_trees

Floats = NDArray[np.float32]
Kind = Literal["linear", "product", "ratio"]

ROWS_TO_CHOOSE_BY = 10_000
NUMBERS, CATEGORIES = 12, 6  # of which pairs are made: those that gain most alone
FEW = 10  # values of a number, up to which a tree finds pairs of them by itself
CHANCE = 20  # columns of shuffled values
MORE = 1.5  # times the gain of the best of them that a column has to have
SAME = 0.99  # Spearman's correlation, above which two columns say the same
TREES, TREES_OF_CLASSES = 60, 25
MOST_LEVELS = 100_000  # pairs of levels of two categories, which make a table as long
CHOOSING = {  # trees that see much at once, for they only have to tell columns apart
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}


class Pair(NamedTuple):
    """A column made of two: `left + right * by`, `(left + zero) * (right + by)` or `(left + zero) / (right + by)`.

    Numbers are scaled before they come here; the constants undo as much of it as makes a difference.
    """

    kind: Kind
    left: int
    right: int
    zero: float
    by: float

    @property
    def sign(self) -> str:
        """What stands between the two."""
        if self.kind == "linear":
            return "+" if self.by > 0 else "-"
        return "x" if self.kind == "product" else "/"


@dataclass(frozen=True)
class Crossed:
    """What the target was beside a category, or beside two of them together.

    Attributes:
        of: Places of one or two among the categories.
        sizes: How many codes each has.
        fitted: What was learned of their codes.
    """

    of: tuple[int, ...]
    sizes: tuple[int, ...]
    fitted: TargetStatistics

    def columns(self, categories: NDArray[Any]) -> Floats:
        """float32 `[rows, width]` of rows that nothing was learned from."""
        return self.fitted.columns(_codes(categories, self.of, self.sizes))


@dataclass(frozen=True)
class ConstructedRows:
    """The columns of a batch with those made of them, made for those rows that are asked for.

    Attributes:
        columns: Which there are.
        batch: The rows.
        statistics: Of training rows what stands for `Crossed.columns`: `[rows, width]`, from other folds.
    """

    columns: "Constructed"
    batch: Batch
    statistics: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """`(rows, columns)`."""
        return len(self.batch), len(self.columns.names)

    def __getitem__(self, rows: Any) -> Floats:
        """float32 `[rows, columns]` of a slice or of row numbers."""
        own = None if self.statistics is None else self.statistics[rows]
        return self.columns.array(self.batch.take(rows), statistics=own)


@dataclass(frozen=True)
class Constructed:
    """Plain columns, then those that are made of them.

    Attributes:
        plain: The columns as they come.
        pairs: Made of numbers, by kind.
        crossed: Made of categories.
    """

    plain: Columns
    pairs: tuple[Pair, ...] = ()
    crossed: tuple[Crossed, ...] = ()

    @classmethod
    def fit(
        cls,
        plain: Columns,
        batch: Batch,
        output: Output,
        weights: NDArray[Any] | None,
        *,
        most: int,
        seed: int,
        objective: Mapping[str, Any],
        without: Sequence[str] = (),
    ) -> "Constructed":
        """Choose what is worth making.

        Args:
            plain: Fitted columns.
            batch: Training rows.
            output: What is predicted.
            weights: `[rows]`, or None for all equal.
            most: How many columns are made.
            seed: Of the sample, the columns of chance and the trees.
            objective: What the trees are to lower, by LightGBM's names.
            without: Inputs that nothing is made of.
        """
        rng = np.random.default_rng(seed)
        some = np.sort(rng.permutation(len(batch))[:ROWS_TO_CHOOSE_BY])
        own, rows = batch.take(some), None if weights is None else weights[some]
        target, values = own.targets[output.name], plain.array(own)

        def gains(columns: Floats) -> dict[int, float]:
            parameters = {
                **CHOOSING,
                **objective,
                "metric": "none",
                "num_threads": threads(columns.size),
                "seed": seed % 2**31,
                "deterministic": True,
                "force_row_wise": True,
                "verbosity": -1,
            }
            if plain.categorical:
                parameters["categorical_feature"] = plain.categorical
            booster = Booster(Dataset(columns, target, rows, parameters), parameters)
            for _ in range(TREES_OF_CLASSES if output.type == "category" else TREES):
                booster.add_tree()
            places = [str(place) for place in range(columns.shape[1])]
            return {
                int(at): share for at, share in gain(read_trees(booster.text()), places).items()
            }

        width = values.shape[1]
        names, codes = plain.names, set(plain.categorical)
        allowed = [at for at in gains(values) if names[at] not in without]
        numbers = [
            at
            for at in allowed
            if at < len(plain.layout.numbers) and len(np.unique(values[:, at])) > FEW
        ][:NUMBERS]
        pairs = [pair for two in combinations(numbers, 2) for pair in _pairs(plain, *two)]
        first = width - len(codes)
        categories = [at - first for at in allowed if at in codes][:CATEGORIES]
        crossings, statistics = _crossings(plain, own, output, rows, categories, seed=seed)
        if not pairs and not crossings:
            return cls(plain)
        made = np.column_stack([_made(values, pairs), *statistics])
        owners = [*range(len(pairs))]
        for i, each in enumerate(statistics):
            owners += [len(pairs) + i] * each.shape[1]
        some = rng.permutation(made.shape[1])[:CHANCE]
        chance = np.column_stack([rng.permutation(made[:, at]) for at in some])
        gained = gains(np.column_stack([values, made, chance]))
        bar = MORE * max(gained.get(width + len(owners) + i, 0.0) for i in range(chance.shape[1]))
        better: dict[int, float] = {}
        for at, owner in enumerate(owners, width):
            if gained.get(at, 0.0) > bar:
                better[owner] = better.get(owner, 0.0) + gained[at]
        ranks = _Ranks(values)
        kept: list[int] = []
        for owner in sorted(better, key=lambda owner: -better[owner]):
            pair = pairs[owner] if owner < len(pairs) else None
            if pair is None or ranks.new(made[:, owner], beside=(pair.left, pair.right)):
                kept.append(owner)
            if len(kept) == most:
                break
        return cls(
            plain,
            tuple(sorted(pairs[at] for at in kept if at < len(pairs))),
            tuple(crossings[at - len(pairs)] for at in sorted(kept) if at >= len(pairs)),
        )

    def rows(self, batch: Batch) -> ConstructedRows:
        """As `array`, made piece by piece as it is read."""
        return ConstructedRows(self, batch)

    def learned(
        self, batch: Batch, output: Output, weights: NDArray[Any] | None, *, seed: int
    ) -> tuple["Constructed", ConstructedRows]:
        """The same columns with what all of these training rows say of categories, and the rows to be fitted on."""
        if not self.crossed:
            return self, self.rows(batch)
        found = [
            _crossing(each.of, each.sizes, batch, output, weights, seed=seed)
            for each in self.crossed
        ]
        fitted = Constructed(self.plain, self.pairs, tuple(each for each, _ in found))
        return fitted, ConstructedRows(fitted, batch, np.column_stack([own for _, own in found]))

    @property
    def layout(self) -> Layout:
        """What the batches hold."""
        return self.plain.layout

    def described(self) -> list[dict[str, Any]]:
        """How each column is made, for JSON: of which columns, or of which categories."""
        crossed = [{"kind": "target", "categories": list(each.of)} for each in self.crossed]
        return [*(pair._asdict() for pair in self.pairs), *crossed]

    def tables(self) -> dict[str, Floats]:
        """What was learned of categories, by their places: `[codes, width]`."""
        return {"_".join(map(str, each.of)): each.fitted.table for each in self.crossed}

    @property
    def names(self) -> list[str]:
        """The input that each column comes from; `a / b` of two."""
        plain = self.plain.names
        categories = [each.name for each in self.plain.layout.categories]
        return [
            *plain,
            *(f"{plain[each.left]} {each.sign} {plain[each.right]}" for each in self.pairs),
            *(
                " x ".join(categories[at] for at in each.of)
                for each in self.crossed
                for _ in range(each.fitted.table.shape[1])
            ),
        ]

    @property
    def categorical(self) -> list[int]:
        """Which columns hold codes."""
        return self.plain.categorical

    def array(self, batch: Batch, *, statistics: Floats | None = None) -> Floats:
        """float32 `[rows, columns]`, NaN where missing.

        Args:
            batch: The rows.
            statistics: What stands for the columns made of categories, where these are training rows.
        """
        values = self.plain.array(batch)
        parts = [values, _made(values, self.pairs)]
        if statistics is not None:
            parts.append(statistics)
        else:
            parts += [each.columns(batch.inputs["categories"]) for each in self.crossed]
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph."""
        values = self.plain.add(graph)
        parts = [values]
        for kind in ("linear", "product", "ratio"):
            of = [each for each in self.pairs if each.kind == kind]
            if of:
                parts.append(_add_pairs(graph, values, kind, of))
        if self.crossed:
            parts.append(_add_crossed(graph, self.crossed))
        return graph.concat(parts)


class _Ranks:
    """Knows which columns order rows as others do: a tree can ask nothing else of them.

    Args:
        values: `[rows, columns]` to begin with.
    """

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._kept: list[NDArray[np.float64]] = []

    def new(self, column: Floats, *, beside: Sequence[int]) -> bool:
        """Whether a column orders rows otherwise than these, and than all that were new before; it is then kept."""
        own = _standard(column)
        others = [*(_standard(self._values[:, at]) for at in beside), *self._kept]
        if any(abs(float(own @ each)) > SAME for each in others):
            return False
        self._kept.append(own)
        return True


def _standard(column: Floats) -> NDArray[np.float64]:
    """Ranks, of mean 0 and length 1; the product of two is Spearman's correlation, but for ties."""
    ranks = np.argsort(np.argsort(column, kind="stable"), kind="stable").astype(np.float64)
    ranks -= ranks.mean()
    length = float(np.sqrt(ranks @ ranks))
    return ranks / length if length else ranks


def _pairs(plain: Columns, left: int, right: int) -> list[Pair]:
    """The candidates that two numbers make."""
    units = plain.layout.units or ((0.0, 1.0),) * len(plain.layout.numbers)
    (shift, scale), (other_shift, other_scale) = units[left], units[right]
    zero, other = shift / scale, other_shift / other_scale  # a raw 0 lies at minus these
    return [
        Pair("linear", left, right, 0.0, other_scale / scale),
        Pair("linear", left, right, 0.0, -other_scale / scale),
        Pair("product", left, right, zero, other),
        Pair("ratio", left, right, zero, other),
        Pair("ratio", right, left, other, zero),
    ]


def _made(values: Floats, pairs: Sequence[Pair]) -> Floats:
    """float32 `[rows, pairs]`; a ratio to nothing is missing."""
    found = np.empty((len(values), len(pairs)), np.float32)
    for at, pair in enumerate(pairs):
        left, right = values[:, pair.left], values[:, pair.right]
        zero, by = np.float32(pair.zero), np.float32(pair.by)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if pair.kind == "linear":
                found[:, at] = left + right * by
            elif pair.kind == "product":
                found[:, at] = (left + zero) * (right + by)
            else:
                below = right + by
                found[:, at] = np.where(below == 0, np.float32(np.nan), (left + zero) / below)
    return found


def _add_pairs(graph: GraphWriter, values: str, kind: str, pairs: Sequence[Pair]) -> str:
    left = graph.add("Gather", values, graph.constant([p.left for p in pairs], np.int64), axis=1)
    right = graph.add("Gather", values, graph.constant([p.right for p in pairs], np.int64), axis=1)
    zero, by = graph.constant([p.zero for p in pairs]), graph.constant([p.by for p in pairs])
    if kind == "linear":
        return graph.add("Add", left, graph.add("Mul", right, by))
    left, right = graph.add("Add", left, zero), graph.add("Add", right, by)
    if kind == "product":
        return graph.add("Mul", left, right)
    nothing = graph.add("Equal", right, graph.constant(0.0))
    ratio = graph.add("Div", left, right)
    return graph.add("Where", nothing, graph.constant(np.nan), ratio)


def _codes(
    categories: NDArray[Any], of: tuple[int, ...], sizes: tuple[int, ...]
) -> NDArray[np.int64]:
    """One code `[rows]` of one category, or of two together."""
    codes: NDArray[np.int64] = categories[:, of[0]].astype(np.int64)
    for at, size in zip(of[1:], sizes[1:], strict=True):
        codes = codes * size + categories[:, at]
    return codes


def _add_crossed(graph: GraphWriter, crossed: Sequence[Crossed]) -> str:
    last = [each.of[-1] for each in crossed]
    first = [each.of[0] for each in crossed]
    times = [each.sizes[-1] if len(each.of) > 1 else 0 for each in crossed]
    codes = graph.cast("categories", np.int64)
    left = graph.add("Gather", codes, graph.constant(first, np.int64), axis=1)
    right = graph.add("Gather", codes, graph.constant(last, np.int64), axis=1)
    both = graph.add("Add", graph.add("Mul", left, graph.constant(times, np.int64)), right)
    return add_statistics(graph, [each.fitted for each in crossed], both)


def _crossings(
    plain: Columns,
    batch: Batch,
    output: Output,
    weights: NDArray[Any] | None,
    places: Sequence[int],
    *,
    seed: int,
) -> tuple[list[Crossed], list[Floats]]:
    """What may be made of these categories, alone and by two, and the columns of these training rows."""
    found = []
    for of in [*((at,) for at in places), *combinations(places, 2)]:
        sizes = tuple(plain.layout.categories[at].size for at in of)
        if int(np.prod(sizes)) <= MOST_LEVELS:
            found.append(_crossing(of, sizes, batch, output, weights, seed=seed))
    return [each for each, _ in found], [own for _, own in found]


def _crossing(
    of: tuple[int, ...],
    sizes: tuple[int, ...],
    batch: Batch,
    output: Output,
    weights: NDArray[Any] | None,
    *,
    seed: int,
) -> tuple[Crossed, Floats]:
    fitted, own = TargetStatistics.fit(
        _codes(batch.inputs["categories"], of, sizes),
        batch.targets[output.name],
        weights,
        seed,
        levels=int(np.prod(sizes)),
        classes=output.size if output.type == "category" else 0,
    )
    return Crossed(of, sizes, fitted), own
