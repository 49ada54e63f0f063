"""Rows of a run's data as its saved model sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.exchange import Exchange
from crosstie.data.source import HELD
from crosstie.data.table import Table
from crosstie.features.preprocessor import Encoded
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """Where rows are taken from.

    Attributes:
        artifact: The saved model.
        plan: For the sources.
        prepared: The encoded data.
        alike: Whether all members see what was encoded. Those of folds have features of their own.
    """

    artifact: Artifact
    plan: Plan
    prepared: Prepared
    alike: bool

    def rows(self, part: str, places: Places) -> Exchange | None:
        """Some rows of a part, by their places in it; None where they would take long to be had once more."""
        if self.alike and not self.artifact.groups:  # which are told by cells
            batch = self.prepared.batches[part].take(places)
            every = np.ones(len(places), bool)
            encoded = [Encoded(batch, every, every)] * len(self.artifact.members)
            return Exchange(self.artifact, encoded)
        if any(each.reads == "media" for each in self.artifact.inputs):
            return None
        table = self._read(part, places)
        return None if table is None else Exchange(self.artifact, self.artifact.encode(table))

    def cells(self, part: str, places: Places) -> Table | None:
        """The same rows with the columns that features read; None likewise."""
        table = self._read(part, places)
        return None if table is None else self.artifact.seen(table)

    def places(self, part: str, numbers: Places) -> Places:
        """The places in a part of rows by their numbers in the table, from 1."""
        known = self.prepared.rows[part]
        order = np.argsort(known, kind="stable")
        return order[np.searchsorted(known, numbers - 1, sorter=order)]

    def _read(self, part: str, places: Places) -> Table | None:
        """As they were written, unless the table is too large to be held, or was cut into windows."""
        source = self.plan.sources.get(part, self.plan.sources["train"])
        source = source.before or source
        if self.plan.windows is not None or source.size > HELD:
            return None
        return source.table(self.artifact.columns).take(self.prepared.rows[part][places])
