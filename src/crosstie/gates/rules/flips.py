"""Not too many rows are told something else."""

from math import sqrt
from typing import Annotated

from annotated_types import Ge, Le

from crosstie.gates.comparison import Comparison, Finding, Output
from crosstie.gates.comparison import Flips as Flipped
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("flips")
class Flips(Gate):
    """The predicted class, set, tags or text of most rows is what it was.

    Args:
        most: The share of rows whose prediction may become another; null for `of_error`.
        of_error: Likewise, as a multiple of the share that production gets wrong: two models that are wrong in other
            rows each differ in twice as many. It fails where more do than that, beyond what chance does to the count.
    """

    def __init__(
        self,
        *,
        most: Annotated[float, Ge(0), Le(1)] | None = None,
        of_error: Annotated[float, Ge(0)] = 1.5,
    ) -> None:
        self.most = most
        self.of_error = of_error

    def check(self, comparison: Comparison) -> list[Finding]:
        findings = []
        for where, output in comparison.outputs.items():
            if output.flips is None:
                what = output.incomparable or (
                    NOTHING_BEFORE
                    if comparison.production is None
                    else "numbers move, they do not flip"
                )
                findings.append(Finding("not applicable", what, where=where))
            else:
                findings.append(self._finding(where, output, output.flips))
        return findings

    def _finding(self, where: str, output: Output, flips: Flipped) -> Finding:
        what = f"{flips.rows} of {output.rows} predictions became another ({flips.share:.1%})"
        if self.most is not None:
            bound = self.most
            failed = flips.share > bound
        else:
            bound = self.of_error * flips.wrong
            failed = flips.rows - bound * output.rows > 2 * sqrt(flips.rows)
            what += f"; production is wrong in {flips.wrong:.1%}"
        return Finding("failed" if failed else "passed", what, where, flips.share, bound)
