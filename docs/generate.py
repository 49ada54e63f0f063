"""Writes docs/components.md from the components themselves: their docstrings and constructors are the source.

python docs/generate.py            writes the page
python docs/generate.py --check    exits with 1 if the page is not what the code says
"""

import inspect
import re
import sys
from pathlib import Path
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from crosstie.config.options import ComponentOf, Option, Section, options
from crosstie.config.registry import Registry
from crosstie.data.reader import Reading
from crosstie.data.split import splits
from crosstie.evaluation.metric import metrics
from crosstie.features.feature import feature_types
from crosstie.learners.learner import learners
from crosstie.models.combiners.combiner import combiners
from crosstie.models.decoders.decoder import decoders
from crosstie.models.encoders.encoder import encoders
from crosstie.models.layers.initial import Initial
from crosstie.models.losses.loss import losses
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.grammar import Backend, Fairness, File, Input, Output, Preprocessing
from crosstie.training.augmentations.augmentation import augmentations
from crosstie.training.callbacks.callback import callbacks
from crosstie.training.clipping import Clipping
from crosstie.training.optimizers.optimizer import optimizers
from crosstie.training.pace import Pace
from crosstie.training.schedules.schedule import schedules
from crosstie.tuning.hyperopt import Executor, Hyperopt
from crosstie.tuning.pruner import pruners
from crosstie.tuning.sampler import samplers
from crosstie.tuning.space import spaces

PAGE = Path(__file__).parent / "components.md"
HEAD = """# Components

Every key of the file and every component that it can name: what it does, its options, their defaults. This page is
generated from the code by `make docs`. `crosstie schema` prints the same as a JSON Schema, for editors.
"""
SECTIONS: tuple[tuple[str, str, type], ...] = (
    ("the top of the file", "", File),
    ("`data`", "When it is a section with `path`.", Reading),
    ("`input_features`", "An entry of the list. What is not written is inferred.", Input),
    ("`output_features`", "An entry of the list.", Output),
    ("`preprocessing`", "At the top of the file.", Preprocessing),
    ("`backend`", "", Backend),
    ("`fairness`", "See [Is it fair?](audit.md).", Fairness),
    ("`trainer`", "With `model_type: auto`.", Auto),
    ("`trainer.gradient_clipping`", "With `model_type: ecd`.", Clipping),
    ("`trainer.learning_rate_scheduler`", "Beside the options of its type.", Pace),
    ("`hyperopt`", "Of `crosstie tune`; nothing else reads it.", Hyperopt),
    ("`hyperopt.executor`", "", Executor),
    ("`encoder`, `combiner`, `decoder`", "Beside the options of their type.", Initial),
)
PARTS: tuple[tuple[str, str, Registry[Any]], ...] = (
    ("Feature types", "`type:` of a feature. The options are its `preprocessing:`.", feature_types),
    ("Splits", "`preprocessing: {split: {type: …}}`, or `split:` for short.", splits),
    ("Learners", "`model_type:`. The options are the `trainer:` section.", learners),
    ("Encoders", "`encoder:` of an input, by feature type, with `model_type: ecd`.", encoders),
    ("Combiners", "`combiner:`, with `model_type: ecd`.", combiners),
    ("Decoders", "`decoder:` of an output, by feature type, with `model_type: ecd`.", decoders),
    (
        "Losses",
        "`loss:` of an output, by feature type, with `model_type: ecd`. Each also takes `weight`, its part in the sum.",
        losses,
    ),
    ("Optimizers", "`trainer: {optimizer: {type: …}}`, with `model_type: ecd`.", optimizers),
    (
        "Schedules",
        "`trainer: {learning_rate_scheduler: {type: …}}`, with `model_type: ecd`.",
        schedules,
    ),
    (
        "Augmentations",
        "`augmentation: [{type: …}, …]` of an image input (ecd); in training only.",
        augmentations,
    ),
    (
        "Spaces",
        "`hyperopt: {parameters: {OPTION: {space: …}}}`; a list by itself is a `choice`.",
        spaces,
    ),
    ("Search algorithms", "`hyperopt: {search_alg: {type: …}}`.", samplers),
    ("Pruners", "`hyperopt: {executor: {pruner: {type: …}}}`.", pruners),
    (
        "Callbacks",
        "`callbacks: [{type: …}]`. `metrics_log`, `progress_bar` and `tensorboard` listen to every run anyway and are not named there.",
        callbacks,
    ),
)
LIMITS = {
    "Ge": ("ge", "at least {}"),
    "Gt": ("gt", "above {}"),
    "Le": ("le", "at most {}"),
    "Lt": ("lt", "below {}"),
}
PLURALS = {"text": "texts", "number": "numbers", "whole number": "whole numbers"}
WORDS = {str: "text", float: "number", int: "whole number", bool: "true or false", Any: "anything"}
ENTRIES: dict[str, type] = {}  # what a list of sections may hold, met while the page is written


