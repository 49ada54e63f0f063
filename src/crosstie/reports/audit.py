"""An audit as a page of its own, and as the section of a run's report."""

from collections.abc import Sequence
from typing import Any

from crosstie.evaluation.fairness import Criterion, Fairness
from crosstie.evaluation.mitigation import Mitigation
from crosstie.evaluation.slices import Slice
from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.numbers import count, figure
from crosstie.reports.page import page
from crosstie.serving.audit import LIMITS, Audit

COSTS = (
    "how",
    "criterion",
    "without",
    "with",
    "with: 95 %",
    "accuracy",
    "lost",
    "lost: 95 %",
)
COSTS_NOTE = (
    "How far apart groups are without and with it, the accuracy with it, and how much of it is lost, on rows that nothing was "
    "chosen by. "
    "`thresholds`: each group is decided by one of its own; one that is not applied is chosen on half of the rows and judged "
    "on the other. `reweighing`: training rows are weighted, so that class and group are independent."
)


def audit_blocks(found: Audit) -> list[Block]:
    """In short; for each column and each two what became of the groups, how far they are apart, and what evening out costs."""
    made = [blocks.text("fairness-verdict", "In short", [found.verdict, *found.notes, LIMITS])]
    for place, each in enumerate(found.by):
        by = " and ".join(each.columns)
        made.append(_groups(found, each, f"fairness-{place}-groups", f"By {by}: groups"))
        if each.criteria:
            made.append(_criteria(each, f"fairness-{place}-criteria", f"By {by}: criteria"))
        costs = [one for one in found.mitigations if one.columns == each.columns]
        if costs:
            made.append(_costs(costs, f"fairness-{place}-costs", f"By {by}: evening it out"))
            made.append(_thresholds(costs, f"fairness-{place}-thresholds", f"By {by}: thresholds"))
    return [*made, _slices(found)]


def slice_block(id: str, title: str, loss: str, found: Sequence[Slice], seen: int) -> Block:
    """Rows that predictions are surely worse on than on the others.

    Args:
        id: Of the block.
        title: Of the block.
        loss: What it is told by.
        found: The slices.
        seen: How many were looked at.
    """
    rows = [
        [each.name, str(each.rows), *map(figure, (each.loss, each.others, each.low, each.high))]
        for each in found
    ]
    if not rows:
        note = (
            f"Of {seen} slices by any columns none is surely predicted worse than the other rows."
        )
        return blocks.text(id, title, [note])
    names = ["slice", "rows", loss, "others", "difference from", "to"]
    note = f"Of {seen} slices by any columns, those surely predicted worse than the other rows, told by the {loss}."
    return blocks.table(id, title, names, rows, numeric=names[1:], note=note)


def audit_page(found: Audit) -> str:
    """The whole page."""
    facts = [("rows", str(found.rows))]
    facts += [("left out", count(found.left_out, "row"))] if found.left_out else []
    facts += [("counts as chosen", found.positive)] if found.positive else []
    facts += [(each.column, f"{each.about}, by its {each.why}") for each in found.proposals]
    sections: list[dict[str, Any]] = [
        {"id": f"by-{place}", "title": f"By {' and '.join(each.columns)}", "blocks": made}
        for place, each in enumerate(found.by)
        if (made := [block for block in audit_blocks(found) if _is_of(block, place)])
    ]
    sections.append({"id": "slices", "title": "Where it is worst", "blocks": [_slices(found)]})
    return page(
        {
            "title": f"Audit of {found.output}",
            "run": f"{found.output} on {found.rows} rows",
            "verdict": [found.verdict, *found.notes, LIMITS],
            "facts": [list(each) for each in facts],
            "sections": sections,
        }
    )


def _is_of(block: Block, place: int) -> bool:
    return str(block["id"]).startswith(f"fairness-{place}-")


def _groups(found: Audit, each: Fairness, id: str, title: str) -> Block:
    names = list(found.overall)
    chosen = f", {found.positive!r} counting as chosen" if found.positive else ""
    small = f" Groups of fewer than {found.least} rows are not judged." if each.small else ""
    rows = [
        [
            group.name if group.judged else f"{group.name} (too small to be judged)",
            str(group.rows),
            *(figure(group.rates[name].value) if name in group.rates else "" for name in names),
        ]
        for group in each.groups
    ]
    rows.append(
        ["all rows", str(found.rows), *(figure(rate.value) for rate in found.overall.values())]
    )
    return blocks.table(
        id,
        title,
        ["group", "rows", *names],
        rows,
        numeric=["rows", *names],
        strong=[len(rows) - 1],
        note=f"{found.output} on {found.rows} rows{chosen}.{small}",
    )


def _criteria(each: Fairness, id: str, title: str) -> Block:
    return blocks.table(
        id,
        title,
        ["criterion", "value", "95 % interval", "bound", "verdict", "least", "most"],
        [_row(criterion) for criterion in each.criteria],
        numeric=["value", "bound"],
        strong=[i for i, criterion in enumerate(each.criteria) if criterion.verdict == "fails"],
        note="Intervals hold for all pairs of groups together. A verdict is `unsure` where the interval reaches over the bound.",
    )


def _costs(found: Sequence[Mitigation], id: str, title: str) -> Block:
    return blocks.table(
        id,
        title,
        COSTS,
        [cost_row(each) for each in found],
        numeric=["without", "with", "accuracy", "lost"],
        strong=[place for place, each in enumerate(found) if each.applied],
        note=COSTS_NOTE,
    )


def cost_row(each: Mitigation) -> list[str]:
    """What it is called, and what it costs, under `COSTS`."""
    return [
        f"{each.how}, on" if each.applied else each.how,
        each.criterion,
        figure(each.before.value),
        figure(each.after.value),
        f"{figure(each.after.low)} to {figure(each.after.high)}",
        figure(each.accuracy),
        figure(each.cost),
        f"{figure(each.low)} to {figure(each.high)}",
    ]


def _thresholds(found: Sequence[Mitigation], id: str, title: str) -> Block:
    own = [each for each in found if each.thresholds]
    names = list(dict.fromkeys(name for each in own for name in each.thresholds))
    shown = [f"{each.criterion}, on" if each.applied else each.criterion for each in own]
    rows = [
        [name, *(f"{each.thresholds[name]:.3f}" if name in each.thresholds else "" for each in own)]
        for name in names
    ]
    note = "From which probability on a row of the group is chosen."
    return blocks.table(id, title, ["group", *shown], rows, numeric=shown, note=note)


def _slices(found: Audit) -> Block:
    return slice_block(
        "fairness-slices", "Worst slices", found.loss, found.slices, found.slices_seen
    )


def _row(each: Criterion) -> list[str]:
    interval = f"{figure(each.low)} to {figure(each.high)}"
    bound = "" if each.bound is None else f"{each.bound:g}"
    return [each.name, figure(each.value), interval, bound, each.verdict, each.least, each.most]
