"""Why a model says what it says of a row: what each column adds to the prediction, asked of its own graphs.

It works for every model, whatever learned it: rows are mixed with those of a background, and the model is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact, plain
from crosstie.artifact.example import made_rows
from crosstie.artifact.exchange import Exchange
from crosstie.data.notebook import notebook
from crosstie.data.read import Source
from crosstie.data.table import Table
from crosstie.errors import ConfigError, Problem
from crosstie.evaluation.shapley import contributions, orders, steps
from crosstie.features.output_feature import OutputFeature
from crosstie.serving.pieces import drawn, pieces

SAMPLES = 32  # pairs of orders: standard errors of a fifth of what one pair would have
LEAST = 1e-7  # of a probability, which a graph gives in float32
BYTES_AT_ONCE = 1 << 26  # of mixed rows
MOST_AT_ONCE = 8192
EXPLAINED = ("number", "binary", "category")
LINE = [
    "row",
    "output",
    "prediction",
    "scale",
    "of",
    "base",
    "value",
    "column",
    "contribution",
    "error",
    "method",
]
SCALES = {"number": "number", "binary": "log-odds", "category": "probability"}


@dataclass(frozen=True)
class Explanation:
    """Why a model says what it says of one row: `base` and all contributions add up to `value`.

    Attributes:
        row: Its number in the data, from 1.
        output: Which output.
        prediction: What is predicted.
        scale: What is added up: `number`, in the unit of the target; of a binary output the `log-odds` of the positive class;
            of a category the `probability` of the predicted class.
        of: The class that scale is of; None of a number.
        base: What is predicted on average where nothing is known of the row; by gradients, for the mean encoding of rows.
        value: What is predicted for it.
        contributions: By column, what it adds.
        errors: By column, the standard error of that by sampling; by gradients how much of a gap was added to it so that all
            add up; None where contributions are exact.
        method: `sampling`, `gradients` or `trees`.
    """

    row: int
    output: str
    prediction: Any
    scale: str
    of: str | None
    base: float
    value: float
    contributions: Mapping[str, float]
    errors: Mapping[str, float] | None
    method: str = "sampling"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def _repr_html_(self) -> str:
        what = f"{self.scale} of {self.of}" if self.of else self.scale
        start = "for a mean row" if self.method == "gradients" else "on average"
        rows = [
            (start, f"{self.base:.4g}"),
            *((name, f"{value:+.4g}") for name, value in self.ranked),
            ("together", f"{self.value:.4g}"),
        ]
        line = f"row {self.row}: {self.output} is {self.prediction}"
        return notebook(line, ["column", what], rows)

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Columns and what they add, the strongest first."""
        return sorted(self.contributions.items(), key=lambda each: -abs(each[1]))


def check_explained(artifact: Artifact) -> None:
    """Raise unless predictions of a row are numbers and classes.

    Raises:
        ConfigError: They are not.
    """
    odd = [each for each in artifact.outputs if each.type not in EXPLAINED]
    if not odd and artifact.windows is None:
        return
    what = f"{odd[0].name!r} is a {odd[0].type}" if odd else "this one reads windows of rows"
    raise ConfigError(
        Problem(
            "explain",
            f"is of models that predict a number or a class of a row, and {what}; give another model",
        )
    )


def to_compare(
    artifact: Artifact,
    source: Source,
    *,
    rows: int | None = None,
    background: Source | None = None,
    samples: int = SAMPLES,
) -> tuple[Exchange, Exchange]:
    """Rows that are to be explained, and those that they are compared with, as a model sees them.

    Args:
        artifact: The model.
        source: The rows, opened for it.
        rows: Only the first so many; None is all.
        background: The others, likewise, of which at most `samples` are drawn; None makes some up.
        samples: As for `sampled`.
    """
    wanted = artifact.columns
    table = source.table() if rows is None else next(pieces(source, wanted, rows))
    if background is None:
        return seen(artifact, table), made_background(artifact, rows=samples)
    behind = drawn(background, wanted, samples, seed=0)
    return seen(artifact, table), seen(artifact, behind)


