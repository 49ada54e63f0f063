import numpy as np
import pytest
from scipy.stats import t as student

from crosstie.data.column import Column
from crosstie.data.table import Table
from crosstie.features.category import Category
from crosstie.features.number import Number
from crosstie.gates.holdout import HIDDEN, Holdout
from crosstie.gates.pairs import Pair
from crosstie.gates.segments import row_loss, worst_segments


def holdout(columns, *, private=()):
    kinds = [
        Number(name) if isinstance(cells[0], float) else Category(name)
        for name, cells in columns.items()
    ]
    return Holdout(Table.from_columns(columns), kinds, private=private)


def test_the_segment_that_became_worse_is_first_with_an_interval_for_all_of_them():
    rng = np.random.default_rng(0)
    plan = ["a", "b", "c"] * 200
    before = rng.random(600)
    after = before + np.where(np.array(plan) == "b", 0.3, 0.0) + rng.normal(0, 0.1, 600)
    segments, seen = worst_segments(holdout({"plan": plan}), np.arange(600), (before, after))
    assert seen == 3
    first, moves = segments[0], (after - before)[1::3]
    assert (first.column, first.values, first.rows) == ("plan", "= b", 200)
    half = student.ppf(1 - 0.025 / 3, 199) * moves.std(ddof=1) / np.sqrt(200)
    assert (first.low, first.high) == pytest.approx(
        (moves.mean() - half, moves.mean() + half), rel=1e-4
    )
    assert first.worse_by == pytest.approx((after - before)[1::3].sum() / before[1::3].sum())
    assert all(each.low < 0 for each in segments[1:])


def test_nothing_is_claimed_of_honest_segments_more_than_once_in_twenty():
    claimed = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        columns = {f"c{i}": rng.choice(list("abcde"), 400).tolist() for i in range(6)}
        losses = rng.random(400), rng.random(400)
        segments, seen = worst_segments(holdout(columns), np.arange(400), losses)
        assert seen == 30
        claimed += segments[0].low > 0
    assert claimed <= 7  # 2.5 % of them may be; more than 7 come once in 200 times


def test_few_rows_are_no_segment_and_numbers_are_cut_at_their_quantiles():
    gain = [0.0] * 150 + [float(i) for i in range(1, 101)] + [None] * 50
    rare = ["x"] * 49 + ["y"] * 251
    losses = np.zeros(300), np.arange(300.0)
    segments, seen = worst_segments(holdout({"gain": gain, "rare": rare}), np.arange(300), losses)
    names = {(each.column, each.values): each.rows for each in segments}
    assert names == {
        ("gain", "= 0"): 150,
        ("gain", "38 to 100"): 62,
        ("gain", "missing"): 50,
        ("rare", "= y"): 251,
    }
    assert seen == len(names)


def test_two_names_of_the_same_rows_are_one_segment():
    plan = ["a"] * 60 + ["b"] * 60
    same = ["c"] * 60 + ["d"] * 60
    _, seen = worst_segments(
        holdout({"plan": plan, "same": same}), np.arange(120), (np.ones(120), np.ones(120))
    )
    assert seen == 2


def test_levels_of_private_columns_are_not_shown():
    plan = ["a"] * 60 + ["b"] * 60
    found, _ = worst_segments(
        holdout({"plan": plan}, private=["plan"]), np.arange(120), (np.ones(120), np.ones(120))
    )
    assert {each.values for each in found} == {HIDDEN}


@pytest.mark.parametrize(
    ("kind", "target", "said", "losses"),
    [
        ("number", [1.0, 5.0], [2.0, 2.0], [1.0, 3.0]),
        ("timeseries", [[1.0, 5.0]], [[2.0, 2.0]], [2.0]),
        ("binary", [1, 0], [0.5, 0.2], [0.25, 0.04]),
        ("category", [1], [[0.3, 0.7]], [0.18]),
        ("set", [[1, 0, 0, 1]], [[0.9, 0.9, 0.1, 0.9]], [0.25]),
        ("sequence", [[0, 1, -1], [1, 1, -1]], [[[0.9, 0.1], [0.2, 0.8], [1, 0]]] * 2, [0.0, 1.0]),
        ("text", ["a", "b"], ["a", "c"], [0.0, 1.0]),
    ],
)
def test_each_kind_of_output_has_its_loss(kind, target, said, losses):
    dtype = object if kind == "text" else None
    target, said = np.array(target, dtype), np.array(said, dtype)
    both = Pair(kind, np.arange(len(target)), target, said, said, ("a", "b"))
    np.testing.assert_allclose(row_loss(both, said, 1), losses)


def test_a_column_is_read_as_the_model_writes_it():
    from crosstie.data.style import Style

    rows = Holdout(
        Table.from_columns({"pay": ["1,5", "2,5"]}),
        [Number("pay")],
        styles={"pay": Style(decimal=",")},
    )
    column = rows.column(rows.inputs[0])
    assert isinstance(column, Column)
    assert np.asarray(column.values).tolist() == [1.5, 2.5]
