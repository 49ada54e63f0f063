"""The public verbs. Whatever the command line can do, these do; the command line calls nothing else."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crosstie.data.processors import limit_processors
from crosstie.errors import ConfigError, MissingExtra, Problem, RunError, nearest
from crosstie.pipeline.hub import is_on_hub
from crosstie.pipeline.installation import installation
from crosstie.pipeline.request import (
    Request,
    plan_to_cluster,
    plan_to_resume,
    request_for,
    table_of,
)
from crosstie.pipeline.run import POINTERS, Run, list_runs
from crosstie.pipeline.run import prune as prune_runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from crosstie.data.destination import Destination
    from crosstie.datasets.dataset import Dataset
    from crosstie.explanations.explain import Method
    from crosstie.explanations.surrogate import Surrogate
    from crosstie.pipeline.cluster import Grouped
    from crosstie.pipeline.first_batch import FirstBatch
    from crosstie.pipeline.plan import Plan
    from crosstie.reports.write import Written
    from crosstie.serving.audit import Audit
    from crosstie.serving.explain import Explanation
    from crosstie.serving.importance import Importances
    from crosstie.serving.model import Model
    from crosstie.serving.told import Told
    from crosstie.shipping.package import Packaged
    from crosstie.shipping.push import Pushed

Say = Callable[[str], None]


def train(
    source: Any = None,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    folds: int | None = None,
    start_from: str | Path | None = None,
    threads: int | None = None,
    time_limit: float | str | None = None,
    inference_limit: float | str | None = None,
    effort: str | None = None,
    plan: str | Path | None = None,
    resume: str | Path | None = None,
    allow_different_host: bool = False,
    runs: str | Path = "runs",
    output: str | Path | None = None,
    callbacks: Sequence[Any] = (),
    say: Say | None = None,
    progress: bool = False,
    began: float | None = None,
) -> Run:
    """Train a model: `crosstie train` in Python.

    Args:
        source: A model file, a dict of the same shape, a run to do again, or a table in any form that `data` takes.
        target: The column to predict, when `source` is a table; not needed for a folder of class folders.
        data: The table, when `source` is a model file that names another or none: a path, a DataFrame, an
            Arrow table, a dict of columns, a list of dicts, `{"connection": …, "query": …}`.
        validation: A table of its own to validate on.
        test: A table of its own to test on.
        model_type: "auto", "linear", "gbm", "catboost", "ecd", or a classic: "random_forest", "extra_trees",
            "decision_tree", "nearest_neighbors", "support_vectors".
        name: The model's name.
        seed: Everything random comes from it.
        set: Options as text: `["trainer.epochs=3"]`.
        types: Column to feature type, where inference is wrong.
        folds: Train so many models on folds and keep them as one.
        start_from: An earlier network to begin with: a run, a folder with its weights, or `hf://ORG/NAME@REVISION`
            (`--from`).
        threads: Processor threads to use.
        time_limit: Of `model_type: auto`, for the whole call: seconds, or `"10m"`.
        inference_limit: Of `model_type: auto`, what the model may take for a row by itself: seconds, or `"1ms"`.
        effort: Of `model_type: auto`, how much is tried: "quick", "standard" or "thorough".
        plan: A run of `model_type: auto`, whose search is done again to the same model.
        resume: An interrupted run to go on with.
        allow_different_host: Resume although machine, thread count or versions are others; the result may then
            differ from that of an uninterrupted run.
        runs: The folder of all runs.
        output: The directory of this run.
        callbacks: Told of progress beside the usual ones.
        say: Called with each line worth showing; None is silent.
        progress: Show a progress bar.
        began: When the time limit counts from, as `time.monotonic()` tells it; None is now.

    Returns:
        The finished run. Its `manifest["exit"]` is "interrupted" after Ctrl-C, with the best model kept.

    Raises:
        ConfigError: The file or a call's argument is wrong; all that is wrong is named.
        DataError: The data cannot be what the file says.
        RunError: The run's directory is taken, or cannot be resumed.
        TrainingError: The loss is not a number.

    Example:
        >>> import crosstie
        >>> run = crosstie.train("customers.csv", target="Churn", model_type="linear", name="churn")
        >>> round(run.metrics["test"]["Churn"]["roc_auc"], 2)
        0.83
    """
    began = time.monotonic() if began is None else began
    if threads is not None:
        limit_processors(threads)
    from crosstie.pipeline.auto import asked

    if resume is not None:
        run, planned = plan_to_resume(resume, Path(runs), data if data is not None else source)
        return _train(
            planned,
            run,
            callbacks,
            say,
            progress=progress,
            began=began,
            resume=True,
            allow_different_host=allow_different_host,
        )
    budget = asked(
        time_limit=time_limit,
        inference_limit=inference_limit,
        effort=effort,
        plan=None if plan is None else Run.find(plan, Path(runs)).path,
    )
    planned = request_for(
        source,
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        folds=folds,
        start_from=start_from,
        runs=runs,
        set=[*set, *budget],
        types=types,
    ).plan()
    if planned.hyperopt is not None and say is not None:
        say("hyperopt: is for crosstie tune; the file is trained as it stands")
    run = _new_run(planned, runs, output)
    return _train(planned, run, callbacks, say, progress=progress, began=began)


def tune(
    source: Any = None,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    folds: int | None = None,
    start_from: str | Path | None = None,
    threads: int | None = None,
    trials: int | None = None,
    time_limit: float | str | None = None,
    resume: str | Path | None = None,
    runs: str | Path = "runs",
    output: str | Path | None = None,
    callbacks: Sequence[Any] = (),
    say: Say | None = None,
    progress: bool = False,
) -> Run:
    """Search for the best values of what the file's `hyperopt:` section names: `crosstie tune` in Python.

    Args:
        source: As for `train`; a file with a section `hyperopt`.
        target: As for `train`.
        data: As for `train`.
        validation: As for `train`.
        test: As for `train`.
        model_type: As for `train`.
        name: As for `train`.
        seed: As for `train`; what is tried depends on it, too.
        set: As for `train`.
        types: As for `train`.
        folds: As for `train`; each trial is then fitted so many times.
        start_from: As for `train`.
        threads: As for `train`, of all trials together.
        trials: How many in all; goes before the file's `executor.num_samples`.
        time_limit: Of the whole call, seconds or `"10m"`; goes before the file's `executor.time_budget_s`.
        resume: A search that was stopped, to go on with; with `trials` one that is done, too.
        runs: The folder of all runs.
        output: The directory of this run.
        callbacks: Told of the progress of each trial that this process runs.
        say: Called with a line for each trial; None is silent.
        progress: Show the leaderboard as it changes, on a terminal.

    Returns:
        A run of the best trial, with `tune.json`, the leaderboard, and `best.yaml`, its file, beside it. Its
        `manifest["exit"]` is "interrupted" after Ctrl-C, with the best so far.

    Raises:
        ConfigError: The file or a call's argument is wrong, or the file says nothing of a search; all that is wrong is
            named, before the first trial.
        DataError: The data cannot be what the file says.
        MissingExtra: optuna is not installed.
        RunError: The run's directory is taken, or cannot be resumed.
        TrainingError: No trial came to anything.

    Example:
        >>> import crosstie
        >>> spaces = {"trainer.num_leaves": [4, 15], "trainer.learning_rate": [0.05, 0.1]}
        >>> file = {
        ...     "data": "customers.csv",
        ...     "target": "Churn",
        ...     "model_type": "gbm",
        ...     "trainer": {"n_estimators": 20},
        ...     "hyperopt": {"parameters": spaces, "metric": "roc_auc"},
        ... }
        >>> run = crosstie.tune(file, trials=2, name="tuned")
        >>> run.manifest["tuned"]["trials"]
        2
    """
    if threads is not None:
        limit_processors(threads)
    from crosstie.pipeline.auto import seconds
    from crosstie.pipeline.candidate import Session
    from crosstie.pipeline.journal import Journal
    from crosstie.search.tune import go_on
    from crosstie.search.tune import tune as search

    executor = {
        "num_samples": trials,
        "time_budget_s": None if time_limit is None else seconds(time_limit),
    }
    asked = [
        *set,
        *(f"hyperopt.executor.{key}={each}" for key, each in executor.items() if each is not None),
    ]
    session = Session(callbacks, Journal(None, say))
    if resume is not None:
        run = Run.find(resume, Path(runs))
        return go_on(run, data if data is not None else source, asked, session, live=progress)
    request = request_for(
        source,
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        folds=folds,
        start_from=start_from,
        runs=runs,
        set=asked,
        types=types,
    )
    return search(request, lambda plan: _new_run(plan, runs, output), session, live=progress)


def _new_run(plan: "Plan", runs: str | Path, output: str | Path | None) -> Run:
    identity = f"{plan.config}{[each.fingerprint for each in plan.sources.values()]}"
    return Run.create(Path(runs), plan.name, identity, at=Path(output) if output else None)


def check(
    source: Any,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    folds: int | None = None,
    start_from: str | Path | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
) -> "Plan":
    """Validate a model file and its data together, without training.

    Args:
        source: As for `train`.
        target: As for `train`.
        data: As for `train`.
        validation: As for `train`.
        test: As for `train`.
        model_type: As for `train`.
        name: As for `train`.
        seed: As for `train`.
        folds: As for `train`.
        start_from: As for `train`.
        set: As for `train`.
        types: As for `train`.

    Returns:
        What a run would do, with what was inferred and what a person should know.

    Raises:
        ConfigError: All that is wrong, each with line, value and remedy.
        DataError: The table cannot be read, or rows and columns cannot be what the file says they are.
    """
    from crosstie.pipeline.trial import try_data

    request = request_for(
        source,
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        folds=folds,
        start_from=start_from,
        set=set,
        types=types,
    )
    varied = request.document.value.get("hyperopt") is not None
    if varied:  # before all else, for it tells with the file's mistakes those of what is varied
        _check_varied(request)
    plan = request.plan()
    if plan.hyperopt is not None and not varied:
        _check_varied(request)
    notes = try_data(plan)
    return replace(plan, warnings=(*plan.warnings, *notes))


def _check_varied(request: Request) -> None:
    from crosstie.search.variants import Variants  # what is varied is checked by plans of it

    Variants(request).check()


def show(
    source: Any,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    folds: int | None = None,
    start_from: str | Path | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The file with every default filled in; a run saves exactly that. Arguments as for `train`.

    A section `hyperopt`, which no run reads, is filled, too.
    """
    plan = check(
        source,
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        folds=folds,
        start_from=start_from,
        set=set,
        types=types,
    )
    return plan.config if plan.hyperopt is None else {**plan.config, "hyperopt": plan.hyperopt}


