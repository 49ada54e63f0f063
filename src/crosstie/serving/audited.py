"""What an audit looks at: true and predicted values of the same rows, from a model or out of a table that holds both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings
from crosstie.data.profile import ColumnProfile, look
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError, Problem, nearest
from crosstie.evaluation.fairness import AUDITED
from crosstie.evaluation.group_thresholds import GroupThresholds
from crosstie.evaluation.groups import FEW, NUMERIC
from crosstie.features.binary import Binary
from crosstie.features.levels import natural
from crosstie.features.output_feature import OutputFeature
from crosstie.serving.model import Model
from crosstie.serving.pieces import joined, joined_limits, pieces
from crosstie.serving.truth import true_values

HALF = 0.5
NEITHER = -1  # what is predicted where two classes are true and it is none of them


@dataclass(frozen=True)
class Audited:
    """Rows with what is true of them and what is predicted.

    Attributes:
        output: What is predicted.
        type: `binary`, `category` or `number`.
        positive: Of a binary one, the class that counts as chosen.
        table: The rows, with all their columns.
        target: As `evaluation.fairness.quantities` takes it.
        predicted: Likewise; -1 where it is neither of two classes.
        probability: Likewise.
        left_out: Rows without a true or a predicted value.
        told: Columns that hold true or predicted values, by which no groups are made.
        private: Columns whose cells are not shown.
        threshold: From which probability on a row counts as predicted.
        evened: Of a model that has a threshold for each group, those; the predictions are made by them.
        classes: Of how many classes that is: of more than two, one is judged against all others.
        notes: What one should know of the predictions, one sentence each.
        profiles: What columns look like, as far as that is known: to find out takes as long as all else.
    """

    output: str
    type: str
    positive: str
    table: Table
    target: NDArray[Any]
    predicted: NDArray[Any]
    probability: NDArray[np.float64] | None
    left_out: int
    told: Sequence[str]
    private: Collection[str] = ()
    threshold: float = HALF
    evened: GroupThresholds | None = None
    classes: int = 2
    notes: Sequence[str] = ()
    profiles: dict[str, ColumnProfile] = field(default_factory=dict, compare=False, repr=False)

    def profile(self, name: str) -> ColumnProfile:
        """What a column looks like, on these rows or on those that they were taken from."""
        if name not in self.profiles:
            self.profiles[name] = look(self.table, name)
        return self.profiles[name]

    def take(self, rows: NDArray[np.int64]) -> "Audited":
        """Only these rows, in this order."""
        return replace(
            self,
            table=self.table.take(rows),
            target=self.target[rows],
            predicted=self.predicted[rows],
            probability=None if self.probability is None else self.probability[rows],
        )


def predicted_by(
    model: Model,
    data: Any,
    *,
    target: str | None = None,
    positive: str | None = None,
    header: bool = True,
    columns: Sequence[str] | None = None,
) -> Audited:
    """What a model says of rows whose true values are known.

    Args:
        model: It.
        data: As for `Model.predict`.
        target: Which output; needed where there are several.
        positive: The class that counts as chosen; a category is then judged as that class against all others.
        header: As for `Model.predict`.
        columns: As for `Model.predict`.

    Raises:
        ConfigError: There is no such output or class, or it is none that can be audited.
        DataError: The target is absent, or no row has a usable value.
    """
    feature = _chosen(model, target)
    source = model.open(data, header=header, columns=columns)
    preprocessor = model.artifact.members[0].preprocessor
    tables, truth, raw, usable, limits = [], [], [], [], []
    for table in pieces(source, source.columns, model.rows_at_once):
        encoded = model.artifact.encode(table)
        values, known = true_values(preprocessor, feature, table, encoded[0].tokens)
        tables.append(table)
        truth.append(values)
        usable.append(known)
        raw.append(model.artifact.raw_averaged(encoded, 0)[feature.name])
        limits.append(model.artifact.threshold_of(feature.name, encoded[0]))
    said, target_ = joined(raw), joined(truth)
    own = model.artifact.settings[feature.name]
    found = predicted_as(feature, target_, said, joined_limits(limits), own)
    whole = replace(
        found,
        table=Table.concat(tables, source.columns),
        told=[each.column for each in model.artifact.outputs],
        private=model.artifact.private,
    )
    return _usable(_seen_as(whole, feature.labels, positive, said), joined(usable))


def predicted_in(
    data: Any,
    *,
    target: str,
    prediction: str,
    probability: str | None = None,
    positive: str | None = None,
) -> Audited:
    """What a table says that somebody's model said.

    Args:
        data: As `open_source` takes it.
        target: The column of true values.
        prediction: The column of predictions, written as the target is; of two classes also the probability of the
            positive one, 0.5 and more counting as predicted.
        probability: The column of the probability of the positive class, beside the one of predictions.
        positive: As for `predicted_by`; None is the class that means yes, else the last in sorted order.

    Raises:
        ConfigError: There is no such column or class.
        DataError: No row has a true and a predicted value.
    """
    table = open_source(data).table()
    told = {"target": target, "prediction": prediction, "probability": probability}
    problems = [
        Problem(f"{option} {name!r}", f"no such column; {nearest(name, table.columns)}")
        for option, name in told.items()
        if name is not None and name not in table.columns
    ]
    if problems:
        raise ConfigError(problems)
    named = [name for name in told.values() if name is not None]
    start = Audited(target, "", "", table, np.zeros(0), np.zeros(0), None, 0, named)
    if _is_amount(table, target, prediction):
        if positive is not None or probability is not None:
            raise ConfigError(
                f"column {target!r} holds numbers, which have neither classes nor probabilities; leave `positive` and "
                "`probability` out"
            )
        true, said = (_numbers(table, name) for name in (target, prediction))
        found = replace(start, type="number", target=true, predicted=said)
        return _usable(found, ~np.isnan(true) & ~np.isnan(said))
    return _classes(start, target, prediction, probability, positive)


def _chosen(model: Model, target: str | None) -> OutputFeature:
    outputs = {each.name: each for each in model.artifact.outputs}
    if target is not None and target not in outputs:
        raise ConfigError(
            f"target {target!r}: the model predicts no such thing; {nearest(target, outputs)}"
        )
    if target is None and len(outputs) > 1:
        names = ", ".join(map(repr, outputs))
        raise ConfigError(
            f"the model predicts {names}; choose one of them with --target (in Python target=…)"
        )
    feature = outputs[target] if target is not None else next(iter(outputs.values()))
    if feature.type not in AUDITED:
        raise ConfigError(
            f"output {feature.name!r} is a {feature.type}; what can be audited is yes/no, a category or a number"
        )
    if model.artifact.windows is not None:
        raise ConfigError(
            f"output {feature.name!r} is predicted from windows of a long table, whose rows are in no group. Write "
            "the predictions to a table, and audit that (--predictions)"
        )
    return feature


def predicted_as(
    feature: OutputFeature,
    target: NDArray[Any],
    raw: NDArray[Any],
    threshold: Any,
    settings: OutputSettings,
) -> Audited:
    """What a model's raw answers mean, without the table of their rows.

    Args:
        feature: What is predicted.
        target: As metrics take it.
        raw: Likewise, calibrated.
        threshold: From which probability on a row is predicted positive; an array where each row has its own.
        settings: Of the output.
    """
    probability: NDArray[np.float64] | None = None
    predicted = np.asarray(raw, np.float64)
    positive = ""
    if feature.type == "binary":
        positive, probability = feature.labels[1], predicted
        predicted = (predicted >= threshold).astype(np.int64)
    elif feature.type == "category":
        probability, predicted = predicted.max(1), predicted.argmax(1)
    none = Table.from_columns({})
    found = Audited(
        feature.name, feature.type, positive, none, target, predicted, probability, 0, ()
    )
    if feature.type != "binary":
        return found
    return replace(found, threshold=float(np.asarray(settings.threshold)), evened=settings.groups)


def _seen_as(
    found: Audited, labels: Sequence[str], positive: str | None, raw: NDArray[Any] | None
) -> Audited:
    """The same rows with another class as the one that is chosen."""
    if positive is None or positive == found.positive:
        return found
    if positive not in labels:
        what = nearest(positive, labels) if labels else "numbers have no classes; leave it out"
        raise ConfigError(f"positive {positive!r}: no class of {found.output!r}; {what}")
    if found.type == "binary":
        flipped = None if found.probability is None else 1 - found.probability
        return replace(
            found,
            positive=positive,
            target=1 - found.target,
            predicted=np.where(found.predicted < 0, NEITHER, 1 - found.predicted),
            probability=flipped,
            threshold=1 - found.threshold,
            evened=None,
        )
    code = list(labels).index(positive)
    return replace(
        found,
        type="binary",
        classes=len(labels),
        positive=positive,
        target=(found.target == code).astype(np.int64),
        predicted=(found.predicted == code).astype(np.int64),
        probability=None if raw is None else np.asarray(raw, np.float64)[:, code],
    )


def _neither(
    table: Table, prediction: str, rows: NDArray[np.bool_], labels: Sequence[str]
) -> list[str]:
    """What is to be said of predictions that are none of two classes."""
    if not rows.any():
        return []
    codes, texts = table.distinct(prediction)
    strange = [texts[code] for code in dict.fromkeys(codes[rows].tolist())]
    some = ", ".join(map(repr, strange[:3])) + (", …" if len(strange) > 3 else "")
    count = int(rows.sum())
    counts = "1 prediction is" if count == 1 else f"{count} predictions are"
    as_what = "counts" if count == 1 else "count"
    return [f"{counts} neither {labels[0]!r} nor {labels[1]!r} and {as_what} as wrong: {some}"]


def _usable(found: Audited, usable: NDArray[np.bool_]) -> Audited:
    """Only the rows with a true and a predicted value."""
    rows = np.flatnonzero(usable)
    if not len(rows):
        held = "; ".join(
            f"{name!r} holds {', '.join(map(repr, found.table.distinct(name)[1][:3])) or 'nothing'}"
            for name in found.told
            if name not in found.private
        )
        raise DataError(
            f"column {found.output!r}: no row has a true value and a prediction that is written like one: {held}"
        )
    return replace(found.take(rows), left_out=len(usable) - len(rows))


def _is_amount(table: Table, target: str, prediction: str) -> bool:
    """Whether the column is of amounts rather than classes: many numbers, or few that predictions lie between."""
    true, said = look(table, target), look(table, prediction)
    if min(true.numbers, said.numbers) < NUMERIC or true.distinct <= 2:
        return False
    return true.distinct > FEW or not set(table.distinct(prediction)[1]) <= set(
        table.distinct(target)[1]
    )


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    column = table.column(name, "number", style=look(table, name).style)
    return np.where(column.valid, np.asarray(column.values, np.float64), np.nan)


def _classes(
    start: Audited, target: str, prediction: str, probability: str | None, positive: str | None
) -> Audited:
    table = start.table
    true, said = table.column(target, "levels"), table.column(prediction, "levels")
    labels = natural(true.levels)
    if len(labels) < 2:
        raise DataError(
            f"column {target!r}: holds {len(labels)} different values; nothing was to be predicted"
        )
    if len(labels) > 2 and probability is not None and positive is None:
        raise ConfigError(
            f"probability {probability!r}: column {target!r} has {len(labels)} classes; say with --positive (in "
            "Python positive=…) of which one it is"
        )
    if len(labels) > 2:
        if set(said.levels) & set(labels):  # what is predicted and never true is wrong, not unknown
            labels = natural(dict.fromkeys([*true.levels, *said.levels]))
        places: Mapping[str, int] = {label: place for place, label in enumerate(labels)}
        codes = [
            np.array([*(places.get(text, -1) for text in each.levels), -1])[np.asarray(each.values)]
            for each in (true, said)
        ]
        found = replace(start, type="category", target=codes[0], predicted=codes[1])
        known = (codes[0] >= 0) & (codes[1] >= 0)
        found = _seen_as(found, labels, positive, None)
    else:
        feature = Binary(target, missing_value_strategy="drop_row")
        feature.observe(true)
        feature.finish()
        values, usable = feature.encode_target(true)
        answers, told = feature.encode_target(said)
        if not told.any():  # no class is written there: is it a probability?
            chances = _numbers(table, prediction)
            told = (chances >= 0) & (chances <= 1)
            answers = (chances >= HALF).astype(np.float32)
            start = replace(start, probability=chances)
        else:  # what is predicted and never true is wrong, not unknown
            neither = usable & said.valid & ~told
            answers, told = np.where(neither, NEITHER, answers), told | neither
            start = replace(start, notes=_neither(table, prediction, neither, feature.labels))
        found = replace(
            start, type="binary", positive=feature.labels[1], target=values, predicted=answers
        )
        known = usable & told
        found = _seen_as(found, feature.labels, positive, None)
    if probability is not None:
        found = replace(found, probability=_numbers(table, probability))
    if found.probability is not None:
        odd = np.flatnonzero(known & ~((found.probability >= 0) & (found.probability <= 1)))
        if len(odd):
            row = int(odd[0])
            raise DataError(
                f"column {probability or prediction!r}: {len(odd)} of {int(known.sum())} cells are no probability from "
                f"0 to 1, the first in row {row + 1}, {table.cells(probability or prediction)[row]!r}"
            )
    return _usable(found, known)
