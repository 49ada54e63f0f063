import numpy as np
import pytest

from crosstie.data.table import Table
from crosstie.features.binary import Binary
from crosstie.features.category import Category
from crosstie.features.number import Number
from crosstie.features.set import Set
from crosstie.gates.answers import Answer
from crosstie.gates.holdout import Holdout
from crosstie.gates.outputs import compare_output
from crosstie.gates.pairs import alone, pair


def fitted(kind, cells, **options):
    feature = kind("y", **options)
    feature.predicted = True
    feature.observe(Table.from_columns({"y": cells}).column("y", feature.reads))
    feature.finish()
    return feature


def answer(feature, cells, raw, *, threshold=0.5):
    """What a model of this feature says of rows with these true cells."""
    column = Table.from_columns({"y": cells}).column("y", feature.reads)
    target, usable = feature.encode_target(column)
    if feature.amount:
        target = np.asarray(feature.decode(target)["prediction"])
    raw = np.asarray(raw, float)
    shown = list(raw) if feature.amount else feature.decode(raw, threshold=threshold)["prediction"]
    return Answer(feature, target, usable, raw, list(shown), threshold)


def test_two_binaries_of_other_positives_are_turned_alike():
    cells = ["no", "yes", "yes"]
    old = answer(fitted(Binary, cells, positive="no"), cells, [0.9, 0.2, 0.6], threshold=0.3)
    new = answer(fitted(Binary, cells, positive="yes"), cells, [0.2, 0.8, 0.4], threshold=0.5)
    found = pair(old, new)
    assert (found.type, found.labels, found.thresholds) == ("binary", ("no", "yes"), (0.7, 0.5))
    np.testing.assert_allclose(found.before, [0.1, 0.8, 0.4])
    np.testing.assert_allclose(found.after, [0.2, 0.8, 0.4])
    assert found.target.tolist() == [0, 1, 1]


def test_classes_of_both_stand_side_by_side_and_unknown_ones_have_no_probability():
    old = fitted(Binary, ["a", "b"])
    new = fitted(Category, ["c", "b", "d", "c"])
    cells = ["a", "b", "c", None, "e"]
    before = answer(old, cells, [0.25, 0.75, 0.5, 0.5, 0.5])
    after = answer(new, cells, np.full((5, len(new.labels)), 1 / len(new.labels)))
    found = pair(before, after)
    assert found.type == "category"
    assert found.labels[:2] == ("a", "b")
    assert set(found.labels) >= {"a", "b", "c", "d"}
    assert [found.labels[each] for each in found.target[:3]] == ["a", "b", "c"]
    np.testing.assert_allclose(found.before[0], [0.75, 0.25, *[0] * (len(found.labels) - 2)])
    assert found.after[0, 0] == 0
    np.testing.assert_allclose(found.after.sum(1), 1)


def test_labels_of_two_sets_are_joined():
    old, new = fitted(Set, ["a,b", "b"]), fitted(Set, ["b,c", "c"])
    cells = ["a,b", "b,c", "c"]
    before = answer(
        old, cells, np.full((3, len(old.labels)), 0.9), threshold=[0.5] * len(old.labels)
    )
    after = answer(
        new, cells, np.full((3, len(new.labels)), 0.2), threshold=[0.3] * len(new.labels)
    )
    found = pair(before, after)
    places = {each: found.labels.index(each) for each in "abc"}
    assert found.target[:, [places[each] for each in "abc"]].tolist() == [
        [1, 1, 0],
        [0, 1, 1],
        [0, 0, 1],
    ]
    assert found.before[0, places["c"]] == 0
    assert found.after[0, places["a"]] == 0
    assert (found.thresholds[0][places["a"]], found.thresholds[1][places["b"]]) == (0.5, 0.3)


def test_numbers_are_judged_where_both_know_the_truth():
    cells = ["1", None, "3"]
    said = [answer(fitted(Number, cells), cells, raw) for raw in ([1, 2, 3], [2, 2, 5])]
    found = pair(*said)
    assert found.rows.tolist() == [0, 2]
    assert (found.before.tolist(), found.after.tolist()) == ([1, 3], [2, 5])
    np.testing.assert_allclose(found.target, [1, 3])
    assert alone(said[1]).before is None


def test_other_kinds_cannot_be_compared():
    number, category = fitted(Number, ["1", "2"]), fitted(Category, ["1", "2", "3"])
    old = answer(category, ["1"], [[1.0] + [0.0] * (len(category.labels) - 1)])
    new = answer(number, ["1"], [1.0])
    assert pair(old, new) == "production predicts a category and the candidate a number"
    table = Table.from_columns({"y": ["1"]})
    found = compare_output(old, new, Holdout(table, []), seed=0)
    assert found.incomparable == "production predicts a category and the candidate a number"
    assert (found.flips, found.metrics["mae"].after) == (None, 0.0)


@pytest.mark.parametrize("rows", [(2, 3)])
def test_windows_of_another_number_cannot_be_compared(rows):
    number = fitted(Number, ["1", "2"])
    said = [answer(number, ["1"] * n, [1.0] * n) for n in rows]
    assert pair(*said) == (
        "production makes 2 rows of the holdout and the candidate 3: their windows of time differ"
    )
