"""Nothing that callers rely on is gone."""

from collections.abc import Sequence
from typing import Literal

from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import NOTHING_BEFORE, Gate, gates


@gates("contract")
class Contract(Gate):
    """Whoever calls production can call the candidate: no column, type or label that they rely on is gone or new.

    Args:
        allow: Kinds of differences that callers are known to bear.
    """

    def __init__(
        self, *, allow: Sequence[Literal["output", "label", "input", "type"]] = ()
    ) -> None:
        self.allow = allow

    def check(self, comparison: Comparison) -> list[Finding]:
        if comparison.production is None:
            return [Finding("not applicable", NOTHING_BEFORE)]
        found = [
            Finding("failed", each.what, where=each.where)
            for each in comparison.contract
            if each.breaks and each.kind not in self.allow
        ]
        return found or [Finding("passed", "takes and gives what production takes and gives")]
