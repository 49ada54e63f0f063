"""By what the trials of a search are judged: one number of the validation rows, and which way it is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosstie.config import wording
from crosstie.config.document import Place
from crosstie.errors import ConfigError, Problem, TrainingError
from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import score
from crosstie.features.output_feature import OutputFeature
from crosstie.pipeline.candidate import Candidate, Part
from crosstie.pipeline.finish import constant_part, settings_of
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.training.callbacks.callback import Progress

COMBINED = "combined"
LOSS = "loss"


@dataclass(frozen=True)
class Goal:
    """What is to be made small or great.

    Attributes:
        output: The output that is judged; "combined" for the loss of several together.
        metric: Of that output.
        maximize: Whether more is better.
    """

    output: str
    metric: str
    maximize: bool

    @classmethod
    def of(cls, plan: Plan, hyperopt: Mapping[str, Any], place: Place) -> "Goal":
        """What a filled section asks for.

        Raises:
            ConfigError: There is no such output or metric, or the goal is the wrong way round.
        """
        types = {each.name: each.type for each in plan.outputs}
        output, metric = hyperopt["output_feature"], hyperopt["metric"]
        if output == COMBINED and output not in types and len(types) == 1:
            (output,) = types
        if output != COMBINED and output not in types:
            hint = wording.hint(output, [COMBINED, *types])
            what = f"no output is called {output!r}; {hint}"
            raise ConfigError(Problem(str(place.at("output_feature")), what))
        if output == COMBINED and metric != LOSS:
            names = ", ".join(map(repr, types))
            what = f"all outputs together have no {metric!r}, only their 'loss'; name one of {names} in 'output_feature'"
            raise ConfigError(Problem(str(place.at("metric")), what))
        judged = types if output == COMBINED else {output: types[output]}
        texts = [name for name, kind in judged.items() if kind == "text"]
        if metric == LOSS and texts:
            others = ", ".join(name for name in metrics.names(of="text") if name != LOSS)
            what = f"a text that was written has no loss; name 'output_feature: {texts[0]}' and one of {others}"
            raise ConfigError(Problem(str(place.at("metric")), what))
        maximize = False
        if output != COMBINED:
            kind = types[output]
            known = metrics.names(of=kind)
            if metric not in known:
                hint = wording.hint(metric, known)
                what = f"no metric of a {kind} output is called {metric!r}; {hint}"
                raise ConfigError(Problem(str(place.at("metric")), what))
            maximize = bool(metrics.get(metric, of=kind).greater_is_better)
        way = "maximize" if maximize else "minimize"
        if hyperopt["goal"] not in (None, way):
            better = "greater" if maximize else "smaller"
            what = f"{metric} is better the {better} it is; write {way!r}, or leave it out"
            raise ConfigError(Problem(str(place.at("goal")), what))
        return cls(output, metric, maximize)

    @property
    def name(self) -> str:
        """`validation/survived/roc_auc`."""
        return f"validation/{self.output}/{self.metric}"

    def value(self, plan: Plan, prepared: Prepared, candidate: Candidate) -> float:
        """How good a model is.

        Raises:
            TrainingError: That cannot be told from these validation rows.
        """
        part = candidate.parts.get("validation")
        if part is None:
            raise TrainingError(
                "there are no validation rows to judge trials by; give some, as `split: random`"
            )
        outputs = candidate.members[0][0].outputs
        judged = [each for each in outputs if self.output in (COMBINED, each.name)]
        values = [self._measured(each, plan, candidate, part) for each in judged]
        if self.output != COMBINED:
            return values[0]
        guess = constant_part(outputs, prepared, part)
        bases = [self._measured(each, plan, candidate, guess) for each in judged]
        sections = plan.architecture["outputs"]
        weights = [sections[each.name].get("loss", {}).get("weight", 1.0) for each in judged]
        shares = zip(weights, values, bases, strict=True)
        return float(sum(weight * value / (base or 1.0) for weight, value, base in shares))

    def _measured(
        self, feature: OutputFeature, plan: Plan, candidate: Candidate, part: Part
    ) -> float:
        settings = {feature.name: settings_of(feature, plan, candidate)}
        found = score(
            feature.type,
            part.truth[feature.name],
            part.raw[feature.name],
            weights=part.weights,
            names=[self.metric],
            threshold=part.limits(settings)[feature.name],
            labels=feature.labels,
            scale=feature.usual_change,
        )
        if self.metric not in found:
            raise TrainingError(
                f"output {feature.name!r}: these validation rows leave {self.metric!r} undefined"
            )
        return found[self.metric]

    def seen(self, progress: Progress) -> float | None:
        """The same as far as it is known while a model is trained, the loss in its place where it is not."""
        outputs = progress.metrics.get("validation", {})
        own = outputs.get(self.output, {})
        if self.metric in own:
            return own[self.metric]
        losses = [each[LOSS] for each in ([own] if own else outputs.values()) if LOSS in each]
        if not losses:
            return None
        return -sum(losses) if self.maximize else sum(losses)
