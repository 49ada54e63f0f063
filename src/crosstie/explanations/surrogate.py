"""What predictions go with that stand in a table, whoever made them: asked of a stand-in that is fitted to them.

A global surrogate (Molnar, Interpretable Machine Learning, 2019): boosted trees learn the predictions from the other
columns, and what these trees go by is measured on rows that they did not learn from. It is worth as much as the trees
follow the predictions there, so that is told first, and where they do not nothing is explained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.exchange import Exchange
from crosstie.artifact.saving import save
from crosstie.data.notebook import notebook
from crosstie.data.profile import look
from crosstie.data.read import open_source
from crosstie.data.source import InMemory, Source
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError, MissingExtra, Problem, nearest
from crosstie.evaluation.groups import FEW, NUMERIC
from crosstie.evaluation.score import score
from crosstie.features.feature import feature_types
from crosstie.features.infer import infer
from crosstie.learners.gbm import Gbm
from crosstie.pipeline.candidate import Part, Session, fit
from crosstie.pipeline.doubts import giveaways
from crosstie.pipeline.finish import settings_of
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import assign, prepare
from crosstie.pipeline.request import request_for
from crosstie.serving.importance import ROWS, SHUFFLES, Importances, measure
from crosstie.serving.pieces import drawn

Kind = Literal["number", "binary", "category"]

# rows: more say nothing new of what trees go by, and of fewer there are too few to judge them
MOST, LEAST = 20_000, 100
CLASSES = 100  # at most: of more, the column is none of classes
SHARES = (0.6, 0.1, 0.3)  # of the rows: to learn from, to stop by, to judge by
# of what always saying one value gets wrong, the share that the stand-in is to get right
FOLLOWS = 0.5
# Predictions are what a model computed, so small leaves learn little noise; 300 trees are enough to be judged by
TRAINER = {
    "n_estimators": 300,
    "learning_rate": 0.1,
    "min_child_samples": 5,
    "constructed_columns": 0,
    "refit": False,
}
LIMITS = (
    "This shows what goes with the predictions, not what the unknown model computes: columns that say the same as those "
    "that it reads may stand here in their place."
)


@dataclass(frozen=True)
class Surrogate:
    """How well a stand-in follows predictions, and what it goes by.

    Attributes:
        prediction: The column that it was fitted to.
        type: As what that was learned: `number`, `binary` or `category`.
        learned: From how many rows.
        rows: On how many others it was judged.
        left_out: Rows without a prediction.
        measure: `r2` for numbers, else `accuracy`: the share of rows where it says the same.
        value: Of the stand-in, on the rows that it has not seen.
        constant: What always saying the mean, or the commonest class, gets there.
        commonest: That class; "" for numbers.
        importances: What each column is worth to it, on the same rows.
        notes: What one should know of the columns, one sentence each.
    """

    prediction: str
    type: Kind
    learned: int
    rows: int
    left_out: int
    measure: Literal["r2", "accuracy"]
    value: float
    constant: float
    commonest: str
    importances: Importances
    notes: Sequence[str]

    @property
    def verdict(self) -> str:
        """How well it follows the predictions."""
        start = f"A stand-in, boosted trees fitted to {self.prediction!r} on {self.learned} rows,"
        left = f" {self.left_out} rows without a prediction are left out." if self.left_out else ""
        if self.measure == "r2":
            return (
                f"{start} follows it with an R² of {self.value:.3f} on {self.rows} rows that it has not seen; 1 is the "
                f"same, 0 is always saying the mean.{left}"
            )
        return (
            f"{start} says the same in {self.value:.1%} of {self.rows} rows that it has not seen; always saying "
            f"{self.commonest!r} would in {self.constant:.1%}.{left}"
        )

    @property
    def limits(self) -> str:
        """What that can show, and what not."""
        return LIMITS

    def to_json(self) -> dict[str, Any]:
        """As `crosstie explain --predictions … --json` prints it."""
        return {
            "stand_in": {
                "prediction": self.prediction,
                "type": self.type,
                "learned": self.learned,
                "rows": self.rows,
                "left_out": self.left_out,
                self.measure: self.value,
                "constant": self.constant,
                "limits": self.limits,
                "notes": list(self.notes),
            },
            "importance": self.importances.to_json(),
        }

    def lines(self) -> dict[str, Sequence[Any]]:
        """What columns are worth, as a table to be written: `{column: cells}`."""
        [found] = self.importances.outputs.values()
        return {
            "column": [each.column for each in found],
            "importance": [each.value for each in found],
            "low": [each.low for each in found],
            "high": [each.high for each in found],
        }

    def _repr_html_(self) -> str:
        told = [self.verdict, self.limits, *self.notes]
        return (
            notebook("", ["a stand-in"], [(each,) for each in told])
            + self.importances._repr_html_()
        )


def explain_table(
    data: Any,
    *,
    prediction: str,
    probability: str | None = None,
    target: str | None = None,
    exclude: Sequence[str] = (),
    rows: int = ROWS,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Surrogate:
    """Fit a stand-in to predictions, and measure what it goes by on rows that it did not learn from.

    At most 20,000 rows are looked at, drawn at random. Nothing is left behind of the stand-in.

    Args:
        data: As `open_source` takes it.
        prediction: The column of predictions.
        probability: A column of the probability behind them, which is then what is followed.
        target: The column of true values, which the stand-in does not read.
        exclude: Other columns that it is not to read.
        rows: Importance is measured on so many of the rows that judge the stand-in at most.
        shuffles: Of each column.
        seed: Of all that is drawn.

    Raises:
        ConfigError: There is no such column, or none is left to explain by; or `rows` or `shuffles` are too few.
        DataError: There are too few predictions, or all are alike, or the stand-in does not follow them.
        MissingExtra: What trains is not installed.
    """
    if find_spec("lightgbm") is None:
        raise MissingExtra("lightgbm", "train", needed_for="a stand-in for an unknown model")
    source = open_source(data)
    told = {"prediction": prediction, "probability": probability, "target": target}
    named = [(option, name) for option, name in told.items() if name is not None]
    problems = [
        Problem(f"{option} {name!r}", f"no such column; {nearest(name, source.columns)}")
        for option, name in [*named, *(("exclude", each) for each in exclude)]
        if name not in source.columns
    ]
    followed = prediction if probability is None else probability
    problems += [
        Problem(f"exclude {name!r}", "is what is to be explained; leave it out")
        for name in dict.fromkeys(exclude)
        if name == followed and name in source.columns
    ]
    left = {name for _, name in named} | set(exclude)
    columns = [name for name in source.columns if name not in left]
    problems += [
        Problem(option, f"got {given}; give {least} at least")
        for option, given, least in (("rows", rows, 2), ("shuffles", shuffles, 1))
        if given < least
    ]
    if problems:
        raise ConfigError(problems)
    table = drawn(source, (*columns, followed), MOST, seed=seed)
    kind, known = _predicted(table, followed, number=probability is not None)
    unread = _unread(table, columns)
    read = [name for name in columns if name not in unread]
    if not read:
        why = "".join(f"; {name!r} is not looked at: {each}" for name, each in unread.items())
        raise ConfigError(
            Problem(source.name, f"has no column left to explain {followed!r} by{why}")
        )
    own = InMemory(table.select([*read, followed]).take(known))
    with TemporaryDirectory(prefix="crosstie-") as folder:
        how = (rows, shuffles, seed)
        found = _fitted(Source(source.name, [own]), followed, kind, Path(folder), how)
    notes = [f"{name!r} is not looked at: {each}" for name, each in unread.items()]
    return replace(found, left_out=len(table) - len(known), notes=[*found.notes, *notes])


def _predicted(table: Table, name: str, *, number: bool) -> tuple[Kind, NDArray[np.int64]]:
    """As what a column of predictions is learned, and which rows have one."""
    profile = look(table, name)
    column = table.column(name, "number", style=profile.style)
    values = np.asarray(column.values, np.float64)
    kind: Kind = "binary" if profile.distinct == 2 else "category"
    some = values[column.valid]
    if profile.numbers >= NUMERIC and (
        number or profile.distinct > FEW or bool((some != np.rint(some)).any())
    ):
        kind = "number"
    if number and kind != "number":
        raise DataError(
            f"column {name!r}: probabilities are numbers, and {1 - profile.numbers:.0%} of its cells are none"
        )
    cells = table.distinct(name)[0]
    known = np.flatnonzero(column.valid & np.isfinite(values) if kind == "number" else cells >= 0)
    if len(known) < LEAST:
        raise DataError(
            f"column {name!r}: {len(known)} of {len(table)} rows hold a prediction, too few to fit a stand-in to and "
            f"judge it; give {LEAST} at least"
        )
    if profile.distinct < 2:
        raise DataError(
            f"column {name!r}: all predictions are {profile.top[0][0]!r}, so no column has to do with them"
        )
    if kind == "category" and profile.distinct > CLASSES:
        raise DataError(
            f"column {name!r}: holds {profile.distinct} different texts; what can be explained are numbers and up to "
            f"{CLASSES} classes"
        )
    return kind, known


def _unread(table: Table, columns: Sequence[str]) -> dict[str, str]:
    """The columns that say nothing of other rows, such as ids, or that trees cannot read, such as pictures; and why."""
    found = {name: infer(look(table, name), output=False) for name in columns}
    return {
        name: each.why if each.exclude else f"trees read no {each.type}"
        for name, each in found.items()
        if each.exclude or feature_types.get(each.type).acts_as() not in Gbm.uses
    }


def _fitted(
    source: Source, followed: str, kind: Kind, folder: Path, how: tuple[int, int, int]
) -> Surrogate:
    """A stand-in, what it is worth, and what it goes by: importance on so many rows, with so many shuffles, and the seed."""
    rows, shuffles, seed = how
    plan = _plan(source, followed, kind, folder, seed)
    prepared = prepare(plan, assign(plan), folder=folder / "prepared")
    chosen = fit(
        plan, prepared, folder, Session(), model_type=plan.model_type, trainer=plan.trainer
    )
    [output] = plan.outputs
    [feature] = prepared.preprocessor.outputs
    found = Surrogate(
        followed,
        kind,
        len(prepared.rows["train"]),
        len(prepared.rows["test"]),
        0,
        *_follows(kind, chosen.parts["test"], output.name, feature.labels),
        Importances(0, shuffles, {}, {}),
        _notes(source, plan),
    )
    if _share(found) < FOLLOWS:
        raise DataError(_refusal(found, len(plan.inputs)))
    artifact = save(
        folder / "model",
        name="stand-in",
        members=chosen.members,
        settings={output.name: settings_of(feature, plan, chosen)},
        about={"learner": plan.model_type},
        seed=seed,
    )
    judged = np.random.default_rng(seed).permutation(found.rows)[:rows]
    unseen = source.table(source.columns).take(prepared.rows["test"][judged])
    truth = {output.name: chosen.parts["test"].truth[output.name][judged]}
    asked = Exchange(artifact, artifact.encode(unseen))
    return replace(found, importances=measure(artifact, asked, truth, shuffles=shuffles, seed=seed))


def _plan(source: Source, followed: str, kind: Kind, folder: Path, seed: int) -> Plan:
    split = {"type": "random", "probabilities": list(SHARES)}
    file = {
        "output_features": [{"name": followed, "type": kind}],
        "model_type": "gbm",
        "trainer": TRAINER,
        "preprocessing": {"split": split},
        "seed": seed,
    }
    plan = request_for(file, data=source).plan()
    return replace(plan, cache=folder)


def _follows(
    kind: Kind, part: Part, name: str, labels: Sequence[str]
) -> tuple[Literal["r2", "accuracy"], float, float, str]:
    """By which measure, of the stand-in, of always saying the same, and what that would be."""
    truth, raw = np.asarray(part.truth[name]), np.asarray(part.raw[name])
    if kind == "number":
        value = score(kind, truth, raw, names=["r2"])["r2"] if np.ptp(truth) else 0.0
        return "r2", value, 0.0, ""
    counts = np.bincount(truth.astype(np.int64), minlength=len(labels))
    usual = int(counts.argmax())
    same = score(kind, truth, raw, names=["accuracy"])["accuracy"]
    return "accuracy", same, float(counts[usual] / len(truth)), labels[usual]


def _share(found: Surrogate) -> float:
    """Of what always saying the same gets wrong, the share that the stand-in gets right; R² of numbers."""
    return (found.value - found.constant) / (1 - found.constant) if found.constant < 1 else 0.0


def _refusal(found: Surrogate, columns: int) -> str:
    if found.constant == 1:
        return (
            f"column {found.prediction!r}: nearly all predictions are {found.commonest!r}, and so are all {found.rows} that a "
            "stand-in was to be judged by. Give more rows with other predictions"
        )
    if found.measure == "r2":
        value = f"{found.value:.3f}" if found.value >= 0 else "below 0"
        told = f"its R² is {value} on {found.rows} rows that it has not seen; 1 is the same, 0 is always saying the mean"
        least = f"{FOLLOWS:g}"
    else:
        told = (
            f"it says the same in {found.value:.1%} of {found.rows} rows that it has not seen; always saying "
            f"{found.commonest!r} would in {found.constant:.1%}"
        )
        least = f"{found.constant + FOLLOWS * (1 - found.constant):.1%}"
    return (
        f"column {found.prediction!r}: a stand-in that learned it from {columns} other columns does not follow it: {told}. "
        f"With less than {least} nothing is explained: these columns are not what the predictions were made from, or "
        f"{found.learned} rows are too few to tell. Give the columns that the model read, and more rows"
    )


def _notes(source: Source, plan: Plan) -> list[str]:
    """Columns that seem to be made of the predictions, and those that were not looked at."""
    table = source.table(source.columns)
    [output] = plan.outputs
    notes = [
        f"{name!r} gives {output.column!r} away: {why}. If it was made of the predictions, leave it out with --exclude "
        "(in Python exclude=…)"
        for name, why in giveaways(table, output, plan.inputs, plan.profile)
    ]
    return notes + [f"{each.column!r} is not looked at: {each.why}" for each in plan.excluded]
