"""From a document and its data to a plan; every mistake in either is told at once."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.config.document import Document, Place
from crosstie.config.options import build
from crosstie.data.postgres import without_password
from crosstie.data.profile import ColumnProfile
from crosstie.data.reader import NO_HEADER, TITLE
from crosstie.errors import ConfigError, Problem
from crosstie.learners.learner import Learner, able, learners
from crosstie.pipeline.auto import Auto, folds_of_search
from crosstie.pipeline.columns import resolve
from crosstie.pipeline.company import read_callbacks
from crosstie.pipeline.components import Built, assemble
from crosstie.pipeline.defaults import read_defaults
from crosstie.pipeline.doubts import doubts
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.fairness import read_fairness
from crosstie.pipeline.filled import as_written
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.judging import (
    read_costs,
    read_coverages,
    read_thresholds,
    read_uncalibrated,
    read_watched,
)
from crosstie.pipeline.mixing import check_mixing
from crosstie.pipeline.own import check_own_types, own_components
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.rowwise import make_rowwise
from crosstie.pipeline.sampling import Sampled
from crosstie.pipeline.sections import read_top, read_trainer, words
from crosstie.pipeline.splitting import make_split, read_preprocessing
from crosstie.pipeline.start import read_start
from crosstie.pipeline.tables import PARTS, PASSWORD, Opened, Tables
from crosstie.pipeline.tags import read_tags
from crosstie.pipeline.trial import (
    check_class_weights,
    check_freeze,
    check_layers,
    check_monotone,
    try_network,
    try_trainer,
)
from crosstie.pipeline.windowing import Purged, cut, read_windows
from crosstie.tuning.hyperopt import read_hyperopt


def make_plan(
    document: Document,
    *,
    source: Any = None,
    target: str | None = None,
    types: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
    opened: Opened | None = None,
) -> Plan:
    """Decide and check everything a run does.

    Args:
        document: The file; it stays as it is.
        source: A table in any form that `open_source` takes, or tables by part ("train", "validation", "test");
            they go before those that `data:` names. Their paths are relative to where one stands.
        target: The column to predict; goes before the file's.
        types: Types of columns, where inference is wrong; go before the file's.
        overrides: `trainer.epochs=3` and the like, as `--set` has them.
        opened: Keeps the tables and what they look like, for more plans of a file whose `data`, `features` and `private`
            stay as they are.

    Raises:
        ConfigError: All that is wrong with the file, the tables, and the two together.
    """
    document = document.copy()
    for each in overrides:
        document.set(each)
    if target is not None:
        document.value["target"] = target
        document.replaced.add(("target",))
    findings = Findings(document)
    own = own_components(findings)
    top = read_top(findings)
    model_type, learner = _learner(top, findings)
    earlier = read_start(findings, model_type) if model_type else None
    given = (
        source if isinstance(source, Mapping) and set(source) <= set(PARTS) else {"train": source}
    )
    tables = (opened := opened or Opened()).tables(
        top["data"], {part: each for part, each in given.items() if each is not None}, findings
    )
    findings.warnings += [note for each in tables.sources.values() for note in each.notes]
    seen = read_preprocessing(top, tables, findings)
    made = make_rowwise(top, seen, tables, findings)
    private = [*dict.fromkeys([*top["private"], *made.private])]
    looks = opened.looks(tables.train, private)
    columns = resolve(
        top,
        looks,
        findings,
        table=tables.train.name if tables.train is not None else "the table",
        types=types or {},
        reserved={**_reserved(top, seen["split"]), **made.reserved},
        before=earlier.types if earlier else {},
    )
    if tables.train is not None:
        read_tags(columns, tables.train, looks)
    check_names(top, looks, findings, tables, raw=made.raw)
    _check_balance(seen, columns, findings)
    check_own_types(columns, findings)
    if model_type == "auto" and _asks_for_network(top, columns) and _only_network(columns):
        model_type, learner = "ecd", learners.get("ecd")
        findings.warnings.append(
            "model_type auto: only a network (ecd) reads and predicts these columns, so its options are taken"
        )
    _check_learner(columns, learner, model_type, findings)
    defaults = read_defaults(top, findings, learner=learner, model_type=model_type)
    built = assemble(
        columns,
        top,
        findings,
        learner=learner,
        model_type=model_type,
        defaults=defaults,
        earlier=earlier,
    )
    trainer = read_trainer(top, learner, model_type, findings)
    callbacks = read_callbacks(top, findings)
    watched = read_watched(columns, trainer, findings)
    thresholds = read_thresholds(columns, findings)
    costs = read_costs(columns, findings)
    coverages = read_coverages(columns, findings)
    uncalibrated = read_uncalibrated(columns, findings)
    if learner is not None:
        _try(learner, trainer, columns, built, looks, findings, top=top)
    hyperopt = _hyperopt(top, findings)
    windows = read_windows(top, seen, columns, built, looks, findings)
    if windows is not None and made.rowwise is not None:
        findings.wrong(
            findings.document.at("features"),
            "row-wise features do not go together with windows of series yet; work them out in a step",
        )
    fairness = read_fairness(
        top,
        columns,
        looks,
        findings,
        rowwise=made.rowwise is not None,
        windows=windows is not None,
    )
    split = make_split(seen["split"], tables, looks, findings)
    if tables.train is not None:
        doubts(columns, tables, looks, split, findings)
    sampled = Sampled.around(split, seen)
    if windows is not None and not findings.problems:
        styles = cut(windows, tables, looks, built, findings)
        sampled = Purged(sampled, windows, styles)
    if findings.problems:
        _recall_header(tables, findings)
        raise ConfigError(in_order(findings))
    assert built.outputs, "no outputs is a problem that was raised"
    folds = top["folds"]
    if folds is None and model_type == "auto":
        folds = folds_of_search(build(Auto, **trainer), tables, split, built.outputs, looks)
    cache = cache_of(top, document)
    config = {
        "name": name_of(top, document, tables),
        "version": 1,
        **({"components": str(own)} if own is not None else {}),
        **({"features": str(made.path.resolve())} if made.path is not None else {}),
        **({"data": tables.written} if tables.written is not None else {}),
        "model_type": model_type,
        "seed": top["seed"],
        **({"weight": top["weight"]} if top["weight"] is not None else {}),
        **({"fairness": fairness.state()} if fairness is not None else {}),
        **({"folds": folds} if folds is not None else {}),
        **({"start_from": earlier.source} if earlier else {}),
        **({"private": top["private"]} if top["private"] else {}),
        **({"callbacks": callbacks} if callbacks else {}),
        **({"backend": {"type": "local", "cache_dir": str(cache)}} if cache else {}),
        "input_features": built.input_sections,
        "output_features": built.output_sections,
        "preprocessing": {key: each for key, each in seen.items() if each is not None},
        **(
            {"combiner": built.architecture["combiner"]}
            if learner and "combiner" in learner.sections
            else {}
        ),
        **({"trainer": trainer} if learner or model_type == "auto" else {}),
    }
    return Plan(
        name=config["name"],
        config=as_written(config, columns, document),
        data=tables.specs,
        inputs=tuple(built.inputs),
        outputs=tuple(built.outputs),
        architecture=built.architecture,
        split=sampled,
        model_type=model_type,
        trainer=trainer,
        metrics=watched,
        thresholds=thresholds,
        coverages=coverages,
        costs=costs,
        uncalibrated=uncalibrated,
        seed=top["seed"],
        weight=top["weight"],
        fairness=fairness,
        folds=folds,
        oversample=seen["oversample_minority"],
        earlier=earlier,
        private=tuple(private),
        callbacks=tuple(callbacks),
        cache=cache or Path(".crosstie"),
        inferred=tuple(columns.inferred),
        excluded=tuple(columns.excluded),
        warnings=tuple(findings.warnings),
        windows=windows,
        rowwise=made.rowwise,
        told=made.told,
        hyperopt=hyperopt,
        profile=looks,
        sources=tables.sources,
    )


def _hyperopt(top: Mapping[str, Any], findings: Findings) -> dict[str, Any] | None:
    """The filled section of a search; what is wrong with it is noted."""
    if top["hyperopt"] is None:
        return None
    filled, problems = read_hyperopt(top["hyperopt"], findings.document.at("hyperopt"))
    for each in problems:
        findings.wrong(each.where, each.what)
    path = ("hyperopt", "executor", "storage")
    address = filled.get("executor", {}).get("storage")
    if address and path not in findings.document.written and without_password(address) != address:
        findings.wrong(findings.document.at(*path), PASSWORD)
    return filled


def _recall_header(tables: Tables, findings: Findings) -> None:
    """Names that are not there may be those of a table without a header line, or below its title."""
    notes = tables.train.notes if tables.train is not None else []
    if any("has no column" in problem.what for problem in findings.problems):
        findings.problems += [
            Problem("", note) for note in notes if NO_HEADER in note or TITLE in note
        ]


def _learner(top: Mapping[str, Any], findings: Findings) -> tuple[str, type[Learner] | None]:
    """The model type, and its class; ("auto", None) chooses later, ("", None) is a mistake that was noted."""
    network = top["input_features"] or top["start_from"]
    name = top["model_type"] or ("ecd" if network else "auto")
    if name == "auto":
        return name, None
    try:
        return name, learners.get(name)
    except ConfigError:
        findings.wrong(
            findings.document.at("model_type"),
            f"{name!r} is no model_type; {learners.hint(name, also=('auto',))}",
        )
        return "", None


def _asks_for_network(top: Mapping[str, Any], columns: Columns) -> bool:
    """Whether the file says anything of how to learn."""
    parts = ("encoder", "decoder", "loss", "augmentation", "tied", "dependencies")
    entries = [*columns.inputs, *columns.outputs]
    written = any(entry.section.get(part) for entry in entries for part in parts)
    trainer = set(top.get("trainer") or {}) - words(Auto).keys()
    return written or bool(trainer) or any(top.get(section) for section in ("combiner", "defaults"))


def _only_network(columns: Columns) -> bool:
    """Whether no other learner reads these inputs and predicts these outputs."""
    if not all(entry.type for entry in (*columns.inputs, *columns.outputs)):
        return False  # some type is a mistake, which was noted
    inputs = {entry.cls.acts_as() for entry in columns.inputs}
    return able(inputs, [entry.type for entry in columns.outputs]) == ["ecd"]


def _check_learner(
    columns: Columns, learner: type[Learner] | None, model_type: str, findings: Findings
) -> None:
    if learner is None:
        return
    for entry in columns.inputs:
        if entry.type and entry.cls.acts_as() not in learner.uses:
            findings.wrong(
                _type_place(entry),
                f"a {model_type} model cannot read the {entry.type} column {entry.column!r}; "
                "exclude it, or set model_type: ecd",
            )
    for entry in columns.outputs:
        if entry.type and entry.type not in learner.predicts:
            findings.wrong(
                _type_place(entry),
                f"a {model_type} model cannot predict the {entry.type} column {entry.column!r}; "
                "set model_type: ecd",
            )
    if len(columns.outputs) > 1 and not learner.many:
        findings.wrong(
            findings.document.at(
                "target" if findings.document.value.get("target") else "output_features"
            ),
            f"a {model_type} model predicts one column, got {len(columns.outputs)}; set model_type: ecd",
        )


def _type_place(entry: Entry) -> Place:
    return entry.place.at("type") if entry.section["type"] else entry.place


def _try(
    learner: type[Learner],
    trainer: Mapping[str, Any],
    columns: Columns,
    built: Built,
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
    *,
    top: Mapping[str, Any],
) -> None:
    """What only building the parts, or looking at classes and columns, tells of their options."""
    if ("trainer",) not in findings.broken:
        try_trainer(learner, trainer, findings)
    if "combiner" in learner.sections:
        check_layers(columns, built, top, findings)
        try_network(columns, built, looks, findings)
    check_class_weights(trainer, columns, looks, findings)
    check_monotone(trainer, columns, findings)
    check_freeze(trainer, columns, built, findings)
    check_mixing(trainer, columns, findings)
    field = trainer.get("bucketing_field")
    texts = [entry.name for entry in columns.inputs if getattr(entry.cls, "kind", "") == "tokens"]
    if field is not None:
        findings.known(
            field,
            texts,
            findings.document.at("trainer", "bucketing_field"),
            "no text, sequence, set or bag input is called",
        )


def _reserved(top: Mapping[str, Any], split: Mapping[str, Any] | None) -> dict[str, str]:
    """Columns that have another job than to be an input."""
    found = {}
    if isinstance(top["weight"], str):
        found[top["weight"]] = "holds the row weights"
    if split and split.get("type") == "fixed":
        found[split["column"]] = "says which part a row belongs to"
    return found


def check_names(
    top: Mapping[str, Any],
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
    tables: Tables,
    *,
    raw: Sequence[str],
) -> None:
    """Columns named at the top level: the row weights, and those that are private."""
    for key, names in (
        ("weight", [top["weight"]] if top["weight"] else []),
        ("private", top["private"]),
    ):
        for index, name in enumerate(names):
            place = (
                findings.document.at(key) if key == "weight" else findings.document.at(key, index)
            )
            if tables.train is not None:
                choices = {*looks, *raw} if key == "private" else looks
                findings.known(name, choices, place, f"{tables.train.name} has no column")
    column = looks.get(top["weight"]) if top["weight"] else None
    if column is not None and (column.numbers < 1 or column.missing or (column.minimum or 0) < 0):
        findings.wrong(
            findings.document.at("weight"),
            f"row weights must be numbers of at least 0 in every row, but {column.name!r} has "
            f"{column.missing} missing, a smallest of {column.minimum}, and {column.numbers:.0%} numbers",
        )


def _check_balance(seen: Mapping[str, Any], columns: Columns, findings: Findings) -> None:
    first = columns.outputs[0] if columns.outputs else None
    for key in ("oversample_minority", "undersample_majority"):
        if seen[key] is not None and first is not None and first.type != "binary":
            findings.wrong(
                findings.document.at("preprocessing", key),
                f"balances the two classes of a binary output, but {first.name!r} is a {first.type}; leave it out",
            )


def cache_of(top: Mapping[str, Any], document: Document) -> Path | None:
    """The folder of caches that the file names, if it does."""
    named = top["backend"].get("cache_dir")
    return (document.folder / named).resolve() if named else None


def name_of(top: Mapping[str, Any], document: Document, tables: Tables) -> str:
    """What the model is called: as the file says, else as the file or the table is."""
    if top["name"]:
        return str(top["name"])
    path = Path(document.name)
    stem = path.name.split(".")[0]
    if not stem or stem in {"model", "config"}:
        stem = tables.stem or path.resolve().parent.name
    return re.sub(r"[^\w.-]+", "_", stem).strip("_") or "model"


def in_order(findings: Findings) -> list[Problem]:
    """As they stand in the file; what has no line comes last, in the order it was found."""
    line = re.compile(rf"^{re.escape(findings.document.name)}:(\d+)")

    def key(problem: Problem) -> int:
        match = line.match(problem.where) if findings.document.name else None
        return int(match[1]) if match else 1 << 30

    return sorted(findings.problems, key=key)
