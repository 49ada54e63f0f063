"""From a source to encoded batches: split, fit the features on training rows alone, encode every part.

The table goes by twice in chunks, so that one larger than memory needs only a chunk of it at a time; the
encoded arrays lie in memory while they are small and in memory-mapped files when they are not.
"""

import copy
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.data.read import Source
from crosstie.data.store import BatchStore
from crosstie.data.style import PLAIN
from crosstie.errors import DataError
from crosstie.features.counts import Counts
from crosstie.features.preprocessor import Encoded, Preprocessor
from crosstie.features.row_groups import Key, row_groups
from crosstie.learners.learner import Start
from crosstie.pipeline.plan import Plan

PARTS = ("train", "validation", "test")
ROWS_AT_ONCE = 100_000
BYTES_AT_ONCE = 1 << 26  # of encoded arrays: pictures come in smaller pieces than numbers
# as many training rows are scored: enough to see overfitting, cheap on large tables; fewer where classes are many
TRAIN_ROWS = 20_000
IN_MEMORY = 1 << 30  # bytes of encoded arrays; more goes to memory-mapped files


@dataclass
class Beside:
    """What judging texts needs of rows, by output: the true texts, and the tokens that they may copy."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, list[list[str]]] = field(default_factory=dict)

    def add(self, encoded: Encoded, rows: NDArray[np.int64], most: int | None) -> None:
        """Keep these rows of a chunk, `most` in all."""
        for name, texts in encoded.texts.items():
            kept = self.texts.setdefault(name, [])
            some = rows if most is None else rows[: max(most - len(kept), 0)]
            kept += [texts[row] for row in some]
            if name in encoded.tokens:
                self.tokens.setdefault(name, []).extend(encoded.tokens[name][row] for row in some)


@dataclass
class Prepared:
    """Encoded data, ready for any learner.

    Attributes:
        preprocessor: The fitted features.
        batches: By part: train, and where they have rows validation and test.
        rows: By part, the number of each batch row in its source, from 0.
        counts: Per input column, over all parts: missing, unparsed, unseen.
        dropped: Part to rows left out: no usable target, or a missing value with `drop_row`.
        completed: Part to rows whose target was completed, to learn from.
        beside: By part, what its rows' arrays do not hold, of as many rows as are judged.
        groups: By part, what the columns of `fairness.by` say of each row, `[rows]` of `Key`; empty without that.
        folder: Where the batches lie in files; None where they are in memory.
        start: Earlier weights to begin with.
    """

    preprocessor: Preprocessor
    batches: dict[str, Batch] = field(default_factory=dict)
    rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    completed: dict[str, int] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)
    groups: dict[str, NDArray[Any]] = field(default_factory=dict)
    folder: Path | None = None
    start: Start | None = None

    @property
    def layout(self) -> Layout:
        """The shape of the batches."""
        return self.preprocessor.layout


def assign(plan: Plan) -> NDArray[np.int8]:
    """Which row of the first source goes where: 0 train, 1 validation, 2 test, 3 unused. int8 `[rows]`.

    Parts that come as sources of their own take no rows of the first. It is the table as it was read that is parted: what
    row-wise features make of it must not move a row, or a candidate would learn from what production is tested on.
    """
    source = plan.sources["train"].before or plan.sources["train"]
    if plan.split is None:
        return np.zeros(source.rows, dtype=np.int8)
    target = plan.outputs[0].column if plan.outputs else None
    return plan.split.assign(source, target=target, seed=plan.seed)


def prepare(
    plan: Plan, assignment: NDArray[np.int8], *, folder: Path, in_memory: int = IN_MEMORY
) -> Prepared:
    """Fit the plan's features on the training rows and encode all parts.

    Args:
        plan: Its features are copied, not fitted in place.
        assignment: As `assign` gives.
        folder: For memory-mapped arrays, should they be needed.
        in_memory: Bytes of encoded arrays up to which they lie in memory. Their values are the same either way;
            the order in which networks see the rows is not (`training/feed.py`).

    Raises:
        DataError: No training rows are left, or a column cannot be what the plan says it is.
    """
    sources = plan.sources
    preprocessor = Preprocessor(
        copy.deepcopy(plan.inputs),
        copy.deepcopy(plan.outputs),
        styles={name: each.style for name, each in plan.profile.items() if each.style != PLAIN},
        windows=plan.windows,
    )
    columns = _columns(plan, sources["train"])
    start = 0
    for table in sources["train"].chunks(ROWS_AT_ONCE, columns):
        training = np.flatnonzero(assignment[start : start + len(table)] == 0)
        preprocessor.observe(table if len(training) == len(table) else table.take(training))
        start += len(table)
    preprocessor.finish()
    earlier = plan.earlier.start(preprocessor) if plan.earlier is not None else None

    mapped = _bytes(preprocessor.layout, sources) > in_memory
    prepared = Prepared(preprocessor, folder=folder if mapped else None, start=earlier)
    stores = {
        part: BatchStore(
            preprocessor.layout,
            rows=_expected(part, sources, assignment),
            weighted=plan.weight is not None,
            folder=folder / part if mapped else None,
        )
        for part in PARTS
    }
    kept: dict[str, list[NDArray[np.int64]]] = {part: [] for part in PARTS}
    by = plan.fairness.by if plan.fairness is not None else ()
    groups: dict[str, list[Key]] = {part: [] for part in PARTS}
    at_once = preprocessor.layout.rows_within(BYTES_AT_ONCE, most=ROWS_AT_ONCE)
    for name, source in sources.items():
        start = 0
        for table in source.chunks(at_once, _columns(plan, source)):
            encoded = preprocessor.encode(table, targets=True, weight=plan.weight)
            keys = row_groups(table, by) if by else []
            _count(prepared, encoded.counts, plan.private)
            where = (
                assignment[start : start + len(table)]
                if name == "train"
                else np.full(len(table), PARTS.index(name), dtype=np.int8)
            )
            for code, part in enumerate(PARTS):
                wanted = encoded.usable if part == "test" else encoded.learnable
                rows = np.flatnonzero((where == code) & wanted)
                completed = int((wanted & ~encoded.usable)[rows].sum())
                prepared.completed[part] = prepared.completed.get(part, 0) + completed
                lost = int((where == code).sum()) - len(rows)
                prepared.dropped[part] = prepared.dropped.get(part, 0) + lost
                if len(rows):
                    most = TRAIN_ROWS if part == "train" else None
                    prepared.beside.setdefault(part, Beside()).add(encoded, rows, most)
                    stores[part].append(encoded.batch.take(rows))
                    kept[part].append(rows + start)
                    groups[part] += [keys[row] for row in rows.tolist()] if by else []
            start += len(table)
    for part in PARTS:
        if kept[part]:
            prepared.batches[part] = stores[part].finish()
            prepared.rows[part] = np.concatenate(kept[part])
        if groups[part]:
            prepared.groups[part] = np.fromiter(groups[part], object, len(groups[part]))
    if "train" not in prepared.batches:
        raise DataError(
            f"{sources['train'].name}: no row is left to train on "
            f"({prepared.dropped['train']} rows were dropped for want of a usable target)"
        )
    if (
        plan.fairness is not None
        and plan.fairness.thresholds
        and "validation" not in prepared.batches
    ):
        raise DataError(
            "fairness.thresholds are chosen on validation rows, and there are none; let the split have some, or give a "
            "table of them"
        )
    return prepared


def _columns(plan: Plan, source: Source) -> list[str]:
    by = plan.fairness.by if plan.fairness is not None else ()
    wanted = [*(each.column for each in (*plan.inputs, *plan.outputs)), plan.weight, *by]
    return [name for name in source.columns if name in wanted]


def _expected(part: str, sources: Mapping[str, Source], assignment: NDArray[np.int8]) -> int:
    own = sources[part].rows if part in sources and part != "train" else 0
    return own + int((assignment == PARTS.index(part)).sum())


def _bytes(layout: Layout, sources: Mapping[str, Source]) -> int:
    row = sum(
        np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in layout.inputs.values()
    )
    row += sum(4 * (each.length or each.size) for each in layout.outputs)
    return row * sum(source.rows for source in sources.values())


def _count(prepared: Prepared, counts: Mapping[str, Counts], private: Collection[str]) -> None:
    for name, each in counts.items():
        new = replace(each, unparsed_examples=()) if name in private else each
        old = prepared.counts.get(name)
        prepared.counts[name] = new if old is None else old + new
