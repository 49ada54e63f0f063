"""Nearest neighbours (Fix and Hodges 1951): the mean of the training rows that are most alike.

The graph holds the rows. Distances are rounded to a millionth, so that rows equally far are so whatever the order
in which a product was summed, and all rows as far as the last neighbour count: no order of rows decides.
"""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from crosstie.config.words import Answer, Elsewhere
from crosstie.data.batch import Batch, Output
from crosstie.errors import DataError
from crosstie.evaluation.metric import metrics
from crosstie.learners.booster import threads
from crosstie.learners.classic import Classic, sample
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, learners
from crosstie.learners.points import Points
from crosstie.training.callbacks.callback import Progress

Floats = NDArray[np.float64]

CANDIDATES = (1, 3, 5, 10, 15, 20, 30, 50, 80, 120)  # neighbours that are tried
GRAIN = float(1 << 20)  # squared distances are told apart by its inverse
NEAREST = 1e-3  # spreads; a row nearer than this weighs as if it were so far
CELLS = 2_500_000  # numbers of all reference rows: 10 MB of graph
ROWS_TO_FIT = 500_000  # more do not move a mean, and cost memory
ROWS_AT_ONCE = 256
MOST_CLASSES = 1000  # with more, the classes of the rows take more than the rows


@learners(
    "nearest_neighbors",
    elsewhere=(
        "knn",
        "k_nearest_neighbors",
        "kneighbors",
        "k_neighbors",
        "nearest_neighbours",
        "nn",
    ),
)
class NearestNeighbors(Classic):
    """The mean target, or the share of each class, among the nearest training rows.

    Numbers are standardised, categories one-hot, text is condensed.

    Args:
        n_neighbors: How many. `auto` is the number by which training rows are predicted best from the others.
        weights: Whether near neighbours count more, by the inverse of their `distance`, or all the same. `auto` is
            chosen likewise.
        reference_rows: Training rows that are kept at most, drawn at random with every class by its share; fewer where
            rows are wide, so that a graph has 10 MB.
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        text_components: Columns that a text is condensed to.
    """

    answers: ClassVar[dict[str, Answer]] = {
        **dict.fromkeys(
            ("algorithm", "leaf_size"),
            Answer("all rows are compared, in one product; leave it out", ("auto", "brute", 30)),
        ),
        **dict.fromkeys(
            ("metric", "p"), Answer("is the Euclidean distance; leave it out", ("minkowski", 2))
        ),
    }

    def __init__(
        self,
        *,
        n_neighbors: Annotated[int, Ge(1), Elsewhere("k", "num_neighbors", "neighbors")]
        | Literal["auto"] = "auto",
        weights: Annotated[
            Literal["auto", "uniform", "distance"], Elsewhere("weight_func")
        ] = "auto",
        reference_rows: Annotated[int, Ge(2), Elsewhere("max_rows")] = 10_000,
        class_weights: Annotated[
            Literal["balanced"]
            | list[Annotated[float, Gt(0)]]
            | dict[str, Annotated[float, Gt(0)]]
            | None,
            Elsewhere("class_weight"),
        ] = None,
        text_components: Annotated[int, Ge(1)] = 32,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.reference_rows = reference_rows
        self.class_weights = class_weights
        self.text_components = text_components
        self.points_: Points | None = None
        self.about_ = {}

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        return 2.5e-9 * rows * min(rows * inputs, CELLS)

    @classmethod
    def hopeless(cls, rows: int, inputs: int, classes: int) -> str:
        if classes > MOST_CLASSES:
            return f"nearest neighbors of {classes:,} classes are few for each; at most {MOST_CLASSES:,}"
        kept = CELLS // max(inputs, 1)
        if kept < min(rows, 1000):
            return (
                f"nearest neighbors keep only {kept:,} of {rows:,} rows of {inputs:,} columns in a graph of 10 MB; "
                f"at most {CELLS // 1000:,} columns"
            )
        return ""

    def _learn(self, job: Job, output: Output, weights: Floats | None, progress: Progress) -> None:
        fitted = sample(job.train, output, ROWS_TO_FIT, job.seed)
        points = Points.fit(
            job.layout,
            job.train if len(fitted) == len(job.train) else job.train.take(fitted),
            text_components=self.text_components,
            seed=job.seed,
        )
        if not points.names:
            raise DataError(
                "nearest_neighbors: no two training rows have anything in common to compare them by"
            )
        train, places = job.train, np.arange(len(job.train))
        if weights is not None and not weights.all():
            places = np.flatnonzero(weights)  # a row without weight has no vote
            train = train.take(places)
        most = max(min(self.reference_rows, CELLS // len(points.names)), 2)
        kept = sample(train, output, most, job.seed)
        train, places = train.take(kept), places[kept]
        target = np.asarray(train.targets[output.name])
        self.rows_ = points.array(train)
        self.targets_ = (
            np.eye(output.size)[target] if output.type == "category" else target[:, None]
        ).astype(np.float32)
        self.votes_ = np.ones(len(train)) if weights is None else weights[places]
        self._choose(output, target)
        self.points_, self.layout_ = points, job.layout
        self.about_ |= {
            "rows": len(train),
            "of_rows": len(job.train),
            "columns": len(points.names),
            "neighbors": self.neighbors_,
            "weights": self.weighting_,
        }
        self.warn_of_rows(job, len(train))
        self.step_done(job, progress, 1)

    def _choose(self, output: Output, target: NDArray[Any]) -> None:
        """How many neighbours, and whether they are weighed: by what the other rows say of each."""
        count = len(self.rows_)
        numbers = tuple(each for each in CANDIDATES if each < count) or (1,)
        if self.n_neighbors != "auto":
            numbers = (min(self.n_neighbors, count),)
        ways = ("uniform", "distance") if self.weights == "auto" else (self.weights,)
        self.neighbors_, self.weighting_ = numbers[0], ways[0]
        if len(numbers) * len(ways) == 1 or count < 2:
            return
        from sklearn.neighbors import NearestNeighbors as Search  # 1.5 s

        most = min(max(numbers), count - 1)
        search = Search(n_neighbors=most, n_jobs=threads(self.rows_.size)).fit(self.rows_)
        distance, near = search.kneighbors()  # of each row among the others
        loss = metrics.get("loss", of=output.type)()
        best = np.inf
        for way in ways:
            votes = self.votes_[near]
            if way == "distance":
                votes = votes / np.maximum(distance, NEAREST)
            mass = np.cumsum(votes, axis=1)
            sums = np.stack(
                [np.cumsum(votes * column[near], axis=1) for column in self.targets_.T], axis=2
            )
            for number in numbers:
                last = min(number, most) - 1
                said = sums[:, last] / mass[:, [last]]
                found = loss(target, said if output.type == "category" else said[:, 0], self.votes_)
                if found < best:
                    best = found
                    self.neighbors_, self.weighting_ = number, way

    def _predict(self, batch: Batch) -> Floats:
        assert self.points_ is not None
        rows = self.rows_.astype(np.float64)
        squares = (rows**2).sum(1)
        found = []
        for start in range(0, len(batch), ROWS_AT_ONCE):
            some = batch.take(slice(start, start + ROWS_AT_ONCE))
            points = self.points_.array(some).astype(np.float64)
            grains = points @ (-2 * rows.T) + squares + (points**2).sum(1)[:, None]
            grains = np.round(grains * GRAIN)
            last = np.partition(grains, self.neighbors_ - 1, axis=1)[:, [self.neighbors_ - 1]]
            votes = (grains <= last) * self.votes_
            if self.weighting_ == "distance":
                votes /= np.maximum(np.sqrt(np.maximum(grains / GRAIN, 0)), NEAREST)
            found.append(votes @ self.targets_ / votes.sum(1, keepdims=True))
        said = np.concatenate(found)
        return said if self.targets_.shape[1] > 1 else said[:, 0]

    def _add(self, graph: GraphWriter, output: Output) -> str:
        assert self.points_ is not None
        points = graph.cast(self.points_.add(graph), np.float64)
        rows = graph.cast(graph.constant(self.rows_), np.float64)  # float32 in the file
        squares = graph.constant((self.rows_.astype(np.float64) ** 2).sum(1), np.float64)
        # 1.5 ms for a row and 10,000 of 106 columns; MatMul takes 4.3
        product = graph.add("Gemm", points, rows, squares, alpha=-2.0, transB=1)
        own = graph.add("ReduceSumSquare", points, graph.constant([1], np.int64), keepdims=1)
        grains = graph.add("Mul", graph.add("Add", product, own), _number(graph, GRAIN))
        grains = graph.add("Round", grains)
        count = graph.constant([self.neighbors_], np.int64)
        nearest = graph.add("TopK", grains, count, unused=1, largest=0)
        last = graph.columns(nearest, self.neighbors_ - 1, self.neighbors_)
        votes = graph.cast(graph.add("LessOrEqual", grains, last), np.float32)
        if self.weighting_ == "distance":
            squared = graph.add("Max", grains, _number(graph, NEAREST**2 * GRAIN))
            distance = graph.add("Sqrt", graph.add("Div", squared, _number(graph, GRAIN)))
            votes = graph.add("Div", votes, graph.cast(distance, np.float32))
        table = np.concatenate([self.targets_, np.ones_like(self.targets_[:, :1])], axis=1)
        table = table * self.votes_[:, None] / self.votes_.mean()
        sums = graph.add("MatMul", votes, graph.constant(table))
        width = self.targets_.shape[1]
        return graph.add(
            "Div", graph.columns(sums, 0, width), graph.columns(sums, width, width + 1)
        )

    def _arrays(self) -> dict[str, NDArray[Any]]:
        assert self.points_ is not None
        found: dict[str, NDArray[Any]] = {
            "rows": self.rows_,
            "targets": self.targets_,
            "votes": self.votes_,
        }
        return found | self.points_.arrays()

    def _names(self) -> list[str]:
        assert self.points_ is not None
        return self.points_.names


def _number(graph: GraphWriter, value: float) -> str:
    return graph.constant(value, np.float64)
