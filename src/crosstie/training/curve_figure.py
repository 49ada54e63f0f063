"""The curve of a range test as a picture: SVG by hand, so that no plotting library is needed for one line."""

import math
from collections.abc import Callable

from crosstie.data.files import write_text
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.learning_rate_finder import Curve

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 60
SPARED = 1.2  # times the first loss: what explodes behind it would press the rest flat
STYLE = "font-family: sans-serif; font-size: 13px; fill: #333"
NAME = "learning_rate.svg"


class CurveFigure(Callback):
    """Draws the curve into the run before the first step, and says so.

    Args:
        say: Takes the line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    def on_train_start(self, progress: Progress) -> None:
        """The rate is known."""
        if progress.range_test is None or not progress.range_test.rates or progress.folder is None:
            return
        path = progress.folder.parent / NAME
        write_text(path, drawn(progress.range_test))
        self.say(
            f"learning rate {progress.range_test.chosen:.2g} by a range test; its curve: {path}"
        )


def drawn(curve: Curve) -> str:
    """Loss against learning rate, on a logarithmic axis, with the rate that was chosen.

    Args:
        curve: At least one point.
    """
    rates = [math.log10(rate) for rate in curve.rates]
    low, high = math.floor(min(rates)), math.ceil(max(rates))
    high = max(high, low + 1)
    least = min(curve.losses)
    most = min(max(curve.losses), max(SPARED * abs(curve.losses[0]), least))
    most = most if most > least else least + 1

    def across(exponent: float) -> float:
        return LEFT + (exponent - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def down(loss: float) -> float:
        return TOP + (most - min(loss, most)) / (most - least) * (HEIGHT - TOP - BOTTOM)

    bottom = HEIGHT - BOTTOM
    line = " ".join(
        f"{across(rate):.1f},{down(loss):.1f}"
        for rate, loss in zip(rates, curve.losses, strict=True)
    )
    chosen = across(min(max(math.log10(curve.chosen), low), high))
    lowest = curve.losses.index(least)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        (
            f'<text x="{LEFT}" y="24">Range test: smoothed loss by learning rate. {curve.chosen:.2g} is chosen, a '
            "tenth of where it is least</text>"
        ),
    ]
    for exponent in range(low, high + 1):
        x = across(exponent)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#e5e5e5"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">1e{exponent}</text>'
        )
    for share in (0.0, 0.5, 1.0):
        loss = least + share * (most - least)
        parts.append(
            f'<text x="{LEFT - 8}" y="{down(loss) + 4:.1f}" text-anchor="end">{loss:#.3g}</text>'
        )
    parts += [
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" stroke="#999"/>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">learning rate</text>',
        (
            f'<line x1="{chosen:.1f}" y1="{TOP}" x2="{chosen:.1f}" y2="{bottom}" stroke="#c33" '
            'stroke-dasharray="5 4"/>'
        ),
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
        (f'<circle cx="{across(rates[lowest]):.1f}" cy="{down(least):.1f}" r="4" fill="#1f5fa8"/>'),
    ]
    inside = "\n  ".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" style="{STYLE}">\n'
        f"  {inside}\n</svg>\n"
    )
