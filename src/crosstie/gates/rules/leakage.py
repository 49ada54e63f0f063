"""The candidate was not trained on what it is judged by."""

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates


@gates("leakage")
class Leakage(Gate):
    """No row of the candidate's training table has a key of the holdout."""

    def check(self, comparison: Comparison) -> list[Finding]:
        training = comparison.training
        if training is None:
            return [Finding("not applicable", "no training tables were given")]
        if training.in_holdout is None:
            return [Finding("not applicable", "no key was given to know rows by")]
        rows = training.in_holdout
        what = f"{rows} of {training.rows} training rows have a key of the holdout"
        return [Finding("failed" if rows else "passed", what, "", float(rows), 0.0)]
