"""A LightGBM model from its own text, `booster.save_model("model.txt")`, without LightGBM."""

import json
import re
from importlib.util import find_spec
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data import parse
from crosstie.errors import ArtifactError
from crosstie.learners.trees import CATEGORICAL, MISSING_IS_ZERO, Tree, read_trees
from crosstie.shipping.boosted import Boosted, Link
from crosstie.shipping.foreign import Asked, Task

_LINKS: dict[str, tuple[Task, Link]] = {
    "binary": ("binary", "sigmoid"),
    "multiclass": ("category", "softmax"),
    "softmax": ("category", "softmax"),
    "multiclassova": ("category", "sigmoid"),
    "cross_entropy": ("binary", "sigmoid"),
    "cross_entropy_lambda": ("number", "log1p_exp"),
    "poisson": ("number", "exp"),
    "gamma": ("number", "exp"),
    "tweedie": ("number", "exp"),
    **dict.fromkeys(
        (
            "regression",
            "regression_l1",
            "huber",
            "fair",
            "quantile",
            "mape",
            "lambdarank",
            "rank_xendcg",
        ),
        ("number", "identity"),
    ),
}


def is_lightgbm(head: bytes) -> bool:
    """Whether a file that begins so is a LightGBM model."""
    return re.match(rb"tree\r?\n", head) is not None


def read_lightgbm(text: str, where: str) -> Boosted:
    """The model in LightGBM's text.

    Args:
        text: The whole file.
        where: What messages call it.

    Raises:
        ArtifactError: It is cut short, or does what cannot be done here; all of that is named by the first.
    """
    head = _header(text)
    objective, said = _objective(head.get("objective", ""), where)
    if "end of trees" not in text:
        raise ArtifactError(f"{where}: ends before its trees do; it may be truncated")
    if re.search(r"^is_linear=1", text, re.MULTILINE):
        raise ArtifactError(
            f"{where}: has a linear model in each leaf (linear_tree), which cannot be read. Train without linear_tree"
        )
    trees = read_trees(text)
    if not trees:
        raise ArtifactError(f"{where}: has no trees")
    sums = int(head.get("num_tree_per_iteration", "1"))
    task, link = _LINKS[objective]
    if objective == "regression" and "sqrt" in said:
        link = "signed_square"
    rounds = len(trees) // sums
    return Boosted(
        tool="lightgbm",
        version=head.get("version", ""),
        columns=_columns(head, text, trees, where),
        task=task,
        classes=sums if task == "category" else 2 if task == "binary" else 1,
        trees=trees,
        targets=[i % sums for i in range(len(trees))],
        start=(0.0,) * sums,
        link=link,
        share=1 / rounds if "average_output" in head else 1.0,
        steepness=float(said.get("sigmoid", 1.0)) if link == "sigmoid" else 1.0,
        zeros=_zeros(trees, where),
        predict=lambda rows: _ask(text, rows),
    )


def _header(text: str) -> dict[str, str]:
    """What stands before the first tree."""
    lines = takewhile(lambda line: not line.startswith("Tree="), text.splitlines())
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _objective(line: str, where: str) -> tuple[str, dict[str, str]]:
    """Its name, and what the line says beside it: `binary sigmoid:1`."""
    name, *rest = line.split() or [""]
    if name not in _LINKS:
        what = f"the objective {name!r}" if name else "no objective, as one of your own leaves it"
        raise ArtifactError(
            f"{where}: has {what}, so what its sums mean is not known. Known are {', '.join(sorted(_LINKS))}"
        )
    return name, {key: value for key, _, value in (each.partition(":") for each in rest)}


def _columns(head: dict[str, str], text: str, trees: list[Tree], where: str) -> tuple[Asked, ...]:
    names = head.get("feature_names", "").split(" ")
    found = re.search(r"^pandas_categorical:(.*)$", text, re.MULTILINE)
    levels = json.loads(found[1]) if found and found[1].strip() else None
    if not levels:
        return tuple(map(Asked, names))
    given = re.search(r"^\[categorical_feature: ([\d,]*)\]$", text, re.MULTILINE)
    places = [int(each) for each in given[1].split(",") if each] if given else []
    if len(places) != len(levels):
        raise ArtifactError(
            f"{where}: has words of {len(levels)} columns, and {len(places)} columns that are said to be categorical, "
            "so which belong together is not known. Train with all of them of the type category, and no others named"
        )
    of = dict(zip(places, levels, strict=True))
    return tuple(
        Asked(name, "category", tuple(map(spelled, of[i]))) if i in of else Asked(name)
        for i, name in enumerate(names)
    )


def spelled(value: Any) -> str:
    """A category of a DataFrame as cells with it are spelled here."""
    return parse.level(parse.text(value) or "")


def _zeros(trees: list[Tree], where: str) -> frozenset[int]:
    """Columns whose zeros count as missing."""
    kinds: dict[int, set[bool]] = {}
    for tree in trees:
        for column, decision in zip(tree.feature.tolist(), tree.decision.tolist(), strict=True):
            if not decision & CATEGORICAL:
                kinds.setdefault(column, set()).add(decision >> 2 & 3 == MISSING_IS_ZERO)
    mixed = [column for column, each in kinds.items() if len(each) > 1]
    if mixed:
        raise ArtifactError(
            f"{where}: takes 0 for missing in some splits on column {mixed[0]} and not in others"
        )
    return frozenset(column for column, each in kinds.items() if True in each)


def _ask(text: str, rows: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if find_spec("lightgbm") is None:
        return None
    import lightgbm  # 1.6 s

    said = lightgbm.Booster(model_str=text).predict(rows, num_threads=1)
    return np.asarray(said, np.float64)
