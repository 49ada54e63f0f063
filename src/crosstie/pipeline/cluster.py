"""Rows grouped, from start to end: encode, find groups, let a graph assign every row, describe, save.

The same features make points of rows as make inputs of models, and the graph that assigns the rows of the table assigns
every later one.
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings
from crosstie.artifact.runtime import Graph
from crosstie.artifact.saving import save
from crosstie.clustering.choose import Choice, Rows, choose
from crosstie.clustering.differences import Looked, differences, sentence
from crosstie.clustering.grouping import Grouping
from crosstie.clustering.space import Space
from crosstie.clustering.words import verdict
from crosstie.data.batch import Batch
from crosstie.data.notebook import notebook
from crosstie.data.read import Source
from crosstie.data.table import Table
from crosstie.data.write import TableWriter
from crosstie.features.category import Category
from crosstie.features.number import Number
from crosstie.features.preprocessor import Preprocessor
from crosstie.learners.graph import GraphWriter
from crosstie.pipeline.cluster_plan import Clustering
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import ROWS_AT_ONCE, Prepared, assign, prepare
from crosstie.pipeline.run import Run
from crosstie.pipeline.train import begin, note_failure, now, odd_cells, scratch_of
from crosstie.reports.numbers import count, share
from crosstie.reports.write import write_report

FITTED = 100_000  # rows that groups are fitted on; more do not move them
DESCRIBED = 5000  # rows that groups are compared by
SHOWN = 20  # columns that are told
NONE = "none"
FILE = "groups.json"


@dataclass(frozen=True)
class Grouped:
    """What came of grouping the rows of a table.

    Attributes:
        run: Its run.
        content: As `groups.json` of the run.
    """

    run: Run
    content: Mapping[str, Any] = field(repr=False)

    @property
    def clear(self) -> bool:
        """Whether there are groups at all, rather than one way of many to part the rows."""
        return bool(self.content["clear"])

    @property
    def verdict(self) -> str:
        """Whether there are groups and how many, in a sentence with the figures."""
        return str(self.content["verdict"])

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        """Of each its `group`, `rows`, `share`, what is different in `text`, and all `differences`."""
        found: Sequence[Mapping[str, Any]] = self.content["found"]
        return found

    def _repr_html_(self) -> str:
        rows = [
            (each["group"], str(each["rows"]), share(each["share"]), each["text"])
            for each in self.groups
        ]
        return notebook(self.verdict, ["group", "rows", "share", "what is different"], rows)


def cluster(plan: Plan, asked: Clustering, run: Run, journal: Journal) -> Grouped:
    """Group the rows of a plan; leave a complete run directory.

    Args:
        plan: What to group by.
        asked: How.
        run: An empty run directory.
        journal: Told of each step.

    Raises:
        DataError: The rows cannot be grouped so.
    """
    started = time.perf_counter()
    begin(run, plan)
    scratch = scratch_of(run, plan)
    try:
        run.note(warnings=list(plan.warnings))
        for line in [*plan.told, *plan.warnings]:
            journal.say(line)
        prepared = prepare(plan, assign(plan), folder=scratch)
        content = _group(plan, asked, run, prepared, journal)
    except BaseException as error:
        note_failure(run, plan, error)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    run.note(
        exit="done",
        ended=now(),
        seconds=round(time.perf_counter() - started, 3),
        learner=asked.method,
    )
    write_report([run.path])
    return Grouped(run, content)


def _group(
    plan: Plan, asked: Clustering, run: Run, prepared: Prepared, journal: Journal
) -> dict[str, Any]:
    batch = prepared.batches["train"]
    for line in _told(plan, prepared):
        journal.say(line)
    some = batch
    if len(batch) > FITTED:
        rng = np.random.default_rng(plan.seed)
        some = batch.take(np.sort(rng.choice(len(batch), FITTED, replace=False)))
    yes_or_no = {each.name for each in plan.inputs if each.acts_as() == "binary"}
    space = Space.fit(prepared.layout, some, binary=yes_or_no, seed=plan.seed)
    points = space.array(some)
    journal.say(_searching(asked))
    choice = choose(
        Rows(points, space.lumpy, space.inputs, plan.seed),
        asked.method,
        groups=asked.groups,
        most=asked.most,
    )
    grouping = choice.grouping
    if not grouping.groups:
        codes = np.zeros(len(batch), np.int64)
        labels = [NONE]
    else:
        sizes = np.bincount(np.maximum(grouping.assign(points), 0), minlength=grouping.groups)
        grouping = grouping.ordered(np.argsort(-sizes, kind="stable").tolist())
        labels = [*map(str, range(1, grouping.groups + 1)), *([NONE] if grouping.loose else [])]
        codes = _save(plan, run, prepared, space, grouping, labels, journal)
    content = _content(plan, asked, choice, prepared, labels, codes)
    run.write(FILE, content)
    figures = {"groups": grouping.groups, "stability": choice.stability}
    if choice.best.silhouette is not None:
        figures["silhouette"] = choice.best.silhouette
    run.write("metrics.json", {"train": {"group": figures}})
    return content


def _told(plan: Plan, prepared: Prepared) -> list[str]:
    """What a person should know of the rows and columns before they are grouped."""
    rows = len(prepared.batches["train"])
    columns = ", ".join(each.column for each in plan.inputs[:SHOWN])
    more = len(plan.inputs) - SHOWN
    columns += f" and {more} more" if more > 0 else ""
    lines = [f"{count(rows, 'row')} by {count(len(plan.inputs), 'column')}: {columns}"]
    lines += [f"left out: {each.column!r}, {each.why}" for each in plan.excluded]
    dropped = prepared.dropped["train"]
    if dropped:
        lines.append(f"left out: {count(dropped, 'row')} with a value that may not be missing")
    return [*lines, *odd_cells(prepared)]


def _searching(asked: Clustering) -> str:
    if asked.groups is not None:
        return f"{asked.method}: looking for {asked.groups} groups"
    most = "" if asked.method == "hdbscan" else f", at most {asked.most}"
    return f"{asked.method}: looking for how many groups there are{most}"


def _save(
    plan: Plan,
    run: Run,
    prepared: Prepared,
    space: Space,
    grouping: Grouping,
    labels: Sequence[str],
    journal: Journal,
) -> NDArray[np.int64]:
    """Write the model, and what its graph says of every row; that as places in `labels`, `[rows]`."""
    if grouping.loose:
        members = len(grouping.arrays()["members"])
        journal.say(
            f"{plan.model_type}: the model holds {count(members, 'row')}, as numbers; who has it can read them"
        )
    batch = prepared.batches["train"]
    names = _names(prepared.preprocessor)
    graph = run.path / "graph.onnx"
    fitted = _with_outputs(prepared.preprocessor, names, labels, [1] * len(labels), [0.0, 1.0])
    writer = GraphWriter(fitted.layout)
    belongs, far = grouping.add(writer, space.add(writer))
    group, distance = fitted.layout.outputs
    writer.output(group.array, writer.cast(belongs, np.float32), width=len(labels))
    writer.output(distance.array, writer.flat(writer.cast(far, np.float32)), width=None)
    writer.write(graph)
    said = _asked(Graph(graph), batch)
    codes: NDArray[np.int64] = said[group.array].argmax(axis=1)
    counts = np.bincount(codes, minlength=len(labels)).tolist()
    fitted = _with_outputs(prepared.preprocessor, names, labels, counts, said[distance.array])
    save(
        run.model,
        name=plan.name,
        members=[(fitted, graph)],
        settings=dict.fromkeys(names, OutputSettings()),
        about={"run": run.path.name, "learner": plan.model_type},
        seed=plan.seed,
        missing=plan.sources["train"].missing,
        reading=plan.sources["train"].reading,
        private=plan.private,
        rowwise=None
        if plan.rowwise is None
        else plan.rowwise.only({each.column for each in fitted.inputs}),
    )
    graph.unlink()
    _write_arrays(run.path / "network", {**space.arrays(), **grouping.arrays()})
    outputs = dict(zip(fitted.layout.outputs, fitted.outputs, strict=True))
    with TableWriter(run.path / "predictions" / "train.parquet") as writing:
        for start in range(0, len(batch), ROWS_AT_ONCE):
            piece = slice(start, start + ROWS_AT_ONCE)
            columns: dict[str, Any] = {"row": prepared.rows["train"][piece]}
            for place, feature in outputs.items():
                decoded = feature.decode(said[place.array][piece])
                columns |= {f"{feature.name}_{key}": each for key, each in decoded.items()}
            writing.append(columns)
    return codes


def _asked(graph: Graph, batch: Batch) -> dict[str, NDArray[Any]]:
    """What a graph says of all rows."""
    pieces = [
        graph.run(batch.take(slice(start, start + ROWS_AT_ONCE)).inputs)
        for start in range(0, len(batch), ROWS_AT_ONCE)
    ]
    return {name: np.concatenate([each[name] for each in pieces]) for name in pieces[0]}


def _names(preprocessor: Preprocessor) -> tuple[str, str]:
    """What the outputs are called: as no input is."""
    taken = {name for each in preprocessor.inputs for name in (each.name, each.column)}

    def free(name: str) -> str:
        while name in taken:
            name += "_"
        return name

    return free("group"), free("distance")


def _with_outputs(
    preprocessor: Preprocessor,
    names: tuple[str, str],
    labels: Sequence[str],
    counts: Sequence[int],
    distances: Any,
) -> Preprocessor:
    """The fitted inputs, and as outputs the group and how far a row is from it."""
    state, arrays = preprocessor.state()
    group = Category(names[0])
    distance = Number(names[1], normalization=None)
    levels = {
        "options": group.options(),
        "fitted": {"levels": list(labels), "mode": labels[int(np.argmax(counts))]},
    }
    amounts = {
        "options": distance.options(),
        "fitted": {
            "mean": float(np.mean(distances)),
            "spread": float(np.std(distances)),
            "least": float(np.min(distances)),
            "most": float(np.max(distances)),
            "whole": False,
            "bounds": None,
            "scaling": {"shift": 0.0, "scale": 1.0},
        },
    }
    outputs = [
        {"name": names[0], "type": "category", **levels},
        {"name": names[1], "type": "number", **amounts},
    ]
    known = {**arrays, f"{names[0]}.counts": np.array(counts, np.int64)}
    return Preprocessor.from_state({**state, "outputs": outputs}, known)


def _write_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """What was learned, for who wants to go on with it: `network/model.safetensors`."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: np.ascontiguousarray(each) for name, each in arrays.items()}
    save_file(whole, folder / "model.safetensors")


