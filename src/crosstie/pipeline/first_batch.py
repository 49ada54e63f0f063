"""The first training batch of a run, as the network sees it: what a look at before training is worth the most.

Rows, order, augmentation and mixing are those of the run itself: the same seed draws the same.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.data.column import Column
from crosstie.data.table import Table
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Preprocessor
from crosstie.pipeline.batch_words import cell, encoded, target
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import ROWS_AT_ONCE, assign, prepare
from crosstie.pipeline.sampling import repeats

SHOWN = 16  # rows
UNBATCHED = 256  # rows, of a learner that takes all rows at once
PRIVATE = "(private)"


@dataclass(frozen=True)
class Shown:
    """One column of a batch.

    Attributes:
        name: Of the feature.
        type: Its type.
        array: Where it lies: `numbers[2]`, `image_0`, `target`.
        dtype: Of the array.
        shape: Of the column in the whole batch; the first axis is that of the rows.
        cells: As the table has them, of the rows shown.
        encoded: What the network sees of them, in words.
        values: What it sees, `[rows shown, …]`; None of a private column.
        words: What codes stand for, from the third on.
    """

    name: str
    type: str
    array: str
    dtype: str
    shape: tuple[int, ...]
    cells: tuple[str, ...]
    encoded: tuple[str, ...]
    values: NDArray[Any] | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class FirstBatch:
    """What a network sees first.

    Attributes:
        model_type: The learner; one that is no network has no batches, and then some of its rows are shown.
        total: Training rows.
        size: Rows of the batch.
        rows: The rows shown, by their number in the table, from 1.
        inputs: Columns that it learns from.
        outputs: Columns that it learns to predict.
        mixed: Of each row shown, which other row is mixed in and how much of it; empty where none are.
    """

    model_type: str
    total: int
    size: int
    rows: tuple[int, ...]
    inputs: tuple[Shown, ...]
    outputs: tuple[Shown, ...]
    mixed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """In one line."""
        what = "the first batch" if self.model_type == "ecd" else "the first rows (no batches here)"
        return (
            f"{what}: {self.size:,} of {self.total:,} training rows, model_type {self.model_type}"
        )

    def __repr__(self) -> str:
        return f"FirstBatch({self.title})"

    def _repr_html_(self) -> str:
        from crosstie.pipeline.batch_picture import drawn
        from crosstie.pipeline.canvas import Svg

        return drawn(self, Svg()).whole()

    def save(self, path: Path) -> None:
        """Draw it into a .png or .svg file.

        Raises:
            ConfigError: Another ending.
            MissingExtra: A .png needs Pillow.
        """
        from crosstie.pipeline.batch_picture import save

        save(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, arrays aside."""

        def of(column: Shown) -> dict[str, Any]:
            kept = ("name", "type", "array", "dtype", "shape", "cells", "encoded")
            return {name: getattr(column, name) for name in kept}

        return {
            "model_type": self.model_type,
            "training_rows": self.total,
            "batch_size": self.size,
            "rows": self.rows,
            "inputs": [of(each) for each in self.inputs],
            "outputs": [of(each) for each in self.outputs],
            **({"mixed": self.mixed} if self.mixed else {}),
        }