def page() -> str:
    """The whole page."""
    ENTRIES.clear()
    parts = [HEAD, "## Sections of the file\n"]
    for title, place, cls in SECTIONS:
        parts.append(f"### {title}\n\n{place or _prose(cls)}\n\n{_table(options(cls).values())}")
    for title, place, registry in PARTS:
        grouped = _grouped(registry)
        if grouped:
            parts.append(f"## {title}\n\n{place}\n")
            parts += [_component(names, cls) for names, cls in grouped]
    parts.append("## Layers\n\nEntries of `fc_layers` and `conv_layers`.\n")
    parts += [_entry(name, cls) for name, cls in sorted(ENTRIES.items())]
    parts.append("## Metrics\n\n`metric:` of an output, and the keys of `metrics.json`.\n")
    parts.append(_metrics())
    return "\n".join(parts)


def _grouped(registry: Registry[Any]) -> list[tuple[str, type]]:
    """Classes with all the names they have, in the order of the first."""
    found: dict[type, dict[str, list[str]]] = {}
    for of, name, cls in registry.items():
        found.setdefault(cls, {}).setdefault(name, []).append(of)
    titles = []
    for cls, names in found.items():
        titles.append((", ".join(f"`{name}`{_of(each)}" for name, each in names.items()), cls))
    return sorted(titles, key=lambda item: item[0])


def _of(types: list[str]) -> str:
    named = [each for each in types if each]
    return f" of {', '.join(named)}" if named else ""


def _component(title: str, cls: type) -> str:
    schema = cls.trainer_options() if hasattr(cls, "trainer_options") else cls
    wiring = ("column",) if cls.__module__.startswith("crosstie.features") else ()
    return f"### {title}\n\n{_prose(cls)}\n\n{_table(options(schema, wiring=wiring).values())}"


def _prose(cls: type) -> str:
    text = inspect.cleandoc(cls.__doc__ or "")
    for line in text.splitlines():
        if line in {
            "Args:",
            "Attributes:",
            "Class attributes:",
            "Raises:",
            "Returns:",
        } or line.startswith("Example"):
            text = text.partition(f"\n{line}\n")[0]
            break
    return " ".join(text.split())


def _table(found: Any) -> str:
    rows = [_row(option) for option in found]
    if not rows:
        return ""
    head = ["| option | default | values | what it does |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _row(option: Option) -> str:
    default = (
        "required"
        if option.required
        else f"`{_plain(option.default)}`" * bool(_plain(option.default))
    )
    also = f" Also written `{'`, `'.join(option.aliases)}`." if option.aliases else ""
    nested = option.component
    if isinstance(nested, ComponentOf):
        values = f"a {nested.registry.kind}: its name, or a section with `type`"
    elif isinstance(nested, Section):
        values = "a section"
    else:
        values = _values(option.annotation)
    return _cells(f"`{option.name}`", default, values, _null(option.description) + also)


def _null(text: str) -> str:
    """Python's word for it as the file has it."""
    return re.sub(r"\bNone\b", "null", text)


def _cells(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if value == ():
        return "[]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _members(annotation: Any) -> tuple[Any, ...]:
    """What a union is made of; anything else alone."""
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _values(annotation: Any) -> str:
    origin, given = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = ", ".join(filter(None, (_limit(each, given[0]) for each in given[1:])))
        kinds = [_values(each) for each in _members(given[0])]
        limited = next((kind for kind in kinds if kind.startswith(("whole", "number"))), kinds[0])
        return " or ".join(
            f"{kind} {limits}".rstrip() if kind == limited else kind for kind in kinds
        )
    if origin is Literal:
        return ", ".join(f"`{_plain(each)}`" for each in given)
    if origin in {Union, UnionType}:
        return " or ".join(map(_values, given))
    if annotation is type(None):
        return "null"
    if hasattr(annotation, "__required_keys__"):  # a TypedDict, of whichever module
        ENTRIES[annotation.__name__] = annotation
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if annotation in WORDS:
        return WORDS[annotation]
    if origin is dict:
        return "a section" if given[1] is Any else f"a section of {_values(given[1])}"
    if origin is not None:
        kinds = [_values(each) for each in given if each is not Ellipsis]
        return "list of " + ", ".join(PLURALS.get(each, each) for each in kinds)
    return getattr(annotation, "__name__", str(annotation))


def _limit(constraint: Any, of: Any) -> str:
    if type(constraint).__name__ in LIMITS:
        attribute, words = LIMITS[type(constraint).__name__]
        return words.format(getattr(constraint, attribute))
    least, most = (getattr(constraint, each, None) for each in ("min_length", "max_length"))
    what = "of {} character" if of is str else "{} of them"
    return what.format(least) if least is not None and least == most else ""


def _entry(name: str, cls: type) -> str:
    hints = get_type_hints(cls, include_extras=True)
    rows = [_cells(f"`{key}`", _values(each)) for key, each in hints.items() if key[0] != "_"]
    return "\n".join([f"### {name}\n", _prose(cls), "", "| key | values |", "|---|---|", *rows, ""])


def _metrics() -> str:
    lines = ["| output | metric | better | what it is |", "|---|---|---|---|"]
    for of, name, cls in metrics.items():
        better = "greater" if cls.greater_is_better else "smaller"
        lines.append(_cells(of, f"`{name}`", better, _prose(cls)))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(
            0
            if PAGE.read_text(encoding="utf-8") == page()
            else "docs/components.md is old: make docs"
        )
    PAGE.write_text(page(), encoding="utf-8")
