"""The options of features and of the network's parts: `defaults`, what an entry says, and what neither says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from annotated_types import Ge

from crosstie.config import wording
from crosstie.config.document import Place
from crosstie.config.options import ComponentOf, build, check, options
from crosstie.errors import ConfigError, CrosstieError
from crosstie.features.feature import Feature, OutputFeature, feature_types
from crosstie.learners.learner import Learner
from crosstie.pipeline.columns import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES
from crosstie.pipeline.registries import registry
from crosstie.pipeline.start import Earlier
from crosstie.pipeline.tokenwise import read_tokens
from crosstie.training.augmentations.augmentation import augmentations

PARTS = ("encoder", "decoder", "loss")  # of a feature; the combiner is the network's fourth
WIRING = ("column",)


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
            _readable("encoder", entry.place.at("tied"), findings, learner, model_type)
            entry = replace(  # noqa: PLW2901 - as if it had written what the other has
                entry,
                place=root.place,
                section={**root.section, "name": entry.name, "column": entry.section["column"]},
            )
        parts = _parts(
            entry,
            ("encoder",),
            findings,
            learner,
            model_type,
            defaults,
            usual=sources.encoder(entry, defaults),
        )
        parts |= _augmentation(entry, findings, learner, model_type)
        required = _required(entry, parts, learner)
        usual = sources.preprocessing(entry, findings, required)
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
        parts = _parts(entry, ("decoder", "loss"), findings, learner, model_type, defaults)
        if entry.name in sources.of and parts.get("decoder"):
            parts["decoder"] = {**parts["decoder"], "input": sources.of[entry.name]}
        usual = getattr(entry.cls, "usual", {})
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
            for key in ("metric", "threshold", "calibration")
            if entry.section[key] is not None
        }
        built.output_sections.append(
            {**_head(entry), "preprocessing": filled, **_shown(parts, learner), **shown}
        )
        outputs[entry.name] = {"type": entry.type, **parts, "dependencies": dependencies}
    _check_dependencies(columns.outputs, findings, learner, model_type)
    built.architecture = {
        "inputs": inputs,
        "combiner": _combiner(top, findings, learner, model_type),
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
            options_then = {k: each for k, each in options_then.items() if k not in only}
            entry.section["preprocessing"] = {
                **options_then,
                **(entry.section["preprocessing"] or {}),
            }
            then = earlier.section(role, entry.name, entry.cls.acts_as(), part)
            if entry.section[part] is None and then and not entry.section.get("tied"):
                entry.section[part] = then
    combiner = dict(earlier.architecture["combiner"])
    return top if top.get("combiner") else {**top, "combiner": combiner}


def read_defaults(
    top: Mapping[str, Any], findings: Findings, *, learner: type[Learner] | None, model_type: str
) -> dict[str, dict[str, Any]]:
    """`defaults:` by feature type, its preprocessing joined with Ludwig's older `preprocessing: {number: …}`."""
    found: dict[str, dict[str, Any]] = {}
    root = findings.document
    for kind, section in (top.get("preprocessing") or {}).items():
        if OLD_TYPES.get(kind, kind) in feature_types.names():
            _add_default(
                found,
                kind,
                {"preprocessing": section},
                root.at("preprocessing"),
                findings,
                inner=False,
            )
    for kind, section in (top.get("defaults") or {}).items():
        _add_default(found, kind, section, root.at("defaults"), findings, inner=True)
    for kind, section in found.items():
        for part in PARTS:
            if part in section:
                place = root.at("defaults", kind, part)
                told = len(findings.problems)
                if _readable(part, place, findings, learner, model_type):
                    findings.component(
                        component(part, kind),
                        section[part],
                        place,
                        default=_usual(kind, part),
                    )
                if len(findings.problems) > told:  # once is enough: not again at each feature
                    del section[part]
    return found


def component(part: str, kind: str) -> ComponentOf:
    """How a part of a feature of type `kind` is written."""
    like = feature_types.get(kind).acts_as() if kind else ""  # of no type: the combiner
    return ComponentOf(registry(part), of=like, also=Weighted if part == "loss" else _initial())


