"""A comparison as one HTML page: no network, no script, readable on a telephone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from crosstie.data.files import write_text
from crosstie.gates.comparison import Comparison, Measured, Outcome, Output, signed
from crosstie.gates.costs import Cost, Took
from crosstie.gates.figures import calibration_figure, interval_figure
from crosstie.gates.row_diff import ColumnDiff
from crosstie.gates.show import SIGNS, failures, number, size, verdict
from crosstie.gates.tables import Training, Versions

DRIFTED = 30  # columns of the training table that are listed
STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #1e8449; --warn: #b9770e; --dim: #777; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.35rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.3rem 0 .3rem; } p { margin: .4rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } .scroll td { white-space: nowrap; }
.scroll td:last-child { white-space: normal; min-width: 12rem; } td ul { margin: 0; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.what { min-width: 14rem; overflow-wrap: anywhere; } .dim { color: var(--dim); }
.failed { color: var(--bad); font-weight: 600; } .passed { color: var(--good); }
.warned { color: var(--warn); font-weight: 600; }
ul { margin: .3rem 0; padding-left: 1.2rem; } svg { display: block; max-width: 100%; }
@media (max-width: 40rem) {
  .gates tr { display: grid; grid-template-columns: 1fr 4.5rem 5.5rem 5.5rem; border-bottom: 1px solid var(--line); }
  .gates td, .gates th { border: 0; } .gates .what { grid-column: 1 / -1; min-width: 0; } .gates th.what { display: none; }
}
"""


def write_page(comparison: Comparison, path: Path) -> None:
    """Write `page` to a file."""
    write_text(path, page(comparison))


