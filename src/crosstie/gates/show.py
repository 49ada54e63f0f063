"""A comparison for people who read a terminal or a page of CI: rows of a table, and JUnit's XML."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from crosstie.data.files import write_text
from crosstie.gates.comparison import Comparison, Finding, Outcome

SIGNS = {"passed": "ok", "warned": "warns", "failed": "FAILED", "not applicable": "-"}
HEAD = ("gate", "", "value", "bound", "what")
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B"))
MOST = 10  # failures of one gate that are listed


def table_rows(comparison: Comparison) -> list[tuple[str, str, str, str, str]]:
    """A row for each gate under `HEAD`: its name, whether it passed, what it measured, against what, one sentence."""
    return [
        (each.gate, SIGNS[each.result], number(each.value), number(each.bound), each.what)
        for each in comparison.outcomes
    ]


def verdict(comparison: Comparison) -> str:
    """The whole in one sentence."""
    said = f"{comparison.candidate} on {comparison.rows} rows of {comparison.holdout}"
    left_out = [
        f"{each.left_out} without a usable {name}"
        for name, each in comparison.outputs.items()
        if each.left_out
    ]
    if left_out:
        said += f" ({', '.join(left_out)})"
    if comparison.production is None:
        beside = "nothing is in production yet; the gates that need nothing beside it"
    else:
        beside = f"against {comparison.production}:"
    if comparison.passed:
        passed = sum(each.result in {"passed", "warned"} for each in comparison.outcomes)
        warned = ", ".join(each.gate for each in comparison.warned)
        warns = f"; warned by {warned}" if warned else ""
        return (
            f"{said}, {beside} passed ({passed} of {len(comparison.outcomes)} gates apply{warns})"
        )
    names = ", ".join(each.gate for each in comparison.failed)
    return f"{said}, {beside} failed at {names}"


def failures(outcome: Outcome) -> list[str]:
    """What failed at a gate, or what it warns of, a line each; beyond ten the others are counted."""
    failed = [told(each) for each in outcome.findings if each.result == outcome.result]
    more = [f"and {len(failed) - MOST} more"] if len(failed) > MOST else []
    return [*failed[:MOST], *more]


def told(finding: Finding) -> str:
    """A finding with what it is about."""
    return f"{finding.where}: {finding.what}" if finding.where else finding.what


def number(value: float | None) -> str:
    """A number short enough for a table.

    Examples:
        >>> number(0.123456), number(1234.5), number(None), number(0.0)
        ('0.123', '1234', '', '0')
    """
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def size(count: float) -> str:
    """Bytes as people say them.

    Examples:
        >>> size(211_000_000), size(1_340_000), size(20.5)
        ('211 MB', '1.34 MB', '20.5 B')
    """
    unit, name = next((each for each in UNITS if count >= each[0]), UNITS[-1])
    return f"{count / unit:.3g} {name}"


def junit(comparison: Comparison) -> str:
    """The gates as a test suite in the XML that systems of continuous integration read."""
    counts = [each.result for each in comparison.outcomes]
    numbers = {
        "tests": str(len(counts)),
        "failures": str(counts.count("failed")),
        "errors": "0",
        "skipped": str(counts.count("not applicable")),
    }
    root = Element("testsuites", numbers)
    suite = SubElement(root, "testsuite", {"name": "gates", **numbers})
    properties = SubElement(suite, "properties")
    for name in ("candidate", "production", "holdout"):
        value = _plain(str(getattr(comparison, name) or "none"))
        SubElement(properties, "property", {"name": name, "value": value})
    for each in comparison.outcomes:
        case = SubElement(suite, "testcase", {"classname": "gates", "name": each.gate})
        if each.result == "failed":
            failure = SubElement(case, "failure", {"message": _plain(each.what)})
            failure.text = _plain("\n".join(failures(each)))
        elif each.result == "not applicable":
            SubElement(case, "skipped", {"message": _plain(each.what)})
        else:
            SubElement(case, "system-out").text = _plain(each.what)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def write_junit(comparison: Comparison, path: Path) -> None:
    """Write `junit` to a file."""
    write_text(path, junit(comparison))


def _plain(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(each if each >= " " or each in "\t\n" else "�" for each in text)


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as text with aligned columns, the last as long as it is."""
    widths = [max(len(each[i]) for each in rows) for i in range(len(rows[0]) - 1)]
    return [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        ).rstrip()
        for row in rows
    ]


def text(comparison: Comparison) -> str:
    """The table and the verdict as text, for who has nothing that draws tables."""
    shown = lines([HEAD, *table_rows(comparison)])
    return "\n".join([*shown, "", verdict(comparison)])
