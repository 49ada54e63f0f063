"""Nothing that callers rely on is gone."""

from collections.abc import Sequence
from typing import Annotated, Literal

from annotated_types import Ge, Le

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("contract")
class Contract(Gate):
    """Whoever calls production can call the candidate: no column, type or label that they rely on is gone or new.

    Args:
        allow: Kinds of differences that callers are known to bear.
        refused: The share of rows that may be refused for want of a cell that production does without. Whether one of
            the training rows lacked a cell that one in a thousand lacks is chance.
    """

    def __init__(
        self,
        *,
        allow: Sequence[Literal["output", "label", "input", "type"]] = (),
        refused: Annotated[float, Ge(0), Le(1)] = 0.01,
    ) -> None:
        self.allow = allow
        self.refused = refused

    def check(self, comparison: Comparison) -> list[Finding]:
        if comparison.production is None:
            return [Finding("not applicable", NOTHING_BEFORE)]
        breaks = [
            each for each in comparison.contract if each.breaks and each.kind not in self.allow
        ]
        failed = [
            Finding("failed", each.what, where=each.where)
            for each in breaks
            if each.share > self.refused
        ]
        borne = [Finding("passed", each.what, where=each.where) for each in breaks]
        same = Finding("passed", "takes and gives what production takes and gives")
        return failed or borne or [same]
