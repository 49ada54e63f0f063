"""An XGBoost model from its JSON, `model.save_model("model.json")`, without XGBoost."""

import json
import math
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import ArtifactError
from crosstie.learners.trees import CATEGORICAL, DEFAULT_LEFT, MISSING_IS_NAN, Tree
from crosstie.shipping.boosted import Boosted, Link
from crosstie.shipping.foreign import Asked, Task

_OBJECTIVES: dict[str, tuple[Task, Link]] = {
    "binary:logistic": ("binary", "sigmoid"),
    "binary:logitraw": ("number", "identity"),
    "binary:hinge": ("binary", "hinge"),
    "multi:softprob": ("category", "softmax"),
    "multi:softmax": ("category", "softmax"),
    "reg:logistic": ("number", "sigmoid"),
    "count:poisson": ("number", "exp"),
    "reg:gamma": ("number", "exp"),
    "reg:tweedie": ("number", "exp"),
    **dict.fromkeys(
        (
            "reg:squarederror",
            "reg:linear",
            "reg:absoluteerror",
            "reg:pseudohubererror",
            "reg:squaredlogerror",
            "reg:quantileerror",
            "rank:pairwise",
            "rank:ndcg",
            "rank:map",
        ),
        ("number", "identity"),
    ),
}
_LOGIT = ("binary:logistic", "binary:logitraw", "reg:logistic")  # their base_score is a probability


def is_xgboost(found: Any) -> bool:
    """Whether JSON is an XGBoost model."""
    return isinstance(found, dict) and "gradient_booster" in found.get("learner", {})


