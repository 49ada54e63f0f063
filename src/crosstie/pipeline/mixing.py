"""Whether rows of these columns can be mixed two by two while training."""

from collections.abc import Mapping
from typing import Any

from crosstie.pipeline.entries import Columns
from crosstie.pipeline.findings import Findings

WHOLE = ("sequence", "text", "timeseries")  # outputs whose places mean nothing in another row


def check_mixing(trainer: Mapping[str, Any], columns: Columns, findings: Findings) -> None:
    """`trainer.mixup` and `trainer.cutmix`, against the types of inputs and outputs."""
    whole = [entry for entry in columns.outputs if entry.type in WHOLE]
    others = [entry for entry in columns.inputs if entry.type and entry.cls.kind != "image"]
    for option in ("mixup", "cutmix"):
        if not trainer.get(option):
            continue
        place = findings.document.at("trainer", option)
        if whole:
            which = ", ".join(f"{entry.name!r} is a {entry.type}" for entry in whole)
            findings.wrong(
                place,
                f"mixes rows whose outputs are numbers, classes or sets of labels, but {which}; leave it out",
            )
        if option == "cutmix" and others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            findings.wrong(
                place,
                f"cuts pictures, but the input {others[0].name!r} is a {others[0].type}{more}; write `mixup: …`, "
                "which mixes inputs of all types",
            )
