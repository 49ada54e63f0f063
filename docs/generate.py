"""Writes docs/components.md from the components themselves: their docstrings and constructors are the source.

    python docs/generate.py            writes the page
    python docs/generate.py --check    exits with 1 if the page is not what the code says
"""

import inspect
import sys
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from crosstie.config.options import Option, options
from crosstie.config.registry import Registry
from crosstie.data.split import splits
from crosstie.evaluation.metric import metrics
from crosstie.features.feature import feature_types
from crosstie.learners.learner import learners
from crosstie.models.combiners.combiner import combiners
from crosstie.models.decoders.decoder import decoders
from crosstie.models.encoders.encoder import encoders
from crosstie.models.losses.loss import losses
from crosstie.pipeline.check import trainer_options
from crosstie.training.callbacks.callback import callbacks
from crosstie.training.optimizers.optimizer import optimizers
from crosstie.training.schedules.schedule import schedules

PAGE = Path(__file__).parent / "components.md"
HEAD = """# Components

Every option of the file that is a component: its name, what it does, its options with their defaults. This page is
generated from the code (`make docs`); `crosstie schema` gives the same as a JSON Schema for editors.
"""
PARTS: tuple[tuple[str, str, Registry[Any]], ...] = (
    ("Feature types", "`type:` of a feature; the options are its `preprocessing:`.", feature_types),
    ("Splits", "`preprocessing: {split: {type: …}}`.", splits),
    ("Learners", "`model_type:`; the options are the `trainer:` section.", learners),
    ("Encoders", "`encoder:` of an input, by feature type (`model_type: ecd`).", encoders),
    ("Combiners", "`combiner:` (`model_type: ecd`).", combiners),
    ("Decoders", "`decoder:` of an output, by feature type (`model_type: ecd`).", decoders),
    ("Losses", "`loss:` of an output, by feature type (`model_type: ecd`).", losses),
    ("Optimizers", "`trainer: {optimizer: {type: …}}`.", optimizers),
    ("Schedules", "`trainer: {learning_rate_scheduler: {type: …}}`.", schedules),
    ("Callbacks", "`callbacks:`.", callbacks),
)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, place, registry in PARTS:
        parts.append(f"## {title}\n\n{place}\n")
        parts += [_component(names, cls) for names, cls in _grouped(registry)]
    parts.append("## Metrics\n\n`metric:` of an output, and the keys of `metrics.json`.\n")
    parts.append(_metrics())
    return "\n".join(parts)


def _grouped(registry: Registry[Any]) -> list[tuple[list[str], type]]:
    """Classes with all the names they have, in the order of the first."""
    found: dict[type, list[str]] = {}
    for of, name, cls in registry.items():
        found.setdefault(cls, []).append(f"`{name}`" + (f" of {of}" if of else ""))
    return [(names, cls) for cls, names in sorted(found.items(), key=lambda item: item[1][0])]


def _component(names: list[str], cls: type) -> str:
    schema = trainer_options(cls) if hasattr(cls, "trainer_options") else cls
    lines = [f"### {', '.join(names)}\n", _prose(cls), ""]
    own = options(schema, wiring=("column",) if title_of(cls) == "feature" else ())
    if own:
        lines += ["| option | default | values | what it does |", "|---|---|---|---|"]
        lines += [_row(option) for option in own.values()]
        lines.append("")
    return "\n".join(lines)


def title_of(cls: type) -> str:
    """The module that defines the base of `cls`, which says what kind of component it is."""
    return cls.__mro__[-3].__module__.rpartition(".")[2] if len(cls.__mro__) > 3 else ""


def _prose(cls: type) -> str:
    text = inspect.cleandoc(cls.__doc__ or "")
    for head in ("Args:", "Attributes:", "Examples:", "Example:", "Raises:", "Returns:", "Class attributes:"):
        text = text.partition(f"\n{head}")[0]
    return " ".join(text.split())


def _row(option: Option) -> str:
    default = "required" if option.required else f"`{_plain(option.default)}`"
    cells = (f"`{option.name}`", default, _values(option.annotation), option.description)
    return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").split()) for cell in cells) + " |"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        kind, *constraints = get_args(annotation)
        limits = [str(each) for each in constraints if type(each).__module__ == "annotated_types"]
        return ", ".join([_values(kind), *limits])
    if origin is Literal:
        return ", ".join(f"`{_plain(each)}`" for each in get_args(annotation))
    if origin in {Union, UnionType}:
        return " or ".join(_values(each) for each in get_args(annotation))
    if annotation is type(None):
        return "null"
    if origin is not None:
        return f"{origin.__name__} of {', '.join(_values(each) for each in get_args(annotation))}"
    return getattr(annotation, "__name__", str(annotation))


def _metrics() -> str:
    lines = ["| output | metric | better | what it is |", "|---|---|---|---|"]
    for of, name, cls in metrics.items():
        better = "greater" if cls.greater_is_better else "smaller"
        lines.append(f"| {of} | `{name}` | {better} | {_prose(cls)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else "docs/components.md is old: make docs")
    PAGE.write_text(page(), encoding="utf-8")