def _content(
    plan: Plan,
    asked: Clustering,
    choice: Choice,
    prepared: Prepared,
    labels: Sequence[str],
    codes: NDArray[np.int64],
) -> dict[str, Any]:
    """What `groups.json` holds."""
    rows = prepared.rows["train"]
    drawn = np.arange(len(rows))
    if len(rows) > DESCRIBED:
        rng = np.random.default_rng(plan.seed)
        drawn = np.sort(rng.choice(len(rows), DESCRIBED, replace=False))
    columns = _looked(plan, prepared, rows[drawn])
    wordless = [each.column.name for each in columns if each.form == "vector"]
    counts = np.bincount(codes, minlength=len(labels))
    found = []
    for place, label in enumerate(labels):
        if label == NONE and not counts[place]:
            continue
        different = differences(columns, codes[drawn] == place)
        found.append(
            {
                "group": label,
                "rows": int(counts[place]),
                "share": float(counts[place] / len(codes)),
                "text": sentence(different, wordless=wordless),
                "differences": [each.to_json() for each in different],
            }
        )
    return {
        "method": asked.method,
        "groups": choice.grouping.groups,
        "asked": asked.groups,
        "clear": choice.clear,
        "verdict": verdict(choice, method=asked.method, asked=asked.groups),
        "rows": len(codes),
        "found": found,
        "evidence": {
            "rows": choice.judged,
            "chosen": choice.chosen,
            "excess": choice.excess,
            "bound": choice.bound,
            "tried": [each.to_json() for each in choice.tried],
        },
    }


def _looked(plan: Plan, prepared: Prepared, rows: NDArray[np.int64]) -> list[Looked]:
    """The columns of some rows that groups are compared by: those that nobody keeps private."""
    preprocessor = prepared.preprocessor
    inputs = [each for each in preprocessor.inputs if each.column not in plan.private]
    table = _taken(plan.sources["train"], [each.column for each in inputs], rows)
    found = []
    for feature in inputs:
        column = preprocessor.column(table, feature)
        ids = feature.encode(column) if feature.kind == "tokens" else None
        if ids is not None and ids.ndim > 2:
            ids = ids[:, :, 0]  # behind it stand ids of letters, or places of words
        found.append(Looked(column, feature.reads, ids, feature.words if ids is not None else ()))
    return found


def _taken(source: Source, columns: Sequence[str], rows: NDArray[np.int64]) -> Table:
    """Some rows of a table, in order."""
    pieces, start = [], 0
    for table in source.chunks(ROWS_AT_ONCE, list(dict.fromkeys(columns))):
        own = rows[(rows >= start) & (rows < start + len(table))] - start
        if len(own):
            pieces.append(table.take(own))
        start += len(table)
    return Table.concat(pieces, list(dict.fromkeys(columns)))
