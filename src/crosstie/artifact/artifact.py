"""A model that predicts: encoded rows through one graph or several, and what they put out as predictions.

A model of one graph is an ensemble of one: there is one way to predict.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Layout
from crosstie.data.column import Column
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.data.table import Table
from crosstie.data.windows import Windows
from crosstie.errors import DataError, Problem
from crosstie.evaluation.calibration import apply_temperature
from crosstie.evaluation.conformal import Interval
from crosstie.evaluation.group_thresholds import GroupThresholds
from crosstie.evaluation.prediction_sets import PredictionSet
from crosstie.features.absent import lacking
from crosstie.features.counts import Counts, count
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Encoded, Preprocessor
from crosstie.features.row_groups import row_groups
from crosstie.features.views import View


@dataclass(frozen=True)
class OutputSettings:
    """What stands between a graph's output and a prediction.

    Attributes:
        threshold: Of a binary output, or one for each label of a set; unused by the others.
        temperature: Probabilities are divided by it in log space; 1 leaves them alone.
        interval: Of a number, what holds it with a stated probability; None where nobody can say.
        classes: Of a category, what makes the classes that hold the true one with a stated probability; None likewise.
        groups: Of a binary output that is decided by groups of rows, the threshold of each; `threshold` is then that of
            rows in none of them.
    """

    threshold: float | list[float] = 0.5
    temperature: float = 1.0
    interval: Interval | None = None
    groups: GroupThresholds | None = None
    classes: PredictionSet | None = None


@dataclass(frozen=True)
class Member:
    """One fitted way from rows to raw outputs, and its weight in the average."""

    preprocessor: Preprocessor
    graph: Graph
    weight: float = 1.0

    @cached_property
    def layout(self) -> Layout:
        """Of its batches: it takes as long to tell as the graph to run."""
        return self.preprocessor.layout

    def raw(
        self, batch: Batch, tokens: Mapping[str, Sequence[Sequence[str]]] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Outputs by name: numbers in the unit of the user's column, texts, probabilities otherwise.

        Args:
            batch: Encoded rows.
            tokens: As `Encoded.tokens`: what texts copy.
        """
        layout = self.layout
        outputs = self.graph.run(batch.inputs, most=layout.rows_at_once)
        return {
            place.name: natural(feature, outputs[place.array], (tokens or {}).get(place.name))
            for place, feature in zip(layout.outputs, self.preprocessor.outputs, strict=True)
        }


