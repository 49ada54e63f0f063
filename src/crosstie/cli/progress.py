"""How far a long command is: a bar on a terminal, a line now and then where there is none."""

import sys
import time
from collections.abc import Callable

from crosstie.cli.output import tell

SILENCE = 10.0  # seconds between two lines where there is no terminal
REDRAW = 0.2
WIDTH = 20  # of the bar


def shown(before: str, clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Shows rows done of all, rows a second and the time left, on standard error; nothing if it takes no time.

    Args:
        before: What is said of rows that were done at the first call.
        clock: Seconds.
    """
    live = sys.stderr.isatty()
    drawn = False
    started = last = 0.0
    first: int | None = None

    def show(done: int, total: int) -> None:
        nonlocal started, last, first, drawn
        now = clock()
        if first is None:  # the model is read by now
            first, started, last = done, now, now
            if done:
                tell(f"{done} of {total} {before}")
        if now - last < (REDRAW if live else SILENCE) and not (drawn and done == total):
            return
        last = now
        rate = (done - first) / max(now - started, 1e-9)
        left = f"{_clock((total - done) / rate)} left" if rate else "no row yet"
        line = f"{done} of {total} rows · {rate:,.0f} rows/s · {left}"
        if live:
            full = WIDTH * done // max(total, 1)
            bar = "━" * full + "╌" * (WIDTH - full)
            sys.stderr.write(f"\r{bar} {line:<60}" + ("\n" if done == total else ""))
            sys.stderr.flush()
            drawn = True
        else:
            tell(line)

    return show


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
