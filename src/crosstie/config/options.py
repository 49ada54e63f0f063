"""The constructor is the schema: a class's keyword-only parameters are its options in the file.

    class Dense(nn.Module):
        '''Numbers through one layer.

Args:
            hidden: Width of the layer.
        '''
        def __init__(self, layout, *, hidden: Annotated[int, Ge(1)] = 32): ...

    options(Dense)                                    {"hidden": Option("hidden", …)}
    fill(Dense, {"hiden": 3}, place)                  ConfigError: …encoder.hiden: unknown option; did you mean 'hidden'?
    build(Dense, layout, **fill(Dense, {}, place))    Dense(layout, hidden=32)

An option may be a component itself: `optimizer: Annotated[dict[str, Any], ComponentOf(optimizers)] = "adam"` takes
`adamw` or `{type: adamw, weight_decay: 0.1}`, and is filled to the latter with every option of that class.
A section whose class never varies is `Annotated[dict[str, Any], Section(Clipping)] = {}`.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from crosstie.config import wording
from crosstie.config.docstring import describe_args
from crosstie.config.document import Loose
from crosstie.config.registry import Registry
from crosstie.config.validation import Where, bare, is_union, jsonable, parse, validate
from crosstie.config.words import Alias, Answer, Elsewhere, LocalFolder, answers, elsewhere, marks
from crosstie.errors import ConfigError, Problem

T = TypeVar("T")
Filled = dict[str, Any]
_known: dict[type[Any], "dict[str, Option]"] = {}  # read once


@dataclass(frozen=True)
class ComponentOf:
    """Marks an option whose value is a component: a name, or a section with `type` and its options.

    Attributes:
        registry: Where its class is looked up.
        of: The feature type, where the registry distinguishes them.
        key: What names the class in the section.
        alias: Another word for `key` that is understood.
        many: A list of them.
        also: A class whose options every component of the kind has too; the framework reads those.
    """

    registry: Registry[Any]
    of: str = ""
    key: str = "type"
    alias: str = ""
    many: bool = False
    also: type[Any] | None = None


@dataclass(frozen=True)
class Section:
    """Marks an option that is a section with the options of one class."""

    cls: type[Any]


@dataclass(frozen=True)
class Option:
    """One option of a class.

    Attributes:
        name: Its name in the file.
        annotation: Its type, constraints included.
        default: What it is unless given; None too where `required`.
        required: It must be given.
        description: Its line of the docstring's `Args:`, and what other tools call it.
        aliases: Other names that are understood.
        elsewhere: Names that other tools have for it, which are answered with ours.
        component: How it nests, if it does.
    """

    name: str
    annotation: Any
    default: Any = None
    required: bool = False
    description: str = ""
    aliases: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    component: ComponentOf | Section | None = field(default=None, compare=False)

    @property
    def optional(self) -> bool:
        """Whether null is allowed."""
        return self._allows(type(None))

    @property
    def switch(self) -> bool:
        """Whether true and false stand beside a component, or a list of them."""
        return self._allows(bool)

    def _allows(self, kind: type[Any]) -> bool:
        annotation = bare(self.annotation)
        return is_union(annotation) and kind in get_args(annotation)


def options(cls: type[Any], *, wiring: tuple[str, ...] = ()) -> dict[str, Option]:
    """The options of `cls` by name, in the constructor's order.

    Args:
        cls: A component.
        wiring: Keyword-only parameters that the framework supplies (a feature's `column`).
    """
    return {name: each for name, each in _options(cls).items() if name not in wiring}


def _options(cls: type[Any]) -> dict[str, Option]:
    if cls not in _known:
        _known[cls] = _read(cls)
    return _known[cls]


def _read(cls: type[Any]) -> dict[str, Option]:
    described, called = _descriptions(cls), _called(cls)
    constructor = vars(cls).get("__init__") or getattr(cls, "__init__")  # noqa: B009 - as a plain function
    parameters = inspect.signature(constructor).parameters.values()
    hints = get_type_hints(constructor, include_extras=True)
    found = {}
    lacking = getattr(
        cls, "lacks", ()
    )  # parameters of a constructor that it has from another class
    for each in parameters:
        if each.kind is not inspect.Parameter.KEYWORD_ONLY or each.name in lacking:
            continue
        required = each.default is inspect.Parameter.empty
        annotation = hints.get(each.name, Any)
        found[each.name] = Option(
            name=each.name,
            annotation=annotation,
            default=None if required else jsonable(each.default),
            required=required,
            description=described.get(each.name, "")
            + elsewhere(annotation, also=called.get(each.name, ())),
            aliases=_names(annotation, Alias),
            elsewhere=_names(annotation, Elsewhere) + called.get(each.name, ()),
            component=_component(annotation),
        )
    return found


def _called(cls: type[Any]) -> dict[str, tuple[str, ...]]:
    """Other tools' words for options that all of a kind call alike: what a class, or one it inherits from, `called`."""
    found: dict[str, tuple[str, ...]] = {}
    for each in reversed(cls.__mro__):
        found |= vars(each).get("called", {})
    return found


def _names(annotation: Any, kind: type[Alias | Elsewhere]) -> tuple[str, ...]:
    return tuple(name for mark in marks(annotation, kind) for name in mark.names)


def fill(
    cls: type[Any],
    given: Mapping[str, Any] | None,
    where: Where | str,
    *,
    wiring: tuple[str, ...] = (),
) -> Filled:
    """The options of `cls`: what was given, checked, and defaults for the rest; all plain JSON values.

    Args:
        cls: A component.
        given: Its section of the file, without the key that names the class.
        where: The section's place, for errors.
        wiring: As for `options`.

    Raises:
        ConfigError: Every unknown option and every wrong value in it, nested ones too.

    Examples:
        >>> class Layer:
        ...     def __init__(self, *, hidden: int = 32, dropout: float = 0.0): ...
        >>> fill(Layer, {"hidden": 8}, "encoder")
        {'hidden': 8, 'dropout': 0.0}
    """
    filled, problems = check(cls, given, where, wiring=wiring)
    if problems:
        raise ConfigError(problems)
    return filled


def check(
    cls: type[Any], given: Any, where: Where | str, *, wiring: tuple[str, ...] = ()
) -> tuple[Filled, list[Problem]]:
    """As `fill`, but returns the problems beside what could be filled."""
    place: Where = Loose(where) if isinstance(where, str) else where
    return _check(options(cls, wiring=wiring), answers(cls), given, place)


def _check(
    known: Mapping[str, Option], answered: Mapping[str, Answer], given: Any, place: Where
) -> tuple[Filled, list[Problem]]:
    if not isinstance(given, Mapping | None):
        return {}, [Problem(str(place), wording.wrong(dict, given))]
    values, problems = _named(known, answered, given or {}, place)
    filled: Filled = {}
    for name, option in known.items():
        key, value = values.get(name, (name, None))
        if name in values:
            filled[name], wrong = _check_value(option, value, place.at(key))
            problems += wrong
        elif option.required:
            problems.append(
                Problem(str(place), f"needs {name!r}: {wording.describe(option.annotation)}")
            )
        else:
            filled[name], wrong = _default(option, place)
            problems += wrong
    return filled, problems


def build(cls: type[T], *wiring: Any, **filled: Any) -> T:
    """Construct a component from filled options: lists become tuples where its annotation says so."""
    known = _options(cls)
    values = {
        name: value
        if name not in known or known[name].component or value is None
        else parse(known[name].annotation, value)
        for name, value in filled.items()
    }
    return cls(*wiring, **values)


def check_component(
    marker: ComponentOf, given: Any, where: Where, *, default: Filled | None = None
) -> tuple[Filled, list[Problem]]:
    """A component's section (`dense`, or `{type: dense, hidden: 3}`), filled; and what is wrong with it.

    Args:
        marker: Which registry, and for which feature type.
        given: What the file has.
        where: The section's place.
        default: The section that stands when no type is given: its type, and its options if the types agree.
    """
    section = {marker.key: given} if isinstance(given, str) else given
    if section is None:
        section = {}
    if not isinstance(section, Mapping):
        return {}, [
            Problem(
                str(where),
                f"must be the name of {_article(marker)} or a section, got {wording.show(given)}",
            )
        ]
    if marker.alias and marker.alias in section and marker.key not in section:
        named = section[marker.alias] is not None  # `decay: null` asks for none, so for the default
        section = {
            marker.key if key == marker.alias else key: each
            for key, each in section.items()
            if named or key != marker.alias
        }
    fallback = default or {}
    name = section.get(marker.key, fallback.get(marker.key))
    if name is None:
        return {}, [Problem(str(where), f"needs {marker.key!r}: the name of {_article(marker)}")]
    place = where if isinstance(given, str) else where.at(marker.key)
    if not isinstance(name, str):
        return {}, [Problem(str(place), wording.wrong(str, name))]
    name, preset = marker.registry.preset(name, of=marker.of)
    try:
        cls = marker.registry.get(name, of=marker.of)
    except ConfigError as error:
        return {}, [Problem(str(place), each.what) for each in error.problems]
    inner = {key: value for key, value in section.items() if key != marker.key}
    if fallback.get(marker.key) == name:
        inner = {**{key: value for key, value in fallback.items() if key != marker.key}, **inner}
    inner = {**_unless_given(preset, options(cls), inner), **inner}
    beside = options(marker.also) if marker.also else {}
    filled, problems = _check(beside | options(cls), answers(cls, marker.also), inner, where)
    for key in beside.keys() - options(cls).keys():
        if filled.get(key) is None:  # what the whole kind may have is shown where it is set
            del filled[key]
    return {marker.key: name, **filled}, problems


def _unless_given(
    preset: Mapping[str, Any], known: Mapping[str, Option], given: Mapping[str, Any]
) -> Filled:
    """What a preset sets, but for options that are given, by whichever of their names."""
    return {
        key: each
        for key, each in preset.items()
        if not any(given.get(name) is not None for name in (key, *known[key].aliases))
    }


def _named(
    known: Mapping[str, Option],
    answered: Mapping[str, Answer],
    given: Mapping[str, Any],
    place: Where,
) -> tuple[dict[str, tuple[str, Any]], list[Problem]]:
    """What was given, by the option's own name: (the name used, value)."""
    aliases = {alias: option.name for option in known.values() for alias in option.aliases}
    values: dict[str, tuple[str, Any]] = {}
    problems = []
    for key, value in given.items():
        name = aliases.get(key, key)
        if name not in known:
            problems += _unknown(known, answered, key, value, place)
        elif name in values:
            problems.append(
                Problem(str(place.at(key)), f"says the same as {values[name][0]!r}; keep one")
            )
        else:
            values[name] = key, value
    return values, problems


def _unknown(
    known: Mapping[str, Option],
    answered: Mapping[str, Answer],
    key: str,
    value: Any,
    place: Where,
) -> list[Problem]:
    """What is said of a word that is no option; nothing if it asks for what happens anyway."""
    if key in answered and answered[key].accepts(value):
        return []
    ours = [option.name for option in known.values() if key in option.elsewhere]
    what = wording.unknown(key, known)
    if key in answered:
        what = answered[key].what
    elif ours:
        what = f"is called {' or '.join(map(repr, ours))} here"
    return [Problem(str(place.at(key)), what)]


def _check_value(option: Option, value: Any, place: Where) -> tuple[Any, list[Problem]]:
    plain = (value is None and option.optional) or (isinstance(value, bool) and option.switch)
    if option.component is not None and not plain:
        return _check_nested(option, value, place)
    value, problems = validate(option.annotation, value, place)
    if isinstance(value, str) and any(marks(option.annotation, LocalFolder)):
        document = getattr(place, "document", None)
        beside = None if document is None else document.folder / value
        value = str(beside.resolve()) if beside is not None and beside.is_dir() else value
    return value, problems


def _check_nested(option: Option, value: Any, place: Where) -> tuple[Any, list[Problem]]:
    marker = option.component
    if isinstance(marker, Section):
        return check(marker.cls, value, place)
    assert marker is not None
    if not marker.many:
        default = option.default
        return check_component(
            marker,
            value,
            place,
            default={marker.key: default} if isinstance(default, str) else default,
        )
    if not isinstance(value, list):
        kinds = "a list, true or false" if option.switch else "a list"
        return [], [Problem(str(place), f"must be {kinds}, got {wording.show(value)}")]
    pairs = [check_component(marker, each, place.at(index)) for index, each in enumerate(value)]
    return [pair[0] for pair in pairs], [problem for pair in pairs for problem in pair[1]]


def _default(option: Option, place: Where) -> tuple[Any, list[Problem]]:
    if option.component is None or option.default is None:
        return option.default, []
    return _check_nested(option, option.default, place.at(option.name))


def _component(annotation: Any) -> ComponentOf | Section | None:
    found = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((each for each in found if isinstance(each, ComponentOf | Section)), None)


def _article(marker: ComponentOf) -> str:
    kind = marker.registry.kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _descriptions(cls: type) -> dict[str, str]:
    """The `Args:` lines of the class and of what it inherits from."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        for text in (
            each.__dict__.get("__doc__"),
            getattr(each.__dict__.get("__init__"), "__doc__", None),
        ):
            found |= describe_args(text or "")
    return found
