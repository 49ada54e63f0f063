"""`model_type: auto`: the simplest honest thing. A few learners on one prepared table, the better kept.

All of them are shown afterwards. They are compared on the validation part by the watched metric, so the
test part stays untouched until one is chosen.
"""

from collections.abc import Sequence
from pathlib import Path

from crosstie.evaluation.metric import metrics
from crosstie.learners.learner import able
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.finish import keep_network
from crosstie.pipeline.folds import fit_each
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared

# A network is worth its seconds where these are; trees on nothing else are not worth theirs.
TOKENS = {"text", "sequence", "set", "bag"}


def choose(plan: Plan, data: Sequence[Prepared], folder: Path, session: Session) -> list[Candidate]:
    """Fit what fits this table; the best on validation comes first.

    After Ctrl-C no further learner is tried; the best so far is kept.
    """
    tried: list[Candidate] = []
    names = plausible(plan)
    for name in names:
        session.journal.say(f"trying {name} ({len(tried) + 1} of {len(names)})")
        tried.append(
            fit_each(plan, data, folder / "candidates" / name, session, model_type=name, trainer={})
        )
        if tried[-1].interrupted:
            break
    tried.sort(key=lambda each: validation_score(plan, each), reverse=True)
    if len(tried) > 1:
        session.journal.say(_verdict(plan, tried))
    keep_network(folder, folder / "candidates" / tried[0].model_type)
    tried[0].interrupted = any(each.interrupted for each in tried)
    return tried


def plausible(plan: Plan) -> list[str]:
    """Learners that can take these inputs and predict these outputs, the quickest first."""
    inputs = {feature.acts_as() for feature in plan.inputs}
    outputs = [feature.type for feature in plan.outputs]
    several = len(outputs) > 1
    known = able(inputs, outputs)
    if (
        inputs <= TOKENS
    ):  # 77 intents of bank customers: 32 s for an accuracy of .62 where linear has .89
        known = [name for name in known if name != "gbm"]
    found: list[str] = [name for name in ("linear", "gbm") if name in known]
    if not found or several or "set" in outputs or inputs & TOKENS:
        found.append("ecd")
    return found


def validation_score(plan: Plan, candidate: Candidate) -> float:
    """The first output's watched metric on validation rows (training rows where there are none), higher is better."""
    value = _watched(plan, candidate)
    metric = metrics.get(plan.metrics[plan.outputs[0].name], of=plan.outputs[0].type)
    return value if metric.greater_is_better else -value


def _watched(plan: Plan, candidate: Candidate) -> float:
    output = plan.outputs[0]
    metric = metrics.get(plan.metrics[output.name], of=output.type)()
    metric.labels = candidate.members[0][0].outputs[0].labels
    part = candidate.parts["validation" if "validation" in candidate.parts else "train"]
    value: float = metric(part.truth[output.name], part.raw[output.name], part.weights)
    return value


def _verdict(plan: Plan, tried: list[Candidate]) -> str:
    """`chosen by roc_auc on validation rows: gbm 0.8551, linear 0.8538`, the best first."""
    part = "validation" if "validation" in tried[0].parts else "training"
    values = [f"{each.model_type} {_watched(plan, each):.4g}" for each in tried]
    return f"chosen by {plan.metrics[plan.outputs[0].name]} on {part} rows: {', '.join(values)}"
