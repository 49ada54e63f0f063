"""What each sampler chooses, by the seed and the place of a trial."""

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from crosstie.config.options import build
from crosstie.tuning.sampler import samplers, settled

SPACE = {
    "x": FloatDistribution(0.0, 1.0),
    "rate": FloatDistribution(1e-4, 1.0, log=True),
    "n": IntDistribution(2, 20, step=3),
    "kind": CategoricalDistribution(["a", "b"]),
}


def searched(name, *, trials=8, direction="minimize", **options):
    """The study of so many trials, each by a sampler of its own, as in processes that come and go."""
    with settled():
        study = optuna.create_study(direction=direction)
        for place in range(trials):
            study.sampler = build(samplers.get(name), **options).build(7, place)
            trial = study.ask(SPACE)
            value = (trial.params["x"] - 0.3) ** 2 + trial.params["n"] / 100
            study.tell(trial, value if direction == "minimize" else -value)
    return study


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cmaes", {"popsize": 4}),
        ("gp", {"n_startup_trials": 6}),
        ("grid", {}),
        ("qmc", {}),
        ("random", {}),
        ("tpe", {"n_startup_trials": 3}),
    ],
)
def test_the_same_is_drawn_whoever_asks(name, options):
    first, second = searched(name, **options), searched(name, **options)
    drawn = [each.params for each in first.trials]
    assert drawn == [each.params for each in second.trials]
    assert len({each["x"] for each in drawn}) > 4
    assert all(0 <= each["x"] <= 1 and 1e-4 <= each["rate"] <= 1 for each in drawn)
    assert all(each["n"] in range(2, 21, 3) for each in drawn)


def test_all_samplers_are_tried():
    assert samplers.names() == ["cmaes", "gp", "grid", "qmc", "random", "tpe"]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_cmaes_moves_to_where_trials_are_good_and_leaves_nothing_in_the_study(direction):
    study = searched("cmaes", trials=40, direction=direction, popsize=4)
    early = [abs(each.params["x"] - 0.3) for each in study.trials[:8]]
    late = [abs(each.params["x"] - 0.3) for each in study.trials[-8:]]
    assert sum(late) < sum(early) / 2
    assert all(each.system_attrs == {} for each in study.trials)
