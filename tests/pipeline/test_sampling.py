import numpy as np
import pytest

from crosstie.config.source import load
from crosstie.data.read import open_source
from crosstie.errors import DataError
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.sampling import Sampled, repeats

ROWS = 1000
TABLE = {
    "x": [i * 7 % 101 for i in range(ROWS)],
    "y": ["yes" if i % 10 == 0 else "no" for i in range(ROWS)],
}


def parts(**preprocessing):
    document = load({"target": "y", "model_type": "gbm", "preprocessing": preprocessing})
    plan = make_plan(document, source=TABLE)
    source = plan.sources["train"]
    assigned = plan.split.assign(source, target="y", seed=3)
    assert (assigned == plan.split.assign(source, target="y", seed=3)).all()
    return np.bincount(assigned, minlength=4).tolist(), assigned


def test_all_rows_are_used_unless_said_otherwise():
    assert parts()[0] == [700, 100, 200, 0]


@pytest.mark.parametrize("preprocessing", [{"sample_ratio": 0.3}, {"sample_size": 300}])
def test_part_of_the_rows_is_used(preprocessing):
    counts, _ = parts(**preprocessing)
    assert counts[3] == 700
    assert abs(counts[0] - 210) < 40


def test_undersampling_leaves_out_training_rows_of_the_commoner_class():
    counts, assigned = parts(undersample_majority=0.5)
    target = np.array(TABLE["y"])
    training = target[assigned == 0]
    assert counts == [210, 100, 200, 490]
    assert [(training == "yes").sum(), (training == "no").sum()] == [70, 140]


def test_undersampling_needs_two_classes():
    source = open_source({"y": ["a", "b", "c"] * 10})
    sampled = Sampled(None, ratio=1.0, size=None, undersample=0.5)
    with pytest.raises(DataError) as caught:
        sampled.assign(source, target="y", seed=0)
    assert str(caught.value) == (
        "y: undersample_majority needs two classes in the training rows, got 3"
    )


def test_repeats_reach_the_ratio_and_lose_no_row():
    target = np.array([0] * 90 + [1] * 10, dtype=np.float32)
    rows = repeats(target, 0.5, seed=1)
    assert np.bincount(target[rows].astype(int)).tolist() == [90, 45]
    assert set(rows) == set(range(100))
    assert np.bincount(rows)[90:].min() == 4
    assert (rows == repeats(target, 0.5, seed=1)).all()


def test_repeats_leave_balanced_rows_alone():
    assert repeats(np.array([0, 1, 1], dtype=np.float32), 0.5, seed=0).tolist() == [0, 1, 2]


def test_part_of_the_rows_of_a_random_split_is_parted_as_all_are():
    section = {"split": {"type": "random"}, "sample_size": 300}
    plan = make_plan(load({"target": "x", "preprocessing": section}), source=TABLE)
    counts = np.bincount(plan.split.assign(plan.sources["train"], target="x", seed=3))
    assert counts[3] == 700
    assert np.abs(counts[:3] - [210, 30, 60]).max() < 20
