"""A batch as columns that a tree with thresholds alone can ask: categories become their places in an order.

The levels of a category stand in the order of what training rows with them have as target; a tree then finds the best
halves of them with one threshold (Fisher 1958; Breiman et al. 1984). Of several classes the order is along the first
principal direction of the levels' shares of classes (Coppersmith et al. 1999). It is made once, before trees are
grown, which predicts as well as making it in every node (Wright and König 2019, doi:10.7717/peerj.6339).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout, Output
from crosstie.learners.columns import Columns
from crosstie.learners.graph import GraphWriter

Floats = NDArray[np.float64]

PRIOR_ROWS = (
    10.0  # of the mean row beside each level's own: a level of one row says little of its target
)


@dataclass(frozen=True)
class Ranks:
    """Which columns there are: those of `Columns`, then a place in the order for each category.

    Attributes:
        layout: What the batches hold.
        others: All but the categories; None where there are no others.
        places: For each category `[size]` the place of each code.
    """

    layout: Layout
    others: Columns | None
    places: tuple[NDArray[np.float32], ...]

    @classmethod
    def fit(
        cls,
        layout: Layout,
        batch: Batch,
        output: Output,
        weights: Floats | None,
        *,
        text_components: int,
        seed: int,
    ) -> "Ranks":
        """Learn what text needs, and the orders, from training rows."""
        rest = replace(layout, categories=())
        others = None
        if rest.inputs:
            others = Columns.fit(rest, batch, text_components=text_components, seed=seed)
        target: NDArray[Any] = np.asarray(batch.targets[output.name])
        wanted = np.eye(output.size)[target] if output.type == "category" else target[:, None]
        rows = np.ones(len(batch)) if weights is None else weights
        places = tuple(
            _places(batch.inputs["categories"][:, i], each.size, wanted, rows)
            for i, each in enumerate(layout.categories)
        )
        return cls(layout, others, places)

    @property
    def names(self) -> list[str]:
        """The input that each column comes from."""
        found = [] if self.others is None else self.others.names
        return [*found, *(each.name for each in self.layout.categories)]

    def array(self, batch: Batch) -> NDArray[np.float32]:
        """float32 `[rows, columns]`, NaN where missing."""
        parts = [] if self.others is None else [self.others.array(batch)]
        parts += [
            places[batch.inputs["categories"][:, i]][:, None]
            for i, places in enumerate(self.places)
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph."""
        parts = [] if self.others is None else [self.others.add(graph)]
        if self.places:
            sizes = [len(each) for each in self.places]
            starts = graph.constant(np.cumsum(sizes) - sizes, np.int64)
            codes = graph.add("Add", graph.cast("categories", np.int64), starts)
            parts.append(graph.add("Gather", graph.constant(np.concatenate(self.places)), codes))
        return graph.concat(parts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned of the inputs, by name."""
        found: dict[str, NDArray[Any]] = {
            f"places.{each.name}": places
            for each, places in zip(self.layout.categories, self.places, strict=True)
        }
        bags = [] if self.others is None else self.others.bags
        return found | {
            f"text.{bag.tokens.array}": bag.scale[:, None] * table for bag, table in bags
        }


def _places(
    codes: NDArray[np.int32], size: int, wanted: Floats, rows: Floats
) -> NDArray[np.float32]:
    """The place of each code in the order of what is wanted of its rows; the unknown one is the mean row's."""
    mass = np.bincount(codes, rows, size)[:, None]
    sums = np.stack(
        [np.bincount(codes, rows * column, size) for column in wanted.T.astype(np.float64)], axis=1
    )
    mean = sums.sum(0) / max(mass.sum(), 1e-300)
    means = (sums + PRIOR_ROWS * mean) / (mass + PRIOR_ROWS)
    apart = means - mean
    if apart.shape[1] == 1:
        score = apart[:, 0]
    else:
        _, vectors = np.linalg.eigh((apart * mass).T @ apart)
        direction = vectors[:, -1]
        score = apart @ (direction * np.sign(direction[np.abs(direction).argmax()]))
    place = np.empty(size, np.float32)
    place[np.argsort(score, kind="stable")] = np.arange(size)
    return place
