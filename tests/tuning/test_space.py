"""What each space draws: values of the range, on its steps, as JSON has them."""

import json

import optuna
import pytest

from crosstie.config.options import build
from crosstie.errors import ConfigError
from crosstie.tuning.space import spaces

# options of each, and whether a value may be drawn
SPACES = {
    "choice": ({"categories": ["a", 1, None, {"type": "b"}]}, lambda v: v in ["a", 1, None, {"type": "b"}]),
    "grid_search": ({"values": [1, 2]}, lambda v: v in [1, 2]),
    "uniform": ({"lower": -1.0, "upper": 2.0}, lambda v: -1 <= v <= 2),
    "quniform": ({"lower": 0.0, "upper": 1.0, "q": 0.25}, lambda v: v in [0, 0.25, 0.5, 0.75, 1]),
    "loguniform": ({"lower": 0.001, "upper": 1.0}, lambda v: 0.001 <= v <= 1),
    "qloguniform": ({"lower": 0.1, "upper": 5.0, "q": 0.1}, lambda v: 0.1 <= v <= 5 and v == round(v, 1)),
    "randint": ({"lower": 1, "upper": 3}, lambda v: type(v) is int and 1 <= v <= 3),
    "qrandint": ({"lower": 4, "upper": 13, "q": 4}, lambda v: v in [4, 8, 12]),
    "lograndint": ({"lower": 1, "upper": 1000}, lambda v: type(v) is int and 1 <= v <= 1000),
    "qlograndint": ({"lower": 8, "upper": 64, "q": 8}, lambda v: 8 <= v <= 64 and v % 8 == 0),
    "randn": ({"mean": 5.0, "sd": 0.1}, lambda v: 4.6 < v < 5.4),
    "qrandn": ({"mean": 0.0, "sd": 2.0, "q": 0.5}, lambda v: -8 < v < 8 and v % 0.5 == 0),
}  # fmt: skip


def drawn(space, n=40):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.value(study.ask({"x": space.distribution()}).params["x"]) for _ in range(n)]


def test_every_space_is_tried():
    assert set(SPACES) == set(spaces.names())


@pytest.mark.parametrize("name", SPACES)
def test_what_is_drawn_lies_in_the_space(name):
    options, fits = SPACES[name]
    values = drawn(build(spaces.get(name), **options))
    assert all(map(fits, values))
    assert json.loads(json.dumps(values)) == values
    assert len({json.dumps(each) for each in values}) > 1


@pytest.mark.parametrize("name", SPACES)
def test_the_values_that_a_file_is_checked_by_can_be_drawn(name):
    options, fits = SPACES[name]
    space = build(spaces.get(name), **options)
    corners = [space.value(each) for each in space.corners()]
    assert all(map(fits, corners))


def test_all_values_are_gone_through_where_they_have_an_end():
    points = {
        name: None if (found := build(spaces.get(name), **given).points()) is None else len(found)
        for name, (given, _) in SPACES.items()
    }
    assert points == {
        "choice": 4,
        "grid_search": 2,
        "uniform": None,
        "quniform": 5,
        "loguniform": None,
        "qloguniform": None,
        "randint": 3,
        "qrandint": 3,
        "lograndint": 1000,
        "qlograndint": None,
        "randn": None,
        "qrandn": None,
    }


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("uniform", {"lower": 2.0, "upper": 1.0}, "upper: must be more than lower, 2, got 1"),
        ("loguniform", {"lower": 0.0, "upper": 1.0}, "lower: must be more than 0 on a log scale, got 0"),
        ("quniform", {"lower": 0.0, "upper": 1.0, "q": 3.0}, "q: must be at most upper - lower, got 3"),
        ("qrandint", {"lower": 0, "upper": 4, "q": 5}, "q: must be at most upper - lower, got 5"),
        ("choice", {"categories": ["a", "b", "a"]}, "categories: has a twice; keep one"),
    ],
)  # fmt: skip
def test_what_is_no_space_is_told(name, options, told):
    with pytest.raises(ConfigError) as error:
        build(spaces.get(name), **options)
    assert str(error.value) == told
