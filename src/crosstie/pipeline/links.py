"""Features that name each other: inputs that share an encoder, outputs that read what others are decoded from."""

from collections.abc import Mapping

from crosstie.learners.learner import Learner
from crosstie.pipeline.entries import Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.parts import readable


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


def check_dependencies(
    outputs: list[Entry], findings: Findings, learner: type[Learner] | None, model_type: str
) -> None:
    """See that outputs depend on others that there are, and not in a circle; what is wrong is noted."""
    needs = {entry.name: entry.section["dependencies"] for entry in outputs}
    for entry in outputs:
        place = entry.place.at("dependencies")
        if needs[entry.name]:
            readable("dependencies", place, findings, learner, model_type)
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
