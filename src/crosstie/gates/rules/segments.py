"""No part of the rows pays for the others."""

from typing import Annotated

from annotated_types import Ge

from crosstie.gates.comparison import Comparison, Finding, Segment
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("segments")
class Segments(Gate):
    """No level of a column and no range of a number became much worse, whatever the whole did.

    It fails where a segment's mean loss is larger by more than `worse_by` and the interval of the change, widened by
    the number of segments looked at, holds nothing but worse. Segments of fewer than 50 rows are not looked at.

    Args:
        worse_by: As a share of production's loss in the segment.
    """

    def __init__(self, *, worse_by: Annotated[float, Ge(0)] = 0.3) -> None:
        self.worse_by = worse_by

    def check(self, comparison: Comparison) -> list[Finding]:
        findings = []
        for where, output in comparison.outputs.items():
            if not output.segments_seen:
                why = "no segment has enough rows" if comparison.production else NOTHING_BEFORE
                findings.append(Finding("not applicable", output.incomparable or why, where=where))
                continue
            worse = [each for each in output.segments if each.low > 0]
            failed = [each for each in worse if each.worse_by > self.worse_by]
            findings += [
                Finding("failed", _said(each, output.loss), where, _finite(each), self.worse_by)
                for each in failed
            ]
            if not failed:
                seen = f"of {output.segments_seen} segments"
                first = max(worse, key=lambda each: each.worse_by, default=None)
                what = (
                    f"{seen} none is surely worse"
                    if first is None
                    else f"{seen} the worst: {_said(first, output.loss)}"
                )
                value = None if first is None else _finite(first)
                findings.append(Finding("passed", what, where, value, self.worse_by))
        return findings


def _finite(segment: Segment) -> float | None:
    return segment.worse_by if segment.worse_by != float("inf") else None


def _said(segment: Segment, loss: str) -> str:
    return (
        f"{segment.column} {segment.values} ({segment.rows} rows): {loss} went from {segment.before:.4g} to "
        f"{segment.after:.4g}"
    )
