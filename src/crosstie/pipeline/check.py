"""From a document and its data to a plan; every mistake in either is told at once."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.config.document import Document, Place, copy_plain
from crosstie.config.options import ComponentOf, build
from crosstie.config.registry import use_project
from crosstie.data.profile import ColumnProfile, profile
from crosstie.data.read import Source
from crosstie.data.split import Split, splits
from crosstie.errors import ConfigError, CrosstieError, Problem, nearest
from crosstie.evaluation.metric import metrics
from crosstie.features.feature import feature_types
from crosstie.learners.learner import Learner, learners
from crosstie.pipeline.columns import Columns, Entry, resolve
from crosstie.pipeline.components import assemble, read_defaults
from crosstie.pipeline.doubts import doubts
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES, File, Preprocessing
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.sampling import Sampled
from crosstie.pipeline.tables import Tables, read_tables


def make_plan(
    document: Document,
    *,
    source: Source | Mapping[str, Source] | None = None,
    target: str | None = None,
    types: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> Plan:
    """Decide and check everything a run does.

    Args:
        document: The file; it stays as it is.
        source: The table, or tables by part ("train", "validation", "test"); None opens what `data:` names.
        target: The column to predict; goes before the file's.
        types: Types of columns, where inference is wrong; go before the file's.
        overrides: `trainer.epochs=3` and the like, as `--set` has them.

    Raises:
        ConfigError: All that is wrong with the file, the tables, and the two together.
    """
    document = document.copy()
    use_project(document.folder)
    for each in overrides:
        document.set(each)
    if target is not None:
        document.value["target"] = target
        document.replaced.add(("target",))
    findings = Findings(document)
    top = _top(findings)
    model_type, learner = _learner(top, findings)
    tables = read_tables(top.get("data"), source, findings)
    looks = profile(tables.train) if tables.train is not None else {}
    seen = _preprocessing(top, tables, findings)
    columns = resolve(
        top,
        looks,
        findings,
        table=tables.train.name if tables.train is not None else "the table",
        types=types or {},
        reserved=_reserved(top, seen["split"]),
    )
    _check_weight(top, looks, findings)
    _check_learner(columns, learner, model_type, findings)
    defaults = read_defaults(top, findings, learner=learner, model_type=model_type)
    built = assemble(
        columns, top, findings, learner=learner, model_type=model_type, defaults=defaults
    )
    trainer = _trainer(top, learner, findings)
    watched = _watched(columns, trainer, findings)
    thresholds = _thresholds(columns, findings)
    split = _split(seen["split"], tables, looks, findings)
    if tables.train is not None:
        doubts(columns, tables, looks, split, findings)
    if findings.problems:
        raise ConfigError(_in_order(findings))
    assert built.outputs, "no outputs is a problem that was raised"
    config = {
        "name": _name(top, document, tables),
        "version": 1,
        **({"data": tables.written} if tables.written is not None else {}),
        "model_type": model_type,
        "seed": top["seed"],
        **{key: top[key] for key in ("weight", "folds") if top[key] is not None},
        **({"private": top["private"]} if top["private"] else {}),
        "input_features": built.input_sections,
        "output_features": built.output_sections,
        "preprocessing": {key: each for key, each in seen.items() if each is not None},
        **(
            {"combiner": built.architecture["combiner"]}
            if learner and "combiner" in learner.sections
            else {}
        ),
        **({"trainer": trainer} if learner else {}),
    }
    sampled = Sampled.around(split, seen)
    return Plan(
        name=config["name"],
        config=_written(config, columns, document),
        data=tables.specs,
        inputs=tuple(built.inputs),
        outputs=tuple(built.outputs),
        architecture=built.architecture,
        split=sampled,
        model_type=model_type,
        trainer=trainer,
        metrics=watched,
        thresholds=thresholds,
        seed=top["seed"],
        weight=top["weight"],
        folds=top["folds"],
        oversample=seen["oversample_minority"],
        private=tuple(top["private"]),
        inferred=tuple(columns.inferred),
        excluded=tuple(columns.excluded),
        warnings=tuple(findings.warnings),
        profile=looks,
        sources=tables.sources,
    )


def _top(findings: Findings) -> dict[str, Any]:
    """The file's top level, filled; sections that are wrong are as if not written."""
    document = findings.document
    top = findings.section(File, document.value, document.at(), moved="file")
    wrong_free = findings.section(File, {}, document.at())
    top = {**wrong_free, **top}
    bad = [key for key in top if top[key] is None and wrong_free[key] is not None]
    top |= {key: wrong_free[key] for key in bad}
    backend = top["backend"]
    kind = backend.get("type") if isinstance(backend, Mapping) else backend
    if kind not in {None, "local"}:
        findings.wrong(
            document.at("backend"),
            f"the backend {kind!r} is not part of this version; there is 'local'",
        )
    elif isinstance(backend, Mapping):
        for key in backend:
            findings.known(key, ("type",), document.at("backend", key), "unknown option;")
    return top


