"""The sections of a network's parts: what an entry writes of its encoder, decoder, loss, and what stands in for it."""

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge

from crosstie.config.document import Place
from crosstie.config.options import ComponentOf, build
from crosstie.errors import ConfigError
from crosstie.features.feature import feature_types
from crosstie.learners.learner import Learner
from crosstie.pipeline.entries import Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.registries import registry
from crosstie.training.augmentations.augmentation import USUAL, augmentations

PARTS = ("encoder", "decoder", "loss")  # of a feature; the combiner is the network's fourth


def read_parts(
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
        if given is not None and not readable(part, place, findings, learner, model_type):
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


def read_augmentation(
    entry: Entry,
    parts: Mapping[str, Any],
    findings: Findings,
    learner: type[Learner] | None,
    model_type: str,
) -> dict[str, Any]:
    """The filled sections of an image's `augmentation:`, tried; the usual ones where it is left out."""
    given, place = entry.section["augmentation"], entry.place.at("augmentation")
    if entry.cls.acts_as() != "image":
        if given:
            findings.wrong(place, f"is for images, and {entry.name!r} is of type {entry.type}")
        return {}
    if given and not readable("augmentation", place, findings, learner, model_type):
        return {}
    if given is None:
        reads = learner is None or "augmentation" in learner.sections
        given = reads and parts.get("encoder", {}).get("trainable") is not False
    if isinstance(given, bool):
        usual = USUAL if given else ()
        given = [findings.component(ComponentOf(augmentations), each, place) for each in usual]
    for index, section in enumerate(given):
        options = {name: value for name, value in section.items() if name != "type"}
        if place.at(index).path in findings.broken or "type" not in section:
            continue
        try:
            build(augmentations.get(section["type"]), **options)
        except ConfigError as error:
            for problem in error.problems:
                findings.wrong(place.at(index, *problem.where.split(".")), problem.what)
    return {"augmentation": [*given]}


def readable(
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


def required_options(
    entry: Entry, parts: Mapping[str, Any], learner: type[Learner] | None, *, words: bool
) -> dict[str, Any]:
    """Preprocessing that the encoder cannot do without; with `words` tokens are to stay what they are."""
    section = parts.get("encoder")
    if learner is None or not section:
        return {}
    cls = registry("encoder").get(section["type"], of=entry.cls.acts_as())
    given = {key: each for key, each in section.items() if key != "type"}
    required: dict[str, Any] = cls.word_options(given) if words else cls.feature_options(given)
    return required


def read_combiner(
    top: Mapping[str, Any], findings: Findings, learner: type[Learner] | None, model_type: str
) -> dict[str, Any]:
    """The filled `combiner:`; nothing of a learner that has none."""
    given, place = top.get("combiner"), findings.document.at("combiner")
    if given is not None and not readable("combiner", place, findings, learner, model_type):
        return {}
    if learner is None:
        return {"type": "concat"}
    if "combiner" not in learner.sections:
        return {}
    return findings.component(component("combiner", ""), given, place, default={"type": "concat"})


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
