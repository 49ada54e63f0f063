"""Not too many rows are told something else."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import NOTHING_BEFORE, Gate, gates


@gates("flips")
class Flips(Gate):
    """The predicted class, set, tags or text of most rows is what it was.

    Args:
        most: The share of rows whose prediction may become another.
    """

    def __init__(self, *, most: Annotated[float, Ge(0), Le(1)] = 0.25) -> None:
        self.most = most

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
                continue
            share, rows = output.flips.share, output.flips.rows
            what = f"{rows} of {output.rows} predictions became another ({share:.1%})"
            failed = share > self.most
            findings.append(
                Finding("failed" if failed else "passed", what, where, share, self.most)
            )
        return findings