def first_batch(
    source: Any,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    folds: int | None = None,
    start_from: str | Path | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    output: str | Path | None = None,
) -> "FirstBatch":
    """The first training batch as the network sees it: `crosstie show --batch`.

    Args:
        source: As for `train`.
        target: As for `train`.
        data: As for `train`.
        validation: As for `train`.
        test: As for `train`.
        model_type: As for `train`.
        name: As for `train`.
        seed: As for `train`.
        folds: As for `train`.
        start_from: As for `train`.
        set: As for `train`.
        types: As for `train`.
        output: Draw it into this file, too: .png or .svg.

    Returns:
        Its columns, and raw cells beside encoded ones of a few rows; in a notebook it is drawn.

    Raises:
        ConfigError: What `check` says, or `output` is no picture.

    Example:
        >>> import crosstie
        >>> batch = crosstie.first_batch("customers.csv", target="Churn", model_type="ecd")
        >>> batch.inputs[0].name, batch.inputs[0].shape, batch.inputs[0].dtype
        ('gender', (64,), 'float32')
    """
    from crosstie.pipeline.batch_picture import canvas_for
    from crosstie.pipeline.first_batch import first_batch as first

    if output is not None:
        canvas_for(Path(output))  # before rows are encoded, which may take long
    plan = request_for(
        source,
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        folds=folds,
        start_from=start_from,
        set=set,
        types=types,
    ).plan()
    found = first(plan)
    if output is not None:
        found.save(Path(output))
    return found


