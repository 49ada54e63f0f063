import math

import pytest
import torch
from small_network import same
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from crosstie.training.callbacks.tensorboard import TensorBoard
from crosstie.training.curve_figure import CurveFigure
from crosstie.training.learning_rate_finder import HIGHEST, LOWEST, range_test


def optimizer():
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_fit_finds_its_rate_the_same_way_every_time_and_is_not_changed_by_it(fit):
    found = fit(learning_rate="auto", epochs=3).run()
    again = fit(learning_rate="auto", epochs=3).run()
    told = fit(learning_rate=found.loop.rate.base, epochs=3).run()
    assert found.loop.rate.base == found.loop.curve.chosen
    assert same(found.weights, again.weights)
    assert same(found.weights, told.weights)


def test_the_curve_is_drawn_told_and_written_to_tensorboard(fit, tmp_path):
    said = []
    listening = [CurveFigure(said.append), TensorBoard(tmp_path)]
    folder = tmp_path / "checkpoints"
    found = fit(learning_rate="auto", epochs=1, folder=folder, callbacks=listening).run()
    curve = found.loop.curve
    path = tmp_path / "learning_rate.svg"
    assert said == [f"learning rate {curve.chosen:.2g} by a range test; its curve: {path}"]
    assert f"{curve.chosen:.2g} is chosen, a tenth of where it is least" in path.read_text()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    for name, values in (("learning_rate", curve.rates), ("loss", curve.losses)):
        points = events.Scalars(f"range_test/{name}")
        assert [each.step for each in points] == [*range(1, len(values) + 1)]
        assert [each.value for each in points] == pytest.approx(values)


def test_a_fit_that_is_told_its_rate_draws_no_curve(fit, tmp_path):
    said = []
    fit(epochs=1, folder=tmp_path / "checkpoints", callbacks=[CurveFigure(said.append)]).run()
    assert said == []
    assert not (tmp_path / "learning_rate.svg").exists()
