"""One row, one answer, wherever it is asked."""

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates


@gates("skew")
class Skew(Gate):
    """A row is seen alike alone, in a batch, in training and in a process where only the model's package is loaded."""

    def check(self, comparison: Comparison) -> list[Finding]:
        skew = comparison.skew
        if skew is None:
            return [Finding("not applicable", "no row was tried")]
        if skew.problems:
            return [Finding("failed", each) for each in skew.problems]
        what = (
            f"{skew.rows} rows alone, in a batch and in a process of their own are predicted alike"
        )
        return [Finding("passed", what)]
