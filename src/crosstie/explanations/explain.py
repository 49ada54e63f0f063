"""Which way a model is explained: exactly by its trees, by the gradients of its networks, or by asking its graph."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from crosstie.data.read import Source
from crosstie.errors import ConfigError, Problem, nearest
from crosstie.explanations.trees import by_trees
from crosstie.serving.explain import SAMPLES, Explanation, check_explained, sampled, to_compare
from crosstie.serving.model import Model

Method = Literal["trees", "gradients", "sampling"]

ENOUGH = 20  # rows of the data that stand for others; of fewer, made-up ones do
_WANTS = {
    "trees": "a run of `gbm` that is one model of a number or of two classes, without texts and sets among its columns",
    "gradients": "a run of `ecd`, and torch: pip install 'crosstie[train]'",
}


def explain(
    model: Model,
    source: Source,
    *,
    run: Path | None,
    rows: int | None = None,
    background: Any = None,
    samples: int = SAMPLES,
    method: Method | None = None,
) -> list[Explanation]:
    """Why a model says what it says of rows.

    Args:
        model: The model.
        source: The rows, opened for it.
        run: The directory of its run; None where there is none.
        rows: Only the first so many; None is all.
        background: Rows to compare with, in any form; trees compare with training rows, so others are for the other ways.
            None is rows of the source, and made-up ones where those are fewer than `ENOUGH`.
        samples: As for `Model.explain`.
        method: The way; None is the first of trees, gradients and sampling that this model can be explained by.

    Raises:
        ConfigError: There is no such way, or this model cannot be explained by it; or it predicts sets, texts, tags or series.
    """
    if method is not None and method not in get_args(Method):
        known = nearest(method, get_args(Method))
        raise ConfigError(Problem("method", f"there is no way {method!r} to explain; {known}"))
    check_explained(model.artifact)
    if method == "trees" or (method is None and background is None):
        found = None if run is None else by_trees(run, model, source, rows=rows)
        if found is not None or method == "trees":
            return _there(found, "trees")
    enough = background is not None or source.rows >= ENOUGH
    drawn = (source if background is None else background) if enough else None
    both = to_compare(
        model.artifact,
        source,
        rows=rows,
        background=None if drawn is None else model.open(drawn),
        samples=samples,
    )
    if method != "sampling":
        found = None
        if run is not None and _has_network(run) and find_spec("torch") is not None:
            from crosstie.explanations.gradients import by_gradients  # torch, 1.5 s

            found = by_gradients(run, model.artifact, *both)
        if found is not None or method == "gradients":
            return _there(found, "gradients")
    return list(sampled(model.artifact, *both, samples=samples))


def _has_network(run: Path) -> bool:
    """Whether a run has weights, so that torch is worth its import."""
    return any(
        (run / folder / "weights.safetensors").is_file()
        for folder in ("network", "folds/0/network")
    )


def _there(found: list[Explanation] | None, method: str) -> list[Explanation]:
    if found is None:
        raise ConfigError(
            Problem("method", f"{method!r} needs {_WANTS[method]}; leave it out, or write sampling")
        )
    return found
