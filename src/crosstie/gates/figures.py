"""The page's drawings as inline SVG: a few lines each need no plotting library below the torch line."""

from collections.abc import Mapping, Sequence

from crosstie.gates.comparison import Bin, Measured

SIZE, EDGE = 260, 34  # of the calibration figure, in pixels, and its margin
WIDTH, HEIGHT = 140, 14  # of an interval
COLOURS = {"before": "#7f8c8d", "after": "#2471a3"}
NAMES = {"before": "production", "after": "candidate"}


def interval_figure(measured: Measured) -> str:
    """The interval of a change around a line at no change; red where it is surely worse."""
    if measured.low is None or measured.high is None or measured.change is None:
        return ""
    most = max(abs(measured.low), abs(measured.high), abs(measured.change)) * 1.1
    if not most:
        return ""

    def x(value: float) -> float:
        return WIDTH / 2 * (1 + value / most)

    good, bad = measured.surely_better, measured.surely_worse
    colour = "#c0392b" if bad else "#1e8449" if good else "#7f8c8d"
    middle = HEIGHT / 2
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="interval">'
        f'<line x1="{WIDTH / 2}" y1="0" x2="{WIDTH / 2}" y2="{HEIGHT}" stroke="#8888"/>'
        f'<line x1="{x(measured.low):.1f}" y1="{middle}" x2="{x(measured.high):.1f}" y2="{middle}" stroke="{colour}" '
        f'stroke-width="2"/><circle cx="{x(measured.change):.1f}" cy="{middle}" r="3.5" fill="{colour}"/></svg>'
    )


def calibration_figure(calibration: Mapping[str, Sequence[Bin]]) -> str:
    """What was predicted against what came, a line a model; the diagonal is where both are the same."""
    bins = [each for line in calibration.values() for each in line]
    if not bins:
        return ""
    values = [value for each in bins for value in (each.predicted, each.observed)]
    shares = min(values) >= 0 and max(values) <= 1
    low, high = (0.0, 1.0) if shares else (min(values), max(values))
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return EDGE + (SIZE - 2 * EDGE) * (value - low) / span

    end = SIZE - EDGE
    drawn = []
    for name, line in calibration.items():
        points = [(place(each.predicted), SIZE - place(each.observed)) for each in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
        )
        drawn += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>' for x, y in points
        ]
    names = "".join(
        f'<text x="{EDGE + 6}" y="{EDGE + 12 + 15 * i}" fill="{COLOURS[name]}">{NAMES[name]}</text>'
        for i, name in enumerate(calibration)
    )
    return (
        f'<svg width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}" font-size="11" fill="currentColor" role="img" '
        'aria-label="calibration">'
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIZE - 2 * EDGE}" height="{SIZE - 2 * EDGE}" fill="none" stroke="#8886"/>'
        f'<line x1="{EDGE}" y1="{end}" x2="{end}" y2="{EDGE}" stroke="#8888" stroke-dasharray="3 3"/>'
        f"{''.join(drawn)}{names}"
        f'<text x="{EDGE}" y="{end + 13}">{low:.3g}</text>'
        f'<text x="{end}" y="{end + 13}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{SIZE / 2}" y="{SIZE - 6}" text-anchor="middle">predicted</text>'
        f'<text x="12" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 12 {SIZE / 2})">observed</text></svg>'
    )