def init(
    data: Any,
    *,
    target: str | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    output: str | Path | None = None,
) -> str:
    """A short commented model file for a table: what was inferred and why, and what looks odd.

    Args:
        data: The table; a path if the file is to be used later.
        target: The column to predict; not needed for a folder of class folders.
        set: Options as text: `["data.header=false"]`.
        types: Column to feature type, where inference is wrong.
        output: Write the file there too; an existing file is never overwritten.

    Raises:
        ConfigError: There is no such column, or `output` exists.
    """
    from crosstie.pipeline.initial import initial

    if output is not None and Path(output).exists():
        raise ConfigError(
            f"{output}: is there already; give -o another name, or remove it yourself"
        )
    plan = check(data, target=target, set=set, types=types)
    text = initial(plan, folder=Path(output).parent if output is not None else Path())
    if output is not None:
        from crosstie.data.files import write_text

        write_text(Path(output), text)
    return text


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the model file, generated from the components themselves."""
    from crosstie.pipeline.schema import file_schema  # imports every component, torch included: 2 s

    return file_schema()


def _train(
    plan: "Plan",
    run: Run,
    callbacks: Sequence[Any],
    say: Say | None,
    *,
    progress: bool,
    began: float,
    resume: bool = False,
    allow_different_host: bool = False,
) -> Run:
    from crosstie.pipeline.candidate import Session
    from crosstie.pipeline.company import company
    from crosstie.pipeline.journal import Journal
    from crosstie.pipeline.train import fit_one, train
    from crosstie.search.auto import choose

    session = Session(
        [*company(run.path, plan.callbacks, progress=progress), *callbacks],
        Journal(run.path / "log.txt", say),
        resume=resume,
        allow_different_host=allow_different_host,
        began=began,
    )
    return train(plan, run, session, choose=choose if plan.model_type == "auto" else fit_one)


def load(
    model: str | Path,
    *,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    threads: int | None = None,
) -> "Model":
    """Open a trained model.

    Args:
        model: A run, its `model/`, NAME/latest, NAME/best, or a run's name; with `/trials/gbm_177` behind it, a model
            that its search tried; `hf://ORG/NAME@REVISION` on the hub, a folder that `push` wrote, or a wheel that
            `package` wrote.
        components: The folder of your own feature types, for a model that has one: no model holds code, so only
            what you name here is run.
        runs: The folder of all runs, for names.
        threads: Processor threads for prediction.

    Raises:
        ArtifactError: The model is damaged or of another format, or needs an own feature type.
        ConfigError: There is no folder `components`.
        HubError: The model is not on the hub, or the hub is not to be reached.
        RunError: There is no such run or model.

    Example:
        >>> import crosstie
        >>> crosstie.load("customers/latest")
        Model('customers': Churn (binary) from 19 columns)
    """
    from crosstie.serving.model import Model  # numpy, onnxruntime: 200 ms

    if components is not None:
        _use(Path(components))
    return Model.load(_place(model, Path(runs)), threads=threads)


def _place(model: str | Path, runs: Path) -> Path:
    """Where the model lies that is called so: its folder, or a wheel."""
    from crosstie.artifact.packed import is_wheel
    from crosstie.pipeline.published import fetch_published

    if is_on_hub(model):
        return fetch_published(str(model)) / "model"
    path = Path(model)
    if is_wheel(path) or (path / "features.json").is_file():
        return path
    name, trials, trial = str(model).rstrip("/").rpartition("/trials/")
    run = Run.find(name if trials else model, runs)
    if trials:
        from crosstie.pipeline.trials import trial_model

        return trial_model(run, trial)
    if not run.model.is_dir():
        state = run.exit or "unknown"
        raise RunError(
            f"{run.path}: holds no model (its exit is {state!r}); train it to the end first"
        )
    return run.model


def _use(folder: Path) -> None:
    from crosstie.config.registry import use_components

    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of own classes")
    use_components(folder)


def predict(
    model: "str | Path | Model",
    data: Any,
    *,
    output: str | Path | None = None,
    to: "str | Destination | None" = None,
    if_exists: Literal["fail", "replace", "append"] = "fail",
    keep: Sequence[str] = (),
    header: bool = True,
    columns: Sequence[str] | None = None,
    each_row: bool = False,
    augment: int = 0,
    intervals: bool = False,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
    stdout: bool = False,
) -> Any:
    """Predict: `crosstie predict` in Python.

    Args:
        model: A loaded model or what `load` takes.
        data: As `Model.predict`; a path or a list of paths too.
        output: Write there instead of returning: .csv, .parquet, .arrow, .jsonl by its ending.
        to: Write to a table of a database instead, all rows or none: `postgresql://ann:${PASSWORD}@db/shop:marts.churn`
            or `duckdb:///shop.duckdb:churn`, `${NAME}` a variable.
        if_exists: Where that table is there: "fail", "replace" its rows, or "append" to them.
        keep: Input columns to carry along.
        header: Whether the first line of a file holds the names of its columns.
        columns: Names of a file's columns, in place of those in it.
        each_row: As for `Model.predict`.
        augment: As for `Model.predict`.
        intervals: Give the ends of an interval with each predicted number, and the classes that come into question with each of a
            category: `Model.with_intervals`.
        resume: Go on with an earlier call that was stopped before `output` was whole; what it did is kept beside that.
        progress: Called with rows done and rows in all, as `output` is written.
        components: As for `load`.
        runs: The folder of all runs, for names.
        say: Called with a sentence for each oddity in the data.
        stdout: Write CSV to standard output instead of returning.

    Returns:
        Predictions in the shape of `data`; the number of rows when they were written.

    Raises:
        ConfigError: `augment` is more than the model has views of a picture, it has no intervals, there is no `output` to go on with, or `to`
            is no table of a database.
        DataError: The database refuses something. Or columns that the model needs are absent, `output` would overwrite the data, or what is to be gone
            on with is of another model, other data or other options.
    """
    if resume and output is None:
        raise ConfigError(
            "--resume: goes on with a file that was not written to its end; add -o FILE"
        )
    if to is not None and output is not None:
        raise ConfigError("--to: writes to a database and -o to a file; give one of them")
    if to is None and if_exists != "fail":
        raise ConfigError("--if-exists: is of a table of a database; name it with --to")
    if isinstance(to, str):
        from crosstie.data.destination import Destination

        to = Destination.read(to, if_exists)
    given, data = _loaded(model, components, runs), table_of(data)
    loaded = given.with_intervals() if intervals else given
    if output is None and to is None and not stdout:
        result = loaded.predict(
            data, keep=keep, header=header, columns=columns, each_row=each_row, augment=augment
        )
        given.notes = loaded.notes
        _tell(loaded.notes, say)
        return result
    from crosstie.serving.batch import predict_to

    source = loaded.open(data, header=header, columns=columns)
    _tell(source.notes, say)
    rows = predict_to(
        loaded,
        source,
        Path(output) if output is not None else to,
        keep=keep,
        each_row=each_row,
        augment=augment,
        resume=resume,
        progress=progress,
        say=say,
    )
    given.notes = loaded.notes
    _tell(loaded.notes, say)
    return rows


def embed(
    data: Any,
    *,
    encoder: str | Path | None = None,
    column: str | None = None,
    output: str | Path | None = None,
    pooling: str | None = None,
    normalize: bool = False,
    runs: str | Path = "runs",
    cache: str | Path | None = ".crosstie",
    progress: Callable[[int, int], None] | None = None,
) -> "NDArray[np.float32]":
    """Turn texts, pictures or sounds into vectors: `crosstie embed` in Python.

    Args:
        data: A list of texts, a .txt file with one text a line, a folder of pictures or of sounds, names of such
            files, or a table in any form that `train` takes.
        encoder: A folder with a published model, an installed package that carries one, a name of the hub, or a
            run; None is a small one, of texts for English sentences.
        column: The table's column; not needed where there is but one.
        output: Write there too: .hdf5, .npy, .parquet, .csv, .arrow, .jsonl by its ending.
        pooling: How a text's tokens become one vector; None is what the model's authors say.
        normalize: Divide each vector by its length.
        runs: The folder of all runs.
        cache: Where vectors are kept by content, so that nothing is computed twice; None keeps none.
        progress: Called with rows done and rows in all.

    Returns:
        float32 `[rows, width]`, in the order of the rows; NaN where a picture or sound is missing or cannot be read.

    Raises:
        ConfigError: There is no such encoder.
        DataError: There is no such file or column, or `output` cannot be written.
    """
    from crosstie.pipeline import embed as embedding

    rows = embedding.read(data, column)
    target = None if output is None else Path(output)
    if target is not None:
        embedding.check_output(target, rows.files)
    found = embedding.embed(
        rows,
        encoder,
        pooling=pooling,
        normalize=normalize,
        runs=Path(runs),
        cache=None if cache is None else Path(cache),
        progress=progress,
    )
    if target is not None:
        embedding.write(found, target, inputs=rows.files)
    return found


def cluster(
    source: Any,
    *,
    method: str | None = None,
    groups: int | None = None,
    most: int | None = None,
    exclude: Sequence[str] | None = None,
    name: str | None = None,
    seed: int | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    threads: int | None = None,
    runs: str | Path = "runs",
    output: str | Path | None = None,
    say: Say | None = None,
) -> "Grouped":
    """Group the rows of a table that has no target: `crosstie cluster` in Python.

    Args:
        source: A table in any form that `train` takes, a run of `cluster` to do again, or its file.
        method: "kmeans" (the usual), "mixture" or "hdbscan".
        groups: How many; found out if not given.
        most: How many at most, where that is found out; 10 if not given.
        exclude: Columns that are not to count.
        name: What the run is called.
        seed: Everything random comes from it.
        set: Options of the file as text: `["data.header=false"]`.
        types: Column to feature type, where inference is wrong.
        threads: Processor threads to use.
        runs: The folder of all runs.
        output: The directory of this run.
        say: Called with each line worth showing; None is silent.

    Returns:
        The groups with what makes each different, and whether they are any; its run, whose model assigns other rows.

    Raises:
        ConfigError: An option is wrong, or a column cannot be grouped by; all that is wrong is named.
        DataError: The table cannot be read, or its rows cannot be grouped so.
        RunError: The run's directory is taken.

    Example:
        >>> import crosstie
        >>> found = crosstie.cluster("customers.csv", groups=3, exclude=["Churn"], name="kinds")
        >>> found.clear, found.groups[2]["text"][:48]
        (True, 'InternetService is always No (100 % against 0 %)')
        >>> crosstie.load(found.run.path).predict("later_customers.csv")["group_prediction"][:3]
        ['1', '1', '2']
    """
    if threads is not None:
        limit_processors(threads)
    planned, asked = plan_to_cluster(
        source,
        method=method,
        groups=groups,
        most=most,
        exclude=None if exclude is None else list(exclude),
        name=name,
        seed=seed,
        set=set,
        types=types,
        runs=runs,
    )
    from crosstie.pipeline.cluster import cluster as group  # numpy, onnxruntime: 200 ms
    from crosstie.pipeline.journal import Journal

    identity = f"{planned.config}{[each.fingerprint for each in planned.sources.values()]}"
    run = Run.create(Path(runs), planned.name, identity, at=Path(output) if output else None)
    return group(planned, asked, run, Journal(run.path / "log.txt", say))


def _loaded(
    model: "str | Path | Model", components: str | Path | None, runs: str | Path
) -> "Model":
    return load(model, components=components, runs=runs) if isinstance(model, str | Path) else model


def evaluate(
    model: "str | Path | Model",
    data: Any,
    *,
    header: bool = True,
    columns: Sequence[str] | None = None,
    top_losses: int = 0,
    augment: int = 0,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
) -> dict[str, dict[str, float]]:
    """Metrics by output, on data that has the true values.

    Args:
        model: A loaded model or what `load` takes.
        data: A table in any form.
        header: As for `predict`.
        columns: As for `predict`.
        top_losses: Keep so many of the rows that the model is most wrong about, in `Model.misses`.
        augment: As for `predict`.
        components: As for `load`.
        runs: The folder of all runs, for names.
        say: Called with a sentence for each oddity in the data.

    Raises:
        DataError: A target column is absent or has no usable value.
    """
    loaded = _loaded(model, components, runs)
    found = loaded.evaluate(
        table_of(data), header=header, columns=columns, top_losses=top_losses, augment=augment
    )
    _tell(loaded.notes, say)
    return found


def evaluate_predictions(
    data: Any,
    *,
    target: str,
    prediction: str,
    probability: str | None = None,
    positive: str | None = None,
) -> "Told":
    """As `evaluate`, of predictions that stand in a table, whoever made them.

    Args:
        data: A table in any form.
        target: As for `audit_predictions`.
        prediction: Likewise.
        probability: Likewise; without it there are no metrics that need one, such as `roc_auc`.
        positive: Likewise; precision, recall and the like are about it.

    Raises:
        ConfigError: There is no such column or class.
        DataError: No row has a true and a predicted value.

    Example:
        >>> import crosstie
        >>> rows = {"good": ["yes", "no", "no", "yes"] * 5, "said": ["yes", "no"] * 10}
        >>> found = crosstie.evaluate_predictions(rows, target="good", prediction="said")
        >>> found.rows, found.metrics["accuracy"]
        (20, 0.5)
    """
    from crosstie.serving.told import judge_told

    return judge_told(
        table_of(data),
        target=target,
        prediction=prediction,
        probability=probability,
        positive=positive,
    )


def explain(
    model: "str | Path | Run | Model",
    data: Any,
    *,
    output: str | Path | None = None,
    rows: int | None = None,
    background: Any = None,
    samples: int = 32,
    method: "Method | None" = None,
    header: bool = True,
    columns: Sequence[str] | None = None,
    components: str | Path | None = None,
    runs: str | Path = "runs",
) -> "list[Explanation]":
    """Why a model says what it says of rows: what each column adds to the prediction, so that all add up to it.

    Args:
        model: A run, a loaded model or what `load` takes.
        data: A table in any form; the target is not needed.
        output: Write a line for each row, output and column there, too: .csv, .parquet, .arrow, .jsonl.
        rows: Only the first so many; None is all.
        background: Rows to compare with, in any form, best those of training. None is rows of the data, and made-up ones
            where those are fewer than 20; trees are compared with training rows, and sampled where others are named.
        samples: As for `Model.explain`.
        method: "trees", exactly, of a run of `gbm`; "gradients" of a run of `ecd`; "sampling" of any model. None is the first
            of them that can be.
        header: As for `predict`.
        columns: As for `predict`.
        components: As for `load`.
        runs: The folder of all runs, for names.

    Raises:
        ConfigError: The model predicts sets, texts, tags or series, or cannot be explained by `method`.
        DataError: Columns that the model needs are absent, or `output` would overwrite the data.
    """
    loaded = _loaded(model.path if isinstance(model, Run) else model, components, runs)
    source = loaded.open(table_of(data), header=header, columns=columns)
    from crosstie.explanations.explain import explain

    run = _run_of(model, Path(runs))
    found = explain(
        loaded,
        source,
        run=None if run is None else run.path,
        rows=rows,
        background=None if background is None else table_of(background),
        samples=samples,
        method=method,
    )
    if output is not None:
        from crosstie.data.write import TableWriter
        from crosstie.serving.explain import lines

        with TableWriter(Path(output), inputs=source.files) as writer:
            writer.append(lines(found))
    return found


def explain_predictions(
    data: Any,
    *,
    prediction: str,
    probability: str | None = None,
    target: str | None = None,
    exclude: Sequence[str] = (),
    output: str | Path | None = None,
    rows: int = 1000,
    shuffles: int = 5,
    say: Say | None = None,
) -> "Surrogate":
    """What predictions go with that stand in a table, whoever made them.

    There is no model to ask, so a stand-in is fitted: boosted trees that predict the predictions from the other columns.
    What it goes by is measured on rows that it did not learn from. At most 20,000 rows are looked at.

    Args:
        data: A table in any form.
        prediction: The column of predictions: classes or numbers.
        probability: The column of the probability behind them, which then is what the stand-in predicts.
        target: The column of true values, if there is one, which it does not read.
        exclude: Other columns that it does not read: what else was made of the predictions.
        output: Write what columns are worth there, too: .csv, .parquet, .arrow, .jsonl.
        rows: As for `importance`, of the rows that it did not learn from.
        shuffles: Of each column.
        say: Called with a sentence on where it was written.

    Returns:
        How well the stand-in follows the predictions, and what each column is worth to it.

    Raises:
        ConfigError: There is no such column, or none is left to explain by.
        DataError: The stand-in does not follow the predictions, or they are too few or all alike; or `output` would
            overwrite the data.
        MissingExtra: What trains is not installed.

    Example:
        >>> import crosstie
        >>> rows = {"age": [*range(200)], "pet": ["cat", "dog"] * 100, "said": ["no", "yes"] * 100}
        >>> found = crosstie.explain_predictions(rows, prediction="said")
        >>> found.value, found.importances.outputs["said"][0].column
        (1.0, 'pet')
    """
    from crosstie.data.read import open_source
    from crosstie.data.write import TableWriter
    from crosstie.explanations.surrogate import explain_table

    source = open_source(table_of(data))
    writer = None if output is None else TableWriter(Path(output), inputs=source.files)
    found = explain_table(
        source,
        prediction=prediction,
        probability=probability,
        target=target,
        exclude=exclude,
        rows=rows,
        shuffles=shuffles,
    )
    if writer is not None:
        with writer:
            writer.append(found.lines())
        _tell([f"Written to {output}"], say)
    return found


def _run_of(model: "str | Path | Run | Model", runs: Path) -> Run | None:
    """The run that a model is of; None of a model alone."""
    from crosstie.serving.model import Model

    if isinstance(model, Run):
        return model
    if isinstance(model, Model):
        folder = (
            model.path if model.path is None or model.path.name != "model" else model.path.parent
        )
        known = folder is not None and (folder / "config.yaml").is_file()
        return Run(folder) if known and folder is not None else None
    return Run.find(model, runs) if Run.named(model, runs) else None


def importance(
    model: "str | Path | Run | Model",
    data: Any,
    *,
    rows: int = 1000,
    shuffles: int = 5,
    header: bool = True,
    columns: Sequence[str] | None = None,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
) -> "Importances":
    """How much each column is worth to a model: what its loss grows by where the column's cells are shuffled.

    A run that has no `importance.json` yet, because measuring would have taken long beside the fit, gets one.

    Args:
        model: A run, a loaded model or what `load` takes.
        data: A table in any form that has the true values; best one that the model did not learn from.
        rows: At most so many of its rows, drawn at random: always the same.
        shuffles: Of each column.
        header: As for `predict`.
        columns: As for `predict`.
        components: As for `load`.
        runs: The folder of all runs, for names.
        say: Called with a sentence on where it was written.

    Raises:
        ConfigError: The model predicts texts, tags or series.
        DataError: A target column is absent or has no usable value.
    """
    opened = model.path if isinstance(model, Run) else model
    loaded = _loaded(opened, components, runs)
    found = loaded.importance(
        table_of(data), rows=rows, shuffles=shuffles, header=header, columns=columns
    )
    if isinstance(opened, str | Path):
        keep_importance(opened, found, runs=runs, say=say)
    return found


def keep_importance(
    model: str | Path, found: "Importances", *, runs: str | Path = "runs", say: Say | None = None
) -> None:
    """Write `importance.json` of a run that has none.

    Args:
        model: What `load` takes; nothing is written where it names no run.
        found: What was measured.
        runs: The folder of all runs, for names.
        say: Called with a sentence on where it was written.
    """
    if not Run.named(model, Path(runs)):
        return
    path = Run.find(model, Path(runs)).path / "importance.json"
    if not path.is_file():
        Run(path.parent).write(path.name, {"part": None, **found.to_json()})
        _tell([f"Written to {path}"], say)


def audit(
    model: "str | Path | Run | Model",
    data: Any,
    *,
    by: Sequence[str] | None = None,
    target: str | None = None,
    positive: str | None = None,
    least: int = 50,
    output: str | Path | None = None,
    even_out: str | None = None,
    save: str | Path | None = None,
    header: bool = True,
    columns: Sequence[str] | None = None,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
) -> "Audit":
    """Whether a model treats groups of people alike, and how sure that is.

    A run keeps it as `fairness.json`, in place of an earlier one.

    Args:
        model: A run, a loaded model or what `load` takes.
        data: A table in any form that has the true values; best one that the model did not learn from.
        by: Columns that groups are told apart by, alone and two by two. They need not be inputs of the model. None
            takes those that seem to be about sex, race, age and the like.
        target: Which output, where the model has several.
        positive: The class that counts as chosen, where that is not the model's own positive one.
        least: Groups of fewer rows are shown and not judged.
        output: Write it as a page there, too: .html.
        even_out: Make a model of it that decides each group of `by` by a threshold of its own, chosen on these rows, so
            that groups are alike by `demographic_parity`, `equal_opportunity` or `equalized_odds`.
        save: The folder that it is written to. Judge it on other rows.
        header: As for `predict`.
        columns: As for `predict`.
        components: As for `load`.
        runs: The folder of all runs, for names.
        say: Called with a sentence on where it was written.

    Raises:
        ConfigError: There is no such column, output or class, or the output cannot be audited; or the page is no .html.
        DataError: The target is absent or has no usable value, or no column can be proposed.

    Example:
        >>> import crosstie
        >>> found = crosstie.audit("customers/latest", "customers.csv", by=["gender"])
        >>> found.by[0].criteria[0].name, found.by[0].criteria[0].verdict
        ('demographic_parity_difference', 'holds')
    """
    from crosstie.reports.audit import audit_blocks
    from crosstie.serving.audit import audit
    from crosstie.serving.audited import predicted_by

    _check_page(output)  # before rows are predicted, which may take long
    _check_evened(even_out, save, by)
    opened = model.path if isinstance(model, Run) else model
    loaded = _loaded(opened, components, runs)
    rows = predicted_by(
        loaded,
        table_of(data),
        target=target,
        positive=positive,
        header=header,
        columns=columns,
    )
    found = audit(rows, by, least=least)
    if even_out is not None and save is not None and by is not None:
        from crosstie.pipeline.evened import even_out_model

        even_out_model(loaded, rows, by, even_out, Path(save))
        _tell([f"Written to {save}: decides by {' and '.join(by)}. Judge it on other rows"], say)
    if isinstance(opened, str | Path) and Run.named(opened, Path(runs)):
        run = Run.find(opened, Path(runs))
        run.write("fairness.json", {**found.to_dict(), "blocks": audit_blocks(found)})
        _tell([f"Written to {run.path / 'fairness.json'}"], say)
    _write_page(found, output, say)
    return found


def audit_predictions(
    data: Any,
    *,
    target: str,
    prediction: str,
    probability: str | None = None,
    by: Sequence[str] | None = None,
    positive: str | None = None,
    least: int = 50,
    output: str | Path | None = None,
    say: Say | None = None,
) -> "Audit":
    """As `audit`, of predictions that stand in a table, whoever made them.

    Args:
        data: A table in any form.
        target: The column of true values.
        prediction: The column of predictions, written as the target is. Of two classes it may hold the probability of
            the positive one instead: 0.5 and more then count as predicted. What is neither class is wrong.
        probability: The column of the probability of the positive class, beside that of predictions.
        by: As for `audit`.
        positive: As for `audit`; None is the class that means yes, else the last in sorted order.
        least: As for `audit`.
        output: As for `audit`.
        say: As for `audit`.

    Raises:
        ConfigError: There is no such column or class.
        DataError: No row has a true and a predicted value, or no column can be proposed.

    Example:
        >>> import crosstie
        >>> rows = {"sex": ["m", "f"] * 100, "good": ["yes", "no", "no", "yes"] * 50, "said": ["yes", "no"] * 100}
        >>> found = crosstie.audit_predictions(rows, target="good", prediction="said")
        >>> found.by[0].criteria[0].least, found.by[0].criteria[0].value, found.by[0].criteria[0].verdict
        ('f', 1.0, 'fails')
    """
    from crosstie.serving.audit import audit
    from crosstie.serving.audited import predicted_in

    _check_page(output)
    rows = predicted_in(
        table_of(data),
        target=target,
        prediction=prediction,
        probability=probability,
        positive=positive,
    )
    found = audit(rows, by, least=least)
    _write_page(found, output, say)
    return found


def _check_evened(even_out: str | None, save: str | Path | None, by: Sequence[str] | None) -> None:
    from crosstie.evaluation.group_thresholds import EVENED  # numpy, 120 ms

    problems = []
    if even_out is None and save is not None:
        problems.append(Problem("even_out", f"say how the model is to be: {', '.join(EVENED)}"))
    if even_out is not None and even_out not in EVENED:
        what = f"{even_out!r} is no criterion; {nearest(even_out, EVENED)}"
        problems.append(Problem("even_out", what))
    if even_out is not None and save is None:
        problems.append(Problem("save", "give the folder that the evened out model is written to"))
    if even_out is not None and not by:
        problems.append(Problem("by", "name the columns by whose groups the model is to decide"))
    if save is not None and Path(save).exists():
        what = f"{save} is there already; give another name, or remove it"
        problems.append(Problem("save", what))
    if problems:
        raise ConfigError(problems)


def _check_page(output: str | Path | None) -> None:
    if output is not None and Path(output).suffix != ".html":
        raise ConfigError(
            f"{output}: an audit is written as a page; give a name that ends in .html"
        )


def _write_page(found: "Audit", output: str | Path | None, say: Say | None) -> None:
    if output is None:
        return
    from crosstie.data.files import write_text
    from crosstie.reports.audit import audit_page

    write_text(Path(output), audit_page(found))
    _tell([f"Written to {output}"], say)


def serve(
    model: "str | Path | Model",
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    insecure: bool = False,
    max_body: int = 16 << 20,
    max_rows: int = 10_000,
    explain_rows: int = 0,
    explain_samples: int = 32,
    timeout: float = 30.0,
    concurrency: int = 64,
    drain: float = 30.0,
    workers: int = 1,
    threads: int = 1,
    watch: bool = False,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
) -> None:
    """Answer requests over HTTP until a signal ends it: `crosstie serve` in Python.

    Args:
        model: A loaded model or what `load` takes.
        host: The address to listen on; one that others reach needs a token.
        port: 0 takes a free one.
        token: What requests must carry; None takes CROSSTIE_TOKEN of the environment, if that is set.
        insecure: Listen where others reach it without a token.
        max_body: Bytes of a request.
        max_rows: Rows of a request.
        explain_rows: Rows of a request that asks what columns add to predictions (POST /predict?explain); 0 answers none.
        explain_samples: Pairs of orders of columns that are walked for such a row at most: each asks the model of twice as
            many rows as there are columns.
        timeout: Seconds for a request to arrive, and again for its answer.
        concurrency: Requests that are answered at once; further ones are turned away.
        drain: Seconds that requests have to end after SIGTERM or SIGINT.
        workers: Processes that predict, each with the model; 1 is this one. One that is lost is replaced, and what it
            was asked is asked of another.
        threads: Processor threads of a prediction. More are quicker for large networks; a row of a small model takes
            twice the processor time with two.
        watch: Look each second for a new model where this one was found: in its folder, or by NAME/latest. It takes
            its place once it says of its example what it should, and no request is dropped. SIGHUP looks once.
        components: As for `load`.
        runs: The folder of all runs, for names.
        say: Called with one line, once requests may come: where, and where it is shown.

    Raises:
        ConfigError: Options cannot be so, or the address cannot be listened on; all that is wrong is named.
        MissingExtra: What serves is not installed.
    """
    try:
        from crosstie.serving.http.serve import serve as listen  # starlette, uvicorn: 200 ms
        from crosstie.serving.http.settings import Settings
        from crosstie.serving.http.swap import Place
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "serve", needed_for="serving") from None
    settings = Settings(
        host=host,
        port=port,
        token=token if token is not None else os.environ.get("CROSSTIE_TOKEN") or None,
        insecure=insecure,
        max_body=max_body,
        max_rows=max_rows,
        explain_rows=explain_rows,
        explain_samples=explain_samples,
        timeout=timeout,
        concurrency=concurrency,
        drain=drain,
        workers=workers,
        threads=threads,
        watch=watch,
    )
    settings.check()  # before a model is loaded
    loaded = (
        load(model, components=components, runs=runs, threads=threads)
        if isinstance(model, str | Path)
        else model
    )
    pointer = _pointer(model, Path(runs)) if isinstance(model, str | Path) else None
    place = Place(loaded.path, pointer) if loaded.path is not None else None
    listen(loaded, settings, place=place, say=say)


def _pointer(model: str | Path, runs: Path) -> Path | None:
    """The file that says which run NAME or NAME/latest is, if it was one of those that named a model."""
    for path in (Path(model), runs / model):
        if (path / "manifest.json").is_file():
            return None
        if path.is_file() and path.name in POINTERS:
            return path
        if (path / "latest").is_file():
            return path / "latest"
    return None


def runs(folder: str | Path = "runs", *, name: str | None = None) -> list[Run]:
    """Every run, oldest first; with `name`, only those of that model.

    Raises:
        RunError: There is no model of that name.
    """
    found = list_runs(Path(folder))
    if name is None:
        return found
    own = [run for run in found if run.path.parent.name == name]
    if not own:
        raise RunError(
            f"{name}: no runs of that name; {nearest(name, {r.path.parent.name for r in found})}"
        )
    return own


def prune(folder: str | Path = "runs", *, keep: int, name: str | None = None) -> list[Path]:
    """Remove all but the newest `keep` runs of each model (`best`, `latest`, running ones stay).

    Returns:
        The directories removed.
    """
    return prune_runs(Path(folder), keep=keep, name=name)


def report(
    *models: str | Path | Run,
    output: str | Path | None = None,
    card: bool = False,
    runs: str | Path = "runs",
) -> "Written":
    """Write the report of a run, or of several beside each other: `crosstie report` in Python.

    Args:
        models: Runs, or what names them.
        output: The file to write; None is `report.html` of the run, and of several in the current folder. The same
            as JSON lies beside it.
        card: Write a model card, `MODEL_CARD.md`, beside it, too; of one run.
        runs: The folder of all runs, for names.

    Returns:
        Where it is and what is in it; shows itself in a notebook.

    Raises:
        ConfigError: No run is given, or a card of several is asked for.
        RunError: There is no such run, a file of it is damaged, or it has no model to write a card of.

    Example:
        >>> import crosstie
        >>> written = crosstie.report("customers/latest", output="customers.html")
        >>> written.path.name, written.content["title"]
        ('customers.html', 'customers')
    """
    from crosstie.reports.write import write_report  # numpy, YAML: 150 ms

    if not models:
        raise ConfigError("report: no run is given; name one, such as crosstie report NAME/latest")
    if card and len(models) > 1:
        raise ConfigError(
            f"report: a card is of one model, got {len(models)} runs; give one of them"
        )
    found = [each if isinstance(each, Run) else Run.find(each, Path(runs)) for each in models]
    written = write_report(
        [each.path for each in found], Path(output) if output is not None else None
    )
    if not card:
        return written
    from crosstie.shipping.publish import write_card  # onnxruntime: 200 ms

    return replace(written, card=write_card(found[0], written.path.parent / "MODEL_CARD.md"))


def push(
    run: str | Path | Run,
    to: str | Path,
    *,
    private: bool = False,
    revision: str | None = None,
    message: str | None = None,
    license: str | None = None,
    allow_private: bool = False,
    dry_run: bool = False,
    runs: str | Path = "runs",
    progress: bool = False,
) -> "Pushed":
    """Publish a model: `crosstie push` in Python.

    Weights, the artifact, figures and a card are written; no row of the data, no path, no secret. What was written
    is taken wherever a model or a network to start from is.

    Args:
        run: A run, what names one, or a folder that an earlier call wrote.
        to: `hf://ORG/NAME` on the hub of published models, or a new folder.
        private: Only its owners may see it on the hub.
        revision: The branch of the hub to write to; made if it is not there.
        message: Of the commit.
        license: Of the weights, for the card.
        allow_private: Publish although the model holds words of private columns.
        dry_run: Only say which files there would be.
        runs: The folder of all runs, for names.
        progress: Show bars while files go up, on a terminal.

    Raises:
        ConfigError: `to` is no place, or an option does not go with it.
        HubError: There is no token, it may not write there, or the hub is not to be reached.
        RunError: There is no such run, it has no model, or the model holds words of private columns; or the folder
            is not empty.

    Example:
        >>> import crosstie
        >>> done = crosstie.push("customers/latest", "published")
        >>> done.model, "model/graph/0.onnx" in done.files
        ('published', True)
    """
    from crosstie.shipping.push import push as push_run  # onnxruntime, YAML: 300 ms

    if not isinstance(run, Run) and (Path(run) / "features.json").is_file():
        raise RunError(f"{run}: is a model alone; give the run it came from")

    return push_run(
        run if isinstance(run, Run) else Run.find(run, Path(runs)),
        str(to),
        private=private,
        revision=revision,
        message=message,
        licence=license,
        allow_private=allow_private,
        dry_run=dry_run,
        progress=progress,
    )


def package(
    model: str | Path | Run | None = None,
    output: str | Path = "dist",
    *,
    name: str | None = None,
    version: str | None = None,
    image: str | None = None,
    offline: bool = False,
    with_sample: bool = False,
    components: str | Path | None = None,
    runs: str | Path = "runs",
    say: Say | None = None,
) -> "Packaged":
    """Make a wheel of a model: `crosstie package` in Python.

    It holds the model and the code that predicts, and lists nothing that only training needs. Before it is given
    out it is installed in an environment of its own, where the model's example must be predicted as it was here.

    Args:
        model: A run, or what `load` takes; None is the newest finished run of the only model in `runs`.
        output: The folder to write into.
        name: What `pip` and `import` call it; None goes by the model's.
        version: Its version; None is the model's, "0.1.0" unless it was packaged before.
        image: Build a container image of this name, too, or leave what one is built from.
        offline: Write a folder with every wheel that it needs, too.
        with_sample: Show real training rows in its example in place of made-up ones; never private columns.
        components: The folder of your own feature types; None is the one that the run names.
        runs: The folder of all runs, for names.
        say: Called with a line before each step that takes time.

    Returns:
        What was written, its sizes, and what is wrong: with `problems` it must not be used.

    Raises:
        ArtifactError: The model is damaged, or needs an own feature type that is not here.
        ConfigError: A name or the version cannot be, or an own feature type cannot go into a wheel.
        RunError: There is no such run, or several models to choose from.

    Example:
        >>> import crosstie
        >>> done = crosstie.package("customers/latest", name="churn", version="1.2.0")
        >>> done.wheel.name, done.problems
        ('churn-1.2.0-py3-none-any.whl', ())
    """
    from crosstie.artifact.loading import load as open_artifact  # numpy, onnxruntime: 200 ms
    from crosstie.artifact.packed import is_wheel, unpacked
    from crosstie.data.rowwise.function import use_features
    from crosstie.shipping.chosen import chosen, own_features, own_folder, real_rows
    from crosstie.shipping.package import Order
    from crosstie.shipping.package import package as make

    if isinstance(model, Run):
        model = model.path
    source = chosen(Path(runs)).path if model is None else model
    folder = _place(source, Path(runs))
    own = own_folder(source, Path(runs)) if components is None else Path(components)
    if own is not None:
        _use(own)
    made = own_features(source, Path(runs)) if components is None else None
    if made is not None:
        use_features(made)
    if is_wheel(folder):
        folder = unpacked(folder)
    order = Order.of(
        open_artifact(folder),
        Path(output),
        name=name,
        version=version,
        image=image,
        offline=offline,
    )
    rows = real_rows(source, Path(runs)) if with_sample else None
    return make(folder, order, rows=rows, say=say or (lambda _: None))


def export(
    model: str | Path | Run,
    output: str | Path | None = None,
    *,
    format: str = "onnx",
    runs: str | Path = "runs",
) -> list[Path]:
    """Write only the graph of a model, or only its weights: `crosstie export` in Python.

    Args:
        model: A run, or what `load` takes.
        output: The folder to write; None is the model's name and the format.
        format: `onnx`, the graph, and beside it as JSON what goes in and comes out, with an example of both; or
            `safetensors`, the weights of a run's network or linear model.
        runs: The folder of all runs, for names.

    Returns:
        The files.

    Raises:
        ArtifactError: The model is damaged.
        ConfigError: There is no such format, or the folder is there.
        RunError: There is no such run, or it has no weights of that format.

    Example:
        >>> import crosstie
        >>> [each.name for each in crosstie.export("customers/latest", "bare")]
        ['model.json', 'model.onnx']
    """
    from crosstie.artifact.loading import read_json  # numpy, onnxruntime: 200 ms
    from crosstie.artifact.packed import is_wheel, unpacked
    from crosstie.shipping.export import export as write

    folder = _place(model.path if isinstance(model, Run) else model, Path(runs))
    if is_wheel(folder):
        folder = unpacked(folder)
    name = read_json(folder / "manifest.json")["name"]
    return write(folder, Path(f"{name}-{format}" if output is None else output), format)


def import_model(
    file: str | Path,
    output: str | Path,
    *,
    example: Any,
    task: str | None = None,
    labels: Sequence[str] | None = None,
    target: str = "target",
    name: str | None = None,
    graph_output: str | None = None,
    logits: bool = False,
) -> "Model":
    """Make a model of one that was trained elsewhere: `crosstie import` in Python.

    Nothing of the file is run as code, and the tool that wrote it need not be installed. Where it is, its own answers
    to the example are compared.

    Args:
        file: An ONNX graph (.onnx), LightGBM's text (`save_model("model.txt")`) or XGBoost's JSON
            (`save_model("model.json")`).
        output: The folder to write; it must not be there.
        example: Rows that the model was made for, in any form that `predict` takes: names and kinds of columns come
            from there. A column may be empty later on where it is in some row of them.
        task: `binary`, `category` or `number`; None for what the file says.
        labels: The names of the classes in the model's own order, of a binary one the negative first; None for what
            the file says.
        target: What is predicted is called so.
        name: The model's name; None for the file's.
        graph_output: Of an ONNX graph: the output that holds the prediction, where several may.
        logits: Whether that holds logits rather than probabilities.

    Returns:
        The model; its `notes` say how it was compared.

    Raises:
        ArtifactError: The file cannot be read, does what cannot be done here, or what was made of it answers otherwise.
        ConfigError: The folder is there, or task and labels do not fit the model.
        DataError: The example has not the columns that the model reads.
    """
    from crosstie.shipping.bring_in import Wanted, bring_in  # numpy, onnxruntime: 200 ms

    path = Path(file)
    wanted = Wanted(task, labels, target, name or path.stem)
    return bring_in(path, Path(output), example, wanted, graph_output=graph_output, logits=logits)


def wrap(
    estimator: Any,
    *,
    example: Any,
    task: str | None = None,
    labels: Sequence[str] | None = None,
    target: str = "target",
    name: str | None = None,
) -> "Model":
    """Make a model of a fitted estimator of this process: of scikit-learn, LightGBM or XGBoost.

    The estimator is turned into a graph, never pickled, and its answers to the example are compared with the graph's.

    Args:
        estimator: A classifier, a regressor, or a pipeline that ends in one.
        example: Rows as it was fitted on: a DataFrame, or an array, whose columns are then called x0, x1, …. A column
            may be empty later on where it is in some row of them.
        task: `binary`, `category` or `number`; None for what the estimator is.
        labels: The names of the classes in its own order; None for its `classes_`.
        target: What is predicted is called so.
        name: The model's name; None for the estimator's class.

    Returns:
        The model, until this process ends; `Model.save` keeps it in a folder.

    Raises:
        ArtifactError: It cannot be turned into a graph, or the graph answers otherwise.
        ConfigError: It is no estimator that predicts, or task and labels do not fit.
        DataError: The example is none that it can predict.
        MissingExtra: skl2onnx is not installed.
    """
    from crosstie.shipping.bring_in import Wanted  # numpy, onnxruntime: 200 ms
    from crosstie.shipping.wrap import wrap as wrapped

    called = name or type(estimator).__name__.lower()
    return wrapped(estimator, example, Wanted(task, labels, target, called))


def options(component: type, /, **given: Any) -> dict[str, Any]:
    """A component class with options, as an entry for any place of a model file that takes one.

    Args:
        component: A registered class: an encoder, combiner, decoder, loss, optimizer, …
        given: Its options.

    Returns:
        `{"type": its name, …}` with every default filled in.

    Raises:
        ConfigError: An option is unknown or its value is wrong.

    Example:
        >>> import crosstie
        >>> from crosstie.training.optimizers.sgd import SGD
        >>> crosstie.options(SGD, momentum=0.9)
        {'type': 'sgd', 'weight_decay': 0.0, 'momentum': 0.9, 'dampening': 0.0, 'nesterov': False}
    """
    from crosstie.config.document import Loose
    from crosstie.config.options import fill
    from crosstie.config.registry import name_of

    name = name_of(component)
    return {"type": name, **fill(component, given, Loose(name))}


def datasets(name: str | None = None) -> "list[Dataset]":
    """The datasets that come with Crosstie, or one of a name.

    Args:
        name: As for `crosstie.datasets.load`.

    Raises:
        DataError: There is none of that name.
    """
    from crosstie.datasets.load import load as load_dataset
    from crosstie.datasets.shipped import SHIPPED

    return list(SHIPPED) if name is None else [load_dataset(name)]


def doctor() -> dict[str, Any]:
    """What is installed, what is missing, and what to type."""
    return installation()


def _tell(lines: Sequence[str], say: Say | None) -> None:
    if say is not None:
        for line in lines:
            say(line)
