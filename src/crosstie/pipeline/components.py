"""The features of a plan and the sections of its network, made from what entries say and what nobody wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crosstie.config.options import build, check, options
from crosstie.errors import CrosstieError
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.learners.learner import Learner
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import WIRING
from crosstie.pipeline.letters import letters
from crosstie.pipeline.links import check_dependencies, ties
from crosstie.pipeline.parts import (
    read_augmentation,
    read_combiner,
    read_parts,
    readable,
    required_options,
)
from crosstie.pipeline.start import Earlier
from crosstie.pipeline.tokenwise import read_tokens


@dataclass
class Built:
    """Features and network of a plan, and how the filled file shows them."""

    inputs: list[Feature] = field(default_factory=list)
    outputs: list[OutputFeature] = field(default_factory=list)
    architecture: dict[str, Any] = field(default_factory=dict)
    input_sections: list[dict[str, Any]] = field(default_factory=list)
    output_sections: list[dict[str, Any]] = field(default_factory=list)


def assemble(
    columns: Columns,
    top: Mapping[str, Any],
    findings: Findings,
    *,
    learner: type[Learner] | None,
    model_type: str,
    defaults: Mapping[str, Mapping[str, Any]],
    earlier: Earlier | None = None,
) -> Built:
    """Construct the features and fill the network's sections.

    Args:
        columns: Which features there are.
        top: The file's filled top level.
        findings: Gets what is wrong.
        learner: The one that `model_type` names; None for auto, where only names are filled in (torch, 2 s,
            is not imported for options that nobody wrote).
        model_type: What messages call it.
        defaults: Sections by feature type, as `read_defaults` gives them.
        earlier: The network that this one begins with: what nobody wrote is as in it.
    """
    built = Built()
    sources = read_tokens(
        columns, findings, learner=learner, model_type=model_type, defaults=defaults
    )
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    roots = ties(columns.inputs, findings)
    written = {entry.name: entry for entry in columns.inputs}
    if earlier is not None:
        top = _as_before(columns, top, earlier, learner)
    for entry in columns.inputs:
        root = written[roots.get(entry.name, entry.name)]
        if root is not entry:
            readable("encoder", entry.place.at("tied"), findings, learner, model_type)
            entry = replace(  # noqa: PLW2901 - as if it had written what the other has
                entry,
                place=root.place,
                section={**root.section, "name": entry.name, "column": entry.section["column"]},
            )
        parts = read_parts(
            entry,
            ("encoder",),
            findings,
            learner,
            model_type,
            defaults,
            usual=sources.encoder(entry, defaults),
        )
        parts |= read_augmentation(entry, parts, findings, learner, model_type)
        together = {each for each in written if roots.get(each, each) == root.name}
        words = entry.type == "sequence" or not together.isdisjoint(sources.tagged)
        required = required_options(entry, parts, learner, words=words)
        bag = parts.get("encoder", {}).get("type", "embed") == "embed"
        usual = {
            **_spelling(
                entry, defaults, required, bag=bag and entry.name not in sources.of.values()
            ),
            **sources.preprocessing(entry, findings, required),
        }
        filled = _preprocessing(
            entry, findings, defaults, output=False, required=required, usual=usual
        )
        feature = _construct(entry, filled, findings)
        tied = {"tied": root.name} if root.name != entry.name else {}
        if feature is not None:
            feature.tied = tied.get("tied", "")
            built.inputs.append(feature)
        built.input_sections.append(
            {**_head(entry), "preprocessing": filled, **_shown(parts, learner), **tied}
        )
        inputs[entry.name] = {"type": entry.cls.acts_as(), **parts, **tied}
    for entry in columns.outputs:
        parts = read_parts(entry, ("decoder", "loss"), findings, learner, model_type, defaults)
        if entry.name in sources.of and parts.get("decoder"):
            parts["decoder"] = {**parts["decoder"], "input": sources.of[entry.name]}
        usual = {
            **getattr(entry.cls, "usual", {}),
            **_spelling(entry, defaults, {}, bag=False),
        }
        filled = _preprocessing(entry, findings, defaults, output=True, required={}, usual=usual)
        feature = _construct(entry, filled, findings)
        if feature is not None:
            assert isinstance(feature, OutputFeature)
            sources.connect(feature)
            built.outputs.append(feature)
        dependencies = list(entry.section["dependencies"])
        shown = {"dependencies": dependencies} if dependencies else {}
        shown |= {
            key: entry.section[key]
            for key in ("metric", "threshold", "coverage", "calibration")
            if entry.section[key] is not None
        }
        built.output_sections.append(
            {**_head(entry), "preprocessing": filled, **_shown(parts, learner), **shown}
        )
        outputs[entry.name] = {"type": entry.type, **parts, "dependencies": dependencies}
    check_dependencies(columns.outputs, findings, learner, model_type)
    built.architecture = {
        "inputs": inputs,
        "combiner": read_combiner(top, findings, learner, model_type),
    }
    built.architecture["outputs"] = outputs
    return built


def _as_before(
    columns: Columns,
    top: Mapping[str, Any],
    earlier: Earlier,
    learner: type[Learner] | None,
) -> Mapping[str, Any]:
    """Let entries say what nobody wrote as the earlier network has it; the top level with its combiner."""
    for role, entries, part in (
        ("inputs", columns.inputs, "encoder"),
        ("outputs", columns.outputs, "decoder"),
    ):
        for entry in entries:
            options_then = earlier.options(role, entry.name, entry.type)
            only = entry.cls.input_only if role == "outputs" else ()
            unknown = (*only, *entry.cls.folders)  # where folders are now, the encoder says
            options_then = {k: each for k, each in options_then.items() if k not in unknown}
            entry.section["preprocessing"] = {
                **options_then,
                **(entry.section["preprocessing"] or {}),
            }
            then = earlier.section(role, entry.name, entry.cls.acts_as(), part)
            if entry.section[part] is None and then and not entry.section.get("tied"):
                entry.section[part] = then
    combiner = dict(earlier.architecture["combiner"])
    return top if top.get("combiner") else {**top, "combiner": combiner}


def _construct(entry: Entry, filled: Mapping[str, Any], findings: Findings) -> Feature | None:
    """The feature; None if its options do not go together, which is noted."""
    try:
        return build(entry.cls, entry.name, column=entry.column, **filled)
    except CrosstieError as error:
        for problem in error.problems:
            option = problem.where.rpartition(".")[2]
            place = entry.place.at("preprocessing")
            findings.wrong(place.at(option) if option in filled else place, problem.what)
        return None


def _head(entry: Entry) -> dict[str, Any]:
    column = {"column": entry.column} if entry.column != entry.name else {}
    return {"name": entry.name, **column, "type": entry.type}


def _shown(parts: Mapping[str, Any], learner: type[Learner] | None) -> dict[str, Any]:
    """The parts that the filled file has: those that the learner reads."""
    return {
        key: each for key, each in parts.items() if learner is not None and key in learner.sections
    }


def _preprocessing(
    entry: Entry,
    findings: Findings,
    defaults: Mapping[str, Mapping[str, Any]],
    *,
    output: bool,
    required: Mapping[str, Any],
    usual: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The filled options of the feature type's constructor; `usual` goes before its own defaults."""
    place = entry.place.at("preprocessing")
    given = entry.section["preprocessing"] or {}
    only = entry.cls.input_only if output else entry.cls.output_only
    other, this = ("an input", "an output") if output else ("an output", "an input")
    for key in [key for key in given if key in only]:
        findings.wrong(place.at(key), f"is read of {other}, not of {this}; leave it out")
    findings.section(entry.cls, given, place, wiring=WIRING)
    if given.get("characters") and "characters" not in required and not output:
        findings.wrong(
            place.at("characters"),
            "no encoder reads letters; write `encoder: {type: rnn, characters: true}`, or leave it out",
        )
    if given.get("pieces") and "pieces" not in required and not output:
        findings.wrong(
            place.at("pieces"),
            "no encoder reads pieces of words; write `encoder: {type: pretrained, model: …}`, or leave it out",
        )
    for key, value in required.items():
        if key in given and given[key] != value:
            findings.wrong(place.at(key), f"the encoder needs {value!r} here, got {given[key]!r}")
    common = defaults.get(entry.type, {}).get("preprocessing", {})
    merged = {**(usual or {}), **common, **given, **required}
    known = options(entry.cls, wiring=WIRING)
    merged = {key: each for key, each in merged.items() if key in known or _alias(known, key)}
    filled, problems = check(entry.cls, merged, place, wiring=WIRING)
    if problems:  # told already; go on with the defaults
        filled, _ = check(entry.cls, {}, place, wiring=WIRING)
    return {key: each for key, each in filled.items() if key not in only}


def _spelling(
    entry: Entry,
    defaults: Mapping[str, Mapping[str, Any]],
    required: Mapping[str, Any],
    *,
    bag: bool,
) -> dict[str, Any]:
    """What `letters` says; nothing where a tokenizer is set."""
    common = defaults.get(entry.type, {}).get("preprocessing", {})
    given = {**common, **(entry.section["preprocessing"] or {}), **required}
    return letters(entry, given, bag=bag)


def _alias(known: Mapping[str, Any], key: str) -> bool:
    return any(key in each.aliases for each in known.values())
