"""The candidate is not worse."""

from typing import Annotated

from annotated_types import Ge

from crosstie.config.wording import hint
from crosstie.errors import ConfigError
from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import REPORTED
from crosstie.gates.comparison import Comparison, Finding, Measured, Output, signed
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE


@gates("metric")
class Metric(Gate):
    """The metric is not worse than production's by more than a share of what production still gets wrong.

    It fails where the metric is worse by more than `worse_by`, and by more than chance among the holdout's rows does
    once in 1,000 times (paired bootstrap).

    Args:
        metric: Which one; null for the first that is reported: rmse, roc_auc, accuracy, …
        worse_by: As a share of production's distance from a perfect value: 0.1 allows an rmse of 10 to become 11,
            a roc_auc of 0.9 to become 0.89.
        reach: What the metric itself has to reach, or an error not to exceed, with or without production.
    """

    def __init__(
        self,
        *,
        metric: str | None = None,
        worse_by: Annotated[float, Ge(0)] = 0.1,
        reach: float | None = None,
    ) -> None:
        known = {name for kind, name, _ in metrics.items() if kind in REPORTED}
        if metric is not None and metric not in known:
            raise ConfigError(f"metric {metric!r} is none; {hint(metric, sorted(known))}")
        self.metric = metric
        self.worse_by = worse_by
        self.reach = reach

    def check(self, comparison: Comparison) -> list[Finding]:
        kinds = {output.type for output in comparison.outputs.values()}
        if self.metric is not None and not any(
            self.metric in metrics.names(of=kind) for kind in kinds
        ):
            several = " and ".join(sorted(kinds))
            known = {name for kind in kinds for name in metrics.names(of=kind)}
            raise ConfigError(
                f"metric.metric: {self.metric!r} is no metric of what is predicted, a {several}; "
                f"{hint(self.metric, sorted(known))}"
            )
        return [
            finding
            for name, output in comparison.outputs.items()
            for finding in self._output(name, output, comparison)
        ]

    def _output(self, where: str, output: Output, comparison: Comparison) -> list[Finding]:
        name = self.metric or output.main
        found = output.metrics.get(name)
        if found is None:
            what = f"{name} is not defined for these rows ({output.rows} of a {output.type})"
            return [Finding("not applicable", what, where=where)]
        findings = []
        if self.reach is not None:
            short = (
                found.after < self.reach if found.greater_is_better else found.after > self.reach
            )
            what = f"{name} is {found.after:.4g}; {self.reach:g} is wanted"
            findings.append(
                Finding("failed" if short else "passed", what, where, found.after, self.reach)
            )
        if found.worse_by is None:
            what = output.incomparable or (
                NOTHING_BEFORE if comparison.production is None else "production has no such output"
            )
            return [*findings, Finding("not applicable", what, where=where)]
        return [*findings, self._change(where, name, found)]

    def _change(self, where: str, name: str, found: Measured) -> Finding:
        worse = found.worse_by
        assert worse is not None
        failed = found.surely_worse and worse > self.worse_by
        return Finding(
            "failed" if failed else "passed",
            said(name, found),
            where,
            worse if worse != float("inf") else None,
            self.worse_by,
        )


def said(name: str, found: Measured) -> str:
    """`roc_auc went from 0.842 to 0.839 (-0.003, 95 % interval -0.011 to +0.005)`."""
    assert found.change is not None
    assert found.before is not None
    interval = (
        ""
        if found.low is None or found.high is None
        else f", 95 % interval {signed(found.low)} to {signed(found.high)}"
    )
    return f"{name} went from {found.before:.4g} to {found.after:.4g} ({signed(found.change)}{interval})"
