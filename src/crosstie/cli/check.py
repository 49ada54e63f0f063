"""`crosstie check`: everything wrong with a file and its data, without training."""

from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.asked import USUAL, Asked
from crosstie.cli.output import put, put_json, put_table
from crosstie.cli.types import TablePath
from crosstie.errors import CrosstieError


def check(
    file: TablePath,
    /,
    *,
    asked: Asked = USUAL,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Validate a model file and its data together, without training. Exit code 1 if something is wrong.

    Args:
        file: A model file, a run, or a table with --target.
        asked: See `Asked`.
        json: Print one line of JSON on standard output.
    """
    try:
        plan = api.check(file, **asked.arguments())
    except CrosstieError as error:
        if json:
            put_json({"ok": False, "problems": [str(each) for each in error.problems]})
            return 1
        for problem in error.problems:
            put(str(problem))
        put(f"{len(error.problems)} problem{'s' if len(error.problems) != 1 else ''}")
        return 1
    if json:
        put_json({"ok": True, "warnings": list(plan.warnings)})
        return 0
    if plan.inferred:
        put_table("", ["column", "type", "why"], [list(map(str, each)) for each in plan.inferred])
    for column, why in plan.excluded:
        put(f"left out: {column!r}: {why}")
    for line in plan.told:
        put(line)
    for warning in plan.warnings:
        put(f"warning: {warning}")
    put(f"ok: {len(plan.inputs)} inputs, {len(plan.outputs)} outputs, model_type {plan.model_type}")
    return 0
