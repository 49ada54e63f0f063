"""Training rows are not there twice."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("repeats")
class Repeats(Gate):
    """Rows of the candidate's training table do not say again what others say, more than production's did.

    Repeats that come by chance grow with the number of rows; so much more is allowed of a larger table.

    Args:
        more: The share of repeated rows beyond production's.
    """

    def __init__(self, *, more: Annotated[float, Ge(0), Le(1)] = 0.05) -> None:
        self.more = more

    def check(self, comparison: Comparison) -> list[Finding]:
        training = comparison.training
        if training is None:
            return [Finding("not applicable", "no training tables were given")]
        if training.repeated_before is None or not training.rows_before:
            why = NOTHING_BEFORE if comparison.production is None else "production's was not given"
            return [Finding("not applicable", why)]
        grown = max(1.0, training.rows / training.rows_before)
        bound = min(1.0, training.repeated_before * grown + self.more)
        what = (
            f"{training.repeated:.1%} of {training.rows} training rows are there more than once; "
            f"{training.repeated_before:.1%} of {training.rows_before} were"
        )
        failed = training.repeated > bound
        return [Finding("failed" if failed else "passed", what, "", training.repeated, bound)]