@dataclass
class Artifact:
    """A loaded model. `raw` gives numbers, `decode` gives predictions.

    Attributes:
        manifest: As in `manifest.json`.
        members: At least one; their outputs are averaged.
        settings: By output name.
        missing: Texts that mean that nothing is there, where training had others than the usual ones.
        private: Columns whose cells are not shown.
        reading: How the training table got its columns' names, where not from a header line: `Source.reading`.
        views: By picture input: in which other ways it may be seen, for training saw it so.
        folder: Where it was loaded from; None of one that never lay on disk.
        rowwise: What makes the columns that its features read of those that a table has.
        intervals: Whether numbers are predicted with the ends of their intervals, and categories with the classes that
            come into question.
    """

    manifest: Mapping[str, Any]
    members: Sequence[Member]
    settings: dict[str, OutputSettings] = field(default_factory=dict)
    missing: Sequence[str] | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    private: Collection[str] = ()
    views: Mapping[str, Sequence[View]] = field(default_factory=dict)
    folder: Path | None = None
    rowwise: Rowwise | None = None
    intervals: bool = False

    @property
    def outputs(self) -> Sequence[OutputFeature]:
        """The features it predicts."""
        return self.members[0].preprocessor.outputs

    @property
    def inputs(self) -> Sequence[Feature]:
        """The features it predicts from."""
        return self.members[0].preprocessor.inputs

    @property
    def columns(self) -> Sequence[str]:
        """The columns of a table that it reads."""
        read = self.members[0].preprocessor.columns if self.rowwise is None else self.rowwise.reads
        return tuple(dict.fromkeys([*read, *self.groups])) if self.groups else read

    @cached_property
    def groups(self) -> Mapping[str, Sequence[str | None]]:
        """The columns by whose groups it decides, each with what it may say of a row; None where nothing may."""
        return groups_of(self.settings)

    @property
    def direct(self) -> Sequence[tuple[str, Feature]]:
        """Inputs that read a column of a table as it is, each with that column's name in the table."""
        if self.rowwise is None:
            return [(each.column, each) for each in self.inputs]
        passed = self.rowwise.passed
        return [(passed[each.column], each) for each in self.inputs if each.column in passed]

    @property
    def windows(self) -> Windows | None:
        """How a long table is cut for it, if it is."""
        return self.members[0].preprocessor.windows

    def encode(self, table: Table) -> list[Encoded]:
        """The table as each member sees it.

        Raises:
            DataError: Columns are absent that the model cannot do without, or cells are empty of one by whose groups it
                decides.
        """
        if self.groups:
            self._check_groups(table)
            return self.with_thresholds(table, self._without_thresholds(table))
        return self._without_thresholds(table)

    def _without_thresholds(self, table: Table) -> list[Encoded]:
        if self.rowwise is None:
            return self._encoded(table)
        self._check_there(table, self.rowwise)
        made, read = self.rowwise.of(table)
        first, *others = self._encoded(made)
        counts = _with_raw(first.counts, read, self.rowwise, absent=table)
        return [replace(first, counts=counts), *others]

    def with_thresholds(self, table: Table, encoded: Sequence[Encoded]) -> list[Encoded]:
        """Encoded rows of a table with the threshold that each is decided by, where that depends on its group."""
        if not self.groups:
            return list(encoded)
        counts, thresholds = dict(encoded[0].counts), {}
        for name, settings in self.settings.items():
            if settings.groups is None:
                continue
            keys = row_groups(table, settings.groups.columns)
            thresholds[name] = settings.groups.of(keys)
            for place, column in enumerate(settings.groups.columns):
                known = set(self.groups[column])
                unseen = sum(key[place] not in known for key in keys)
                missing = sum(key[place] is None for key in keys)
                counts.setdefault(column, Counts(len(keys), missing, unseen=unseen))
        first = encoded[
            0
        ]  # members that see rows alike share them, and are to share them afterwards
        new = replace(first, counts=counts, thresholds=thresholds)
        return [new if each is first else each for each in encoded]

    def _check_groups(self, table: Table) -> None:
        """Raise where a table does not say which group a row is of."""
        absent = [name for name in self.groups if name not in table.columns]
        if absent:
            preprocessor = self.members[0].preprocessor
            needed = [name for name, each in self.direct if not preprocessor.nullable(each)]
            absent = [name for name in dict.fromkeys([*needed, *absent]) if name not in table.columns]  # fmt: skip
            raise DataError(lacking(absent, table.columns, set(self.columns)))
        problems = []
        for name, known in self.groups.items():
            empty = 0 if None in known else table.cells(name).count(None)
            if empty:
                problems.append(
                    Problem(
                        f"column {name!r}",
                        f"is empty in {empty} of {len(table)} rows, and the model decides by it: it has thresholds of "
                        f"{', '.join(map(repr, known[:8]))}. Fill it in, or leave such rows out",
                    )
                )
        if problems:
            raise DataError(problems)

    def _encoded(self, table: Table) -> list[Encoded]:
        """A table of the columns that features read; encoded once for members that see it alike."""
        found: dict[int, Encoded] = {}
        for member in self.members:
            key = id(member.preprocessor)
            if key not in found:
                found[key] = member.preprocessor.encode(table)
        return [found[id(member.preprocessor)] for member in self.members]

    def seen(self, table: Table) -> Table:
        """A table with the columns that the features read."""
        return table if self.rowwise is None else self.rowwise.of(table)[0]

    def _check_there(self, table: Table, rowwise: Rowwise) -> None:
        """Raise where a table lacks columns that it must have, naming all of them."""
        if table.row is not None and all(name in table.row[0] for name in self.columns):
            return
        preprocessor = self.members[0].preprocessor
        needed = [name for name, each in self.direct if not preprocessor.nullable(each)]
        needed += [name for name, each in rowwise.inputs.items() if not each.nullable]
        absent = [name for name in dict.fromkeys(needed) if name not in table.columns]
        if absent:
            raise DataError(lacking(absent, table.columns, set(self.columns)))

    def raw(self, encoded: Sequence[Encoded]) -> dict[str, NDArray[Any]]:
        """Averaged outputs by name: numbers in their own unit, texts, calibrated probabilities otherwise.

        Returns:
            number and binary `[rows]`, category `[rows, classes]`, set `[rows, labels]`, sequence `[rows, length,
            labels]`, text `[rows]` of str.
        """
        total = sum(member.weight for member in self.members)
        result: dict[str, NDArray[Any]] = {}
        for member, rows in zip(self.members, encoded, strict=True):
            for name, values in member.raw(rows.batch, rows.tokens).items():
                part = values * (member.weight / total) if len(self.members) > 1 else values
                result[name] = result[name] + part if name in result else part
        for feature in self.outputs:
            temperature = self.settings[feature.name].temperature
            if temperature != 1.0:
                result[feature.name] = apply_temperature(
                    result[feature.name], temperature, output_type=feature.type
                )
        return result

    def raw_averaged(self, encoded: Sequence[Encoded], views: int) -> dict[str, NDArray[Any]]:
        """As `raw`, averaged over the pictures as they are and so many other views of them."""
        total = self.raw(encoded)
        for place in range(views):
            for name, values in self.raw([self._seen(each, place) for each in encoded]).items():
                total[name] = total[name] + values
        return {name: values / (views + 1) for name, values in total.items()} if views else total

    def _seen(self, encoded: Encoded, place: int) -> Encoded:
        """The rows with their pictures as they are in one of the views."""
        inputs = dict(encoded.batch.inputs)
        for image in self.members[0].preprocessor.layout.images:
            views = self.views.get(image.name, ())
            if place < len(views):
                inputs[image.array] = views[place].of(np.asarray(inputs[image.array]))
        return replace(encoded, batch=replace(encoded.batch, inputs=inputs))

    def threshold_of(self, name: str, rows: Encoded) -> Any:
        """From which probability on rows are predicted positive: one for all, one a label of a set, or one a row.

        Args:
            name: The output.
            rows: The first of what `encode` gives.
        """
        own = rows.thresholds.get(name)
        return self.settings[name].threshold if own is None else own

    def decode(self, raw: Mapping[str, NDArray[Any]], rows: Encoded) -> dict[str, Any]:
        """Prediction columns: `<output>_prediction`, `<output>_probability_<class>`, `<output>_low`, `<output>_high`, `<output>_set`.

        Args:
            raw: Of `raw`.
            rows: The first of what `encode` gives of the same rows.
        """
        columns: dict[str, Any] = {}
        for feature in self.outputs:
            values: NDArray[Any] = raw[feature.name]
            if feature.as_shown:
                columns[f"{feature.name}_prediction"] = listed(values)
                interval = self.settings[feature.name].interval if self.intervals else None
                if interval is not None:
                    low, high = interval.ends(values)
                    columns |= {f"{feature.name}_low": low, f"{feature.name}_high": high}
                continue
            decoded = feature.decode(
                values,
                threshold=self.threshold_of(feature.name, rows),
                tokens=rows.tokens.get(feature.name),
            )
            columns |= {f"{feature.name}_{suffix}": each for suffix, each in decoded.items()}
            classes = self.settings[feature.name].classes if self.intervals else None
            if classes is not None:
                columns[f"{feature.name}_set"] = classes.named(values, feature.labels)
        return columns


