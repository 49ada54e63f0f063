"""The training table is still of the same kind."""

from typing import Annotated

from annotated_types import Ge

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE
from crosstie.gates.tables import Shift

FAR = 0.001  # probability below which numbers far out are no accident


@gates("drift")
class Drift(Gate):
    """No column of the candidate's training table is far from production's.

    It fails where the population stability index is above `psi` and above what two samples of one population of these
    sizes exceed once in 1,000 times; where a column holds one value only and held several; or where more rows than
    chance allows are of another unit: numbers beyond production's by more than their whole range, or levels that are
    new where others are gone.

    Args:
        psi: The index that a column may have; by convention 0.1 is a small shift and 0.25 a large one.
        warn: The index above which it warns.
    """

    def __init__(
        self, *, psi: Annotated[float, Ge(0)] = 0.25, warn: Annotated[float, Ge(0)] = 0.1
    ) -> None:
        self.psi = psi
        self.warn = warn

    def check(self, comparison: Comparison) -> list[Finding]:
        training = comparison.training
        if training is None:
            return [Finding("not applicable", "no training tables were given")]
        if training.rows_before is None:
            why = NOTHING_BEFORE if comparison.production is None else "production's was not given"
            return [Finding("not applicable", why)]
        found = [self._finding(name, shift) for name, shift in training.columns.items()]
        return found or [Finding("not applicable", "the two tables share no column to count")]

    def _finding(self, name: str, shift: Shift) -> Finding:
        bound = max(self.psi, shift.chance)
        what = f"PSI {shift.psi:.3g}"
        if shift.missing[0] != shift.missing[1]:
            what += f", missing {shift.missing[0]:.1%} before and {shift.missing[1]:.1%} now"
        if shift.constant:
            what += ", holds one value only and held several"
        elif shift.far_p < FAR:
            what += f", {shift.far} rows are far from all that production's table holds"
            if shift.ends is not None:
                (low, high), (least, most) = shift.ends
                what += f": {least:g} to {most:g}, and were {low:g} to {high:g}"
        failed = shift.constant or shift.psi > bound or shift.far_p < FAR
        if not failed and shift.psi > max(self.warn, shift.chance):
            return Finding("warned", what, name, shift.psi, max(self.warn, shift.chance))
        return Finding("failed" if failed else "passed", what, name, shift.psi, bound)
