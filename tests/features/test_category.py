import numpy as np
import pytest

from crosstie.errors import DataError
from crosstie.features.category import Category


def fitted(column, values, *, predicted=False, **options):
    feature = Category("kind", **options)
    feature.predicted = predicted
    return feature.fit(column(values, "levels", "kind"))


def encode(column, feature, values):
    return feature.encode(column(values, "levels")).tolist()


def test_codes_follow_falling_frequency_after_unknown_and_missing(column):
    feature = fitted(column, ["b", "a", "b", None, "c", "a", "b"])
    assert encode(column, feature, ["b", "a", "c", None, "zebra"]) == [2, 3, 4, 1, 0]
    assert feature.codes == 5


def test_a_level_seen_once_in_100_rows_trains_the_unknown_code(column):
    feature = fitted(column, ["a", "b"] * 50 + ["rare"])
    assert encode(column, feature, ["a", "b", "rare", "zebra"]) == [2, 3, 0, 0]


def test_a_level_seen_once_in_few_rows_is_kept(column):
    assert encode(column, fitted(column, ["a", "b", "a"]), ["b"]) == [3]


def test_only_the_most_common_levels_are_kept(column):
    feature = fitted(column, ["a"] * 3 + ["b"] * 2 + ["c"], most_common=2)
    assert encode(column, feature, ["a", "b", "c"]) == [2, 3, 0]


def test_levels_need_the_frequency_asked_for(column):
    feature = fitted(column, ["a"] * 3 + ["b"] * 2 + ["c"], min_frequency=3)
    assert encode(column, feature, ["a", "b", "c"]) == [2, 0, 0]


def test_lowercase_makes_one_level_of_two(column):
    feature = fitted(column, ["Yes", "yes", "no"], lowercase=True)
    assert encode(column, feature, ["YES", "yes", "NO"]) == [2, 2, 3]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 1),
        ({"missing_value_strategy": "fill_with_mode"}, 2),
        ({"missing_value_strategy": "fill_with_const", "fill_value": "b"}, 3),
        ({"missing_value_strategy": "fill_with_const"}, 0),
    ],
)
def test_missing_gets_a_code_of_its_own_or_another_level(column, options, code):
    assert encode(column, fitted(column, ["a", "a", "b"], **options), [None]) == [code]


def test_hashed_codes_need_no_vocabulary_and_never_change(column):
    feature = fitted(column, ["a"], hash_buckets=1000)
    assert feature.codes == 1002
    assert encode(column, feature, ["a", "never seen", "é", None]) == [345, 868, 745, 1]
    assert feature.state()[0]["fitted"]["levels"] == []


def test_a_hashed_column_can_be_filled_with_its_mode(column):
    feature = fitted(
        column, ["a", "b", "a"], hash_buckets=1000, missing_value_strategy="fill_with_mode"
    )
    again = Category.from_state("kind", *feature.state())
    for each in (feature, again):
        assert encode(column, each, [None, "a"]) == [345, 345]


def test_classes_stand_in_natural_order(column):
    assert fitted(column, ["10", "9", "1"], predicted=True).labels == ("1", "9", "10")
    assert fitted(column, ["10", "9", "b"], predicted=True).labels == ("10", "9", "b")


def test_every_class_is_kept_however_rare(column):
    feature = fitted(column, ["a"] * 150 + ["b"], predicted=True)
    assert feature.labels == ("a", "b")
    assert feature.prior == (150 / 151, 1 / 151)


def test_a_target_that_training_never_saw_is_not_usable(column):
    feature = fitted(column, ["a", "b"], predicted=True)
    target, usable = feature.encode_target(column(["b", "c", None, "a"], "levels"))
    assert target.tolist() == [1, 0, 0, 0]
    assert usable.tolist() == [True, False, False, True]


def test_a_missing_target_can_be_filled(column):
    feature = fitted(
        column, ["a", "b"], predicted=True, missing_value_strategy="fill_with_const", fill_value="b"
    )
    target, usable = feature.encode_target(column([None], "levels"))
    assert (target.tolist(), usable.tolist()) == ([1], [True])


def test_predictions_are_the_texts_of_the_table(column):
    feature = fitted(column, ["<=50K", ">50K"], predicted=True)
    decoded = feature.decode(np.array([[0.25, 0.75], [1, 0]], np.float32))
    assert decoded["prediction"] == [">50K", "<=50K"]
    assert decoded["probability_<=50K"].tolist() == [0.25, 1]
    assert decoded["probability_>50K"].tolist() == [0.75, 0]


def test_one_class_cannot_be_learned(column):
    with pytest.raises(DataError) as error:
        fitted(column, ["a", None, "a"], predicted=True)
    assert str(error.value) == (
        "kind: training rows hold only one class, 'a', so there is nothing to learn. "
        "Give training rows of at least two classes."
    )


@pytest.mark.slow
def test_a_hundred_thousand_levels_are_coded(column):
    levels = tuple(f"level {i}" for i in range(100_000))
    codes = np.arange(200_000, dtype=np.int32) % 100_000
    data = column(["a"], "levels").__class__("kind", codes, codes >= 0, levels)
    feature = Category("kind", most_common=100_000).fit(data)
    assert feature.codes == 100_002
    assert len(np.unique(feature.encode(data))) == 100_000