def first_batch(plan: Plan) -> FirstBatch:
    """The first batch that a run of this plan learns from.

    Raises:
        DataError: The rows cannot be what the plan says.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(plan, assign(plan), folder=Path(folder))
        train, rows = prepared.batches["train"], prepared.rows["train"]
        if plan.oversample is not None:
            again = repeats(train.targets[plan.outputs[0].name], plan.oversample, plan.seed)
            train, rows = train.take(again), rows[again]
        preprocessor = prepared.preprocessor
        chosen = _first(plan, preprocessor.layout, train)
        batch = train.take(chosen)
        batch = replace(batch, inputs={k: np.array(v) for k, v in batch.inputs.items()})
        total = len(train)
    numbers = rows[chosen]
    mixed: tuple[str, ...] = ()
    if plan.model_type == "ecd":
        batch, mixed = _changed(plan, preprocessor.layout, batch, numbers)
    shown = numbers[:SHOWN]
    table = _table(plan, shown)
    return FirstBatch(
        plan.model_type,
        total,
        len(batch),
        tuple((shown + 1).tolist()),
        tuple(_inputs(plan, preprocessor, batch, table)),
        tuple(_output(plan, preprocessor, each, batch, table) for each in preprocessor.outputs),
        mixed,
    )


def _first(plan: Plan, layout: Layout, train: Batch) -> NDArray[np.int64]:
    """Which training rows the first batch holds."""
    if plan.model_type != "ecd":
        return np.random.default_rng([plan.seed, 0]).permutation(len(train))[:UNBATCHED]
    import torch  # 1.5 s; a network's options were read, so it is there

    from crosstie.config.options import build
    from crosstie.training.feed import Feed
    from crosstie.training.trainer import Trainer

    trainer = build(Trainer, **plan.trainer)
    field = trainer.bucketing_field
    array = next((each.array for each in layout.tokens if each.name == field), None)
    feed = Feed(train, torch.device("cpu"), shuffle=trainer.should_shuffle, tokens=array)
    return feed.first(trainer.batches.rows_a_step(train), seed=plan.seed)


def _changed(
    plan: Plan, layout: Layout, batch: Batch, numbers: NDArray[np.int64]
) -> tuple[Batch, tuple[str, ...]]:
    """The batch after augmentation and mixing, and what was mixed with what."""
    import torch

    from crosstie.training.augment import Augment
    from crosstie.training.mix import Mix

    trainer = plan.trainer
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        given: Mapping[str, Any] = {k: torch.from_numpy(v) for k, v in batch.inputs.items()}
        mixed = Mix(layout, trainer["mixup"], trainer["cutmix"])(
            Augment(layout, plan.architecture["inputs"])(given)
        )
        inputs = dict(mixed.inputs)
        if mixed.inside is not None:
            for each in layout.images:
                pixels = mixed.inside(inputs[each.array].float())
                inputs[each.array] = pixels.round().to(torch.uint8)
    batch = replace(batch, inputs={name: each.numpy() for name, each in inputs.items()})
    if mixed.blend is None:
        return batch, ()
    share, others = 1 - float(mixed.blend.share), numbers[mixed.blend.order.numpy()]
    return batch, tuple(f"{share:.0%} of row {other + 1}" for other in others[:SHOWN])


def _table(plan: Plan, rows: NDArray[np.int64]) -> Table:
    """These rows of the first table, in this order."""
    source = plan.sources["train"]
    names = {each.column for each in (*plan.inputs, *plan.outputs)}
    columns = [name for name in source.columns if name in names]
    start, parts, places = 0, [], []
    for table in source.chunks(ROWS_AT_ONCE, columns):
        here = np.flatnonzero((rows >= start) & (rows < start + len(table)))
        if len(here):
            parts.append(table.take(rows[here] - start))
            places.append(here)
        start += len(table)
    return Table.concat(parts, columns).take(np.argsort(np.concatenate(places)))


def _inputs(plan: Plan, preprocessor: Preprocessor, batch: Batch, table: Table) -> list[Shown]:
    layout = preprocessor.layout
    places: dict[str, tuple[str, int | None]] = {
        name: ("numbers", place) for place, name in enumerate(layout.numbers)
    }
    places |= {each.name: ("categories", place) for place, each in enumerate(layout.categories)}
    for group in (layout.tokens, layout.vectors, layout.dates, layout.images, layout.series):
        places |= {each.name: (each.array, None) for each in group}
    found = []
    for feature in preprocessor.inputs:
        array, place = places[feature.name]
        values = batch.inputs[array] if place is None else batch.inputs[array][:, place]
        where = array if place is None else f"{array}[{place}]"
        words = [encoded(feature, each) for each in values[: len(table)]]
        found.append(
            _shown(plan, feature, where, values, words, _column(preprocessor, feature, table))
        )
    return found


def _output(
    plan: Plan, preprocessor: Preprocessor, feature: OutputFeature, batch: Batch, table: Table
) -> Shown:
    values = batch.targets[feature.name]
    words = [target(feature, each) for each in values[: len(table)]]
    return _shown(plan, feature, "target", values, words, _column(preprocessor, feature, table))


def _column(
    preprocessor: Preprocessor, feature: Feature, table: Table
) -> Column | list[str | None]:
    """Cells as written, or where those are no texts the column as the feature reads it."""
    if feature.reads in ("media", "series", "vector"):
        return preprocessor.column(table, feature)
    return table.cells(feature.column)


def _shown(
    plan: Plan,
    feature: Feature,
    array: str,
    values: NDArray[Any],
    words: list[str],
    raw: Column | list[str | None],
) -> Shown:
    private = feature.column in plan.private
    written = raw if isinstance(raw, list) else raw.values
    cells = [PRIVATE if private else cell(each) for each in written]
    return Shown(
        feature.name,
        feature.type,
        array,
        str(values.dtype),
        values.shape,
        tuple(cells),
        tuple(PRIVATE for _ in words) if private else tuple(words),
        None if private else np.asarray(values[: len(words)]),
        () if private else feature.words,
    )
