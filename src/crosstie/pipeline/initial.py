"""The file that `crosstie init` writes: short, and each comment says what was inferred from the data, and why."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from crosstie.config.document import dump
from crosstie.config.options import options
from crosstie.data.profile import ColumnProfile
from crosstie.data.split import USUAL, splits
from crosstie.pipeline.plan import Plan

WIDTH = 96
SHOWN = 60  # columns whose type is explained one by one


def initial(plan: Plan, *, folder: Path | None = None, file: str = "FILE") -> str:
    """A short, commented model file that makes the same plan.

    Args:
        plan: What was inferred.
        folder: Where the file will stand: paths below it are written relative to it, others whole.
        file: What the file will be called, where comments say what to type.

    Returns:
        YAML. It names the target, the table and what is left out; every option stays at its default.
    """
    profile = plan.profile
    lines = [
        f"# {plan.name}: {_rows(profile)}. Train it: crosstie train {file}",
        f"# Every option with its default: crosstie show {file}",
        "",
        *_lines({"name": plan.name}),
        *_data(plan, folder),
        *_target(plan),
        *_exclude(plan),
        "",
        *_comment(_tried(plan)) * (plan.model_type == "auto"),
        *_lines({"model_type": plan.model_type}),
        *_split(plan),
        *_options(plan),
        *_types(plan, profile, file),
        *_worth_knowing(plan),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _rows(profile: Mapping[str, ColumnProfile]) -> str:
    rows = next((each.total_rows for each in profile.values()), 0)
    return f"{rows:,} rows, {len(profile)} columns"


def _data(plan: Plan, folder: Path | None) -> list[str]:
    return _lines({"data": _near(plan.config["data"], folder)}) if "data" in plan.config else []


def _near(data: Any, folder: Path | None) -> Any:
    """The same with paths relative to `folder` where they are below it."""
    if isinstance(data, Mapping):
        return {key: _near(each, folder) for key, each in data.items()}
    if isinstance(data, list):
        return [_near(each, folder) for each in data]
    if folder is None or not isinstance(data, str) or not Path(data).is_absolute():
        return data
    path, base = Path(data), folder.absolute()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else data


def _target(plan: Plan) -> list[str]:
    names = [feature.column for feature in plan.outputs]
    reasons = {each.column: each for each in plan.inferred}
    comments = [
        f"{name}: {reasons[name].type}, {reasons[name].why}" for name in names if name in reasons
    ]
    return [
        "",
        *(line for comment in comments for line in _comment(comment)),
        *_lines({"target": names[0] if len(names) == 1 else names}),
    ]


def _exclude(plan: Plan) -> list[str]:
    """Every column without a job, with the reason where it was not the user's."""
    used = {feature.column for feature in (*plan.inputs, *plan.outputs)}
    reasons = {each.column: each.why for each in plan.excluded}
    left = [column for column in plan.profile if column not in used and column != plan.weight]
    if not left:
        return []
    width = max(len(_scalar(column)) for column in left)
    lines = [
        f"  - {_scalar(column):<{width}}  # {reasons[column]}"
        if column in reasons
        else f"  - {_scalar(column)}"
        for column in left
    ]
    return ["", "exclude:", *lines]


def _options(plan: Plan) -> list[str]:
    """What is not at its default, and types of outputs that somebody said."""
    inferred = {each.column for each in plan.inferred}
    config = plan.config
    found: dict[str, Any] = {
        key: config[key] for key in ("weight", "folds", "private") if key in config
    }
    if plan.seed != 42:
        found["seed"] = plan.seed
    outputs = [each for each in plan.outputs if each.column not in inferred]
    if outputs:
        found["output_features"] = [{"name": each.name, "type": each.type} for each in outputs]
    return ["", *_lines(found)] if found else []


def _split(plan: Plan) -> list[str]:
    section = plan.config["preprocessing"].get("split")
    if section is None:
        return []
    shares = section.get("probabilities")
    told = " / ".join(f"{share:.0%}" for share in shares) if shares else section["type"]
    comment = f"Rows to train, validate and test on: {told}, {section['type']}."
    if section["type"] == "random" and (len(plan.data) > 1 or tuple(shares) == USUAL):
        return _comment(f"{comment} Another: preprocessing.split")
    usual = {key: each.default for key, each in options(splits.get(section["type"])).items()}
    asked = {key: each for key, each in section.items() if key not in usual or each != usual[key]}
    return ["", *_comment(comment), *_lines({"split": asked})]


def _types(plan: Plan, profile: Mapping[str, ColumnProfile], file: str) -> list[str]:
    """Types of inputs that somebody said, and the inferred ones as comments: ready to be uncommented and changed."""
    outputs = {feature.column for feature in plan.outputs}
    found = [each for each in plan.inferred if each.column not in outputs]
    said = [each for each in plan.inputs if each.column not in {other.column for other in found}]
    own = [f"  - {{name: {_scalar(each.name)}, type: {each.type}}}" for each in said]
    if not found:
        return ["", "input_features:", *own] if own else []
    lines = ["", "# Inputs, as inferred. To change one, write only that one:", "# input_features:"]
    if own:
        lines = ["", "input_features:", *own, "# As inferred. To change one, write it above:"]
    names = {each.column: _scalar(each.column) for each in found}
    width = min(max(len(name) for name in names.values()), 32)
    for each in found[:SHOWN]:
        looks = profile.get(each.column)
        missing = f"; {looks.missing} missing" if looks and looks.missing else ""
        entry = f"{{name: {names[each.column]}, type: {each.type}}}"
        lines.append(f"#   - {entry:<{width + 24}}  # {each.why}{missing}")
    if len(found) > SHOWN:
        lines.append(f"#   and {len(found) - SHOWN} more: crosstie check {file}")
    return lines


def _tried(plan: Plan) -> str:
    if {feature.kind for feature in plan.inputs} & {"image", "series"}:
        return "Trains a network: nothing else reads pictures, sound and series."
    return "Tries linear and boosted models, and a network where there is text or a set; keeps the best."


def _worth_knowing(plan: Plan) -> list[str]:
    if not plan.warnings:
        return []
    lines = ["", "# Worth knowing:"]
    for warning in plan.warnings:
        first, *rest = wrap(warning, WIDTH - 4)
        lines += [f"# - {first}", *(f"#   {line}" for line in rest)]
    return lines


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, WIDTH)]


def _lines(section: Mapping[str, Any]) -> list[str]:
    return dump(section).splitlines()


def _scalar(text: str) -> str:
    """A text as YAML has it in a flow section, quoted where it must be."""
    plain = text.replace(" ", "").replace("_", "").isalnum() and dump({"x": text}) == f"x: {text}\n"
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    return text if plain and text == text.strip() else f'"{escaped}"'
