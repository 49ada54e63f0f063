"""All features of a model together: a table in, a `Batch` out, and what could not be read counted.

It is fitted on training rows, chunk by chunk if the table is large, then frozen. The same object encodes
training rows, a file to predict and one request: the bytes do not depend on what stands beside a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.data.column import Column
from crosstie.data.parse import detect
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.data.windows import Windows
from crosstie.errors import ConfigError, DataError, Problem
from crosstie.features.absent import lacking, nothing
from crosstie.features.alignment import check_aligned
from crosstie.features.arrangement import layout, packed
from crosstie.features.counts import Counts, count
from crosstie.features.feature import Arrays, Feature, State, feature_types, option_defaults
from crosstie.features.one_row import OneRow
from crosstie.features.output_feature import OutputFeature
from crosstie.features.row_weights import row_weights

ROWS_FOR_STYLE = 20_000


_THERE = np.ones(1, bool)  # of one row, which nothing leaves out
_THERE.flags.writeable = False


@dataclass(frozen=True)
class Encoded:
    """A table as arrays.

    Attributes:
        batch: Every row of the table, usable or not.
        usable: bool `[rows]`: the targets and the weight are there, and no option leaves the row out.
        learnable: bool `[rows]`: likewise, or a target is there but for parts that were completed: enough to learn
            from, not to be measured by.
        counts: By column.
        tokens: By output, of those that have a label for each token of their source, or copy them: those tokens.
        texts: By output, of those that are texts: the true ones.
        thresholds: By output, of those that are decided by groups of rows: the threshold of each row.
    """

    batch: Batch
    usable: NDArray[np.bool_]
    learnable: NDArray[np.bool_]
    counts: Mapping[str, Counts] = field(default_factory=dict)
    tokens: Mapping[str, list[list[str]]] = field(default_factory=dict)
    texts: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    thresholds: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


class Preprocessor:
    """The features of a model, in order.

    Args:
        inputs: Features to predict from.
        outputs: Features to predict.
        styles: How columns write their numbers and dates, as their profiles found; None to find out from
            the first training rows.
        windows: How long tables are cut before anything here sees them; for whoever opens one.

    Raises:
        ConfigError: Two features share a name, or an output has an option that only inputs read.

    Examples:
        >>> from crosstie.features.number import Number
        >>> Preprocessor([Number("age")], [Number("fare")]).columns
        ('age',)
    """

    def __init__(
        self,
        inputs: Sequence[Feature],
        outputs: Sequence[OutputFeature],
        *,
        styles: Mapping[str, Style] | None = None,
        windows: Windows | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.styles = dict(styles or {})
        self.windows = windows
        self._styled = styles is not None
        _check_names([each.name for each in self._features()])
        _check_options(self.outputs)
        for output in self.outputs:
            output.predicted = True
            for each in self._tied_with(output.source):
                each.whole = True
        self._connect()
        self._missing = dict.fromkeys((each.name for each in self.inputs), 0)
        self._one_row: OneRow | None = None  # once it is fitted

    def _tied_with(self, name: str) -> list[Feature]:
        """An input and those that learn together with it; none where no input has the name."""
        roots = {each.tied or each.name for each in self.inputs if each.name == name}
        return [each for each in self.inputs if (each.tied or each.name) in roots]

    def _connect(self) -> None:
        """Let outputs with a label for each token of an input ask it which tokens it reads."""
        for output in self.outputs:
            if output.aligned:
                output.reader = self._source(output)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that predicting reads, each once."""
        placed = self.windows.columns if self.windows is not None else ()
        return tuple(dict.fromkeys([*placed, *(each.column for each in self.inputs)]))

    def nullable(self, feature: Feature) -> bool:
        """Whether an input may be empty or absent: it was in training rows, and no option leaves such rows out."""
        missed = bool(self._missing.get(feature.name))
        return missed and feature.missing_value_strategy != "drop_row"

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Columns that hold the targets, each once."""
        return tuple(dict.fromkeys(each.column for each in self.outputs))

    def observe(self, table: Table) -> None:
        """Learn from some training rows; those without a target, or left out by an option, do not count."""
        self._absent(table, (*self.inputs, *self.outputs))
        if not self._styled:
            self.styles = _styles(table, self._features())
            self._styled = True
        columns = self._columns(table, self._features(), absent=())
        usable = np.ones(len(table), bool)
        for feature in self._features():
            if feature.drops:
                usable &= feature.usable(columns[feature.name])
        rows = np.flatnonzero(usable)
        if len(rows) < len(table):
            columns = {name: column.take(rows) for name, column in columns.items()}
        for feature in self._features():
            column = columns[feature.name]
            for name in self._together(feature):
                feature.observe(columns[name])
            if feature.name in self._missing:
                self._missing[feature.name] += int((~column.valid).sum())

    def _together(self, feature: Feature) -> list[str]:
        """The inputs whose columns a feature learns from: its own, and those it is tied with, in one order."""
        root = feature.tied or feature.name
        if feature not in self.inputs or not any(each.tied == root for each in self.inputs):
            return [feature.name]
        return [each.name for each in self.inputs if root in (each.name, each.tied)]

    def merge(self, other: Self) -> None:
        """Take over what `other`, made with the same features, has observed."""
        for mine, its in zip(self._features(), other._features(), strict=True):
            mine.merge(its)
        for name, missing in other._missing.items():
            self._missing[name] += missing

    def finish(self) -> None:
        """Turn what was observed into fitted features.

        Raises:
            DataError: Columns that cannot be what they should be, all of them.
        """
        self._one_row = None
        problems: list[Problem] = []
        for feature in self._features():
            try:
                feature.finish()
            except DataError as error:
                problems.extend(error.problems)
        if problems:
            raise DataError(problems)
        self._align()

    def _align(self) -> None:
        """Give outputs that have a label for each token of an input, or copy them, its length."""
        for output in self.outputs:
            if output.aligned or output.copying:
                output.align(self._source(output).width)

    def _source(self, output: OutputFeature) -> Feature:
        """The input that an output is read from token by token."""
        return next(each for each in self.inputs if each.name == output.source)

    def go_on_from(
        self, inputs: Mapping[str, Feature], outputs: Mapping[str, Feature]
    ) -> frozenset[str]:
        """Keep what an earlier run fitted, where a feature has its name, type and options.

        Args:
            inputs: The earlier fitted inputs by name.
            outputs: Likewise.

        Returns:
            Names of the features whose arrays mean now what they meant then.
        """
        self._one_row = None
        kept = set()

        def continued(feature: Any, earlier: Feature | None) -> Any:
            if earlier is None or not _same_options(feature, earlier):
                return feature
            found = feature.continued(earlier)
            if found is None:
                return feature
            kept.add(feature.name)
            if feature in self.outputs:
                found.predicted = True
            return found

        self.outputs = tuple(continued(each, outputs.get(each.name)) for each in self.outputs)
        self.inputs = tuple(continued(each, inputs.get(each.name)) for each in self.inputs)
        self._connect()
        self._align()
        return frozenset(kept)

    def fit(self, table: Table) -> Self:
        """Learn from all training rows at once."""
        self.observe(table)
        self.finish()
        return self

    @property
    def layout(self) -> Layout:
        """What the arrays of `encode` are."""
        return layout(self.inputs, self.outputs)

    def encode(self, table: Table, *, targets: bool = False, weight: str | None = None) -> Encoded:
        """The rows of `table` as arrays.

        Args:
            table: Any rows; columns that no feature reads are ignored.
            targets: Whether to encode the outputs too.
            weight: The column of row weights, if there is one.

        Raises:
            DataError: Columns are absent that the model cannot do without, all of them named. An input whose
                column had missing cells in training may be absent. Or a weight is negative, or a row has another
                number of tags than tokens.
        """
        if table.row is not None and not targets and weight is None:
            quick = self._encode_row(table)
            if quick is not None:
                return quick
        wanted = (*self.inputs, *(self.outputs if targets else ()))
        absent = self._absent(table, wanted)
        columns = self._columns(table, wanted, absent=absent)
        usable = np.ones(len(table), bool)
        counts: dict[str, Counts] = {}
        clean = Counts(len(table))
        encoded: dict[str, NDArray[Any]] = {}
        for feature in self.inputs:
            column = feature.opened(columns[feature.name])
            encoded[feature.name] = array = feature.encode(column)
            if feature.drops:
                usable &= feature.usable(column)
            unseen = feature.unseen(column, array)
            counts[feature.column] = count(column, unseen, clean, absent=feature.column in absent)
        tokens = {
            each.name: self._source(each).tokens(columns[each.source])
            if each.aligned
            else self._source(each).spellings(columns[each.source])
            for each in self.outputs
            if each.aligned or each.copying
        }
        for output in self.outputs:
            if output.aligned:
                source, rows = self._source(output), tokens[output.name]
                reads = source.read(rows)
                cut = sum(len(row) > read for row, read in zip(rows, reads, strict=True))
                split = any(
                    read < min(len(row), source.width)
                    for row, read in zip(rows, reads, strict=True)
                )
                counts[source.column] = replace(
                    counts[source.column], cut=cut, pieces=source.places if split else 0
                )
        learnable = usable.copy()
        found: dict[str, NDArray[Any]] = {}
        texts: dict[str, NDArray[Any]] = {}
        for output in self.outputs if targets else ():
            column = columns[output.name]
            self.check_aligned(output, column, tokens)
            found[output.name], known = output.encode_target_beside(column, tokens.get(output.name))
            if output.type == "text":
                texts[output.name] = output.truth(column)
            usable &= known
            learnable &= output.learnable(column, known)
            counts[output.column] = count(column, int((column.valid & ~known).sum()), clean)
        weights = None
        if weight is not None:
            weights, weighted = row_weights(table, weight, self.styles.get(weight, PLAIN))
            usable &= weighted
            learnable &= weighted
        arrays = packed(self.inputs, encoded)
        if any(output.copies for output in self.outputs):
            for place, output in zip(self.layout.outputs, self.outputs, strict=True):
                if output.copies:
                    arrays[place.copied] = output.copied(tokens[output.name])
        return Encoded(Batch(arrays, found, weights), usable, learnable, counts, tokens, texts)

    def _encode_row(self, table: Table) -> Encoded | None:
        """As `encode`, of one row of Python values; None where it is not worth a way of its own."""
        if self._one_row is None:
            reading = any(each.aligned or each.copying for each in self.outputs)
            if reading or any(each.drops for each in self.inputs):
                return None
            self._one_row = OneRow(self.inputs, self.column)
        found = self._one_row.encode(table)
        if found is None:
            return None
        arrays, counts = found
        return Encoded(Batch(arrays), _THERE, _THERE, counts)

    def check_aligned(
        self, output: OutputFeature, column: Column, tokens: Mapping[str, list[list[str]]]
    ) -> None:
        """See that an output with a label for each token has as many as its source has tokens.

        Args:
            output: Any of the outputs.
            column: Its column.
            tokens: As `Encoded.tokens`, of the same rows.

        Raises:
            DataError: A row has more or fewer.
        """
        if output.aligned:
            check_aligned(output, column, self._source(output), tokens[output.name])

    def column(self, table: Table, feature: Feature) -> Column:
        """The column that `feature` reads, its numbers and dates as training rows write them."""
        style = self.styles.get(feature.column, PLAIN)
        return table.column(feature.column, feature.reads, style=style)

    def state(self) -> tuple[State, Arrays]:
        """Everything fitted: JSON values, and arrays under `<feature>.<array>`."""
        arrays: Arrays = {}
        parts: dict[str, list[State]] = {"inputs": [], "outputs": []}
        for role, features in (("inputs", self.inputs), ("outputs", self.outputs)):
            for feature in features:
                state, own = feature.state()
                parts[role].append({"name": feature.name, "type": feature.type, **state})
                arrays |= {f"{feature.name}.{key}": array for key, array in own.items()}
        styles = {column: style.state() for column, style in self.styles.items()}
        windows = {} if self.windows is None else {"windows": self.windows.state()}
        return {**parts, "missing": self._missing, "styles": styles, **windows}, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The fitted features that `state` came from."""
        own: dict[str, Arrays] = {}
        for key, array in arrays.items():
            name, _, part = key.rpartition(".")  # names may hold dots, parts never do
            own.setdefault(name, {})[part] = array

        def revived(each: Mapping[str, Any]) -> Any:
            kind = feature_types.get(each["type"])
            return kind.from_state(each["name"], each, own.get(each["name"], {}))

        preprocessor = cls(
            [revived(each) for each in state["inputs"]],
            [revived(each) for each in state["outputs"]],
            styles={column: Style(**style) for column, style in state["styles"].items()},
            windows=Windows(**state["windows"]) if "windows" in state else None,
        )
        preprocessor._missing = dict(state["missing"])
        return preprocessor

    def _features(self) -> Iterator[Feature]:
        yield from self.inputs
        yield from self.outputs

    def _absent(self, table: Table, wanted: Sequence[Feature]) -> set[str]:
        """Columns that are not there and need not be."""
        present = set(table.columns)
        needed: dict[str, None] = {}
        absent = set()
        for feature in wanted:
            if feature.column in present:
                continue
            if self.nullable(feature):
                absent.add(feature.column)
            else:
                needed[feature.column] = None
        if needed:
            used = {each.column for each in self._features()}
            raise DataError(lacking(list(needed), table.columns, used))
        return absent

    def _columns(
        self,
        table: Table,
        wanted: Iterator[Feature] | Sequence[Feature],
        *,
        absent: Sequence[str] | set[str],
    ) -> dict[str, Column]:
        columns = {}
        for feature in wanted:
            if feature.column in absent:
                columns[feature.name] = nothing(feature, len(table))
            else:
                columns[feature.name] = self.column(table, feature)
        return columns


