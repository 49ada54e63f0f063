"""`preprocessing:` of the whole table: which rows train, validate and test, and how many are used."""

from collections.abc import Mapping
from typing import Any

from crosstie.config.document import Place
from crosstie.config.options import ComponentOf, build
from crosstie.data.profile import ColumnProfile
from crosstie.data.split import Split, splits
from crosstie.errors import CrosstieError
from crosstie.features.feature import feature_types
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES, Preprocessing
from crosstie.pipeline.tables import Tables


def read_preprocessing(
    top: Mapping[str, Any], tables: Tables, findings: Findings
) -> dict[str, Any]:
    """`preprocessing:` of the whole table, filled; sections by feature type are `read_defaults`'s."""
    given = dict(top["preprocessing"] or {})
    place = findings.document.at("preprocessing")
    names = {*feature_types.names(), *OLD_TYPES}
    own = {key: each for key, each in given.items() if key not in names}
    if isinstance(own.get("split"), Mapping) and set(own["split"]) == {"probabilities"}:
        own["split"] = {"type": "random", **own["split"]}  # as in Ludwig
    if top["split"] is not None:
        if "split" in own:
            findings.wrong(
                findings.document.at("split"), "says the same as 'preprocessing.split'; keep one"
            )
        own.pop("split", None)
    filled = findings.section(Preprocessing, own, place)
    if top["split"] is not None:
        filled["split"] = findings.component(
            ComponentOf(splits), top["split"], findings.document.at("split")
        )
    separate: set[str] = {
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
            "time",
            "group",
        )
    }


def make_split(
    section: Mapping[str, Any] | None,
    tables: Tables,
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
) -> Split | None:
    """The split of the filled section; None where every part is a table of its own, or it cannot be made."""
    place = _split_place(findings)
    if not section or {place.path, place.path[:1]} & findings.broken:
        return None
    given = {key: each for key, each in section.items() if key != "type"}
    try:
        split: Split = build(splits.get(section["type"]), **given)
    except CrosstieError as error:
        for problem in error.problems:
            option = problem.where.rpartition(".")[2]
            findings.wrong(place.at(option) if option in given else place, problem.what)
        return None
    if tables.train is not None:
        for column in split.columns:
            findings.known(column, looks, place.at("column"), f"{tables.train.name} has no column")
    return split


def _usual_split(tables: Tables, separate: set[str], findings: Findings) -> dict[str, Any] | None:
    """70/10/20; a part that has a table of its own gets no share of the first.

    With a test table of its own, validation gets 500 rows, but at least 10 % and at most 20 %.
    """
    if separate == {"validation", "test"}:
        return None
    marker = ComponentOf(splits)
    place = findings.document.at("preprocessing", "split")
    given: dict[str, Any] = {"type": "random"}
    if separate == {"test"}:
        rows = 0 if tables.train is None else tables.train.rows
        held = round(max(0.1, min(0.2, 500 / max(rows, 1))), 3)  # as AutoGluon's holdout
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
