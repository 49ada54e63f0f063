"""How errors about the file are put: one sentence for each kind of mistake, so that all of them read alike."""

import json
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from crosstie.config.words import value_elsewhere
from crosstie.errors import nearest

MANY = 12  # names in an error; more are counted

_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dict: "a section of options",
    list: "a list",
    tuple: "a list",
    Any: "anything",
    type(None): "null",
}
_LIMITS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "multiple_of": "a multiple of {}",
    "min_length": "of length {} or more",
    "max_length": "of length {} or less",
}


LONGEST = 160  # letters of a cell in a message


def show(value: Any) -> str:
    """A value as the file would have it: `true`, `null`, `'adam'`, shortened where it is long."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "…")
    if isinstance(value, Mapping):
        return "a section" + (f" with {', '.join(map(repr, list(value)[:4]))}" if value else "")
    if isinstance(value, Sequence):
        text = ", ".join(show(each) for each in list(value)[:4])
        return f"[{text}{', …' if len(value) > 4 else ''}]"
    return type(value).__name__


def brief(text: str) -> str:
    """A cell as an example, cut where it is longer than a line or two.

    Examples:
        >>> brief("0.5 " * 100)[-8:]
        '0.5 0.5…'
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def unknown(name: object, choices: Iterable[str], what: str = "option") -> str:
    """`unknown option; did you mean 'epochs'?`."""
    return f"unknown {what}; {hint(str(name), choices)}"


def hint(name: str, choices: Iterable[str]) -> str:
    """As `errors.nearest`, but of many choices only some are listed."""
    choices = list(choices)
    text = nearest(name, choices)
    if len(choices) <= MANY or text.startswith("did you mean"):
        return text
    return f"there are {', '.join(map(repr, choices[:MANY]))} and {len(choices) - MANY} more"


def wrong(annotation: Any, value: Any) -> str:
    """`must be a whole number or 'auto', got true`."""
    return (
        value_elsewhere(annotation, value) or f"must be {describe(annotation)}, got {show(value)}"
    )


def limit(error: str, context: Mapping[str, Any], value: Any) -> str | None:
    """`must be at least 1, got -3`, for a broken constraint; None if `error` is not about one.

    Args:
        error: The validator's name of the mistake: `greater_than_equal`.
        context: The limit under its short name: `{"ge": 1}`.
        value: What was given.
    """
    for key, text in _LIMITS.items():
        if key in context and error not in {"missing", "literal_error"}:
            bound = context[key]
            bound = int(bound) if isinstance(bound, float) and bound.is_integer() else bound
            return f"must be {text.format(bound)}, got {show(value)}"
    return None


def describe(annotation: Any) -> str:
    """What an annotation allows, in words.

    Examples:
        >>> describe(int | Literal["auto"] | None)
        "a whole number, 'auto' or null"
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return describe(get_args(annotation)[0])
    if origin is Literal:
        return either([show(each) for each in get_args(annotation)])
    if origin in {Union, types.UnionType}:
        return either([describe(each) for each in get_args(annotation)])
    if origin in {list, tuple, Sequence}:
        items = [each for each in get_args(annotation) if each is not Ellipsis]
        if origin is tuple and len(items) > 1 and Ellipsis not in get_args(annotation):
            return f"a list of {len(items)}: " + ", ".join(describe(each) for each in items)
        return f"a list, each {describe(items[0])}" if items else "a list"
    if origin in {dict, Mapping} or hasattr(annotation, "__total__"):
        return "a section of options"
    return _KINDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def either(choices: Sequence[str]) -> str:
    """`a, b or c`."""
    unique = list(dict.fromkeys(choices))
    return " or ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
