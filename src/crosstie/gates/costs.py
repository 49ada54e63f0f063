"""What it took to make a candidate, beside what it took before on the same machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

LAST = 5  # earlier runs that tell what is usual


@dataclass(frozen=True)
class Took:
    """What one run of a step took.

    Attributes:
        rows: Of the table that it made, or that a model was trained on; None where nobody counted them.
        seconds: From begin to end.
        cpu_seconds: Of all processors.
        peak_bytes: The most memory held; None where the system does not say.
        bytes: Written.
    """

    rows: int | None
    seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    bytes: int


@dataclass(frozen=True)
class Cost:
    """What the last run of a step took, and what is usual.

    Attributes:
        now: The last run.
        runs: How many earlier ones on this machine say what is usual.
        usual: What they took for as many rows; None where there were none.
    """

    now: Took
    runs: int = 0
    usual: Took | None = None


def cost(now: Took, before: Sequence[Took]) -> Cost:
    """A run beside the median of the last five before it, row for row.

    More rows may take more in proportion. Fewer may take as much: what a step takes to begin with does not shrink.

    Args:
        now: The run.
        before: Earlier ones on the same machine, the latest last.

    Examples:
        >>> was = [Took(1000, seconds, seconds, 90, 400) for seconds in (2.0, 9.0, 2.2)]
        >>> cost(Took(2000, 4.5, 4.5, 95, 800), was).usual
        Took(rows=2000, seconds=4.4, cpu_seconds=4.4, peak_bytes=180, bytes=800)
        >>> cost(Took(2000, 4.5, 4.5, 95, 800), []).usual is None
        True
    """
    last = before[-LAST:]
    if not last:
        return Cost(now)
    from statistics import median  # 11 ms

    def usual(figure: Callable[[Took], float | None]) -> float | None:
        found = [(figure(each), _times(now, each)) for each in last]
        known = [value * times for value, times in found if value is not None]
        return median(known) if known else None

    seconds, cpu = usual(lambda each: each.seconds), usual(lambda each: each.cpu_seconds)
    peak, written = usual(lambda each: each.peak_bytes), usual(lambda each: each.bytes)
    assert seconds is not None
    assert cpu is not None
    assert written is not None
    return Cost(
        now,
        len(last),
        Took(now.rows, seconds, cpu, None if peak is None else round(peak), round(written)),
    )


def _times(now: Took, before: Took) -> float:
    """How many times as many rows there are; 1 where there are fewer."""
    return max(1.0, now.rows / before.rows) if now.rows and before.rows else 1.0
