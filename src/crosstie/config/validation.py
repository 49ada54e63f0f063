"""One value against one annotation: strict, as JSON has it, and what is wrong with it in words."""

import json
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Protocol, Union, get_args, get_origin

from crosstie.config import wording
from crosstie.errors import Problem


class Where(Protocol):
    """Something that prints itself as the place of an error, and knows the places inside it."""

    def at(self, *path: str | int) -> "Where":
        """A place inside this one."""


def validate(annotation: Any, value: Any, place: Where) -> tuple[Any, list[Problem]]:
    """The value as JSON has it, and what is wrong with it.

    `true` is no number and `1` no text; a whole number will do for a number, a list for a tuple.
    """
    from pydantic import ValidationError  # 63 ms

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
    several = is_union(bare(annotation))
    for error in errors:
        broken = wording.limit(error["type"], error.get("ctx", {}), error["input"])
        if broken and several:
            steps = [step for step in error["loc"] if isinstance(step, int)]
            return [Problem(str(place.at(*steps)), broken)]
    if several:
        return [Problem(str(place), wording.wrong(annotation, value))]
    keys = set(value) if isinstance(value, Mapping) else set()
    found = []
    for error in errors:
        steps = [step for step in error["loc"] if isinstance(step, int) or step in keys]
        broken = wording.limit(error["type"], error.get("ctx", {}), error["input"])
        what = broken or wording.wrong(_inner(annotation, steps), error["input"])
        found.append(Problem(str(place.at(*steps)), what))
    return list(dict.fromkeys(found))


def _inner(annotation: Any, steps: Sequence[str | int]) -> Any:
    """The annotation of an item."""
    for step in steps:
        arguments = [each for each in get_args(bare(annotation)) if each is not Ellipsis]
        if not arguments:
            return annotation
        fixed = get_origin(bare(annotation)) is tuple and isinstance(step, int)
        annotation = arguments[min(int(step), len(arguments) - 1)] if fixed else arguments[-1]
    return annotation