def page(comparison: Comparison) -> str:
    """The whole page."""
    state = "passed" if comparison.passed else "failed"
    title = f"{'Passed' if comparison.passed else 'Failed'}: candidate against production"
    body = [
        f'<h1 class="{state}">{title}</h1>',
        f"<p>{escape(verdict(comparison))}</p>",
        "<h2>Gates</h2>",
        _gates(comparison.outcomes),
        *_contract(comparison),
    ]
    for name, output in comparison.outputs.items():
        body += _output(name, output)
    if comparison.training is not None:
        body += _training(comparison.training)
    if comparison.versions is not None:
        body += _versions(comparison.versions)
    if comparison.costs:
        body += _costs(comparison.costs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _gates(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for each in outcomes:
        said = failures(each) if each.result in {"failed", "warned"} else []
        what = _list(said) if len(said) > 1 else escape(each.what)
        rows.append(
            f'<tr><td>{escape(each.gate)}</td><td class="{each.result}">{SIGNS[each.result]}</td>'
            f'<td class="n">{number(each.value)}</td><td class="n">{number(each.bound)}</td>'
            f'<td class="what">{what}</td></tr>'
        )
    head = '<tr><th>gate</th><th></th><th>value</th><th>bound</th><th class="what">what</th></tr>'
    return f'<table class="gates">{head}{"".join(rows)}</table>'


def _contract(comparison: Comparison) -> list[str]:
    if not comparison.contract:
        return []
    said = [
        f"{each.where}: {each.what}{'' if each.breaks else ' (no caller trips over it)'}"
        for each in comparison.contract
    ]
    return ["<h2>What callers find other than before</h2>", _list(said)]


def _output(name: str, output: Output) -> list[str]:
    left = (
        f", {output.left_out} left out for want of a usable true value" if output.left_out else ""
    )
    parts = [
        f"<h2>{escape(name)}</h2>",
        f'<p class="dim">{output.type}, {output.rows} rows compared{left}</p>',
    ]
    if output.incomparable:
        parts.append(f'<p class="failed">Not compared: {escape(output.incomparable)}</p>')
    parts += ["<h3>Metrics</h3>", _metrics(output.metrics)]
    if output.flips is not None:
        flips = output.flips
        parts.append(
            f"<h3>Predictions that became another: {flips.share:.1%} ({flips.rows} rows)</h3>"
        )
        rows = [_cells((old, new, str(n))) for old, new, n in flips.ways]
        parts += [_table(("before", "now", "rows"), rows)] if rows else []
    if output.amounts is not None:
        each = output.amounts
        parts.append(
            f"<h3>How far predictions moved</h3><p>{each.mean_absolute:.4g} on average, at most "
            f"{each.max_absolute:.4g}; their mean by {each.mean:+.4g}.</p>"
        )
    if any(output.calibration.values()):
        parts += ["<h3>Calibration</h3>", calibration_figure(output.calibration)]
    return [*parts, *_segments(output), *_moved(output)]


def _metrics(metrics: Mapping[str, Measured]) -> str:
    rows = []
    for name, each in metrics.items():
        change = "" if each.change is None else signed(each.change)
        shown = "failed" if each.surely_worse else "passed" if each.surely_better else ""
        interval = _between(each.low, each.high)
        rows.append(
            f'<tr><td>{escape(name)}</td><td class="n">{_plain(each.before)}</td>'
            f'<td class="n">{_plain(each.after)}</td><td class="n {shown}">{change}</td>'
            f'<td class="n">{interval}</td><td>{interval_figure(each)}</td></tr>'
        )
    return _table(("metric", "production", "candidate", "change", "95 % interval", ""), rows)


def _segments(output: Output) -> list[str]:
    if not output.segments:
        return []
    rows = [
        _cells(
            (
                f"{each.column} {each.values}",
                str(each.rows),
                _plain(each.before),
                _plain(each.after),
                signed(each.after - each.before),
                _between(each.low, each.high),
            )
        )
        for each in output.segments
    ]
    head = ("rows where", "rows", f"{output.loss}, production", "candidate", "change", "interval")
    note = (
        f'<p class="dim">The worst of {output.segments_seen} segments of 50 rows and more; intervals hold for all of '
        "them together.</p>"
    )
    return ["<h3>Where it became worse</h3>", note, _table(head, rows)]


def _moved(output: Output) -> list[str]:
    if not output.moved:
        return []
    first = output.moved[0]
    head = ("row", *first.key, "true", "before", "now", *first.cells)
    rows = [
        _cells(
            (
                str(each.row),
                *map(_cell, each.key.values()),
                _cell(each.truth),
                _cell(each.before).replace(" ", "\N{NO-BREAK SPACE}"),
                _cell(each.after).replace(" ", "\N{NO-BREAK SPACE}"),
                *map(_cell, each.cells.values()),
            )
        )
        for each in output.moved
    ]
    return [f"<h3>The {len(rows)} rows that moved most</h3>", _table(head, rows)]


def _training(training: Training) -> list[str]:
    parts = ["<h2>Training tables</h2>"]
    before = ""
    if training.rows_before is not None:
        before = f"; production's had {training.rows_before}, {training.repeated_before or 0:.1%} of them repeated"
    parts.append(f"<p>{training.rows} rows, {training.repeated:.1%} of them repeated{before}.</p>")
    rows = [
        _cells(
            (
                name,
                number(each.psi),
                number(each.chance),
                number(each.js),
                number(each.ks),
                number(each.p),
                _before_after(*(f"{share:.1%}" for share in each.missing)),
            )
        )
        for name, each in list(training.columns.items())[:DRIFTED]
    ]
    if rows:
        parts.append(_table(("column", "PSI", "by chance", "JS", "KS", "p", "missing"), rows))
    if len(training.columns) > DRIFTED:
        parts.append(
            f'<p class="dim">and {len(training.columns) - DRIFTED} columns that drifted less</p>'
        )
    if training.unread:
        parts.append(f'<p class="dim">Not counted: {escape(", ".join(training.unread))}</p>')
    return parts


def _versions(versions: Versions) -> list[str]:
    parts = [f"<h2>Rows of {escape(versions.table)}</h2>"]
    diff = versions.diff
    if diff is None:
        same = "Row for row what production learned from."
        return [*parts, f'<p class="dim">{same if versions.same else "Not compared: " + escape(versions.why)}</p>']  # fmt: skip
    moved = (
        f"Of code moved: {', '.join(versions.moved)}; of data nothing. " if versions.moved else ""
    )
    repeated = f" {diff.repeated[1]} rows have a key that another has." if diff.repeated[1] else ""
    said = (
        f"{moved}By {', '.join(versions.key)}: {diff.shared:,} rows in both, {diff.changed:,} of them changed, "
        f"{diff.added:,} new, {diff.lost:,} gone.{repeated}"
    )
    parts.append(f"<p>{escape(said)}</p>")
    names = ((diff.new_columns, "New columns"), (diff.lost_columns, "Columns gone"))
    parts += [f"<p>{what}: {escape(', '.join(each))}</p>" for each, what in names if each]
    changed = sorted(diff.columns.items(), key=lambda each: -each[1].changed)
    rows = [_column(name, each) for name, each in changed if not each.same]
    head = ("column", "rows changed", "at most by", "newly missing", "type", "range", "different values", "for example")  # fmt: skip
    return [*parts, _table(head, rows)] if rows else parts


def _column(name: str, diff: ColumnDiff) -> str:
    ends = [f"{number(low)} to {number(high)}" for low, high in diff.range or ()]
    key, was, now = diff.examples[0] if diff.examples else ("", None, None)
    return _cells(
        (
            name,
            f"{diff.rows:,} ({diff.changed:.1%})",
            number(diff.max_delta),
            str(diff.new_missing or ""),
            _before_after(*diff.stored),
            _before_after(*ends) if ends else "",
            _before_after(*(f"{each:,}" for each in diff.distinct)),
            f"{_cell(key)}: {_cell(was) or 'missing'} → {_cell(now) or 'missing'}" if key else "",
        )
    )


def _before_after(was: str, now: str) -> str:
    return was if was == now else f"{was} → {now}"


def _costs(costs: Mapping[str, Cost]) -> list[str]:
    figures: Mapping[str, Callable[[Took], str]] = {
        "time": lambda each: f"{each.seconds:.3g} s",
        "of processors": lambda each: f"{each.cpu_seconds:.3g} s",
        "memory": lambda each: "" if each.peak_bytes is None else size(each.peak_bytes),
        "written": lambda each: size(each.bytes),
        "a row": lambda each: size(each.bytes / each.rows) if each.rows else "",
    }
    rows = []
    for step, each in costs.items():
        beside = [
            f"{figure(each.now)} ({figure(each.usual)})" if each.usual else figure(each.now)
            for figure in figures.values()
        ]
        count = "" if each.now.rows is None else f"{each.now.rows:,}"
        rows.append(_cells((step, count, *beside, str(each.runs or "no earlier runs on this machine"))))  # fmt: skip
    note = '<p class="dim">In brackets the median of the earlier runs on this machine, for as many rows.</p>'
    head = ("step", "rows", *figures, "earlier runs")
    return ["<h2>What it took</h2>", note, _table(head, rows)]


def _cells(values: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in values)}</tr>"


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    cells = "".join(f"<th>{escape(each)}</th>" for each in head)
    return f'<div class="scroll"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in items)}</ul>"


def _cell(cell: str | None) -> str:
    return "" if cell is None else cell if len(cell) <= 60 else f"{cell[:59]}…"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
