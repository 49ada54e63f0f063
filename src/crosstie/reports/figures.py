"""Blocks as inline SVG. A few shapes need no plotting library: a page takes milliseconds, and its colours are its style's.

Every figure has a title and a description in words; what tells series apart is a dash or a name beside the colour.
"""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from crosstie.reports.numbers import count, figure, share

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = (
    68,
    28,
    12,
    44,
)  # the left one at least: figures on the axis may need more
COLOURS = 6  # classes `s0` to `s5` of the style; `s9` is for what is only to compare with
LETTER = 7.4  # pixels, of a telephone's larger ones
WIDE = 8.8  # the same of digits and of what is not to be cut off in any font
FEW = 15  # points of a line that are marked
Block = dict[str, Any]
Place = Callable[[float], float]


def curves(block: Block) -> str:
    """`lines` and `points`."""
    found = [each for each in block["series"] if each["points"]]
    if not found:
        return ""
    xs = [each[0] for line in found for each in line["points"]]
    ys = [each[1] for line in found for each in line["points"]]
    log = block["x"]["log"] and min(xs) > 0
    across = [math.log10(each) for each in xs] if log else xs
    if block.get("square"):
        x_ends, y_ends = (0.0, 1.0), (0.0, 1.0)
    elif block.get("same"):
        x_ends = y_ends = _ends([*xs, *ys])
    else:
        x_ends, y_ends = _ends(across), _ends(ys)
    left = _left(y_ends)
    x_at = _scale(x_ends, left, WIDTH - RIGHT)
    y_at = _scale(y_ends, HEIGHT - BOTTOM, TOP)
    parts = [*_axes(block, x_ends, y_ends, x_at, y_at, left=left, log=log)]
    dots = block["kind"] == "points"
    if block.get("same"):
        low, high = x_ends
        parts.append(_path([(x_at(low), y_at(low)), (x_at(high), y_at(high))], "s9", dashed=True))
    named = dots and len(found) > 1
    colour = 0
    for line in found:
        klass = "s9" if line["dashed"] else f"s{0 if named else colour % COLOURS}"
        colour += not line["dashed"]
        at = [
            (x_at(math.log10(x) if log else x), y_at(min(max(y, y_ends[0]), y_ends[1])))
            for x, y in line["points"]
        ]
        if dots:
            radius = 4 if named else 2.5
            parts += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="dot {klass}"/>'
                for x, y in at
            ]
        else:
            parts.append(_path(at, klass, dashed=line["dashed"]))
            if len(at) <= FEW and not line["dashed"]:
                parts += [
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="dot {klass}"/>'
                    for x, y in at
                ]
    parts += _marks(block.get("ticks", ()), x_ends, x_at)
    if named:
        parts += _names([(line["name"], x_at(math.log10(x) if log else x), y_at(y)) for line in found for x, y in line["points"]])  # fmt: skip
    legend = "" if dots else _legend(found)
    return _svg(block, parts, _said(block, found)) + legend


def bars(block: Block) -> str:
    """`bars`, one below the other, the interval as a thin line."""
    found = block["bars"]
    if not found:
        return ""
    label = min(240, 14 + max(len(str(each["label"])) for each in found) * WIDE)
    row, right = 22, 120 if any("share" in each for each in found) else 70
    ends = [value for each in found for value in (each["value"], each["low"], each["high"]) if value is not None]  # fmt: skip
    low, high = min(0.0, *ends), max(0.0, *ends)
    high = high if high > low else low + 1
    at = _scale((low, high), label, WIDTH - right)
    height = row * len(found) + 6
    parts = []
    for place, each in enumerate(found):
        top = 3 + place * row
        start, end = sorted((at(0.0), at(each["value"])))
        name = str(each["label"])
        name = name if len(name) <= 26 else f"{name[:25]}…"
        parts.append(
            f'<text x="{label - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
        )
        parts.append(f'<rect x="{start:.1f}" y="{top + 3}" width="{max(end - start, 1):.1f}" height="{row - 7}" class="fill s0"/>')  # fmt: skip
        furthest = end
        if each["low"] is not None and each["high"] is not None:
            middle = top + row / 2 - 0.5
            furthest = max(end, at(each["high"]))
            parts.append(f'<line x1="{at(each["low"]):.1f}" y1="{middle}" x2="{at(each["high"]):.1f}" y2="{middle}" class="span"/>')  # fmt: skip
        of = f'<tspan class="axis"> ({each["share"]:.0%})</tspan>' if "share" in each else ""
        parts.append(f'<text x="{furthest + 6:.1f}" y="{top + 15}">{figure(each["value"])}{of}</text>')  # fmt: skip
    first = found[0]
    said = f"{block['unit']}: {count(len(found), 'bar')}, the first {first['label']} with {figure(first['value'])}."
    return _svg(block, parts, said, height=height)


def histogram(block: Block) -> str:
    """`histogram`, upright bars."""
    edges, rows = block["edges"], block["rows"]
    x_ends = (edges[0], edges[-1])
    y_ends = (0.0, max(rows) * 1.05 or 1.0)
    left = _left(y_ends)
    x_at = _scale(x_ends, left, WIDTH - RIGHT)
    y_at = _scale(y_ends, HEIGHT - BOTTOM, TOP)
    axes = {"x": {"label": block["unit"]}, "y": {"label": "rows"}}
    parts = [*_axes(axes, x_ends, y_ends, x_at, y_at, left=left)]
    for place, each in enumerate(rows):
        left, right = x_at(edges[place]), x_at(edges[place + 1])
        parts.append(
            f'<rect x="{left + 0.5:.1f}" y="{y_at(each):.1f}" width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{HEIGHT - BOTTOM - y_at(each):.1f}" class="fill s0"/>'
        )
    if x_ends[0] < 0 < x_ends[1]:
        parts.append(_path([(x_at(0.0), TOP), (x_at(0.0), HEIGHT - BOTTOM)], "s9", dashed=True))
    whole = sum(rows) or 1
    most = max(range(len(rows)), key=rows.__getitem__)
    said = f"Most rows, {share(rows[most] / whole)}, lie between {figure(edges[most])} and {figure(edges[most + 1])}."
    return _svg(block, parts, said)


