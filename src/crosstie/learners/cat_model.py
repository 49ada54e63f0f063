"""What CatBoost learned: the columns that it was shown, its trees, and the classes that they know."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Output
from crosstie.learners.cat_booster import Rows
from crosstie.learners.levels import Levels
from crosstie.learners.oblivious import Oblivious, read_oblivious

Floats = NDArray[np.float64]

NEVER = -30.0  # score of a class that no training row is of


@dataclass(frozen=True)
class CatModel:
    """What was learned.

    Attributes:
        levels: What makes columns of rows.
        output: The one that is predicted.
        present: Of a category, the classes that training rows are of; the trees know no others.
        text: The trees, in CatBoost's JSON.
    """

    levels: Levels
    output: Output
    present: NDArray[np.int64] | None
    text: str = ""

    @property
    def classes(self) -> int:
        """How many values a leaf has."""
        return 1 if self.present is None else len(self.present)

    def numbered(self, batch: Batch) -> NDArray[Any]:
        """The target of rows, classes as the trees number them."""
        target = batch.targets[self.output.name]
        return target if self.present is None else np.searchsorted(self.present, target)

    def rows(self, batch: Batch | None) -> Rows | None:
        """Rows that nothing is learned from, those of classes that the trees know; None where there are none."""
        if batch is not None and self.present is not None:
            known = np.isin(batch.targets[self.output.name], self.present)
            batch = batch if known.all() else batch.take(np.flatnonzero(known))
        if not batch:
            return None
        return Rows(self.levels.array(batch), self.numbered(batch), batch.weights)

    def trees(self) -> tuple[list[Oblivious], Floats]:
        """The trees, and what is added to their sum, with a value for each class of the output."""
        trees, bias = read_oblivious(self.text)
        if self.present is None or len(self.present) == self.output.size:
            return trees, bias
        return [replace(each, leaf=self._spread(each.leaf, 0.0)) for each in trees], self._spread(
            bias[None], NEVER
        )[0]

    def predicted(self, sums: Floats) -> Floats:
        """What sums of trees stand for: numbers or probabilities."""
        if self.output.type == "number":
            return sums
        if self.present is None:
            return np.asarray(1 / (1 + np.exp(-sums)))
        scores = self._spread(sums, NEVER)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))

    def _spread(self, values: Floats, absent: float) -> Floats:
        """`[…, classes]` from values of the present ones."""
        found = np.full((len(values), self.output.size), absent)
        found[:, self.present] = values
        return found
