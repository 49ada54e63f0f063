"""`gates.yaml`: which gates there are, and what they hold a candidate to.

    metric: {worse_by: 0.02}     options of a gate; what is not written keeps its default
    flips: false                 a gate that is left out
    my_gate: {least: 500}        one of the project's own

Every gate that is known holds unless the file says `false`: an empty file, or none, means all of them as they come.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.config import wording
from crosstie.config.document import Document
from crosstie.config.options import build, check
from crosstie.config.source import load
from crosstie.errors import ConfigError, Problem
from crosstie.gates.gate import Gate, gates
from crosstie.gates.own import own_gates

ORDER = (
    *("contract", "skew", "metric", "calibration", "flips", "change", "segments"),
    *("drift", "rows", "repeats", "leakage", "cost"),
)  # as they are told; a project's own come behind them


def read_gates(
    spec: str | Path | Mapping[str, Any] | Document | None = None,
    *,
    own: str | Path | Sequence[str | Path] = (),
) -> dict[str, Gate]:
    """The gates of a file, by name, ready to check.

    Args:
        spec: The path of a `gates.yaml`, or a dict that stands for one; None for all gates as they come.
        own: A folder of a project, or several, whose functions `gate_…` are gates too; see `own_gates`.

    Raises:
        ConfigError: Everything that is wrong in it, each with its line.

    Examples:
        >>> read_gates({"metric": {"worse_by": 0.02}, "flips": False})["metric"].worse_by
        0.02
        >>> read_gates({"metrics": {}})
        Traceback (most recent call last):
        crosstie.errors.ConfigError: metrics: unknown gate; did you mean 'metric'?
    """
    document = load({} if spec is None else spec, empty=True)
    folders = [own] if isinstance(own, str | Path) else own
    functions = own_gates([Path(each) for each in folders])
    names = sorted(
        [*gates.names(), *functions],
        key=lambda each: (ORDER.index(each) if each in ORDER else 99, each),
    )
    problems = [
        Problem(str(document.at(name)), wording.unknown(name, names, "gate"))
        for name in document.value
        if name not in names
    ]
    found: dict[str, Gate] = {}
    for name in names:
        given, place = document.value.get(name), document.at(name)
        if given is False:
            continue
        if given is not None and given is not True and not isinstance(given, Mapping):
            said = wording.show(given)
            problems.append(
                Problem(str(place), f"must be a section of options or false, got {said}")
            )
            continue
        section = given if isinstance(given, Mapping) else {}
        cls = functions.get(name) or gates.get(name)
        filled, wrong = check(cls, section, place)
        problems += wrong
        if not wrong:
            try:
                found[name] = build(cls, **filled)
            except ConfigError as error:
                problems += [Problem(str(place), each.what) for each in error.problems]
    if problems:
        raise ConfigError(problems)
    return found