def _scale(ends: tuple[float, float], start: float, end: float) -> Place:
    low, high = ends
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or abs(low) * 0.1 or 1.0
    return low - (0 if low == 0 else room), high + room


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two, at most so many.

    Examples:
        >>> ticks(0, 1)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        >>> ticks(-30, 470)
        [0.0, 100.0, 200.0, 300.0, 400.0]
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(
        each * power
        for each in (1, 2, 2.5, 5, 10, 20)
        if (high - low) / (each * power) <= most - 1 + 1e-9
    )
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _left(ends: tuple[float, float]) -> float:
    """Where the y axis stands, so that its figures and its name are beside each other."""
    widest = max(len(_tick(each)) for each in ticks(*ends))
    return max(LEFT, 28 + widest * WIDE)


def _axes(
    block: Block,
    x_ends: tuple[float, float],
    y_ends: tuple[float, float],
    x_at: Place,
    y_at: Place,
    *,
    left: float,
    log: bool = False,
) -> list[str]:
    bottom, parts = HEIGHT - BOTTOM, []
    for value in ticks(*y_ends):
        y = y_at(value)
        parts.append(
            f'<line x1="{left:g}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" class="grid"/>'
        )
        parts.append(
            f'<text x="{left - 7:g}" y="{y + 4:.1f}" text-anchor="end">{_tick(value)}</text>'
        )
    for value, name in (
        _powers(*x_ends) if log else [(each, _tick(each)) for each in ticks(*x_ends)]
    ):
        x = x_at(value)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{name}</text>')
    middle = (TOP + bottom) / 2
    parts.append(f'<text x="{(left + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle" class="axis">{escape(block["x"]["label"])}</text>')  # fmt: skip
    parts.append(f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})" class="axis">{escape(block["y"]["label"])}</text>')  # fmt: skip
    return parts


def _powers(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of a logarithmic axis between two exponents: 1, 10, 100; with 3s between where it is short."""
    steps = (1,) if high - low > 3 else (1, 3)
    found = [
        (math.log10(step) + power, _tick(step * 10.0**power))
        for power in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
    ]
    return [each for each in found if low <= each[0] <= high]


def _tick(value: float) -> str:
    if value and (abs(value) >= 1e6 or abs(value) < 1e-3):
        return f"{value:.2g}"
    whole = abs(value) >= 1000 and value == round(value)
    return f"{value:,.0f}" if whole else f"{value:,.10g}"


def _path(at: Sequence[tuple[float, float]], klass: str, *, dashed: bool = False) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    return f'<polyline points="{joined}" class="line {klass}{" dashed" if dashed else ""}"/>'


def _marks(ticks: Sequence[float], ends: tuple[float, float], x_at: Place) -> list[str]:
    """Small strokes on the x axis."""
    strokes = [
        f"M{x_at(each):.1f},{HEIGHT - BOTTOM}v-8" for each in ticks if ends[0] <= each <= ends[1]
    ]
    return [f'<path d="{"".join(strokes)}" class="mark"/>'] if strokes else []


def _names(found: Sequence[tuple[str, float, float]]) -> list[str]:
    """Names beside dots; one that would lie over another, or over a dot, is left out: it is in the table."""
    taken = [(x - 4, x + 4, y) for _, x, y in found]
    parts = []
    for place, (name, x, y) in enumerate(found):
        width = len(name) * LETTER
        others = [each for at, each in enumerate(taken) if at != place]
        for left in (x + 7, x - 7 - width):
            inside = left > LEFT and left + width < WIDTH
            if inside and not any(
                abs(y - top) < 13 and left < end and begin < left + width
                for begin, end, top in others
            ):
                taken.append((left, left + width, y))
                parts.append(f'<text x="{left:.1f}" y="{y + 4:.1f}">{escape(name)}</text>')
                break
    return parts


def _legend(found: Sequence[Block]) -> str:
    if len(found) < 2:
        return ""
    items, colour = [], 0
    for line in found:
        klass = "s9 dashed" if line["dashed"] else f"s{colour % COLOURS}"
        colour += not line["dashed"]
        items.append(
            f'<li><svg width="26" height="8" aria-hidden="true"><line x1="0" y1="4" x2="26" y2="4" class="line {klass}"/></svg> '
            f"{escape(line['name'])}</li>"
        )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _said(block: Block, found: Sequence[Block]) -> str:
    """What a figure shows, for who does not see it."""
    each = []
    for line in found:
        ends = line["points"][0], line["points"][-1]
        if block["kind"] == "points" and len(line["points"]) == 1:
            each.append(f"{line['name']}: {_tick(ends[0][0])}, {figure(ends[0][1])}")
        elif block["kind"] == "points":
            each.append(count(len(line["points"]), "point"))
        else:
            each.append(f"{line['name']}: from {figure(ends[0][1])} to {figure(ends[1][1])}")
    return f"{block['y']['label']} by {block['x']['label']}. {'; '.join(each)}."


def _svg(block: Block, parts: Sequence[str], said: str, *, height: int = HEIGHT) -> str:
    name = escape(block["id"])
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-t {name}-d" class="figure">'
        f'<title id="{name}-t">{escape(block["title"])}</title><desc id="{name}-d">{escape(said)}</desc>'
        f"{''.join(parts)}</svg>"
    )