def groups_of(settings: Mapping[str, OutputSettings]) -> dict[str, list[str | None]]:
    """As `Artifact.groups`, of these settings."""
    found: dict[str, list[str | None]] = {}
    for each in settings.values():
        if each.groups is not None:
            for place, name in enumerate(each.groups.columns):
                found.setdefault(name, []).extend(key[place] for key in each.groups.thresholds)
    return {name: list(dict.fromkeys(known)) for name, known in found.items()}


def _with_raw(
    counts: Mapping[str, Counts], read: Mapping[str, Column], rowwise: Rowwise, *, absent: Table
) -> dict[str, Counts]:
    """Counts by column of the table: those of features that read it as it is, and of what others are made of."""
    found = {rowwise.passed.get(name, name): each for name, each in counts.items()}
    handed = set(rowwise.passed.values())
    for name, column in read.items():
        # a cell that is handed on may be a number there, and not a whole one for what is made of it
        if name not in handed or column.unparsed > found[name].unparsed:
            away = name in rowwise.inputs and name not in absent.columns
            found[name] = count(column, 0, Counts(len(column.valid)), absent=away)
    return found


def listed(values: NDArray[Any]) -> Any:
    """Amounts as a column: a list of them where a row has several."""
    return values.tolist() if values.ndim > 1 else values


def natural(
    feature: OutputFeature, raw: NDArray[Any], tokens: Sequence[Sequence[str]] | None = None
) -> NDArray[Any]:
    """Targets or a graph's output in the unit that is averaged and shown: numbers and texts as in the user's column.

    Args:
        feature: Whose.
        raw: As `OutputFeature.decode` takes it.
        tokens: Likewise.
    """
    if feature.amount:
        return np.asarray(feature.decode(raw)["prediction"], dtype=np.float64)
    if feature.type == "text":
        return np.array(feature.decode(raw, tokens=tokens)["prediction"], dtype=object)
    return np.asarray(raw, dtype=np.float64)


def plain(value: Any) -> Any:
    """A numpy scalar as the Python value that JSON and people expect."""
    return value.item() if isinstance(value, np.generic) else value
