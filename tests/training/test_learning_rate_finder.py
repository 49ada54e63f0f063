import math

import torch
from small_network import same
from torch import nn

from crosstie.training.learning_rate_finder import HIGHEST, LOWEST, range_test


def optimizer():
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


def test_the_rate_is_a_tenth_of_that_with_the_least_smoothed_loss():
    made = optimizer()

    def step():  # least at 0.01, then growing
        rate = made.param_groups[0]["lr"]
        return 1 + math.log10(rate / 0.01) ** 2

    curve = range_test(made, step)
    least = curve.rates[curve.losses.index(min(curve.losses))]
    assert curve.chosen == least / 10
    assert 0.01 < least < 0.1  # smoothing looks back


def test_it_stops_when_the_loss_explodes_or_is_no_number():
    made = optimizer()
    rates = []

    def exploding():
        rates.append(made.param_groups[0]["lr"])
        return 1.0 if len(rates) < 10 else 1e9

    assert len(range_test(made, exploding).rates) == 10
    assert range_test(made, lambda: math.nan).chosen == LOWEST


def test_rates_grow_evenly_on_a_log_scale():
    curve = range_test(optimizer(), lambda: 1.0)
    assert (curve.rates[0], len(curve.rates)) == (LOWEST, 100)
    assert math.isclose(curve.rates[-1], HIGHEST)
    assert math.isclose(curve.rates[1] / curve.rates[0], curve.rates[51] / curve.rates[50])


def test_a_fit_finds_its_rate_the_same_way_every_time_and_is_not_changed_by_it(fit):
    found = fit(learning_rate="auto", epochs=3).run()
    again = fit(learning_rate="auto", epochs=3).run()
    told = fit(learning_rate=found.loop.learning_rate, epochs=3).run()
    assert found.loop.learning_rate == found.loop.curve.chosen
    assert same(found.weights, again.weights)
    assert same(found.weights, told.weights)
