"""`--inference-limit`: what is chosen is quick enough for a row, or the quickest there is, and that is said."""

import json

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError
from crosstie.search.greedy import greedy


def curve(n=300):
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, n)
    return {"x": x.tolist(), "y": (np.sin(2 * x) + rng.normal(size=n) / 4).tolist()}


def searched(tmp_path, limit, **asked):
    said = []
    run = crosstie.train(
        curve(),
        target="y",
        inference_limit=limit,
        set=["trainer.learners=[linear,gbm]"],
        runs=tmp_path,
        say=said.append,
        **asked,
    )
    plan = json.loads((run.path / "plan.json").read_text())
    return run, plan, [each for each in said if "for a row by itself" in each]


def test_the_best_is_kept_that_is_quick_enough(tmp_path):
    run, plan, (said,) = searched(tmp_path, "10s/row")
    assert run.manifest["learner"] == "gbm"
    took = {each["name"]: each["seconds_a_row"] for each in plan["trials"]}
    assert (
        said == f"gbm takes {1e3 * took['gbm']:.2g} ms for a row by itself, of 10000 ms that it may"
    )


@pytest.mark.slow
def test_where_nothing_is_the_quickest_is_kept_and_that_is_said(tmp_path):
    run, plan, (said,) = searched(tmp_path, "1us")
    took = {each["name"]: each["seconds_a_row"] for each in plan["trials"]}
    quickest = min(took, key=took.get)
    assert run.manifest["learner"] == quickest
    assert said == (
        f"{quickest} takes {1e3 * took[quickest]:.2g} ms for a row by itself: nothing that was tried is within 0.001 "
        "ms, and this is the quickest"
    )
    _, repeated, _ = searched(tmp_path, "1us", plan=run.path)
    assert repeated["kept"] == plan["kept"]
    assert [each["seconds_a_row"] for each in repeated["trials"]] == list(took.values())


def test_an_average_costs_what_its_models_cost_together():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    raw = [truth + rng.normal(size=400) for _ in range(4)]

    def score(given, rows):
        return -float(((given[rows] - truth[rows]) ** 2).mean())

    free = greedy(raw, score).weights
    assert np.count_nonzero(free) == 4
    bound = greedy(raw, score, costs=[1.0, 2.0, 1.0, 5.0], most=3.0).weights
    assert np.count_nonzero(bound) > 1
    assert sum(cost for cost, weight in zip([1, 2, 1, 5], bound, strict=True) if weight) <= 3


@pytest.mark.parametrize("written", ["soon", "1 minute", "ms"])
def test_a_wrong_limit_is_told(written):
    with pytest.raises(ConfigError, match=r"--inference-limit: .* is no time of a row; write 1ms"):
        crosstie.train(curve(), target="y", inference_limit=written)
