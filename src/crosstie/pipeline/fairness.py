"""`fairness:` of the file, held against the table: by which groups a model is audited, and how they are evened out."""

from collections.abc import Mapping
from typing import Any

from crosstie.config.document import Place
from crosstie.data.profile import ColumnProfile
from crosstie.evaluation.fairness import AUDITED
from crosstie.evaluation.group_thresholds import BOUND
from crosstie.evaluation.groups import usual_form
from crosstie.pipeline.entries import Columns
from crosstie.pipeline.evening import Fair, ungrouped
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import Fairness

KEY = "fairness"
FOR = {"by": AUDITED, "thresholds": ("binary",), "reweighing": ("binary", "category")}  # outputs


def read_fairness(
    top: Mapping[str, Any],
    columns: Columns,
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
    *,
    rowwise: bool,
    windows: bool,
) -> Fair | None:
    """The section, filled and held against the table; None where there is none, or it is wrong.

    Args:
        top: The file's top level.
        columns: The features as written.
        looks: The table's columns; empty when it could not be read.
        findings: Gets what is wrong.
        rowwise: Whether the columns are worked out of others.
        windows: Whether rows are windows of a long table.
    """
    place = findings.document.at(KEY)
    if top[KEY] is None:
        return None
    before = len(findings.problems)
    filled = findings.section(Fairness, top[KEY], place)
    given = filled.get("by")
    if given is None:
        return None
    fair = Fair(
        tuple(dict.fromkeys([given] if isinstance(given, str) else given)),
        filled.get("thresholds"),
        bool(filled.get("reweighing")),
        filled.get("bound") or BOUND,
    )
    if not fair.by:
        findings.wrong(
            place.at("by"), "names no column; name those that tell groups of people apart"
        )
    asked = [name for name in FOR if getattr(fair, name)]
    for index, name in enumerate(fair.by):
        where = place.at("by") if isinstance(given, str) else place.at("by", index)
        if looks and findings.known(name, looks, where, "the table has no column"):
            _check_column(looks[name], where, columns, findings, evened=len(asked) > 1)
        if fair.thresholds and name in top["private"]:
            findings.wrong(
                where,
                f"{name!r} is private, and thresholds by it would lie in the model; leave `thresholds` out",
            )
    for name in asked:
        _check_outputs(name, columns, findings)
        if windows:
            findings.wrong(
                place.at(name), "rows of windows of a long table are in no group; leave it out"
            )
    if fair.thresholds and rowwise:
        findings.wrong(
            place.at("thresholds"),
            "does not go together with row-wise features (`features:`) yet; take `reweighing: true`, or work the columns "
            "out in a step",
        )
    return fair if len(findings.problems) == before else None


def _check_column(
    looks: ColumnProfile, where: Place, columns: Columns, findings: Findings, *, evened: bool
) -> None:
    if looks.name in [entry.column for entry in columns.outputs]:
        findings.wrong(where, f"{looks.name!r} is what is predicted; name another column")
    elif evened and usual_form(looks) != "levels":
        findings.wrong(where, ungrouped(looks))


def _check_outputs(how: str, columns: Columns, findings: Findings) -> None:
    place = findings.document.at(KEY, how)
    kinds = FOR[how]
    if len(columns.outputs) != 1 or columns.outputs[0].type not in ("", None, *kinds):
        remedy = "leave the section out" if how == "by" else "leave it out"
        said = ", ".join(f"{entry.name!r} is a {entry.type}" for entry in columns.outputs)
        findings.wrong(
            place, f"is for one output that is {' or '.join(kinds)}, and {said}; {remedy}"
        )