def read_xgboost(found: Mapping[str, Any], where: str) -> Boosted:
    """The model in XGBoost's JSON.

    Args:
        found: The whole file.
        where: What messages call it.

    Raises:
        ArtifactError: It does what cannot be done here.
    """
    learner = found["learner"]
    objective = learner["objective"]["name"]
    if objective not in _OBJECTIVES:
        raise ArtifactError(
            f"{where}: has the objective {objective!r}, which is not known here. Known are "
            f"{', '.join(sorted(_OBJECTIVES))}"
        )
    booster, name = learner["gradient_booster"], learner["gradient_booster"]["name"]
    if name not in ("gbtree", "dart"):
        raise ArtifactError(
            f"{where}: is of booster {name!r}; only trees can be read (gbtree, dart)"
        )
    model = (booster["gbtree"] if name == "dart" else booster)["model"]
    facts = learner["learner_model_param"]
    if int(facts.get("num_target", 1)) > 1:
        raise ArtifactError(
            f"{where}: predicts {facts['num_target']} targets at once. Train one model for each"
        )
    sums = max(int(facts["num_class"]), 1)
    kept = _kept(learner, model, sums)
    drops = booster.get("weight_drop", [1.0] * kept)
    trees = [
        _tree(each, drop, where)
        for each, drop in zip(model["trees"][:kept], drops[:kept], strict=True)
    ]
    task, link = _OBJECTIVES[objective]
    rounds = len(model["iteration_indptr"]) - 1 if "iteration_indptr" in model else 0
    return Boosted(
        tool="xgboost",
        version=".".join(map(str, found.get("version", ()))),
        columns=_columns(learner, model, int(facts["num_feature"])),
        task=task,
        classes=sums if task == "category" else 2 if task == "binary" else 1,
        trees=trees,
        targets=model["tree_info"][:kept],
        start=_start(facts["base_score"], objective, sums),
        link=link,
        predict=lambda rows: _ask(found, rows, kept * rounds // len(model["trees"])),
    )


def _kept(learner: Mapping[str, Any], model: Mapping[str, Any], sums: int) -> int:
    """How many trees count: a model of the scikit-learn interface that stopped early predicts with its best round."""
    attributes, whole = learner.get("attributes", {}), len(model["trees"])
    if "scikit_learn" not in attributes or "best_iteration" not in attributes:
        return whole
    each = sums * int(model["gbtree_model_param"].get("num_parallel_tree", 1))
    return min((int(attributes["best_iteration"]) + 1) * each, whole)


def _start(score: str, objective: str, sums: int) -> tuple[float, ...]:
    """`base_score` as sums of leaves have it: "5E-1", or from XGBoost 3.1 on "[5E-1,…]"."""
    values = [float(each) for each in score.strip("[]").split(",")]
    values = values * sums if len(values) == 1 else values
    if objective in _LOGIT:
        return tuple(math.log(each / (1 - each)) for each in values)
    if _OBJECTIVES[objective][1] == "exp":
        return tuple(math.log(each) for each in values)
    return tuple(values)


def _columns(learner: Mapping[str, Any], model: Mapping[str, Any], width: int) -> tuple[Asked, ...]:
    names = learner.get("feature_names") or [""] * width
    words: list[Any] = list((model.get("cats") or {}).get("enc", ()))
    words += [{}] * (width - len(words))
    return tuple(
        Asked(name, "category", _words(each)) if each.get("values") else Asked(name)
        for name, each in zip(names, words, strict=True)
    )


def _words(encoded: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of a column, whose letters stand in one row as bytes; numbers stand as they are."""
    values, offsets = encoded["values"], encoded.get("offsets")
    if not offsets:
        return tuple(f"{each:g}" if isinstance(each, float) else str(each) for each in values)
    letters = bytes(each % 256 for each in values)
    return tuple(letters[start:end].decode() for start, end in pairwise(offsets))


def _tree(found: Mapping[str, Any], drop: float, where: str) -> Tree:
    """One tree with its nodes numbered from the root: splits and leaves apart."""
    if int(found["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise ArtifactError(
            f"{where}: has several values in each leaf (multi_output_tree). Train with one_output_per_tree"
        )
    left, right = found["left_children"], found["right_children"]
    order, stack = [], [0]
    while stack:  # trees that were cut hold nodes that nothing leads to
        node = stack.pop()
        order.append(node)
        if left[node] != -1:
            stack += [right[node], left[node]]
    splits = [node for node in order if left[node] != -1]
    leaves = [node for node in order if left[node] == -1]
    number = {node: i for i, node in enumerate(splits)}
    number |= {node: ~i for i, node in enumerate(leaves)}
    categorical = [bool(found.get("split_type", [0] * len(left))[node]) for node in splits]
    sets = {
        node: found["categories"][start : start + size]
        for node, start, size in zip(
            found.get("categories_nodes", ()),
            found.get("categories_segments", ()),
            found.get("categories_sizes", ()),
            strict=True,
        )
    }
    conditions = np.array(found["split_conditions"], np.float32)
    below = np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64)  # x < t as x <= t
    places = iter(range(len(splits)))
    swapped = {node for node, each in zip(splits, categorical, strict=True) if each}
    return Tree(
        feature=np.array([found["split_indices"][node] for node in splits], np.int64),
        gain=np.array([found["loss_changes"][node] for node in splits], np.float64),
        threshold=np.array(
            [next(places) if node in swapped else below[node] for node in splits], np.float64
        ),
        decision=np.array(
            [_decision(bool(found["default_left"][node]), node in swapped) for node in splits],
            np.int64,
        ),
        # what is in a categorical split's set goes right
        left=np.array(
            [number[(right if node in swapped else left)[node]] for node in splits], np.int64
        ),
        right=np.array(
            [number[(left if node in swapped else right)[node]] for node in splits], np.int64
        ),
        leaf=np.array([float(conditions[node]) * drop for node in leaves], np.float64),
        sets=tuple(np.array(sets[node], np.int64) for node in splits if node in swapped),
    )


def _decision(default_left: bool, categorical: bool) -> int:
    """As LightGBM's `decision_type`."""
    true_branch = default_left != categorical
    return MISSING_IS_NAN << 2 | (DEFAULT_LEFT * true_branch) | (CATEGORICAL * categorical)


def _ask(
    found: Mapping[str, Any], rows: NDArray[np.float64], rounds: int
) -> NDArray[np.float64] | None:
    if find_spec("xgboost") is None:
        return None
    import xgboost  # 1 s

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(found).encode()))
    if found["learner"]["objective"]["name"] == "multi:softmax":
        booster.set_param({"objective": "multi:softprob"})  # which says more than the class
    matrix = xgboost.DMatrix(
        rows,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        missing=np.nan,
        nthread=1,
    )
    return np.asarray(booster.predict(matrix, iteration_range=(0, rounds)), np.float64)
