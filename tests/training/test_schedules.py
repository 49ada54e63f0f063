"""Each schedule against values worked out by hand."""

import math

import pytest

from crosstie.config.options import build, fill
from crosstie.training.drops import Drops
from crosstie.training.schedules.schedule import schedules
from crosstie.training.trainer import Trainer

HALF = math.sqrt(0.5)
KNOWN = {  # name: (options, total steps, {step: factor})
    "constant": ({}, 10, {0: 1, 5: 1, 9: 1}),
    "linear": ({"end": 0.2}, 10, {0: 1, 5: 0.6, 10: 0.2}),
    "cosine": ({}, 8, {0: 1, 2: (1 + HALF) / 2, 4: 0.5, 6: (1 - HALF) / 2, 8: 0}),
    "one_cycle": (
        {"start": 0.04, "peak": 0.25, "end": 0.0},
        16,
        {0: 0.04, 2: 0.52, 4: 1, 10: 0.5, 16: 0},
    ),
    "wsd": (
        {"warmup_fraction": 0.2, "decay_fraction": 0.5},
        20,
        {0: 0.2, 3: 0.8, 4: 1, 12: 1, 16: 0.5, 20: 0},
    ),
    "inverse_sqrt": ({"warmup_fraction": 0.0, "steps": 4}, 100, {0: 1, 12: 0.5, 60: 0.25}),
    "exponential": (
        {"decay_rate": 0.25, "decay_steps": 4},
        100,
        {0: 1, 2: 0.5, 4: 0.25, 8: 0.0625},
    ),
    "plateau": ({"patience": 2, "rate": 0.5}, 10, {0: 1, 9: 1}),
}


@pytest.mark.parametrize("name", schedules.names())
def test_factors_are_those_worked_out_by_hand(name):
    options, total, factors = KNOWN[name]
    schedule = build(schedules.get(name), **options)
    found = {step: schedule.factor(step, total) for step in factors}
    assert found == pytest.approx(factors, abs=1e-12)


@pytest.mark.parametrize("name", schedules.names())
def test_every_schedule_warms_up_first(name):
    schedule = build(schedules.get(name), warmup_fraction=0.5)
    ramp = [schedule.factor(step, 8) for step in range(4)]
    assert ramp == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_a_staircase_falls_at_once():
    schedule = build(schedules.get("exponential"), decay_rate=0.5, decay_steps=3, staircase=True)
    assert [schedule.factor(step, 99) for step in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_restarts_come_after_t_0_and_then_t_mult_times_as_late():
    schedule = build(schedules.get("cosine"), t_0=2, t_mult=2)
    found = [schedule.factor(step, 99) for step in range(8)]
    quarter = [1, (1 + HALF) / 2, 0.5, (1 - HALF) / 2]
    assert found == pytest.approx([1, 0.5, *quarter, 1, (1 + math.cos(math.pi / 8)) / 2])


def test_plateau_falls_after_each_wait_without_gain_and_resumes_exactly():
    schedule = build(schedules.get("plateau"), patience=2, rate=0.5, least=0.2)
    factors = []
    for improved in (True, False, False, False, True, False, False, False, False, False, False):
        schedule.observe(improved=improved)
        factors.append(schedule.factor(0, 10))
    assert factors == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]
    other = build(schedules.get("plateau"), patience=2, rate=0.5, least=0.2)
    other.restore(schedule.state())
    assert other.factor(0, 10) == 0.2


def test_drops_come_so_often_and_no_more():
    drops = Drops(2, patience=2, rate=0.1)
    found = []
    for improved in (False, True, False, False, False, False, False, False):
        drops.observe(improved=improved)
        found.append(drops.factor)
    assert found == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01])


@pytest.mark.parametrize(
    ("given", "factors"),
    [
        ({"decay": "linear", "reduce_on_plateau": 3}, {0: 1, 5: 0.5}),
        ({"decay": "cosine", "warmup_fraction": 0.2}, {0: 1 / 3, 1: 2 / 3, 2: 1, 6: 0.5, 10: 0}),
        ({"decay": "exponential", "decay_rate": 0.5, "decay_steps": 2}, {0: 1, 4: 0.25}),
        ({"decay": None, "warmup_fraction": 0.2}, {0: 1 / 3, 2: 1, 9: 1}),
        ({"warmup_fraction": 0.1}, {0: 0.5, 1: 1}),
        ("cosine", {5: 0.5}),
    ],
)
def test_ludwigs_words_are_understood(given, factors):
    trainer = build(Trainer, **fill(Trainer, {"learning_rate_scheduler": given}, "trainer"))
    found = {step: trainer.schedule.factor(step, 10) for step in factors}
    assert found == pytest.approx(factors, abs=1e-12)
    assert trainer.pace.drops.most == (3 if "reduce_on_plateau" in given else 0)
    assert trainer.pace.drops.patience == 10