def _initial() -> type:
    from crosstie.models.layers.initial import Initial

    return Initial


class Weighted:
    """What every loss has beside its own options.

    Args:
        weight: How much this output counts beside the others.
    """

    def __init__(self, *, weight: Annotated[float, Ge(0)] = 1.0) -> None: ...


def _add_default(
    found: dict[str, dict[str, Any]],
    kind: str,
    section: Any,
    place: Place,
    findings: Findings,
    *,
    inner: bool,
) -> None:
    names = feature_types.names()
    if kind in OLD_TYPES:
        findings.wrong(place.at(kind), f"{kind!r} is the old word; write {OLD_TYPES[kind]!r}")
        kind = OLD_TYPES[kind]
    elif not findings.known(kind, names, place.at(kind), "unknown type"):
        return
    place = place.at(kind)
    if not isinstance(section, Mapping):
        findings.wrong(place, "must be a section of options")
        return
    for key in section:
        if key not in (allowed := ("preprocessing", *PARTS)):
            findings.wrong(place.at(key), wording.unknown(key, allowed))
    given = section.get("preprocessing")
    findings.section(
        feature_types.get(kind), given, place.at("preprocessing") if inner else place, wiring=WIRING
    )
    known = found.setdefault(kind, {})
    known["preprocessing"] = {
        **known.get("preprocessing", {}),
        **(given if isinstance(given, Mapping) else {}),
    }
    known |= {key: each for key, each in section.items() if key in PARTS}


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


def _alias(known: Mapping[str, Any], key: str) -> bool:
    return any(key in each.aliases for each in known.values())


def _parts(
    entry: Entry,
    names: tuple[str, ...],
    findings: Findings,
    learner: type[Learner] | None,
    model_type: str,
    defaults: Mapping[str, Mapping[str, Any]],
    *,
    usual: str | None = None,
) -> dict[str, Any]:
    """The filled sections; `usual` is a name that goes before the feature type's default."""
    found: dict[str, Any] = {}
    for part in names:
        given, place = entry.section.get(part), entry.place.at(part)
        if given is not None and not _readable(part, place, findings, learner, model_type):
            continue
        given_before = defaults.get(entry.type, {}).get("preprocessing", {})
        read = {**given_before, **(entry.section["preprocessing"] or {})}
        plain = {"type": usual or getattr(entry.cls.defaults_for(read), part)}
        if learner is None:
            found[part] = plain
        elif part in learner.sections:
            marker = component(part, entry.type)
            default = defaults.get(entry.type, {}).get(part)
            section = (
                {"type": default} if isinstance(default, str) else {**plain, **(default or {})}
            )
            found[part] = findings.component(marker, given, place, default=section)
    return found


def _augmentation(
    entry: Entry, findings: Findings, learner: type[Learner] | None, model_type: str
) -> dict[str, Any]:
    """The filled sections of an image's `augmentation:`, tried."""
    given, place = entry.section["augmentation"], entry.place.at("augmentation")
    if entry.cls.acts_as() != "image":
        if given:
            findings.wrong(place, f"is for images, and {entry.name!r} is of type {entry.type}")
        return {}
    if given and not _readable("augmentation", place, findings, learner, model_type):
        return {}
    for index, section in enumerate(given):
        options = {name: value for name, value in section.items() if name != "type"}
        if place.at(index).path in findings.broken or "type" not in section:
            continue
        try:
            build(augmentations.get(section["type"]), **options)
        except ConfigError as error:
            for problem in error.problems:
                findings.wrong(place.at(index, *problem.where.split(".")), problem.what)
    return {"augmentation": [*given]} if learner is not None else {}


def _usual(kind: str, part: str) -> dict[str, Any]:
    return {"type": getattr(feature_types.get(kind).defaults, part)}


