"""Words that people bring along from other tools, and what is said of them. They stand beside what they mean.

    batch_size: Annotated[int, Ge(1), Elsewhere("train_batch_size", "bs")] = 32
    trainer.bs: is called 'batch_size' here

`Alias` is for words that are understood like the option's own. An `Answer` is for a word that is no option at all;
a class keeps those in `answers`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin


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
        values: What its values are called elsewhere, and here.
    """

    def __init__(self, *names: str, values: Mapping[str, Any] | None = None) -> None:
        self.names = names
        self.values = dict(values or {})

    def value(self, given: object) -> Any:
        """Our word for a value of another tool, or None."""
        if not isinstance(given, str):
            return None
        return {squashed(name): ours for name, ours in self.values.items()}.get(squashed(given))


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


def answers(*classes: type[Any] | None) -> dict[str, Answer]:
    """What classes, and what they inherit from, answer to words that are no options."""
    found: dict[str, Answer] = {}
    for cls in classes:
        for each in reversed(cls.__mro__ if cls else ()):
            found |= vars(each).get("answers", {})
    return found


def elsewhere(annotation: Any) -> str:
    """What a description adds of other tools' words: ` Elsewhere: lr.`; empty where there are none."""
    found = [each for mark in marks(annotation, Elsewhere) for each in mark.names]
    found += [
        f"{name} (for {ours})"
        for mark in marks(annotation, Elsewhere)
        for name, ours in mark.values.items()
    ]
    return f" Elsewhere: {', '.join(found)}." if found else ""


def squashed(word: str) -> str:
    """A word without its capitals and signs: `Adam_W` and `adam-w` are `adamw`."""
    return re.sub(r"[\W_]+", "", word.lower())
