"""`Model`: a trained model as a Python object. Rows in any shape in, predictions in that shape out."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crosstie.artifact.artifact import Artifact, plain
from crosstie.artifact.example import check_example
from crosstie.artifact.loading import load
from crosstie.artifact.packed import is_wheel, unpacked
from crosstie.data.notebook import notebook
from crosstie.data.read import Source
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError, Problem
from crosstie.evaluation.group_thresholds import of_rows
from crosstie.evaluation.score import score
from crosstie.features.counts import Counts
from crosstie.features.preprocessor import Encoded
from crosstie.serving.ahead import ahead
from crosstie.serving.explain import SAMPLES, Explanation, check_explained, sampled, to_compare
from crosstie.serving.forecast import last_rows, spread_out, whole
from crosstie.serving.forms import as_came
from crosstie.serving.importance import ROWS, SHUFFLES, Importances, measure_on
from crosstie.serving.judged import Judged
from crosstie.serving.notes import added, notes
from crosstie.serving.opening import open_for
from crosstie.serving.pieces import PIECE, joined, joined_limits, pieces
from crosstie.serving.rows import is_row
from crosstie.serving.strict import Wrong, WrongRows, to_judge, wrong_cells
from crosstie.serving.top_losses import Miss, Misses
from crosstie.serving.truth import true_values

BYTES_AT_ONCE = 1 << 26  # of encoded arrays: so many fewer rows of pictures


class Model:
    """A trained model.

    Args:
        artifact: What `artifact.load` gives.
        path: Where it came from, for printing.

    Example:
        >>> import crosstie
        >>> model = crosstie.load("customers/latest")
        >>> rows = [{name: None for name in model.artifact.columns} | {"tenure": 70, "Contract": "Two year"}]
        >>> [row["Churn_prediction"] for row in model.predict(rows)]
        ['No']
    """

    def __init__(self, artifact: Artifact, path: Path | None = None) -> None:
        self.artifact = artifact
        self.path = path
        self.notes: list[str] = []
        self.judged: dict[str, Judged] = {}
        self.misses: list[Miss] = []

    @classmethod
    def load(cls, path: str | Path, *, threads: int | None = None) -> "Model":
        """Open a run's folder, its `model/`, or a wheel: its files are read, its code is not run.

        Raises:
            ArtifactError: There is no model, or it is damaged.
        """
        if is_wheel(path):
            taken = unpacked(Path(path))
            try:
                return cls(load(taken, threads=threads), Path(path))
            except (
                ArtifactError
            ) as error:  # what is wrong lies in the wheel, not where it was taken to
                raise ArtifactError(str(error).replace(str(taken), str(path))) from None
        folder = Path(path)
        if (folder / "model" / "manifest.json").is_file():
            folder = folder / "model"
        if not (folder / "manifest.json").is_file():
            raise ArtifactError(
                f"{path}: no model here (a run's folder, its model/ or a wheel is wanted)"
            )
        return cls(load(folder, threads=threads), folder)

    def save(self, folder: str | Path) -> None:
        """Write the model to a folder of its own, as it was loaded.

        Args:
            folder: Must not be there.

        Raises:
            ConfigError: It is there.
        """
        target = Path(folder)
        if target.exists():
            raise ConfigError(f"{target}: is there already; give another name, or remove it")
        assert self.artifact.folder is not None, "a model is loaded from a folder"
        part = target.with_name(f".{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(self.artifact.folder, part)
        part.replace(target)

    def with_intervals(self) -> "Model":
        """The same model, whose predictions of numbers have `<output>_low` and `<output>_high` behind them, and categories `<output>_set`.

        They hold the true number, or class, of the share of rows that `coverage` says at its output, 0.9 unless written; see
        `docs/explain.md`.

        Raises:
            ConfigError: The model has no intervals and no sets.

        Example:
            >>> import crosstie
            >>> rows = [{"size": i % 50 / 2, "price": i % 50 + i % 7} for i in range(300)]
            >>> run = crosstie.train(rows, target="price", model_type="linear")
            >>> row = crosstie.load(run.path).with_intervals().predict({"size": 20.0})
            >>> list(row), row["price_low"] < row["price_prediction"] < row["price_high"]
            (['price_prediction', 'price_low', 'price_high'], True)
        """
        settings = self.artifact.settings.values()
        if all(each.interval is None and each.classes is None for each in settings):
            kinds = {"number": 19, "category": 9}
            odd = [each for each in self.artifact.outputs if each.type in kinds]
            why = (
                f"{odd[0].name!r} was trained before there were any, elsewhere, or without enough validation rows "
                f"({kinds[odd[0].type]} for coverage 0.9); train it again with more of them"
                if odd
                else "they are of numbers and categories, and this model predicts none. Leave it out"
            )
            raise ConfigError(Problem("intervals", f"this model has none: {why}"))
        return Model(replace(self.artifact, intervals=True), self.path)

    def predict(
        self,
        data: Any,
        *,
        keep: Sequence[str] = (),
        header: bool = True,
        columns: Sequence[str] | None = None,
        each_row: bool = False,
        augment: int = 0,
    ) -> Any:
        """Predict, in the shape that came.

        Args:
            data: A dict (one row), a list of dicts, a pandas or polars DataFrame, an Arrow table, a path.
            keep: Input columns to carry into the result, so that predictions can be joined back.
            header: Whether the first line of a file holds the names of its columns.
            columns: Names of a file's columns, in place of those in it.
            each_row: Of a model of series: what comes after each row of a long table, in place of what comes after
                its last ones.
            augment: Of a model of pictures whose training changed them (`augmentation:`): average over each picture
                and so many fixed changes of it. Elsewhere: test-time augmentation, tta.

        Returns:
            dict → dict, list → list of dicts, DataFrame → DataFrame with the same index, Arrow → Arrow;
            a path → a dict of columns. Keys: `<output>_prediction`, `<output>_probability_<class>`. The
            target is not needed. What was unknown, unreadable or missing is counted in `notes`. Of a long table a
            model of series gives a row for each step ahead of each group, with its time.

        Raises:
            ConfigError: `augment` is more than this model has views of a picture.
            DataError: Columns that the model needs are absent; all are named.
        """
        self._check_augment(augment)
        if isinstance(data, Mapping) and is_row(self.artifact, data):
            table = Table.from_rows([data], missing=self.artifact.missing)
            return {
                key: plain(value[0])
                for key, value in self.predict_table(table, keep=keep, augment=augment).items()
            }
        if isinstance(data, list) and all(isinstance(row, Mapping) for row in data):
            table = Table.from_rows(data, missing=self.artifact.missing)
            found, counts = self._any_table(table, keep, each_row=each_row, augment=augment)
            self.notes = notes(counts)
            rows = len(next(iter(found.values())))
            return [{key: plain(values[i]) for key, values in found.items()} for i in range(rows)]
        source = self.open(data, header=header, columns=columns)
        parts = list(self.predict_source(source, keep=keep, each_row=each_row, augment=augment))
        return as_came(data, {name: joined([each[name] for each in parts]) for name in parts[0]})

    def open(
        self, data: Any, *, header: bool = True, columns: Sequence[str] | None = None
    ) -> Source:
        """A table in any form, its cells and columns as this model knows them: see `opening.open_for`."""
        return open_for(self.artifact, data, header=header, columns=columns)

    def predict_source(
        self,
        source: Source,
        *,
        keep: Sequence[str] = (),
        each_row: bool = False,
        augment: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Prediction columns piece by piece, so that neither the table nor the answer need fit into memory.

        There is at least one piece, and all have the same columns. `notes` is complete after the last. Where
        rows are files their names are kept, unless `keep` says otherwise.
        """
        counts: dict[str, Counts] = {}
        for columns, found in self.counted_pieces(
            source, keep=keep, each_row=each_row, augment=augment
        ):
            counts = added(counts, found)
            yield columns
        self.notes = notes(counts)

    def counted_pieces(
        self,
        source: Source,
        *,
        keep: Sequence[str] = (),
        each_row: bool = False,
        augment: int = 0,
        skip: int = 0,
    ) -> Iterator[tuple[dict[str, Any], Mapping[str, Counts]]]:
        """As `predict_source`, with what was odd about each piece's cells; `notes` stays as it is.

        Args:
            source: As for `predict_source`.
            keep: As for `predict`.
            each_row: As for `predict`.
            augment: As for `predict`.
            skip: Begin behind so many rows: as many as some first pieces hold.
        """
        self._check_augment(augment)
        if source.media is not None and not keep:
            keep = source.columns[:1]
        if self.artifact.windows is not None:  # windows reach over pieces
            yield self._any_table(source.table(), keep, each_row=each_row, augment=augment)
            return
        wanted = (*self.artifact.columns, *keep)
        tables = pieces(source, wanted, self.rows_at_once, skip=skip)
        for encoded, kept in ahead(self._encoded(table, keep) for table in tables):
            yield self._said(encoded, kept, augment)

    @property
    def rows_at_once(self) -> int:
        """How many rows are encoded at once, by how large they are."""
        layout = self.artifact.members[0].preprocessor.layout
        return layout.rows_within(BYTES_AT_ONCE, most=PIECE)

    def counted(self, table: Table) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        """Prediction columns for a table of any kind, and what was odd about its cells; `notes` stays as it is.

        Several threads may call it at once.
        """
        return self._any_table(table, (), each_row=False, augment=0)

    def _any_table(
        self, table: Table, keep: Sequence[str], *, each_row: bool, augment: int
    ) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        """As `_predict`; a long table is cut into windows first, of which the last are gone on from."""
        windows = self.artifact.windows
        if windows is None or not windows.fits(table):
            return self._predict(table, keep, augment)
        styles = self.artifact.members[0].preprocessor.styles
        cut, grid = windows.cut(table, styles)
        series = {
            f"{each.name}_prediction" for each in self.artifact.outputs if each.type == "timeseries"
        }
        if series and not each_row:
            rows = last_rows(windows, grid)
            columns, counts = self._predict(cut.take(rows), keep, augment)
            return spread_out(windows, grid, rows, columns, self.artifact.outputs), counts
        columns, counts = self._predict(cut, keep, augment)
        known = whole(windows, grid)
        return {
            name: [value if there else None for value, there in zip(values, known, strict=True)]
            if name in series
            else values
            for name, values in columns.items()
        }, counts

    def counted_strictly(self, table: Table) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        """As `counted`, of rows of which `check_rows` names nothing.

        Raises:
            WrongRows: It does.
            DataError: Columns are absent, or the rows are no table that the model can take.
        """
        encoded = to_judge(self.artifact, table)
        wrong = wrong_cells(self.artifact, table, encoded)
        if wrong:
            raise WrongRows(wrong)
        return self.counted(table) if encoded is None else self._answer(encoded, 0)

    def predict_table(
        self, table: Table, *, keep: Sequence[str] = (), augment: int = 0
    ) -> dict[str, Any]:
        """Prediction columns for a table; `notes` says what was odd about its cells."""
        columns, counts = self._predict(table, keep, augment)
        self.notes = notes(counts)
        return columns

    def _predict(
        self, table: Table, keep: Sequence[str], augment: int
    ) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        return self._said(*self._encoded(table, keep), augment)

    def _encoded(
        self, table: Table, keep: Sequence[str]
    ) -> tuple[Sequence[Encoded], Mapping[str, Any]]:
        """A table as each member sees it, and the cells of the columns that are kept."""
        absent = [name for name in keep if name not in table.columns]
        if absent:
            raise DataError(
                f"cannot keep {', '.join(map(repr, absent))}: no such column in the data"
            )
        return self.artifact.encode(table), {name: table.cells(name) for name in keep}

    def _said(
        self, encoded: Sequence[Encoded], kept: Mapping[str, Any], augment: int
    ) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        """Prediction columns of encoded rows behind those that are kept, and what was odd about the cells."""
        columns, counts = self._answer(encoded, augment)
        return {**kept, **columns}, counts

    def _answer(
        self, encoded: Sequence[Encoded], augment: int
    ) -> tuple[dict[str, Any], Mapping[str, Counts]]:
        raw = self.artifact.raw_averaged(encoded, augment)
        return self.artifact.decode(raw, encoded[0]), encoded[0].counts

    def check_rows(
        self, rows: Sequence[Mapping[str, Any]] | Table, *, files: bool = False, most: int = 100
    ) -> list[Wrong]:
        """All cells that `predict` would count as missing although they hold something or should, for who is strict.

        Args:
            rows: A list of dicts, or a table.
            files: Whether cells may name files and addresses; they are opened then.
            most: How many are named of each column.

        Example:
            >>> import crosstie
            >>> model = crosstie.load("customers/latest")
            >>> [str(each) for each in model.check_rows([{"tenure": "ten"}]) if each.row]
            ["row 1, column 'tenure': wanted a number, got 'ten'"]
        """
        artifact = self.artifact
        table = rows if isinstance(rows, Table) else Table.from_rows(rows, missing=artifact.missing)
        return wrong_cells(artifact, table, to_judge(artifact, table), files=files, most=most)

    def check_example(self) -> list[Problem]:
        """What this model says otherwise of its example rows than where it was made: see `artifact.check_example`."""
        return check_example(self.artifact)

    def evaluate(
        self,
        data: Any,
        *,
        header: bool = True,
        columns: Sequence[str] | None = None,
        top_losses: int = 0,
        augment: int = 0,
    ) -> dict[str, dict[str, float]]:
        """Metrics by output on rows that have the target; `judged` then says how many those were.

        With `top_losses` the rows that the model is most wrong about are in `misses` afterwards.

        Args:
            data: As for `predict`.
            header: As for `predict`.
            columns: As for `predict`.
            top_losses: So many of them for each output.
            augment: As for `predict`.

        Raises:
            ConfigError: As for `predict`.
            DataError: A target column is absent, or no row has a usable target.
        """
        self._check_augment(augment)
        truth: dict[str, list[Any]] = {feature.name: [] for feature in self.artifact.outputs}
        raw: dict[str, list[Any]] = {feature.name: [] for feature in self.artifact.outputs}
        limits: dict[str, list[Any]] = {feature.name: [] for feature in self.artifact.outputs}
        judged = {feature.name: Judged() for feature in self.artifact.outputs}
        worst, start = Misses(top_losses, self.artifact.private), 0
        counts: dict[str, Counts] = {}
        preprocessor = self.artifact.members[0].preprocessor
        wanted = (*self.artifact.columns, *preprocessor.target_columns)
        source = self.open(data, header=header, columns=columns)
        windows = self.artifact.windows
        if windows is not None and windows.fits(source.table()):
            source = windows.of(source, preprocessor.styles)
            for each in judged.values():
                each.cut = True
        for table in pieces(source, wanted, self.rows_at_once):
            encoded = self.artifact.encode(table)
            counts = added(counts, encoded[0].counts)
            answer = self.artifact.raw_averaged(encoded, augment)
            for feature in self.artifact.outputs:
                target, usable = true_values(preprocessor, feature, table, encoded[0].tokens)
                judged[feature.name].add(table, feature.column, usable)
                truth[feature.name].append(target[usable])
                raw[feature.name].append(answer[feature.name][usable])
                limit = self.artifact.threshold_of(feature.name, encoded[0])
                limits[feature.name].append(of_rows(limit, usable))
                if top_losses:
                    worst.add(
                        feature,
                        table,
                        self.artifact.columns,
                        start=start,
                        usable=usable,
                        target=truth[feature.name][-1],
                        raw=raw[feature.name][-1],
                        threshold=limits[feature.name][-1],
                    )
            start += len(table)
        self.notes, self.judged, self.misses = notes(counts), judged, worst.found
        for feature in self.artifact.outputs:
            self.notes += judged[feature.name].notes(feature.column)
            if not any(map(len, truth[feature.name])):
                lacking = "a value the model knows"
                if feature.type == "timeseries":
                    lacking = f"all of the {feature.size} steps ahead; give a longer table, or one without gaps"
                raise DataError(f"column {feature.column!r}: no row has {lacking}")
        return {
            feature.name: score(
                feature.type,
                joined(truth[feature.name]),
                joined(raw[feature.name]),
                threshold=joined_limits(limits[feature.name]),
                labels=feature.labels,
                scale=feature.usual_change,
            )
            for feature in self.artifact.outputs
        }

    def explain(
        self,
        data: Any,
        *,
        rows: int | None = None,
        background: Any = None,
        samples: int = SAMPLES,
        header: bool = True,
        columns: Sequence[str] | None = None,
    ) -> list[Explanation]:
        """Why the model says what it says of rows: what each column adds to the prediction, so that all add up to it.

        Args:
            data: As for `predict`.
            rows: Only the first so many.
            background: Rows to compare with, in any form, of which at most `samples` are drawn: best those of training.
                None makes some up, each cell drawn alone from what training saw.
            samples: How many pairs of orders of columns are walked; four times as many halve the errors.
            header: As for `predict`.
            columns: As for `predict`.

        Returns:
            For each row an explanation of each output.

        Raises:
            ConfigError: The model predicts sets, texts, tags or series.
            DataError: Columns that the model needs are absent.

        Example:
            >>> import crosstie
            >>> model = crosstie.load("customers/latest")
            >>> row = {name: None for name in model.artifact.columns} | {"tenure": 70, "Contract": "Two year"}
            >>> [found] = model.explain(row)
            >>> found.scale, found.of, len(found.contributions)
            ('log-odds', 'Yes', 19)
            >>> abs(found.base + sum(found.contributions.values()) - found.value) < 1e-9
            True
        """
        check_explained(self.artifact)
        both = to_compare(
            self.artifact,
            self.open(data, header=header, columns=columns),
            rows=rows,
            background=None if background is None else self.open(background),
            samples=samples,
        )
        return list(sampled(self.artifact, *both, samples=samples))

    def importance(
        self,
        data: Any,
        *,
        rows: int = ROWS,
        shuffles: int = SHUFFLES,
        header: bool = True,
        columns: Sequence[str] | None = None,
    ) -> Importances:
        """How much each column is worth to the model: what its loss grows by where the column's cells are shuffled.

        Args:
            data: As for `evaluate`.
            rows: At most so many of its rows, drawn at random: always the same.
            shuffles: Of each column.
            header: As for `predict`.
            columns: As for `predict`.

        Raises:
            ConfigError: The model predicts texts, tags or series.
            DataError: As for `evaluate`.

        Example:
            >>> import crosstie
            >>> model = crosstie.load("customers/latest")
            >>> found = model.importance("customers.csv", rows=200).outputs["Churn"]
            >>> len(found), found[0].told
            (19, True)
        """
        source = self.open(data, header=header, columns=columns)
        return measure_on(self.artifact, source, rows=rows, shuffles=shuffles)

    def _check_augment(self, augment: int) -> None:
        """Raise unless pictures can be seen in so many other ways, and what is said of them averaged."""
        if not augment:
            return
        texts = [each.name for each in self.artifact.outputs if each.type == "text"]
        most = max(map(len, self.artifact.views.values()), default=0)
        if not any(each.kind == "image" for each in self.artifact.inputs):
            why = "is for pictures, and this model reads none; leave it out"
        elif texts:
            why = f"averages numbers and probabilities, and {texts[0]!r} is a text; leave it out"
        elif not most:
            why = (
                "shows pictures as training changed them, and this model was trained on unchanged ones; leave it out, "
                "or train with `augmentation: …` at the image"
            )
        elif not 0 <= augment <= most:
            why = f"must be at most {most}, in so many other ways did training see them. Write {most} or less"
        else:
            return
        raise ConfigError(Problem("augment", f"{why} (got {augment})"))

    def __repr__(self) -> str:
        outputs = ", ".join(f"{each.name} ({each.type})" for each in self.artifact.outputs)
        return f"Model({self.artifact.manifest['name']!r}: {outputs} from {len(self.artifact.columns)} columns)"

    def _repr_html_(self) -> str:
        outputs = [
            (each.name, "predicted", each.type, ", ".join(each.labels[:10]))
            for each in self.artifact.outputs
        ]
        inputs = [(each.column, "input", each.type, "") for each in self.artifact.inputs]
        return notebook(repr(self), ["column", "role", "type", "classes"], [*outputs, *inputs])
