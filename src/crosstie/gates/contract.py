"""What whoever calls the model in production would find other than before: columns, types, missing cells, labels."""

from collections.abc import Iterator, Sequence
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.schema import row_schema
from crosstie.data.table import Table
from crosstie.gates.comparison import Breach

SHOWN = 6  # labels that a sentence names


def breaches(production: Artifact, candidate: Artifact, holdout: Table) -> list[Breach]:
    """Every difference of the two models' schemas; those that break a caller first.

    A column that may no longer be empty breaks a caller only if the holdout, which is what callers send, has empty
    cells there: whether a training table happened to have one is otherwise an accident of sampling.

    Args:
        production: The model that is called now.
        candidate: The one that may be called instead.
        holdout: Rows as callers send them.
    """
    old, new = (
        row_schema(each.members[0].preprocessor, each.rowwise)["columns"]
        for each in (production, candidate)
    )
    found = [
        *_labels(production, candidate),
        *_outputs(old["output"], new["output"], production, candidate),
        *_inputs(_by_name(old["input"]), _by_name(new["input"]), holdout),
    ]
    return sorted(found, key=lambda each: not each.breaks)


def _by_name(columns: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["column"]: each for each in columns}


def _labels(production: Artifact, candidate: Artifact) -> Iterator[Breach]:
    theirs = {each.name: each for each in candidate.outputs}
    for feature in production.outputs:
        other = theirs.get(feature.name)
        if other is None or not feature.labels or not other.labels:
            continue
        lost = [each for each in feature.labels if each not in other.labels]
        new = [each for each in other.labels if each not in feature.labels]
        if lost:
            what = f"can no longer be {_some(lost)}: the training rows had none"
            yield Breach("label", feature.name, breaks=True, what=what)
        if new:
            what = f"can be {_some(new)}, which production never says"
            yield Breach("label", feature.name, breaks=True, what=what)


def _outputs(
    old: Sequence[dict[str, Any]],
    new: Sequence[dict[str, Any]],
    production: Artifact,
    candidate: Artifact,
) -> Iterator[Breach]:
    """Columns of a prediction; those of a label that came or went are told as labels."""
    told = {
        f"{feature.name}_probability_{label}"
        for artifact in (production, candidate)
        for feature in artifact.outputs
        for label in feature.labels
    }
    before, after = _by_name(old), _by_name(new)
    both = {each.name for each in production.outputs} & {each.name for each in candidate.outputs}
    for name, column in before.items():
        known = after.get(name)
        if known is None and not (
            name in told and any(name.startswith(f"{each}_") for each in both)
        ):
            what = "is no longer among the predictions"
            yield Breach("output", name, breaks=True, what=what)
        elif known is not None and known["arrow"] != column["arrow"]:
            what = f"was a {column['arrow']} and is a {known['arrow']}"
            yield Breach("type", name, breaks=True, what=what)
    for name in (each for each in after if each not in before):
        if not (name in told and any(name.startswith(f"{each}_") for each in both)):
            yield Breach("output", name, breaks=False, what="is a new column of the predictions")


def _inputs(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], holdout: Table
) -> Iterator[Breach]:
    for name, column in after.items():
        old = before.get(name)
        if old is None:
            what = "is a new input; " + (
                "it may be missing"
                if column["nullable"]
                else "callers need not send it, and it may not be missing"
            )
            yield Breach("input", name, breaks=not column["nullable"], what=what)
            continue
        if old["arrow"] != column["arrow"]:
            what = f"was a {old['type']} ({old['arrow']}) and is a {column['type']} ({column['arrow']})"
            yield Breach("type", name, breaks=True, what=what)
        elif old["type"] != column["type"]:
            what = f"was read as a {old['type']} and is read as a {column['type']}; callers may send what they sent"
            yield Breach("type", name, breaks=False, what=what)
        if old["nullable"] and not column["nullable"]:
            empty = _empty(holdout, name)
            what = "may no longer be missing: no training row was"
            if empty:
                what += f", and {empty} of the holdout's {len(holdout)} rows are"
            share = empty / max(len(holdout), 1)
            yield Breach("input", name, breaks=bool(empty), what=what, share=share)
    for name in (each for each in before if each not in after):
        yield Breach(
            "input", name, breaks=False, what="is no longer read; callers may go on sending it"
        )


def _empty(table: Table, name: str) -> int:
    return sum(each is None for each in table.cells(name)) if name in table.columns else len(table)


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:SHOWN]))
    return f"{shown} or {len(labels) - SHOWN} more" if len(labels) > SHOWN else shown