def _styles(table: Table, features: Iterator[Feature]) -> dict[str, Style]:
    """How text columns write numbers and dates, where not plainly."""
    some = table.take(np.arange(min(len(table), ROWS_FOR_STYLE)))
    written = {each.column for each in features if each.reads in ("number", "date")}
    found = {
        column: detect(some.distinct(column)[1])
        for column in sorted(written)
        if some.stored(column) == "text"
    }
    return {column: style for column, style in found.items() if style != PLAIN}


def _same_options(feature: Feature, earlier: Feature) -> bool:
    """Whether two features are of one type and all that is said of them is the same, their columns aside."""

    def said(each: Feature) -> dict[str, Any]:
        options = each.options()
        names = {key: Path(options[key]).name for key in each.folders if options[key]}
        return {**options, **names, "column": None}

    return type(feature) is type(earlier) and said(feature) == said(earlier)


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise ConfigError(
            [
                Problem(each, "two features have this name. Give one of them another.")
                for each in twice
            ]
        )


def _check_options(outputs: Sequence[OutputFeature]) -> None:
    problems = []
    for output in outputs:
        usual = option_defaults(type(output))
        problems += [
            Problem(
                f"{output.name}.preprocessing.{option}",
                f"only inputs have this option, got {value!r} for an output. Take it out.",
            )
            for option, value in output.options().items()
            if option in output.input_only and value != usual[option]
        ]
    if problems:
        raise ConfigError(problems)