def _learner(top: Mapping[str, Any], findings: Findings) -> tuple[str, type[Learner] | None]:
    """The model type, and its class; (auto, None) chooses later."""
    name = top["model_type"] or ("ecd" if top["input_features"] else "auto")
    if name == "auto":
        return name, None
    try:
        return name, learners.get(name)
    except ConfigError:
        choices = ["auto", *learners.names()]
        findings.wrong(
            findings.document.at("model_type"),
            f"{name!r} is no model_type; {nearest(name, choices)}",
        )
        return "auto", None


def _check_learner(
    columns: Columns, learner: type[Learner] | None, model_type: str, findings: Findings
) -> None:
    if learner is None:
        return
    for entry in columns.inputs:
        if entry.type and entry.type not in learner.uses:
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


def _trainer(
    top: Mapping[str, Any], learner: type[Learner] | None, findings: Findings
) -> dict[str, Any]:
    place = findings.document.at("trainer")
    if learner is None:
        if top["trainer"]:
            findings.wrong(
                place,
                "model_type auto chooses what learns and takes no trainer options; set model_type",
            )
        return {}
    return findings.section(trainer_options(learner), top["trainer"], place)


def trainer_options(learner: type[Learner]) -> type:
    """The class whose constructor is the schema of a learner's `trainer:` section."""
    ask = getattr(learner, "trainer_options", None)
    return ask() if ask else learner


def _preprocessing(top: Mapping[str, Any], tables: Tables, findings: Findings) -> dict[str, Any]:
    """`preprocessing:` of the whole table, filled; sections by feature type are `read_defaults`'s."""
    given = dict(top["preprocessing"] or {})
    place = findings.document.at("preprocessing")
    names = {*feature_types.names(), *OLD_TYPES}
    own = {key: each for key, each in given.items() if key not in names}
    if top["split"] is not None:
        if "split" in own:
            findings.wrong(
                findings.document.at("split"), "says the same as 'preprocessing.split'; keep one"
            )
        own.pop("split", None)
    filled = findings.section(Preprocessing, own, place, moved="preprocessing")
    if top["split"] is not None:
        filled["split"] = findings.component(
            ComponentOf(splits), top["split"], findings.document.at("split")
        )
    separate = {
        part for part in ("validation", "test") if part in tables.specs or part in tables.sources
    }
    if filled.get("split") is None:
        filled["split"] = _usual_split(tables, separate, findings)
    elif filled["split"]:
        _check_separate(filled["split"], separate, _split_place(findings), findings)
    return {
        key: filled.get(key)
        for key in (
            "split",
            "sample_ratio",
            "sample_size",
            "oversample_minority",
            "undersample_majority",
        )
    }


def _usual_split(tables: Tables, separate: set[str], findings: Findings) -> dict[str, Any] | None:
    """70/10/20; a part that has a table of its own gets no share of the first."""
    if separate == {"validation", "test"}:
        return None
    marker = ComponentOf(splits)
    place = findings.document.at("preprocessing", "split")
    given: dict[str, Any] = {"type": "random"}
    if separate == {"test"}:
        held = 0.2 if tables.train is None or tables.train.rows < 10_000 else 0.1
        given["probabilities"] = [1 - held, held, 0.0]
    elif separate == {"validation"}:
        given["probabilities"] = [0.8, 0.0, 0.2]
    return findings.component(marker, given, place)


def _check_separate(
    split: Mapping[str, Any], separate: set[str], place: Place, findings: Findings
) -> None:
    if separate == {"validation", "test"}:
        findings.wrong(place, "validation and test are tables of their own; leave the split out")
        return
    shares = split.get("probabilities")
    for index, part in enumerate(("train", "validation", "test")):
        if part in separate and isinstance(shares, list) and len(shares) == 3 and shares[index]:
            findings.wrong(
                place.at("probabilities", index),
                f"{part} is a table of its own; give it no share of the first, got {shares[index]}",
            )


def _split_place(findings: Findings) -> Place:
    short = "split" in findings.document.value
    return (
        findings.document.at("split") if short else findings.document.at("preprocessing", "split")
    )


def _split(
    section: Mapping[str, Any] | None,
    tables: Tables,
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
) -> Split | None:
    if not section:
        return None
    place = _split_place(findings)
    given = {key: each for key, each in section.items() if key != "type"}
    try:
        split: Split = build(splits.get(section["type"]), **given)
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(place, problem.what)
        return None
    if tables.train is not None:
        for column in split.columns:
            findings.known(column, looks, place.at("column"), f"{tables.train.name} has no column")
    return split


