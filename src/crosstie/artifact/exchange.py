"""Encoded rows in which a column is exchanged for that of other rows: what a model is asked to learn what it goes by.

Everything read of one column moves together, whichever features read it and however wide their arrays are: a text or a
picture is one column. Nothing is encoded again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.data.batch import joined
from crosstie.features.arrangement import places
from crosstie.features.preprocessor import Encoded

Rows = NDArray[np.int64]


class Exchange:
    """Encoded rows, and the same with columns of others.

    Args:
        artifact: The model that encoded them.
        encoded: As `Artifact.encode` gives them.
    """

    def __init__(self, artifact: Artifact, encoded: Sequence[Encoded]) -> None:
        self._artifact, self.rows = artifact, encoded
        # members that see rows alike share what was encoded, and are to share it afterwards
        self._places = {
            id(rows): places(member.preprocessor.inputs)
            for member, rows in zip(artifact.members, encoded, strict=True)
        }
        self.columns = tuple(dict.fromkeys(name for each in self._places.values() for name in each))

    def __len__(self) -> int:
        return len(self.rows[0].usable)

    def take(self, rows: Rows) -> "Exchange":
        """Only these rows, in this order."""
        every = np.ones(len(rows), bool)

        def of(each: Encoded) -> Encoded:
            own = {name: limits[rows] for name, limits in each.thresholds.items()}
            return Encoded(each.batch.take(rows), every, every, thresholds=own)

        encoded = self._each(of)
        return Exchange(self._artifact, encoded)

    def beside(self, others: "Exchange") -> "Exchange":
        """These rows, and those of another exchange of the same model behind them."""
        every = np.ones(len(self) + len(others), bool)
        theirs = dict(zip(map(id, self.rows), others.rows, strict=True))
        encoded = self._each(
            lambda each: Encoded(joined(each.batch, theirs[id(each)].batch), every, every)
        )
        return Exchange(self._artifact, encoded)

    def shuffled(self, column: str, order: Rows) -> list[Encoded]:
        """All rows, with what is read of one column taken from the rows of `order`, one for each."""

        def of(rows: Encoded) -> Encoded:
            inputs = dict(rows.batch.inputs)
            for name, place in self._places[id(rows)].get(column, ()):
                if place is None:
                    inputs[name] = inputs[name][order]
                else:
                    changed = np.array(inputs[name])
                    changed[:, place] = changed[order, place]
                    inputs[name] = changed
            return replace(rows, batch=replace(rows.batch, inputs=inputs))

        return self._each(of)

    def mixed(self, picks: Rows) -> list[Encoded]:
        """New rows, each column of them taken from some row.

        Args:
            picks: Which row, int64 `[new rows, columns]`, in the order of `columns`.
        """

        def of(rows: Encoded) -> Encoded:
            inputs: dict[str, NDArray[Any]] = {}
            for name, array in rows.batch.inputs.items():
                inputs[name] = np.empty((len(picks), *array.shape[1:]), array.dtype)
            for i, column in enumerate(self.columns):
                for name, place in self._places[id(rows)].get(column, ()):
                    if place is None:
                        inputs[name] = rows.batch.inputs[name][picks[:, i]]
                    else:
                        inputs[name][:, place] = rows.batch.inputs[name][picks[:, i], place]
            every = np.ones(len(picks), bool)
            return Encoded(replace(rows.batch, inputs=inputs), every, every)

        return self._each(of)

    def _each(self, change: Callable[[Encoded], Encoded]) -> list[Encoded]:
        found: dict[int, Encoded] = {}
        for rows in self.rows:
            if id(rows) not in found:
                found[id(rows)] = change(rows)
        return [found[id(rows)] for rows in self.rows]
