"""One value against one annotation: strict, as JSON has it, and what is wrong with it in words."""

import json
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Protocol, Union, get_args, get_origin, get_type_hints

from crosstie.config import wording
from crosstie.config.words import Elsewhere, marks
from crosstie.errors import MissingExtra, Problem


class Where(Protocol):
    """Something that prints itself as the place of an error, and knows the places inside it."""

    def at(self, *path: str | int) -> "Where":
        """A place inside this one."""


def validate(annotation: Any, value: Any, place: Where) -> tuple[Any, list[Problem]]:
    """The value as JSON has it, and what is wrong with it.

    `true` is no number and `1` no text; a whole number will do for a number, a list for a tuple.
    """
    try:
        from pydantic import ValidationError  # 63 ms
    except ModuleNotFoundError:
        raise MissingExtra("pydantic", "train", needed_for="this") from None
    try:
        text = json.dumps(value)
    except TypeError:
        return None, [Problem(str(place), wording.wrong(annotation, value))]
    try:
        found = adapter(annotation).validate_json(text, strict=True)
    except ValidationError as error:
        return None, _problems(annotation, value, place, error.errors())
    return jsonable(found), []


def parse(annotation: Any, value: Any) -> Any:
    """A valid JSON value as Python has it: lists become tuples where the annotation says so."""
    return adapter(annotation).validate_json(json.dumps(value))


def adapter(annotation: Any) -> Any:
    """Pydantic's view of an annotation."""
    from pydantic import TypeAdapter  # 63 ms

    try:
        return _cached(annotation)
    except TypeError:  # it holds something unhashable
        return TypeAdapter(_spread(annotation))


def jsonable(value: Any) -> Any:
    """Tuples as lists, all the way down."""
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    if isinstance(value, Mapping):
        return {key: jsonable(each) for key, each in value.items()}
    return value


def is_union(annotation: Any) -> bool:
    """Whether an annotation is `A | B`."""
    return get_origin(annotation) in {Union, types.UnionType}


def bare(annotation: Any) -> Any:
    """Without its `Annotated`."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


@cache
def _cached(annotation: Any) -> Any:
    from pydantic import TypeAdapter  # 63 ms

    return TypeAdapter(_spread(annotation))


def _spread(annotation: Any) -> Any:
    """`Annotated[int | Literal["auto"], Ge(1)]`: the constraint holds for the number only."""
    if get_origin(annotation) is not Annotated or not is_union(bare(annotation)):
        return annotation
    union, *constraints = get_args(annotation)
    branches = tuple(
        Annotated[each, *constraints]
        if bare(each) in {int, float} or get_origin(each) in {list, tuple}
        else each
        for each in get_args(union)
    )
    return Union[branches]  # noqa: UP007 - built at run time from a tuple


def _problems(annotation: Any, value: Any, place: Where, errors: list[Any]) -> list[Problem]:
    """One problem for each wrong part of the value; one in all if it may be one of several things."""
    several = len(_choices(annotation)) > 1
    found = []
    for error in errors:
        steps = _steps(error["loc"], value)
        inner = _inner(annotation, steps)
        broken = wording.limit(error["type"], error.get("ctx", {}), error["input"])
        if broken and several:
            return [Problem(str(place.at(*steps)), broken)]
        if error["type"] == "extra_forbidden":
            broken = _unknown(_inner(annotation, steps[:-1]), str(steps[-1]))
        elif error["type"] == "missing":
            broken = f"needs {error['loc'][-1]!r}"
        found.append(Problem(str(place.at(*steps)), broken or wording.wrong(inner, error["input"])))
    if several:
        return [Problem(str(place), wording.wrong(annotation, value))]
    return list(dict.fromkeys(found))


def _unknown(section: Any, key: str) -> str:
    """What is said of a key that a section of fixed keys does not have."""
    known = get_type_hints(section, include_extras=True)
    for name, annotation in known.items():
        if any(key in mark.names for mark in marks(annotation, Elsewhere)):
            return f"is called {name!r} here"
    return wording.unknown(key, known)


def _choices(annotation: Any) -> list[Any]:
    """What an annotation allows beside null."""
    annotation = bare(annotation)
    if not is_union(annotation):
        return [annotation]
    return [each for each in get_args(annotation) if each is not type(None)]


def _steps(location: Sequence[str | int], value: Any) -> list[str | int]:
    """The way into the value, without the names of union branches that pydantic puts on it."""
    steps: list[str | int] = []
    for step in location:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            continue
        steps.append(step)
    return steps


def _inner(annotation: Any, steps: Sequence[str | int]) -> Any:
    """The annotation of a part of the value."""
    for step in steps:
        (annotation, *_) = _choices(annotation)
        annotation = bare(annotation)
        if isinstance(step, str) and step in getattr(annotation, "__annotations__", {}):
            annotation = get_type_hints(annotation, include_extras=True)[step]
            continue
        arguments = [each for each in get_args(annotation) if each is not Ellipsis]
        if not arguments:
            return annotation
        fixed = get_origin(annotation) is tuple and isinstance(step, int)
        annotation = arguments[min(int(step), len(arguments) - 1)] if fixed else arguments[-1]
    if steps and len(_choices(annotation)) == 1:
        return annotation if is_union(bare(annotation)) else bare(annotation)
    return annotation
