"""`crosstie datasets`: data to try things on."""

from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table


def datasets(
    name: str | None = None, /, *, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """List the datasets that come with Crosstie, or show one.

    Args:
        name: One of them, hf://OWNER/NAME of the Hugging Face hub, or a folder of your own.
        json: Print one line of JSON on standard output.
    """
    found = api.datasets(name)
    if json:
        put_json([vars(each) for each in found] if name is None else vars(found[0]))
        return 0
    if name is not None:
        [one] = found
        put(repr(one))
        facts = ("about", "task", "target", "metric", "split", "licence", "source", "data")
        rows = [[fact, _written(getattr(one, fact))] for fact in facts if getattr(one, fact)]
        put_table("", ["", ""], rows)
        put(f"Train on it: crosstie train dataset:{name}{'' if one.target else ' --target COLUMN'}")
        return 0
    put_table(
        "",
        ["dataset", "target", "task", "metric", "licence"],
        [[each.name, each.target, each.task, each.metric, each.licence] for each in found],
    )
    put(
        "Train on one: crosstie train dataset:penguins. In Python: crosstie.datasets.load('penguins')"
    )
    put("Others: dataset:hf://OWNER/NAME of the Hugging Face hub, dataset:FOLDER of your own")
    return 0


def _written(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_written(each)}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
