"""What an automatic search tries, the most promising first, and what it draws when all of that was tried.

The boosters' values are defaults tuned on many tables (Holzmüller et al. 2024, arXiv:2407.04491), then the head of a
portfolio that was chosen on many (AutoGluon's for CPUs of 2025, a zero-shot warm start; where that has TabPrep's
columns, ours are constructed). Their ranges are those of TabArena (arXiv:2506.16791). Networks are small TabMs (arXiv:2410.24210).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from crosstie.learners.learner import learners

TUNED: Mapping[bool, Mapping[str, Any]] = {  # for numbers, and for classes
    True: {"learning_rate": 0.05, "num_leaves": 100, "min_child_samples": 3, "feature_fraction": 1.0, "bagging_fraction": 0.7},
    False: {"learning_rate": 0.04, "num_leaves": 50, "min_child_samples": 40, "feature_fraction": 1.0, "bagging_fraction": 0.75},
}  # fmt: skip
MADE = {"constructed_columns": 24}
PAIRED = {"ngram_size": 2}  # of a text; says nothing of other columns
BOOSTERS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("gbm_163", {"learning_rate": 0.0114, "num_leaves": 84, "min_child_samples": 3, "feature_fraction": 0.528, "bagging_fraction": 0.978, "lambda_l1": 0.027, "lambda_l2": 0.84}),
    ("gbm_13", {"learning_rate": 0.0193, "num_leaves": 64, "min_child_samples": 28, "feature_fraction": 0.553, "bagging_fraction": 0.992, "extra_trees": True, "lambda_l1": 0.91, "lambda_l2": 1.9, **MADE, **PAIRED}),
    ("gbm_177", {"learning_rate": 0.0179, "num_leaves": 39, "min_child_samples": 3, "feature_fraction": 0.462, "bagging_fraction": 0.877, "extra_trees": True, "lambda_l1": 0.24, "lambda_l2": 0.36, "max_cat_to_onehot": 16, "cat_l2": 0.34, "cat_smooth": 15.4}),
    ("gbm_72", {"learning_rate": 0.018, "num_leaves": 180, "min_child_samples": 12, "extra_trees": True, "lambda_l1": 0.77, "lambda_l2": 1.6, **PAIRED}),
    ("gbm_41", {"learning_rate": 0.0074, "num_leaves": 8, "extra_trees": True, **MADE}),
)  # fmt: skip
NETWORKS: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = (
    ("ecd", {}, {}),
    ("ecd_deep", {"learning_rate": 0.00125}, {"num_fc_layers": 3, "output_size": 256, "dropout": 0.0}),
    ("ecd_tabm", {"learning_rate": 0.0015}, {"members_style": "tabm", "num_fc_layers": 3, "dropout": 0.1}),
)  # fmt: skip
# boosters before the first network, which takes as long as all of them, and between others
FIRST, BETWEEN = 5, 2
SELDOM = 5  # draws for each network where none of them leads
NEAR = 0.35  # standard deviation of the logarithms of what is near
ONCE = {"refit": False}  # a second fit, on validation rows too, takes as long as a trial more


@dataclass(frozen=True)
class Trial:
    """A model to try.

    Attributes:
        name: What it is called, as it is by `predict --trial`.
        model_type: The learner.
        trainer: Options of the learner, where they are not its defaults.
        combiner: Options of a network's combiner, likewise.
    """

    name: str
    model_type: str
    trainer: Mapping[str, Any] = field(default_factory=dict)
    combiner: Mapping[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> float:
        """How long its fit takes beside that of the same learner as it comes, roughly."""
        if (
            self.model_type == "gbm"
        ):  # as many more trees as each is shrunk more, each as much slower as it is larger
            rate = 0.05 / self.trainer.get("learning_rate", 0.05)
            wider = 2 if self.trainer.get("constructed_columns") else 1
            return float(wider * rate * math.sqrt(self.trainer.get("num_leaves", 31) / 31))
        if self.model_type == "catboost":
            return float(0.05 / self.trainer.get("learning_rate", 0.05))
        wide = self.combiner.get("output_size", 128) / 128
        return float(wide * self.combiner.get("num_fc_layers", 2) / 2)


def portfolio(names: Sequence[str], *, number: bool) -> list[Trial]:
    """The trials that need no luck, those first of which each learner is represented.

    Args:
        names: The learners that can take the table, in the order in which they are to be tried.
        number: Whether a number is predicted.
    """
    trials = [Trial(name, name) for name in names if name not in ("ecd", "catboost")]
    tuned = [("gbm_tuned", TUNED[number]), ("gbm_made", {**TUNED[number], **MADE}), *BOOSTERS]
    boosters = [Trial(name, "gbm", {**each, **ONCE}) for name, each in tuned] * ("gbm" in names)
    if "catboost" in names:
        boosters.insert(2, Trial("catboost", "catboost", {"learning_rate": 0.05, **ONCE}))
    networks = [Trial(name, "ecd", trainer, combiner) for name, trainer, combiner in NETWORKS] * (
        "ecd" in names
    )
    trials += boosters[:FIRST]
    boosters = boosters[FIRST:]
    while boosters or networks:
        trials += [*networks[:1], *boosters[:BETWEEN]]
        boosters, networks = boosters[BETWEEN:], networks[1:]
    return trials


def draws(
    names: Sequence[str], *, seed: int, leading: Callable[[], Sequence[Trial]] = tuple
) -> Iterator[Trial]:
    """Trials without end: boosters in turn from their ranges and near the best so far, now and then a network.

    Networks come as often as boosters where one of them leads.

    Args:
        names: As for `portfolio`; nothing is drawn where none of them has ranges.
        seed: Of the draws; the n-th is the same wherever the same led.
        leading: The best of what was tried so far, the best first.
    """
    families = [name for name in ("gbm", "ecd") if name in names]
    number = 0
    while families:
        rng = np.random.default_rng([seed, number])
        best = leading()
        often = SELDOM if all(each.model_type != "ecd" for each in best) else len(families)
        kind = families[-1] if number % often == often - 1 else families[0]
        boosters = [each for each in best if each.model_type == "gbm"]
        near = boosters[0] if boosters and number % 2 else None
        number += 1
        name = f"{kind}_r{number}"
        if kind == "ecd":
            yield Trial(name, kind, *_network(rng))
        elif near is None:
            yield Trial(name, kind, {**_booster(rng), **ONCE})
        else:
            yield Trial(name, kind, {**_near(near.trainer, rng), **ONCE})


def _booster(rng: np.random.Generator) -> dict[str, Any]:
    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return {
        "learning_rate": round(between(0.01, 0.1), 4),
        "feature_fraction": round(rng.uniform(0.4, 1.0), 3),
        "bagging_fraction": round(rng.uniform(0.7, 1.0), 3),
        "num_leaves": round(between(4, 200)),
        "min_child_samples": round(between(1, 64)),
        "extra_trees": bool(rng.integers(2)),
        "min_data_per_group": int(rng.integers(2, 101)),
        "cat_l2": round(between(0.005, 2.0), 4),
        "cat_smooth": round(between(0.001, 100.0), 4),
        "max_cat_to_onehot": int(rng.integers(8, 101)),
        "lambda_l1": round(float(rng.uniform(0, 1)), 3),
        "lambda_l2": round(float(rng.uniform(0, 2)), 3),
        **(MADE if rng.integers(2) else {}),
        **(PAIRED if rng.integers(2) else {}),
    }


def _near(known: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A booster's options with each amount a little more or less, within the ranges."""
    usual = {
        name: known.get(name, each.default)
        for name, each in signature(learners.get("gbm")).parameters.items()
    }

    def about(name: str, low: float, high: float) -> float:
        return float(np.clip(usual[name] * np.exp(rng.normal(0, NEAR)), low, high))

    def share(name: str) -> float:
        return round(float(np.clip(usual[name] + rng.normal(0, NEAR / 3), 0.4, 1.0)), 3)

    return {
        **known,
        "learning_rate": round(about("learning_rate", 0.005, 0.1), 4),
        "num_leaves": round(about("num_leaves", 4, 300)),
        "min_child_samples": round(about("min_child_samples", 1, 100)),
        "feature_fraction": share("feature_fraction"),
        "bagging_fraction": share("bagging_fraction"),
        "lambda_l2": round(usual["lambda_l2"] + float(rng.exponential(0.5)), 3),
    }


def _network(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    rate = float(np.exp(rng.uniform(np.log(5e-4), np.log(5e-3))))
    return (
        {"learning_rate": round(rate, 5)},
        {
            "members_style": str(rng.choice(["mini", "tabm"])),
            "num_fc_layers": int(rng.integers(1, 4)),
            "output_size": int(rng.choice([64, 128, 256])),
            "dropout": round(float(rng.choice([0.0, 0.1, 0.2, 0.3])), 2),
        },
    )
