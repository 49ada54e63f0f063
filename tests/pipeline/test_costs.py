import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError

RNG = np.random.default_rng(0)
ROWS = [
    {"size": float(x), "sold": "yes" if x + e > 7 else "no"}
    for x, e in zip(RNG.uniform(0, 10, 400), RNG.normal(0, 2, 400), strict=True)
]


def config(threshold, kind="binary"):
    return {
        "input_features": ["size"],
        "output_features": [{"name": "sold", "type": kind, "threshold": threshold}],
        "model_type": "linear",
        "data": ROWS,
    }


def test_a_threshold_is_the_cheapest_and_what_it_costs_is_measured(tmp_path):
    costs = {"cost": {"false_positive": 1, "false_negative": 5}}

    run = crosstie.train(config(costs), output=tmp_path / "run")

    found = run.evaluation["outputs"]["sold"]
    assert found["threshold"] < 0.35
    assert found["cost"]["false_negative"] == 5
    assert found["cost"]["low"] <= found["cost"]["mean"] <= found["cost"]["high"]
    assert found["cost"]["mean"] <= found["cost"]["at_half"]
    assert found["cost"]["mean"] < found["cost"]["always_negative"]
    counts = np.array(found["details"]["confusion"]["rows"])
    assert found["cost"]["mean"] == pytest.approx((counts[0, 1] + 5 * counts[1, 0]) / counts.sum())

    again = crosstie.train(run.path / "config.yaml", data=ROWS, output=tmp_path / "again")
    assert again.evaluation["outputs"]["sold"]["cost"] == found["cost"]


@pytest.mark.parametrize(
    ("threshold", "told"),
    [
        (
            {"costs": {}},
            "output_features[0].threshold: a threshold has no 'costs'; did you mean 'cost'?",
        ),
        (
            {"cost": {"false_positives": 1, "false_negative": 5}},
            "output_features[0].threshold.cost: no decision is called 'false_positives'; did you mean 'false_positive'?",
        ),
        (
            {"cost": {"false_positive": 1}},
            "a wrong decision must cost more than the right one, or there is nothing to decide: write false_positive",
        ),
    ],
)
def test_costs_that_decide_nothing_are_refused(threshold, told):
    with pytest.raises(ConfigError) as error:
        crosstie.check(config(threshold))
    assert told in str(error.value)


def test_costs_are_of_binary_outputs():
    with pytest.raises(ConfigError, match="costs are of a binary output, and this is a category"):
        crosstie.check(config({"cost": {"false_positive": 1, "false_negative": 5}}, "category"))