def _reserved(top: Mapping[str, Any], split: Mapping[str, Any] | None) -> dict[str, str]:
    """Columns that have another job than to be an input."""
    found = {}
    if isinstance(top["weight"], str):
        found[top["weight"]] = "holds the row weights"
    if split and split.get("type") == "fixed":
        found[split["column"]] = "says which part a row belongs to"
    return found


def _check_weight(
    top: Mapping[str, Any], looks: Mapping[str, ColumnProfile], findings: Findings
) -> None:
    for key, names in (
        ("weight", [top["weight"]] if top["weight"] else []),
        ("private", top["private"]),
    ):
        for index, name in enumerate(names):
            place = (
                findings.document.at(key) if key == "weight" else findings.document.at(key, index)
            )
            if looks:
                findings.known(name, looks, place, "no column")
    column = looks.get(top["weight"]) if top["weight"] else None
    if column is not None and (column.numbers < 1 or column.missing or (column.minimum or 0) < 0):
        findings.wrong(
            findings.document.at("weight"),
            f"row weights must be numbers of at least 0 in every row, but {column.name!r} has "
            f"{column.missing} missing, a smallest of {column.minimum}, and {column.numbers:.0%} numbers",
        )


def _watched(columns: Columns, trainer: Mapping[str, Any], findings: Findings) -> dict[str, str]:
    """Output to the metric that early stopping and comparisons go by."""
    found: dict[str, str] = {}
    first = columns.outputs[0].name if columns.outputs else ""
    asked = trainer.get("validation_metric")
    field = trainer.get("validation_field") or first
    if trainer.get("validation_field"):
        names = [entry.name for entry in columns.outputs]
        findings.known(
            field, names, findings.document.at("trainer", "validation_field"), "no output is called"
        )
    for entry in columns.outputs:
        place: Place = entry.place.at("metric")
        name = entry.section["metric"]
        if asked and entry.name == field and name is None:
            name, place = asked, findings.document.at("trainer", "validation_metric")
        name = name or entry.cls.defaults.metric
        findings.known(
            name,
            metrics.names(of=entry.type),
            place,
            f"no metric of a {entry.type} output is called",
        )
        found[entry.name] = name
    return found


def _thresholds(columns: Columns, findings: Findings) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for entry in columns.outputs:
        asked, place = entry.section["threshold"], entry.place.at("threshold")
        if asked is None:
            continue
        if entry.type not in {"binary", "set"}:
            findings.wrong(place, f"a {entry.type} output has no threshold; leave it out")
        elif isinstance(asked, str):
            findings.known(
                asked,
                metrics.names(of=entry.type),
                place,
                f"no metric of a {entry.type} output is called",
            )
        found[entry.name] = asked if isinstance(asked, str) else float(asked)
    return found


def _name(top: Mapping[str, Any], document: Document, tables: Tables) -> str:
    if top["name"]:
        return str(top["name"])
    path = Path(document.name)
    stem = path.name.split(".")[0]
    if not stem or stem in {"model", "config"}:
        stem = tables.stem or path.resolve().parent.name
    return re.sub(r"[^\w.-]+", "_", stem).strip("_") or "model"


def _in_order(findings: Findings) -> list[Problem]:
    """As they stand in the file; what has no line comes last, in the order it was found."""
    line = re.compile(rf"^{re.escape(findings.document.name)}:(\d+)")

    def key(problem: Problem) -> int:
        match = line.match(problem.where) if findings.document.name else None
        return int(match[1]) if match else 1 << 30

    return sorted(findings.problems, key=key)


def _written(config: dict[str, Any], columns: Columns, document: Document) -> dict[str, Any]:
    """The filled file with `${NAME}` where the file has it, and any other `${` escaped."""
    config = {
        key: each if key == "data" else _escaped(copy_plain(each)) for key, each in config.items()
    }
    rows = {"input_features": columns.inputs, "output_features": columns.outputs}
    for path, text in document.written.items():
        keys = list(path)
        if keys[0] == "data":
            continue
        if keys[0] in rows and len(keys) > 1:
            found = [
                index for index, entry in enumerate(rows[str(keys[0])]) if entry.index == keys[1]
            ]
            if not found:
                continue
            keys[1] = found[0]
        target: Any = config
        for key in keys[:-1]:
            target = target[key] if isinstance(target, list) or key in target else None
            if not isinstance(target, dict | list):
                break
        else:
            if isinstance(target, list) or keys[-1] in target:
                target[keys[-1]] = text
    return config


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return value
