"""`Model`: a trained model as a Python object. Rows in any shape in, predictions in that shape out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosstie.artifact.artifact import Artifact, load, plain
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, DataError
from crosstie.evaluation.score import score
from crosstie.features.preprocessor import Encoded


class Model:
    """A trained model.

    Args:
        artifact: What `artifact.load` gives.
        path: Where it came from, for printing.

    Example:
        >>> model = crosstie.load("runs/titanic/latest")  # doctest: +SKIP
        >>> model.predict({"sex": "female", "age": 29, "pclass": 1})  # doctest: +SKIP
        {'survived_prediction': '1', 'survived_probability_0': 0.06, 'survived_probability_1': 0.94}
    """

    def __init__(self, artifact: Artifact, path: Path | None = None) -> None:
        self.artifact = artifact
        self.path = path
        self.notes: list[str] = []

    @classmethod
    def load(cls, path: str | Path, *, threads: int | None = None) -> "Model":
        """Open a run's folder or its `model/`.

        Raises:
            ArtifactError: There is no model, or it is damaged.
        """
        folder = Path(path)
        if (folder / "model" / "manifest.json").is_file():
            folder = folder / "model"
        if not (folder / "manifest.json").is_file():
            raise ArtifactError(f"{path}: no model here (a run's folder or its model/ is wanted)")
        return cls(load(folder, threads=threads), folder)

    def predict(self, data: Any, *, keep: Sequence[str] = ()) -> Any:
        """Predict, in the shape that came.

        Args:
            data: A dict (one row), a list of dicts, a pandas or polars DataFrame, an Arrow table, a path.
            keep: Input columns to carry into the result, so that predictions can be joined back.

        Returns:
            dict → dict, list → list of dicts, DataFrame → DataFrame with the same index, Arrow → Arrow;
            a path → a dict of columns. Keys: `<output>_prediction`, `<output>_probability_<class>`. The
            target is not needed. What was unknown, unreadable or missing is counted in `notes`.

        Raises:
            DataError: Columns that the model needs are absent; all are named.
        """
        if isinstance(data, Mapping) and not all(_is_column(each) for each in data.values()):
            table = Table.from_rows([data])
            return {
                key: plain(value[0]) for key, value in self.predict_table(table, keep=keep).items()
            }
        if isinstance(data, list) and all(isinstance(row, Mapping) for row in data):
            columns = self.predict_table(Table.from_rows(data), keep=keep)
            return [
                {key: plain(values[i]) for key, values in columns.items()} for i in range(len(data))
            ]
        source = open_source(data)
        return _as_came(data, self.predict_table(source.table(), keep=keep))

    def predict_table(self, table: Table, *, keep: Sequence[str] = ()) -> dict[str, Any]:
        """Prediction columns for a table; `notes` says what was odd about its cells."""
        absent = [name for name in keep if name not in table.columns]
        if absent:
            raise DataError(
                f"cannot keep {', '.join(map(repr, absent))}: no such column in the data"
            )
        encoded = self.artifact.encode(table)
        self.notes = notes(encoded[0], len(table))
        kept = {name: table.cells(name) for name in keep}
        return kept | self.artifact.decode(self.artifact.raw(encoded))

    def evaluate(self, data: Any) -> dict[str, dict[str, float]]:
        """Metrics by output on rows that have the target.

        Raises:
            DataError: A target column is absent, or no row has a usable target.
        """
        return self.evaluate_table(open_source(data).table())

    def evaluate_table(self, table: Table) -> dict[str, dict[str, float]]:
        """As `evaluate`, for a table."""
        raw = self.artifact.raw(self.artifact.encode(table))
        preprocessor = self.artifact.members[0].preprocessor
        found = {}
        for feature in self.artifact.outputs:
            if feature.column not in table.columns:
                raise DataError(
                    f"column {feature.column!r}: the data has no such column, and evaluating needs the "
                    f"true values; it has {', '.join(map(repr, table.columns))}"
                )
            target, usable = feature.encode_target(preprocessor.column(table, feature))
            if not usable.any():
                raise DataError(f"column {feature.column!r}: no row has a value the model knows")
            truth = (
                np.asarray(feature.decode(target)["prediction"])
                if feature.type == "number"
                else target
            )
            found[feature.name] = score(
                feature.type,
                truth[usable],
                raw[feature.name][usable],
                threshold=self.artifact.settings[feature.name].threshold,
            )
        return found

    def __repr__(self) -> str:
        outputs = ", ".join(f"{each.name} ({each.type})" for each in self.artifact.outputs)
        return f"Model({self.artifact.manifest['name']!r}: {outputs} from {len(self.artifact.columns)} columns)"


def notes(encoded: Encoded, rows: int) -> list[str]:
    """What a person should know about these rows' cells: one sentence for each oddity."""
    found = []
    for name, count in encoded.counts.items():
        if count.absent:
            found.append(f"column {name!r} is absent; all {rows} rows count as missing")
        if count.unparsed:
            examples = ", ".join(map(repr, count.unparsed_examples))
            found.append(
                f"column {name!r}: {count.unparsed} of {rows} cells could not be read and count as "
                f"missing, for example {examples}"
            )
        if count.unseen:
            found.append(
                f"column {name!r}: {count.unseen} of {rows} rows hold a value that training never saw; "
                "they count as unknown"
            )
    return found


def _is_column(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray)) and not isinstance(value, str)


def _as_came(data: Any, columns: dict[str, Any]) -> Any:
    kind = type(data).__module__.partition(".")[0]
    if kind == "pandas":
        import pandas as pd  # already imported by whoever made the frame

        return pd.DataFrame(columns, index=data.index)
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(columns)
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.table(columns)
    return columns
