"""Probabilities still mean what they say."""

from typing import Annotated

from annotated_types import Ge

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE
from crosstie.gates.rules.metric import said


@gates("calibration")
class Calibration(Gate):
    """Probabilities are as near to frequencies as production's are (expected calibration error, Guo et al. 2017).

    It fails where the error grew by more than `worse_by` and by more than chance does once in 1,000 times.

    Args:
        worse_by: How much the error may grow; it is a difference of probabilities.
    """

    def __init__(self, *, worse_by: Annotated[float, Ge(0)] = 0.05) -> None:
        self.worse_by = worse_by

    def check(self, comparison: Comparison) -> list[Finding]:
        findings = []
        for where, output in comparison.outputs.items():
            found = output.metrics.get("ece")
            if found is None:
                what = f"no calibration error is measured of these rows ({output.rows} of a {output.type})"
                findings.append(Finding("not applicable", what, where=where))
            elif found.change is None:
                findings.append(Finding("not applicable", NOTHING_BEFORE, where=where))
            else:
                failed = found.surely_worse and found.change > self.worse_by
                findings.append(
                    Finding(
                        "failed" if failed else "passed",
                        said("the calibration error", found),
                        where,
                        found.change,
                        self.worse_by,
                    )
                )
        return findings