def _readable(
    part: str, place: Place, findings: Findings, learner: type[Learner] | None, model_type: str
) -> bool:
    """Whether the learner reads this part; a problem if not."""
    if learner is not None and ("decoder" if part == "dependencies" else part) in learner.sections:
        return True
    if not model_type:
        return False  # which parts there may be cannot be told
    if learner is None:
        findings.wrong(
            place, f"model_type auto chooses what learns and takes no {part}; set model_type: ecd"
        )
    else:
        findings.wrong(
            place, f"a {model_type} model has no {part}; leave it out, or set model_type: ecd"
        )
    return False


def _required(
    entry: Entry, parts: Mapping[str, Any], learner: type[Learner] | None
) -> dict[str, Any]:
    """Preprocessing that the encoder cannot do without."""
    section = parts.get("encoder")
    if learner is None or not section:
        return {}
    cls = registry("encoder").get(section["type"], of=entry.cls.acts_as())
    required: dict[str, Any] = cls.feature_options(
        {key: each for key, each in section.items() if key != "type"}
    )
    return required


def _combiner(
    top: Mapping[str, Any], findings: Findings, learner: type[Learner] | None, model_type: str
) -> dict[str, Any]:
    given, place = top.get("combiner"), findings.document.at("combiner")
    if given is not None and not _readable("combiner", place, findings, learner, model_type):
        return {}
    if learner is None:
        return {"type": "concat"}
    if "combiner" not in learner.sections:
        return {}
    return findings.component(component("combiner", ""), given, place, default={"type": "concat"})


def ties(inputs: list[Entry], findings: Findings) -> dict[str, str]:
    """Inputs that are tied, each to the one whose encoder it shares in the end; what is wrong is noted."""
    entries = {entry.name: entry for entry in inputs}
    found: dict[str, str] = {}
    for entry in inputs:
        place, way = entry.place.at("tied"), [entry.name]
        while entries[way[-1]].section["tied"] and way[-1] not in way[:-1]:
            other = entries[way[-1]].section["tied"]
            if other not in entries:
                break
            way.append(other)
        other = entry.section["tied"]
        if not other or not findings.known(
            other,
            [name for name in entries if name != entry.name],
            place,
            "no other input is called",
        ):
            continue
        if way[-1] in way[:-1]:
            if min(way) == entry.name:
                findings.wrong(place, f"inputs are tied in a circle: {' → '.join(way)}")
            continue
        root = entries[way[-1]]
        if root.type != entry.type:
            findings.wrong(
                place,
                f"a {entry.type} cannot share the encoder of {root.name!r}, which is a {root.type}",
            )
            continue
        for part in ("encoder", "preprocessing"):
            given = entry.section[part]
            if given is not None and given != root.section[part]:
                findings.wrong(
                    entry.place.at(part),
                    f"is that of {root.name!r}, to which this one is tied; leave it out",
                )
        found[entry.name] = root.name
    return found


def _check_dependencies(
    outputs: list[Entry], findings: Findings, learner: type[Learner] | None, model_type: str
) -> None:
    needs = {entry.name: entry.section["dependencies"] for entry in outputs}
    for entry in outputs:
        place = entry.place.at("dependencies")
        if needs[entry.name]:
            _readable("dependencies", place, findings, learner, model_type)
        for index, other in enumerate(needs[entry.name]):
            others = [name for name in needs if name != entry.name]
            if other == entry.name:
                findings.wrong(place.at(index), "an output cannot depend on itself")
            else:
                findings.known(other, others, place.at(index), "no output is called")
        circle = _circle(entry.name, needs)
        if circle and min(circle) == entry.name:
            findings.wrong(
                place,
                f"outputs depend on each other in a circle: {' → '.join([*circle, circle[0]])}",
            )


def _circle(start: str, needs: Mapping[str, list[str]]) -> list[str]:
    """The outputs on a way from `start` back to it."""
    ways = [[start]]
    while ways:
        way = ways.pop()
        for other in needs.get(way[-1], []):
            if other == start and len(way) > 1:
                return way
            if other not in way:
                ways.append([*way, other])
    return []
