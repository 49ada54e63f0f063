"""Making the candidate took no more than it used to."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.costs import Cost as Costs
from crosstie.gates.costs import Took
from crosstie.gates.gate import Gate, gates
from crosstie.gates.show import size


@gates("cost")
class Cost(Gate):
    """No step took much more time or memory, or wrote much more, than it did on this machine before.

    It is held against the median of the last five runs there, row for row. Machines are noisy: it warns, and fails where
    it is told to.

    Args:
        worse_by: How much more, as a share of what is usual.
        seconds: More seconds than so many must it be, too.
        megabytes: Likewise of memory and of what is written.
        fails: Whether it fails, and does not only warn.
    """

    def __init__(
        self,
        *,
        worse_by: Annotated[float, Ge(0)] = 0.3,
        seconds: Annotated[float, Ge(0)] = 1.0,
        megabytes: Annotated[float, Ge(0)] = 50.0,
        fails: bool = False,
    ) -> None:
        self.worse_by = worse_by
        self.seconds = seconds
        self.megabytes = megabytes
        self.fails = fails

    def check(self, comparison: Comparison) -> list[Finding]:
        if comparison.costs is None:
            return [Finding("not applicable", "nothing says what it took to make the candidate")]
        found = [self._finding(step, each) for step, each in comparison.costs.items()]
        return found or [Finding("not applicable", "no step of it was run on this machine")]

    def _finding(self, step: str, cost: Costs) -> Finding:
        usual = cost.usual
        if usual is None:
            return Finding("not applicable", f"no earlier runs on this machine; {took(cost.now)}", step)  # fmt: skip
        shares = {
            what: now / was - 1 for what, now, was, _ in self._figures(cost.now, usual) if was
        }
        much = [
            what
            for what, now, was, least in self._figures(cost.now, usual)
            if now > was * (1 + self.worse_by) and now - was > least
        ]
        value = max((shares.get(each, float("inf")) for each in much or shares), default=0.0)
        runs = f"the median of {cost.runs} runs" if cost.runs > 1 else "the run before"
        if not much:
            what = f"{took(cost.now)}; {runs} here took {took(usual)}"
            return Finding("passed", what, step, value, self.worse_by)
        what = f"more {' and '.join(much)} than before: {took(cost.now)}; {runs} here, row for row: {took(usual)}"
        return Finding("failed" if self.fails else "warned", what, step, value, self.worse_by)

    def _figures(self, now: Took, usual: Took) -> Iterator[tuple[str, float, float, float]]:
        """(what, now, usual, by how much it must be more) of what is looked at."""
        least = self.megabytes * 1e6
        yield "time", now.seconds, usual.seconds, self.seconds
        if now.peak_bytes is not None and usual.peak_bytes is not None:
            yield "memory", now.peak_bytes, usual.peak_bytes, least
        yield "output", now.bytes, usual.bytes, least


def took(run: Took) -> str:
    """`1.2 s, 210 MB of memory, 1.3 MB written`."""
    memory = "" if run.peak_bytes is None else f", {size(run.peak_bytes)} of memory"
    return f"{run.seconds:.3g} s{memory}, {size(run.bytes)} written"
