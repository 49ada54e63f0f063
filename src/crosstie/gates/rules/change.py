"""Predicted numbers are about what they were."""

from typing import Annotated

from annotated_types import Ge

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("change")
class Change(Gate):
    """Predicted numbers did not move further than production is off anyway.

    Args:
        most: The mean absolute change, as a share of production's mean absolute error.
    """

    def __init__(self, *, most: Annotated[float, Ge(0)] = 1.0) -> None:
        self.most = most

    def check(self, comparison: Comparison) -> list[Finding]:
        findings = []
        for where, output in comparison.outputs.items():
            amounts = output.amounts
            if amounts is None:
                what = output.incomparable or (
                    NOTHING_BEFORE
                    if comparison.production is None
                    else "classes flip, they do not move"
                )
                findings.append(Finding("not applicable", what, where=where))
                continue
            what = (
                f"predictions moved by {amounts.mean_absolute:.4g} on average, up to "
                f"{amounts.max_absolute:.4g}; their mean by {amounts.mean:+.4g}"
            )
            share = amounts.of_error
            if share is None:  # production is never off: any move is one away from the truth
                share = 0.0 if not amounts.max_absolute else float("inf")
            else:
                what += f" ({share:.2f} of production's mean absolute error)"
            failed = share > self.most
            value = share if share != float("inf") else None
            findings.append(
                Finding("failed" if failed else "passed", what, where, value, self.most)
            )
        return findings