def made_background(artifact: Artifact, *, rows: int = SAMPLES) -> Exchange:
    """Made-up rows, each cell drawn alone from what training saw: where there are no others."""
    made = made_rows(artifact, seed=0, most=rows)[:rows]
    return seen(artifact, Table.from_rows(made, missing=artifact.missing))


def seen(artifact: Artifact, table: Table) -> Exchange:
    """Rows of a table as a model sees them."""
    return Exchange(artifact, artifact.encode(table))


def sampled(
    artifact: Artifact, rows: Exchange, background: Exchange, *, samples: int = SAMPLES
) -> Iterator[Explanation]:
    """Why the model says what it says of each row, one output after the other.

    The same orders are walked for all rows, so that the explanation of a row depends on no other.

    Args:
        artifact: The model; see `check_explained`.
        rows: Encoded by it.
        background: Rows to start from, likewise: of more than `samples` the first, of fewer each as often.
        samples: How many pairs of orders; each asks the model of twice as many rows as there are columns.
    """
    background = background.take(np.arange(min(samples, len(background))))
    pairs = len(background) * max(round(samples / len(background)), 1)
    pool = rows.beside(background)
    begun = len(rows) + np.arange(pairs) % len(background)
    walked = orders(len(pool.columns), pairs)
    at_once = artifact.members[0].layout.rows_within(BYTES_AT_ONCE, most=MOST_AT_ONCE)
    known = scaled(artifact, artifact.raw(pool.rows))
    decoded = artifact.decode(artifact.raw(rows.rows), rows.rows[0])
    for row in range(len(rows)):
        picks = steps(walked, row, begun)
        between = _asked(artifact, pool, picks.reshape(-1, len(pool.columns)), at_once)
        for feature in artifact.outputs:
            values = known[feature.name]
            shape = (*picks.shape[:2], values.shape[1])
            added, errors = contributions(
                walked, values[begun], between[feature.name].reshape(shape), values[row]
            )
            said = decoded[f"{feature.name}_prediction"][row]
            place, label = place_of(feature, values[row])
            yield Explanation(
                row + 1,
                feature.name,
                plain(said),
                SCALES[feature.type],
                label,
                float(values[begun, place].mean()),
                float(values[row, place]),
                dict(zip(pool.columns, added[:, place].tolist(), strict=True)),
                dict(zip(pool.columns, errors[:, place].tolist(), strict=True)),
            )


def lines(found: Sequence[Explanation]) -> dict[str, list[Any]]:
    """Explanations as columns of a table: a line for each row, output and column, the strongest first."""
    table: dict[str, list[Any]] = {name: [] for name in LINE}
    for each in found:
        for column, added in each.ranked:
            line = asdict(each) | {"column": column, "contribution": added}
            line |= {"error": None if each.errors is None else each.errors[column]}
            for name, values in table.items():
                values.append(str(line[name]) if name == "prediction" else line[name])
    return table


def _asked(
    artifact: Artifact, pool: Exchange, picks: NDArray[np.int64], at_once: int
) -> dict[str, NDArray[np.float64]]:
    """What the model says of mixed rows, a piece at a time."""
    starts = range(0, max(len(picks), 1), at_once)
    parts = [
        scaled(artifact, artifact.raw(pool.mixed(picks[start : start + at_once])))
        for start in starts
    ]
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}


def scaled(artifact: Artifact, raw: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """What is added up, by output, float64 `[rows, values]`: see `Explanation.scale`."""
    found = {}
    for feature in artifact.outputs:
        values = np.asarray(raw[feature.name], np.float64)
        if feature.type == "binary":
            values = np.clip(values, LEAST, 1 - LEAST)
            values = np.log(values) - np.log1p(-values)
        found[feature.name] = values[:, None] if values.ndim == 1 else values
    return found


def place_of(feature: OutputFeature, values: NDArray[np.float64]) -> tuple[int, str | None]:
    """Which of the values is explained, and the class that it is of."""
    if feature.type == "number":
        return 0, None
    if feature.type == "binary":
        return 0, feature.labels[1]
    place = int(values.argmax())
    return place, feature.labels[place]
