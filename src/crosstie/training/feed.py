"""Minibatches out of arrays, in an order that only the seed and the epoch decide.

Rows are gathered many batches at a time and handed out as views, so that a step costs a few slices. Arrays
that lie in files are read in runs of neighbouring rows: the order then mixes runs, and rows within a window of
runs, which keeps reading sequential and memory small.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crosstie.data.batch import Batch

GATHERED = 1 << 25  # bytes gathered at once, 32 MiB
RUN = 1024  # neighbouring rows read together from a file
WINDOW = 64  # runs mixed with each other


@dataclass(frozen=True)
class Rows:
    """A minibatch as tensors: `inputs`, `targets` and `weights` as in `Batch`."""

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]
    weights: Tensor | None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def slice(self, start: int, stop: int) -> "Rows":
        """Rows `start` to `stop`, as views."""
        return Rows(
            {name: each[start:stop] for name, each in self.inputs.items()},
            {name: each[start:stop] for name, each in self.targets.items()},
            None if self.weights is None else self.weights[start:stop],
        )

    def to(self, device: torch.device) -> "Rows":
        """The same rows on a device."""
        return Rows(
            {name: each.to(device, non_blocking=True) for name, each in self.inputs.items()},
            {name: each.to(device, non_blocking=True) for name, each in self.targets.items()},
            None if self.weights is None else self.weights.to(device, non_blocking=True),
        )


class Feed:
    """Minibatches of one `Batch`.

    Args:
        batch: The rows.
        device: Where minibatches go.
    """

    def __init__(self, batch: Batch, device: torch.device) -> None:
        self.batch = batch
        self.device = device
        arrays = [*batch.inputs.values(), *batch.targets.values()]
        self.mapped = any(isinstance(each, np.memmap) for each in arrays)
        self.row_bytes = max(sum(each[:1].nbytes for each in arrays), 1)
        self._whole = None if self.mapped else _tensors(batch).to(device)

    def __len__(self) -> int:
        return len(self.batch)

    def shuffled(self, size: int, *, seed: int, epoch: int, skip: int = 0) -> Iterator[Rows]:
        """Every row once, in batches of `size`; the last may be smaller, but never a single row.

        Args:
            size: Rows a batch.
            seed: Of the run.
            epoch: From 0; each has an order of its own.
            skip: Batches to leave out, which an earlier process has seen.
        """
        order = self._order(np.random.default_rng([seed, epoch]))
        yield from self._batches(order, size, skip=skip)

    def in_order(self, size: int) -> Iterator[Rows]:
        """Every row once, as they stand."""
        yield from self._batches(None, size)

    def _order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        rows = len(self)
        if not self.mapped:
            return rng.permutation(rows)
        runs = rng.permutation(-(-rows // RUN))
        order = []
        for start in range(0, len(runs), WINDOW):
            near = [
                np.arange(run * RUN, min((run + 1) * RUN, rows))
                for run in runs[start : start + WINDOW]
            ]
            order.append(rng.permutation(np.concatenate(near)))
        return np.concatenate(order)

    def _batches(
        self, order: NDArray[np.int64] | None, size: int, *, skip: int = 0
    ) -> Iterator[Rows]:
        rows = len(self)
        edges = list(range(0, rows, size))
        if len(edges) > 1 and rows - edges[-1] == 1:
            edges.pop()  # one row alone has no batch statistics: it joins the batch before
        stops = [*edges[1:], rows]
        at_once = max(GATHERED // (self.row_bytes * size), 1)
        for first in range(skip, len(edges), at_once):
            last = min(first + at_once, len(edges))
            start, stop = edges[first], stops[last - 1]
            block = self._gather(slice(start, stop) if order is None else order[start:stop])
            for i in range(first, last):
                yield block.slice(edges[i] - start, stops[i] - start)

    def _gather(self, rows: NDArray[np.int64] | slice) -> Rows:
        if self._whole is None:
            return _tensors(self.batch.take(rows)).to(self.device)
        if isinstance(rows, slice):
            return self._whole.slice(rows.start, rows.stop)
        index = torch.from_numpy(rows).to(self.device)
        whole = self._whole
        return Rows(
            {name: each.index_select(0, index) for name, each in whole.inputs.items()},
            {name: each.index_select(0, index) for name, each in whole.targets.items()},
            None if whole.weights is None else whole.weights.index_select(0, index),
        )


def _tensors(batch: Batch) -> Rows:
    def tensor(array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.array(array, copy=True))

    return Rows(
        {name: tensor(each) for name, each in batch.inputs.items()},
        {name: tensor(each) for name, each in batch.targets.items()},
        None if batch.weights is None else tensor(batch.weights),
    )
