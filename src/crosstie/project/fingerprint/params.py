"""A step's settings as text that is the same wherever it is written: sorted, floats by their shortest digits."""

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crosstie.errors import Problem, ProjectError
from crosstie.project.fingerprint.module import digest


@dataclass(frozen=True)
class Params:
    """The settings of a step.

    Attributes:
        values: The text of each by its name.
    """

    values: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of names and values: a setting more or less is a change too."""
        return digest(json.dumps(sorted(self.values.items())))


def params_of(settings: Mapping[str, Any], where: str = "params") -> Params:
    """The settings of a step, as it declares them.

    Args:
        settings: Name to value: what YAML can hold.
        where: What errors call them.

    Raises:
        ProjectError: Some cannot be written as text; each is named.
    """
    problems: list[Problem] = []
    values = {
        str(name): json.dumps(
            _plain(value, f"{where}.{name}", problems), sort_keys=True, ensure_ascii=False
        )
        for name, value in settings.items()
    }
    if problems:
        raise ProjectError(problems)
    return Params(dict(sorted(values.items())))


def _plain(value: Any, where: str, problems: list[Problem]) -> Any:
    """A value as JSON in which no two values look alike: what JSON lacks is a mapping with one key that begins with $."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
        case dt.date() | dt.time():
            return {f"${type(value).__name__}": value.isoformat()}
        case list() | tuple():
            return [_plain(each, f"{where}[{place}]", problems) for place, each in enumerate(value)]
        case Mapping():
            return dict(_items(value, where, problems))
    problems.append(
        Problem(
            where,
            f"a {type(value).__qualname__} cannot be written as text, so a change of it could not be seen, got {value!r}. "
            "Give a number, a text, a date, true or false, or a list or mapping of those.",
        )
    )
    return None


def _items(
    value: Mapping[Any, Any], where: str, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        if isinstance(name, str):
            key = f"${name}" if name.startswith("$") else name
        else:
            key = f"$key {json.dumps(_plain(name, f'{where} (key)', problems))}"
        yield key, _plain(each, f"{where}.{name}", problems)
