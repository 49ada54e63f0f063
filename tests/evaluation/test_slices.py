import numpy as np
import pytest

from crosstie.data.table import Table
from crosstie.evaluation.groups import parts
from crosstie.evaluation.slices import Condition, worst_slices


def conditions(columns):
    table = Table.from_columns(columns)
    return [
        Condition(name, words, mask)
        for name in columns
        for words, mask in parts(table.column(name, "levels"), "levels")
    ]


def columns_of(rng, rows, wide=4):
    return {f"c{i}": rng.choice(list("abcd"), rows).tolist() for i in range(wide)}


def test_a_slice_of_two_conditions_is_found_and_told_first():
    rng = np.random.default_rng(0)
    columns = columns_of(rng, 3000)
    bad = (np.array(columns["c1"]) == "b") & (np.array(columns["c3"]) == "d")
    losses = rng.random(3000) + bad * 0.8
    found, looked_at = worst_slices(losses, conditions(columns))
    assert looked_at == 4 * 4 + 6 * 16
    first = found[0]
    assert first.conditions == (("c1", "= b"), ("c3", "= d"))
    assert first.rows == bad.sum()
    assert first.loss == pytest.approx(losses[bad].mean())
    assert first.others == pytest.approx(losses[~bad].mean())
    assert 0.6 < first.low < first.loss - first.others < first.high < 1.0


def test_one_condition_is_told_where_a_second_adds_nothing():
    rng = np.random.default_rng(1)
    columns = columns_of(rng, 2000)
    bad = np.array(columns["c0"]) == "a"
    found, _ = worst_slices(bad.astype(float), conditions(columns))
    assert [each.conditions for each in found] == [(("c0", "= a"),)]


def test_columns_that_say_the_same_give_one_slice():
    rng = np.random.default_rng(2)
    columns = columns_of(rng, 1000, wide=1)
    columns["copy"] = columns["c0"]
    losses = rng.random(1000) + (np.array(columns["c0"]) == "c")
    found, _ = worst_slices(losses, conditions(columns))
    assert len(found) == 1


def test_of_losses_that_depend_on_nothing_slices_are_told_once_in_twenty():
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found, _ = worst_slices(rng.random(1000), conditions(columns_of(rng, 1000, wide=5)))
        told += bool(found)
    assert told <= 6  # 2.5 % of them may be


def test_few_rows_are_no_slice():
    columns = {"c": ["a"] * 951 + ["b"] * 49}
    losses = np.array([0.0] * 951 + [1.0] * 49)
    assert worst_slices(losses, conditions(columns)) == ([], 0)
    assert worst_slices(losses, []) == ([], 0)
    found, looked_at = worst_slices(losses, conditions(columns), least=20)
    assert looked_at == 2
    assert [(each.conditions, each.rows, each.loss, each.others) for each in found] == [
        ((("c", "= b"),), 49, 1.0, 0.0)
    ]


def test_losses_that_are_all_alike_have_no_worst_slice():
    columns = columns_of(np.random.default_rng(0), 1000)
    assert worst_slices(np.full(1000, 0.1), conditions(columns))[0] == []
