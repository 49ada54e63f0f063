"""Words that people bring along from other tools, and what is said of them. They stand beside what they mean.

    batch_size: Annotated[int, Ge(1), Elsewhere("train_batch_size", "bs")] = 32
    trainer.bs: is called 'batch_size' here

`Alias` is for words that are understood like the option's own. An `Answer` is for a word that is no option at all;
a class keeps those in `answers`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin


class Alias:
    """Marks an option that has other names; they are understood.

    Args:
        *names: The others.
    """

    def __init__(self, *names: str) -> None:
        self.names = names


class Elsewhere:
    """Marks an option that other tools call otherwise; their words are answered with ours.

    Args:
        *names: What the option is called elsewhere.
        values: What its values are called elsewhere, and here; one that an option lacks is passed over.
        never: What is said of values that we do not have.
    """

    def __init__(
        self,
        *names: str,
        values: Mapping[str, Any] | None = None,
        never: Mapping[str, str] | None = None,
    ) -> None:
        self.names = names
        self.values = dict(values or {})
        self.never = dict(never or {})


class LocalFolder:
    """Marks an option that may name a folder: where one of that name lies beside the file, its whole path is meant."""


ANYTHING = object()


@dataclass(frozen=True)
class Answer:
    """What is said of a word that is no option.

    Attributes:
        what: What to do instead.
        fine: Values that ask for what happens anyway: they are taken, and nothing is said. `(ANYTHING,)` for all.
    """

    what: str
    fine: tuple[Any, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether `value` asks for what happens anyway."""
        return any(
            each is ANYTHING or (type(each) is type(value) and each == value) for each in self.fine
        )


def marks(annotation: Any, kind: type[Any]) -> Iterator[Any]:
    """The markers of one kind on an annotation, wherever in it they stand.

    Examples:
        >>> [each.names for each in marks(Annotated[int, Alias("n")] | None, Alias)]
        [('n',)]
    """
    for each in get_args(annotation):
        if isinstance(each, kind):
            yield each
    inner = (
        get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    )
    for each in inner:
        yield from marks(each, kind)


def value_elsewhere(annotation: Any, given: object) -> str:
    """What is said of a value that is another tool's word, or ours spelled otherwise; empty of others."""
    if not isinstance(given, str):
        return ""
    choices = _choices(annotation)
    ours = {squashed(str(each)): each for each in choices}.get(squashed(given))
    for mark in marks(annotation, Elsewhere):
        if given in mark.never and given not in choices:
            return f"{given!r} {mark.never[given]}"
        named = {squashed(name): each for name, each in mark.values.items()}.get(squashed(given))
        ours = named if ours is None and named in choices else ours
    return "" if ours is None else f"{given!r} is called {ours!r} here"


def _choices(annotation: Any) -> list[Any]:
    """The words that an annotation allows."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    inner = (
        get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    )
    return [choice for each in inner for choice in _choices(each)]


def answers(*classes: type[Any] | None) -> dict[str, Answer]:
    """What classes, and what they inherit from, answer to words that are no options."""
    found: dict[str, Answer] = {}
    for cls in classes:
        for each in reversed(cls.__mro__ if cls else ()):
            found |= vars(each).get("answers", {})
    return found


def elsewhere(annotation: Any, *, also: tuple[str, ...] = ()) -> str:
    """What a description adds of other tools' words: ` Elsewhere: lr.`; empty where there are none."""
    found = [each for mark in marks(annotation, Elsewhere) for each in mark.names] + list(also)
    found += [
        f"{name} (for {ours})"
        for mark in marks(annotation, Elsewhere)
        for name, ours in mark.values.items()
        if ours in _choices(annotation)
    ]
    return f" Elsewhere: {', '.join(found)}." if found else ""


def squashed(word: str) -> str:
    """A word without its capitals and signs: `Adam_W` and `adam-w` are `adamw`."""
    return re.sub(r"[\W_]+", "", word.lower())
