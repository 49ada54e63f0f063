"""`crosstie doctor`: what is installed, what is missing, what to type."""

from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table


def doctor(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Say what is installed, what is missing, and what to type. Exit code 1 if training is not possible.

    Args:
        json: Print one line of JSON on standard output.
    """
    found = api.doctor()
    if json:
        put_json(found)
        return 0 if found["ready"] else 1
    put(f"crosstie {found['crosstie']} on Python {found['python']}, {found['system']}")
    put(f"{found['processors']} processors, {found['memory_gb']} GB of memory")
    put_table(
        "",
        ["package", "version", "needed for"],
        [[each["name"], each["version"] or "missing", each["for"]] for each in found["packages"]],
    )
    for line in found["advice"]:
        put(line)
    if found["ready"] and not found["advice"]:
        put("Everything is here.")
    return 0 if found["ready"] else 1
