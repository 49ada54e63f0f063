"""`defaults:`: what all features of a type have that do not say otherwise."""

from collections.abc import Mapping
from typing import Any

from crosstie.config import wording
from crosstie.config.document import Place
from crosstie.features.feature import feature_types
from crosstie.learners.learner import Learner
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES, WIRING
from crosstie.pipeline.parts import PARTS, component, readable


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
                if readable(part, place, findings, learner, model_type):
                    findings.component(
                        component(part, kind),
                        section[part],
                        place,
                        default=_usual(kind, part),
                    )
                if len(findings.problems) > told:  # once is enough: not again at each feature
                    del section[part]
    return found


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


def _usual(kind: str, part: str) -> dict[str, Any]:
    return {"type": getattr(feature_types.get(kind).defaults, part)}
