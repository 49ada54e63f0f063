"""Sequences, sets and bags: what cells of several items become."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.column import Column
from crosstie.errors import DataError
from crosstie.features.bag import Bag
from crosstie.features.sequence import Sequence
from crosstie.features.set import Set


def fitted(cls, column, values, **options):
    return cls("tags", **options).fit(column(values, "text", "tags"))


def output(column, values, **options):
    feature = Set("tags", **options)
    feature.predicted = True
    return feature.fit(column(values, "text", "tags"))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["3,10", "27", "3"], ("3", "10", "27")),
        (["a b; c", "c"], ("a b", "c")),
        (["x|y", "y, z|x"], ("x", "y", "y, z")),
        (["a b", "b"], ("a", "b")),
        (['["new york", "b"]', "[]"], ("b", "new york")),
        (["['new york', 'b']"], ("b", "new york")),
        (["[1, 2]", "[10]"], ("1", "2", "10")),
        ([r"[broken", "b"], ("[broken", "b")),
        ([r"['a\d']", "b"], (r"['a\d']", "b")),
    ],
)
def test_items_are_found_however_the_cell_is_written(column, values, labels):
    assert output(column, values).labels == labels


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"tokenizer": "space"}, ("a,b", "c")),
        ({"tokenizer": "comma"}, ("a", "b c")),
        ({"tokenizer": "characters"}, (" ", ",", "a", "b", "c")),
        ({"tokenizer": "json"}, ("a,b c",)),
        ({"separator": "b"}, ("a,", "c")),
    ],
)
def test_the_separator_can_be_said(column, options, labels):
    assert output(column, ["a,b c"], **options).labels == labels


def test_the_separator_is_the_one_that_most_cells_hold_over_all_chunks(column):
    feature = Set("tags")
    feature.predicted = True
    for chunk in (["a,b|c"], ["d|e", "f|g"]):
        feature.observe(column(chunk, "text"))
    feature.finish()
    assert feature.labels == ("a,b", "c", "d", "e", "f", "g")


def test_a_set_is_sorted_and_distinct_and_keeps_what_is_common(column):
    feature = fitted(Set, column, ["b,a,b", "b", "c,b,a"])
    assert feature.width == 3
    encoded = feature.encode(column(["a,b,b", "zebra,c,a,b", None, "zebra"], "text"))
    assert encoded.tolist() == [[2, 3, 0], [2, 3, 4], [0, 0, 0], [1, 0, 0]]


def test_a_bag_repeats_what_comes_twice(column):
    feature = fitted(Bag, column, ["b,a,b", "b", "c,b,a"])
    assert feature.encode(column(["a,b,b", "c"], "text")).tolist() == [[2, 2, 3], [4, 0, 0]]


def test_a_sequence_keeps_its_order_and_case(column):
    feature = fitted(Sequence, column, ["b a, b", "B c"])
    encoded = feature.encode(column(["c b  a,B zebra", '["b", "a b"]'], "text"))
    assert encoded.tolist() == [[5, 2, 4, 3, 1, 0, 0, 0], [2, 1, 0, 0, 0, 0, 0, 0]]


def test_a_sequence_can_be_letters(column):
    feature = fitted(Sequence, column, ["ACGT", "AAC"], tokenizer="characters", sequence_length=4)
    assert feature.encode(column(["TAX"], "text")).tolist() == [[5, 2, 1, 0]]


@pytest.mark.parametrize("cls", [Sequence, Set, Bag])
def test_items_can_be_lowercased_bounded_and_filled(cls, column):
    values = ["A a b", "a c", "b", None]
    assert fitted(cls, column, values, lowercase=True).codes == 5
    assert fitted(cls, column, values, most_common=1).codes == 3
    assert fitted(cls, column, values, min_frequency=2).codes == 4
    feature = fitted(cls, column, values, fill_value="a b", max_sequence_length=2)
    encoded = feature.encode(column([None, "a b c"], "text"))
    assert encoded.shape == (2, 2)
    assert encoded[0].tolist() == encoded[1].tolist()


def test_targets_are_zeros_and_ones_in_the_order_of_the_labels(column):
    feature = output(column, ["10,3", "27", "3", "[]"])
    target, usable = feature.encode_target(column(["3,27", "[]", None, "99", "99,3"], "text"))
    assert feature.labels == ("3", "10", "27")
    assert target.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert usable.tolist() == [True, True, False, False, True]
    assert feature.prior == (0.5, 0.25, 0.25)


def test_a_missing_target_can_be_the_empty_set(column):
    feature = output(column, ["a,b"], fill_value="[]")
    target, usable = feature.encode_target(column([None], "text"))
    assert (target.tolist(), usable.tolist()) == ([[0, 0]], [True])


def test_predictions_are_lists_by_threshold(column):
    feature = output(column, ["a,b,c"])
    raw = np.array([[0.5, 0.25, 0.75], [0, 0, 0]], np.float32)
    decoded = feature.decode(raw)
    assert decoded["prediction"] == [["a", "c"], []]
    assert decoded["probability_b"].tolist() == [0.25, 0]
    assert feature.decode(raw, threshold=[0.6, 0.2, 0.7])["prediction"] == [["b", "c"], []]


def test_no_label_at_all_is_an_error(column):
    with pytest.raises(DataError) as error:
        output(column, ["[]", None])
    assert str(error.value) == (
        "tags: training rows hold no label, so there is nothing to learn. "
        "Give training rows that have some."
    )


@given(st.sampled_from([Sequence, Set, Bag]), st.lists(st.text(), min_size=1))
def test_no_cell_breaks_the_parting(cls, texts):
    column = Column("x", texts, np.ones(len(texts), bool))
    feature = cls("x").fit(column)
    encoded = feature.encode(column)
    assert encoded.shape == (len(texts), feature.width)
    assert feature.unseen(column, encoded) == 0


def test_real_labels_of_emotions_are_found(shared_data, column):
    lines = (shared_data / "text_goemotions" / "dev.tsv").read_text("utf-8").splitlines()
    feature = output(column, [line.split("\t")[1] for line in lines])
    assert feature.labels == tuple(map(str, range(28)))
    assert feature.prior[27] == pytest.approx(0.3254, abs=0.001)
