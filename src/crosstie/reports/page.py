"""A report as one HTML page: no network, no script needed, light and dark, for a telephone, a desk and paper."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from crosstie.reports.figures import bars, curves, histogram
from crosstie.reports.numbers import count, share
from crosstie.reports.style import NOTEBOOK, SCRIPT, STYLE

Block = Mapping[str, Any]
DARKEST = 0.45  # of a cell's colour, on which text is still read with ease
CELL = 24  # characters, from which on a cell gets room
SORTED = 4  # rows, from which on sorting is worth a button
_TYPED = re.compile(r"`([^`]+)`")
_NUMBER = re.compile(r"-?[\d,]*\.?\d+(e-?\d+)?")
NARROW = 68  # characters of a row, three for each gap, that half of a desk's page has room for
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(report: Mapping[str, Any]) -> str:
    """The whole page of what `collect` or `compare` gave."""
    sections = report["sections"]
    title = escape(report["title"])
    links = "".join(
        f'<li><a href="#{escape(each["id"])}">{escape(each["title"])}</a></li>' for each in sections
    )
    body = "".join(_section(each) for each in sections)
    said = "".join(f"<p>{_words(each)}</p>" for each in report["verdict"])
    facts = _facts(report["facts"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}: report</title><style>{STYLE}</style></head><body>"
        '<a class="skip" href="#main">To the content</a>'
        f'<header><h1>{title}</h1><div class="verdict">{said}</div>{facts}'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>'
        f'<main id="main">{body}</main>'
        f'<footer class="dim"><p>{escape(report["run"])}, by crosstie</p></footer>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def pieces(report: Mapping[str, Any], *ids: str) -> str:
    """Some sections alone, with their style, for a notebook.

    Args:
        report: As for `page`.
        ids: Of sections, or how they begin.
    """
    chosen = [each for each in report["sections"] if each["id"].startswith(ids)]
    said = "".join(f"<p>{_words(each)}</p>" for each in report["verdict"])
    body = "".join(_section(each) for each in chosen)
    style = STYLE.replace(":root", ":scope") + NOTEBOOK
    # in its scope it styles nothing else of a notebook's page
    return f'<div class="crosstie-report"><style>@scope (.crosstie-report) {{{style}}}</style>{said}{body}</div>'


def _section(section: Mapping[str, Any]) -> str:
    name = escape(section["id"])
    blocks = "".join(_block(each) for each in section["blocks"])
    return (
        f'<section aria-labelledby="{name}-h" id="{name}"><h2 id="{name}-h">{escape(section["title"])}</h2>'
        f'<div class="blocks">{blocks}</div></section>'
    )


def _block(block: Block) -> str:
    drawn = DRAWN[block["kind"]](block)
    if not drawn:
        return ""
    note = f'<p class="note">{_words(block["note"])}</p>' if block.get("note") else ""
    wide = "" if _is_narrow(block) else " wide"
    return f'<div class="block{wide}" id="{escape(block["id"])}"><h3>{escape(block["title"])}</h3>{note}{drawn}</div>'


def _is_narrow(block: Block) -> bool:
    """Whether two of such stand beside each other on a desk."""
    if block["kind"] == "table":
        columns = zip(block["columns"], *block["rows"], strict=True)
        return sum(max(map(len, cells)) + 3 for cells in columns) <= NARROW
    if block["kind"] == "heat":
        return sum(max(len(name), 10) for name in ("", *block["columns"])) <= NARROW
    return block["kind"] in {"bars", "histogram", "lines", "points"}


def _words(text: str) -> str:
    """Text as HTML; what stands in backticks is something to type."""
    return _TYPED.sub(r"<code>\1</code>", escape(text).replace(" %", "&nbsp;%"))


def _facts(rows: Sequence[Sequence[str]]) -> str:
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl>{items}</dl>" if items else ""


def _text(block: Block) -> str:
    lines = [_words(each) for each in block["lines"]]
    if len(lines) == 1:
        return f"<p>{lines[0]}</p>"
    return f"<ul>{''.join(f'<li>{each}</li>' for each in lines)}</ul>" if lines else ""


def _code(block: Block) -> str:
    lines = escape("\n".join(block["lines"]))
    return f'<pre tabindex="0" role="region" aria-label="{escape(block["title"])}"><code>{lines}</code></pre>'


def _table(block: Block) -> str:
    if not block["rows"]:
        return ""
    numeric = [name in block["numeric"] for name in block["columns"]]
    lined = [name in block.get("lined", ()) for name in block["columns"]]
    head = "".join(
        f'<th scope="col"{" class=n" if number else ""}>{escape(name)}</th>'
        for name, number in zip(block["columns"], numeric, strict=True)
    )
    rows = "".join(
        _row(row, numeric, lined, strong=place in block["strong"])
        for place, row in enumerate(block["rows"])
    )
    sorts = " class=sorts" if len(block["rows"]) >= SORTED else ""
    return _scrolled(
        block, f"<table{sorts}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(
    row: Sequence[str], numeric: Sequence[bool], lined: Sequence[bool], *, strong: bool
) -> str:
    cells = []
    for place, (cell, number, lines) in enumerate(zip(row, numeric, lined, strict=True)):
        shown = escape(cell)
        if not number:
            kind = " lines" if lines else " long" if len(cell) > CELL else ""
            shown = f'<div class="cell{kind}">{shown}</div>'
        tag = 'th scope="row"' if place == 0 else "td"
        found = _NUMBER.search(cell) if number else None
        value = f' data-v="{found[0].replace(",", "")}"' if found else ""
        side = " class=n" if number else ""
        cells.append(f"<{tag}{side}{value}>{shown}</{tag.split(maxsplit=1)[0]}>")
    return f"<tr{' class=strong' if strong else ''}>{''.join(cells)}</tr>"


def _heat(block: Block) -> str:
    """Each cell darker by its share of its row."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in block["columns"])
    rows = []
    for place, (name, values) in enumerate(zip(block["rows"], block["values"], strict=True)):
        whole = sum(values)
        cells = []
        for at, value in enumerate(values):
            part = value / whole if whole else 0.0
            right = " class=right" if at == place else ""
            small = f" <small>({share(part)})</small>" if value else ""
            cells.append(f'<td{right} style="--p:{part * DARKEST:.3f}">{count(value)}{small}</td>')
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
    corner = f'<th scope="col">{escape(block["down"])} ↓ {escape(block["across"])} →</th>'
    return _scrolled(
        block,
        f'<table class="heat"><thead><tr>{corner}{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>',
    )


def _scrolled(block: Block, table: str) -> str:
    """What may be wider than the page scrolls by itself, also by keyboard."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(block["title"])}">{table}</div>'


DRAWN: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "facts": lambda block: _facts(block["rows"]),
    "code": _code,
    "table": _table,
    "heat": _heat,
    "bars": bars,
    "histogram": histogram,
    "lines": curves,
    "points": curves,
}
