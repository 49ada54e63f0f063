"""Whether a model is worth having: one that says no more than a guess is said to be so."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from crosstie.evaluation.metric import metrics
from crosstie.pipeline.naive import BASELINE, is_guess


def verdicts(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each output whose model is no better than one that nothing was learned for.

    Args:
        evaluation: As in `evaluation.json`.
    """
    judged = evaluation["judged_on"]
    for output, report in evaluation["outputs"].items():
        name = evaluation["watched"][output]
        sign = 1 if metrics.get(name, of=report["type"]).greater_is_better else -1
        values = {
            model["model"]: value
            for model in evaluation["models"]
            if (value := model["metrics"].get(judged, {}).get(output, {}).get(name)) is not None
            and math.isfinite(value)
        }
        chosen = evaluation["models"][0]["model"]
        guesses = [each for each in values if is_guess(each)]
        if chosen not in values or not guesses:
            continue
        guess = max(guesses, key=lambda each: sign * values[each])
        if sign * values[chosen] > sign * values[guess]:
            continue
        better = [
            each
            for each in values
            if each not in guesses and sign * values[each] > sign * values[guess]
        ]
        remedy = (
            f"{better[0]} is, with {values[better[0]]:.4g}: set model_type: {better[0]}"
            if better
            else "more rows or other columns may help"
        )
        yield (
            f"{output}: {chosen} is no better than the {_called(guess)} on {report['rows']} {judged} rows, {name} "
            f"{values[chosen]:.4g} against {values[guess]:.4g}; {remedy}"
        )


def _called(guess: str) -> str:
    return "baseline, which sees no column," if guess == BASELINE else f"{guess} forecast"
