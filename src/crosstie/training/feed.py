"""Minibatches out of arrays, in an order that only the seed and the epoch decide.

Rows are gathered many batches at a time and handed out as views, so that a step costs a few slices. Arrays
that lie in files are read in runs of neighbouring rows: the order then mixes runs, and rows within a window of
runs, which keeps reading sequential and memory small.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crosstie.data.batch import Batch

GATHERED = 1 << 25  # bytes gathered at once, 32 MiB
RUN = 1024  # neighbouring rows read together from a file
WINDOW = 64  # runs mixed with each other
BUCKET = 50  # batches whose rows are put together by length


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

    def take(self, rows: Tensor) -> "Rows":
        """These rows, in this order."""
        return Rows(
            {name: each.index_select(0, rows) for name, each in self.inputs.items()},
            {name: each.index_select(0, rows) for name, each in self.targets.items()},
            None if self.weights is None else self.weights.index_select(0, rows),
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
        shuffle: Whether `shuffled` draws an order; else it keeps the table's.
        tokens: The array of ids (0 padding) by whose length rows are put together: a batch then ends where its
            longest row does. None cares for no length.
    """

    def __init__(
        self,
        batch: Batch,
        device: torch.device,
        *,
        shuffle: bool = True,
        tokens: str | None = None,
    ) -> None:
        self.batch = batch
        self.device = device
        self.shuffle = shuffle
        self.tokens = tokens
        self.lengths = None if tokens is None else _lengths(batch.inputs[tokens])
        arrays = [*batch.inputs.values(), *batch.targets.values()]
        self.mapped = any(isinstance(each, np.memmap) for each in arrays)
        self.row_bytes = max(sum(each[:1].nbytes for each in arrays), 1)
        self._whole = None if self.mapped else _tensors(batch).to(device)

    def __len__(self) -> int:
        return len(self.batch)

    def batches(self, size: int) -> int:
        """How many batches of `size` one pass takes."""
        return len(self._edges(len(self), size)) - 1

    def shuffled(self, size: int, *, seed: int, epoch: int, skip: int = 0) -> Iterator[Rows]:
        """Every row once, in batches of `size`; the last may be smaller, or one row larger.

        Args:
            size: Rows a batch.
            seed: Of the run.
            epoch: From 0; each has an order of its own.
            skip: Batches to leave out, which an earlier process has seen.
        """
        yield from self._batches(self._drawn(size, seed, epoch), size, skip=skip)

    def endless(self, size: int, *, seed: int) -> Iterator[Rows]:
        """As `shuffled`, one epoch after the other."""
        for epoch in count():
            yield from self.shuffled(size, seed=seed, epoch=epoch)

    def first(self, size: int, *, seed: int) -> NDArray[np.int64]:
        """Which rows the first batch of the first epoch holds."""
        order = self._drawn(size, seed, 0)
        whole = np.arange(len(self)) if order is None else order
        return whole[: self._edges(len(self), size)[1]]

    def _drawn(self, size: int, seed: int, epoch: int) -> NDArray[np.int64] | None:
        rng = np.random.default_rng([seed, epoch])
        order = self._order(rng) if self.shuffle else None
        if self.lengths is not None:
            order = self._bucketed(np.arange(len(self)) if order is None else order, size, rng)
        return order

    def in_order(self, size: int, *, rows: int | None = None) -> Iterator[Rows]:
        """Every row once (at most the first `rows`), as they stand."""
        yield from self._batches(None, size, rows=rows)

    @staticmethod
    def _edges(rows: int, size: int) -> list[int]:
        """Where batches begin, and where the last ends."""
        edges = [*range(0, rows, size), rows]
        if size > 1 and len(edges) > 2 and edges[-1] - edges[-2] == 1:
            del edges[-2]  # one row alone has no batch statistics: it joins the batch before
        return edges

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

    def _bucketed(
        self, order: NDArray[np.int64], size: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """The order with rows of like length together, within `BUCKET` batches, and those batches mixed again."""
        assert self.lengths is not None
        found = []
        for start in range(0, len(order), BUCKET * size):
            near = order[start : start + BUCKET * size]
            near = near[np.argsort(self.lengths[near], kind="stable")]
            whole = len(near) // size * size  # the short batch of an epoch comes last
            batches = near[:whole].reshape(-1, size)
            found += [*(rng.permutation(batches) if self.shuffle else batches), near[whole:]]
        return np.concatenate(found)

    def _trimmed(self, rows: Rows) -> Rows:
        """Without the columns of the bucketed array that are padding in all these rows."""
        if self.tokens is None:
            return rows
        ids = rows.inputs[self.tokens]
        longest = max(int((ids != 0).sum(1).max()), 1)
        return Rows({**rows.inputs, self.tokens: ids[:, :longest]}, rows.targets, rows.weights)

    def _batches(
        self,
        order: NDArray[np.int64] | None,
        size: int,
        *,
        skip: int = 0,
        rows: int | None = None,
    ) -> Iterator[Rows]:
        edges = self._edges(min(len(self), rows or len(self)), size)
        last = len(edges) - 1
        at_once = max(GATHERED // (self.row_bytes * size), 1)
        for first in range(skip, last, at_once):
            these = edges[first : min(first + at_once, last) + 1]
            start, stop = these[0], these[-1]
            block = self._gather(slice(start, stop) if order is None else order[start:stop])
            for begin, end in pairwise(these):
                yield self._trimmed(block.slice(begin - start, end - start))

    def _gather(self, rows: NDArray[np.int64] | slice) -> Rows:
        if self._whole is None:
            return _tensors(self.batch.take(rows)).to(self.device)
        if isinstance(rows, slice):
            return self._whole.slice(rows.start, rows.stop)
        index = torch.from_numpy(rows).to(self.device)
        return self._whole.take(index)


def _lengths(ids: NDArray[np.generic]) -> NDArray[np.int64]:
    """How many ids of each row are not padding `[rows]`."""
    found = np.zeros(len(ids), np.int64)
    for start in range(0, len(ids), RUN * WINDOW):
        some = ids[start : start + RUN * WINDOW]
        found[start : start + len(some)] = np.count_nonzero(
            some if some.ndim == 2 else some[..., 0], 1
        )
    return found


def _tensors(batch: Batch) -> Rows:
    return Rows(
        {name: _tensor(each) for name, each in batch.inputs.items()},
        {name: _tensor(each) for name, each in batch.targets.items()},
        None if batch.weights is None else _tensor(batch.weights),
    )


def _tensor(array: NDArray[np.generic]) -> Tensor:
    """The same memory as a tensor; a copy only of what may not be written to (torch warns of that)."""
    return torch.from_numpy(array if array.flags.writeable else np.array(array))
