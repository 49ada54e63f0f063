"""Steps drawn: as a tree of lines that a terminal shows, and as a picture for a notebook or a page."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

UNFOLDED = 10_000  # columns of what is no terminal
BOX, TALL, APART, BETWEEN = 96, 40, 46, 14  # a picture's measures, in pixels
ABOVE = 44  # for the title, and lines that pass over boxes
LETTER = 7.4  # the width of one
LONGEST = 28  # letters of a name in a picture
MIN_NAME = 20  # letters of a line that are the name's, however narrow the terminal
COLOURS = {
    "current": "#2e7d32",
    "will be restored": "#1565c0",
    "will be run": "#b26a00",
    "waits": "#757575",
    "cannot be built": "#c62828",
    "failed": "#c62828",
}
SUMMED = {"waits": "waiting", "cannot be built": "that cannot be built"}


@dataclass(frozen=True)
class Drawn:
    """What is shown of a step.

    Attributes:
        name: What it is called.
        upstreams: The steps that it takes tables of, all of them drawn before it.
        where: Its file.
        state: One of `COLOURS`.
        took: Rows and time when it was last run.
        why: Why it is to be run.
    """

    name: str
    upstreams: tuple[str, ...]
    where: str
    state: str
    took: str
    why: str


def terminal_width() -> int:
    """Columns of the terminal; as good as endless where there is none."""
    if not sys.stdout.isatty():
        return UNFOLDED
    return shutil.get_terminal_size().columns


def tree(steps: Sequence[Drawn], width: int | None = None) -> str:
    """A line a step: each stands below that one of the steps it takes which is furthest along, and names the others.

    Args:
        steps: Each behind those that it takes.
        width: Columns that a line may have; None for as many as it takes.

    Examples:
        >>> calls = Drawn("calls", (), "data/calls.csv", "current", "4 rows", "")
        >>> rates = Drawn("rates", (), "data/rates.csv", "current", "2 rows", "")
        >>> cost = Drawn("cost", ("calls", "rates"), "steps/10_cost.sql", "will be run", "", "was never built here")
        >>> print(tree([calls, rates, cost]))
        calls           data/calls.csv     current      4 rows
        rates           data/rates.csv     current      2 rows
        └ cost + calls  steps/10_cost.sql  will be run          was never built here
    """
    depth = depths(steps)
    parent = {
        each.name: max(reversed(each.upstreams), key=depth.__getitem__)
        for each in steps
        if each.upstreams
    }
    below: dict[str, list[Drawn]] = {each.name: [] for each in steps}
    for each in steps:
        if each.name in parent:
            below[parent[each.name]].append(each)
    rows: list[tuple[str, str, str, str, str]] = []

    def put(step: Drawn, first: str, rest: str) -> None:
        others = [each for each in step.upstreams if each != parent[step.name]]
        also = f" + {', '.join(others)}" if others else ""
        rows.append((f"{first}{step.name}{also}", step.where, step.state, step.took, step.why))
        for place, each in enumerate(below[step.name]):
            last = place == len(below[step.name]) - 1
            put(each, f"{rest}{'└ ' if last else '├ '}", f"{rest}{'  ' if last else '│ '}")

    for each in steps:
        if each.name not in parent:
            put(each, "", "")
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    if (
        width is not None and sum(widths) + 8 > width
    ):  # what it is called and how it stands matter more than its file
        widths[1] = 0
        widths[0] = max(MIN_NAME, min(widths[0], width - widths[2] - widths[3] - 4))
    shown = [i for i in range(4) if widths[i]]
    lines = [
        "  ".join([*(_cut(row[i], widths[i]).ljust(widths[i]) for i in shown), row[4]]).rstrip()
        for row in rows
    ]
    return "\n".join(each if width is None else _cut(each, width) for each in lines)


def summary(title: str, steps: Sequence[Drawn]) -> str:
    """How many there are, and how they stand.

    Examples:
        >>> summary("churn", [Drawn("calls", (), "data/calls.csv", "current", "", "")])
        'churn: 1 step, 1 current'
    """
    counts = {state: sum(each.state == state for each in steps) for state in COLOURS}
    told = [f"{count} {SUMMED.get(state, state)}" for state, count in counts.items() if count]
    return ", ".join([f"{title}: {len(steps)} step{'' if len(steps) == 1 else 's'}", *told])


def depths(steps: Sequence[Drawn]) -> Mapping[str, int]:
    """How many steps stand before each, on the longest way to it."""
    found: dict[str, int] = {}
    for each in steps:
        found[each.name] = max((found[name] + 1 for name in each.upstreams), default=0)
    return found


def svg(title: str, steps: Sequence[Drawn]) -> str:
    """A picture, from left to right, in which each step is a box that says how it stands.

    Args:
        title: Stands above it.
        steps: Each behind those that it takes.
    """
    depth = depths(steps)
    columns: list[list[Drawn]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for each in steps:
        columns[depth[each.name]].append(each)
    _settle(columns)
    box = max([BOX, *(LETTER * max(min(len(each.name), LONGEST), len(each.took)) + 20 for each in steps)])  # fmt: skip
    tallest = max(map(len, columns), default=0)
    height = ABOVE + tallest * (TALL + BETWEEN)
    at: dict[str, tuple[float, float]] = {}
    for x, column in enumerate(columns):
        top = ABOVE + (tallest - len(column)) * (TALL + BETWEEN) / 2
        for y, each in enumerate(column):
            at[each.name] = (10 + x * (box + APART), top + y * (TALL + BETWEEN))
    width = max(300.0, 20 + len(columns) * (box + APART) - APART)
    lines = "".join(_line(at[name], at[each.name], box) for each in steps for name in each.upstreams)  # fmt: skip
    boxes = "".join(_box(each, at[each.name], box) for each in steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="10" y="18" fill="#333">{escape(title)}</text>'
        f"{lines}{boxes}</svg>"
    )


def _settle(columns: Sequence[list[Drawn]]) -> None:
    """Order each column by where what it takes stands, so that lines cross less."""
    for before, column in pairwise(columns):
        places = {each.name: place for place, each in enumerate(before)}
        middle = len(before) / 2
        column.sort(key=lambda step: _mean([places[name] for name in step.upstreams if name in places], middle))  # fmt: skip


def _mean(places: Sequence[int], otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise


def _line(start: tuple[float, float], end: tuple[float, float], box: float) -> str:
    x1, y1, x2, y2 = start[0] + box, start[1] + TALL / 2, end[0], end[1] + TALL / 2
    bend = APART / 2
    hidden = x2 - x1 > APART + 1 and abs(y2 - y1) < TALL  # behind the boxes between
    lift = TALL if hidden else 0
    return (
        f'<path d="M{x1:.0f} {y1:.0f} C{x1 + bend:.0f} {y1 - lift:.0f} {x2 - bend:.0f} {y2 - lift:.0f} {x2:.0f} {y2:.0f}" '
        'fill="none" stroke="#9e9e9e"/>'
    )


def _box(step: Drawn, at: tuple[float, float], width: float) -> str:
    x, y = at
    colour = COLOURS[step.state]
    about = f"{step.where}: {step.state}{f': {step.why}' if step.why else ''}"
    return (
        f"<g><title>{escape(f'{step.name}, {about}')}</title>"
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{TALL}" rx="5" fill="#fff" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{x + 10:.0f}" y="{y + 17:.0f}" fill="#111" font-weight="bold">{escape(_cut(step.name, LONGEST))}</text>'
        f'<text x="{x + 10:.0f}" y="{y + 32:.0f}" fill="{colour}">{escape(step.took if step.state == "current" and step.took else step.state)}</text></g>'
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
