import numpy as np
import pytest

from crosstie.errors import DataError
from crosstie.features.binary import Binary


def fitted(column, values, *, predicted=False, **options):
    feature = Binary("left", **options)
    feature.predicted = predicted
    return feature.fit(column(values, "levels", "left"))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["No", "Yes"], ("No", "Yes")),
        (["TRUE", "FALSE"], ("false", "true")),
        (["t", "f"], ("f", "t")),
        (["1", "0"], ("0", "1")),
        (["on", "off"], ("off", "on")),
        (["2", "1"], ("1", "2")),
        (["10", "9"], ("9", "10")),
        (["male", "female"], ("female", "male")),
        (["good", "yes"], ("good", "yes")),
    ],
)
def test_the_positive_level_is_the_word_for_yes_or_the_last(column, values, labels):
    feature = fitted(column, values)
    assert feature.labels == labels
    assert feature.encode(column(list(labels), "levels")).tolist() == [0, 1]


def test_the_positive_level_can_be_named(column):
    assert fitted(column, ["Yes", "No"], positive="No").labels == ("Yes", "No")
    assert fitted(column, ["1", "2"], positive=1).labels == ("2", "1")
    assert fitted(column, ["true", "false"], positive=False).labels == ("true", "false")
    assert fitted(column, ["a", "b"], fallback_true_label="a").labels == ("b", "a")


def test_the_fallback_is_for_words_that_say_nothing(column):
    assert fitted(column, ["yes", "no"], fallback_true_label="no").labels == ("no", "yes")


def test_naming_no_level_of_the_column_is_an_error(column):
    with pytest.raises(DataError) as error:
        fitted(column, ["a", "b"], positive="c")
    assert str(error.value) == "left: positive: 'c' is no level of the training rows ('a', 'b')."


def test_spellings_of_yes_and_no_are_one_level(column):
    feature = fitted(column, ["Yes", "yes", "yes", "NO", None])
    assert feature.labels == ("NO", "yes")
    assert feature.encode(column(["YES", "true", "0", None], "levels")).tolist()[:3] == [1, 1, 0]
    assert feature.prior == (0.75,)


def test_a_value_that_training_never_saw_counts_as_missing(column):
    feature = fitted(column, ["a", "b"])
    fresh = column(["a", "c", None], "levels")
    encoded = feature.encode(fresh)
    assert encoded[0] == 0
    assert np.isnan(encoded[1:]).all()
    assert feature.unseen(fresh, encoded) == 1


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"missing_value_strategy": "fill_with_false"}, 0),
        ({"missing_value_strategy": "fill_with_mode"}, 1),
        ({"missing_value_strategy": "fill_with_const"}, 0),
        ({"missing_value_strategy": "fill_with_const", "fill_value": True}, 1),
        ({"missing_value_strategy": "fill_with_const", "fill_value": "N"}, 0),
    ],
)
def test_missing_can_be_filled(column, options, value):
    feature = fitted(column, ["Y", "Y", "N", None], **options)
    assert feature.encode(column([None], "levels")).tolist() == [value]


def test_more_than_two_levels_are_an_error_that_shows_them(column):
    with pytest.raises(DataError) as error:
        fitted(column, [*"bcadef", None])
    assert str(error.value) == (
        "left: training rows hold 6 levels ('a', 'b', 'c', 'd', 'e', …), not two. Use type: category."
    )


def test_one_class_cannot_be_learned_but_may_be_an_input(column):
    assert fitted(column, ["no", "no"]).encode(column(["no", "yes"], "levels")).tolist() == [0, 1]
    with pytest.raises(DataError) as error:
        fitted(column, ["no", "no"], predicted=True)
    assert str(error.value) == (
        "left: training rows hold only one class, 'no', so there is nothing to learn. "
        "Give training rows of both classes."
    )


def test_predictions_are_the_texts_of_the_table_by_threshold(column):
    feature = fitted(column, ["Yes", "No"], predicted=True)
    raw = np.array([0.25, 0.5, 0.75], np.float32)
    decoded = feature.decode(raw)
    assert decoded["prediction"] == ["No", "Yes", "Yes"]
    assert decoded["probability_No"].tolist() == [0.75, 0.5, 0.25]
    assert decoded["probability_Yes"].tolist() == [0.25, 0.5, 0.75]
    assert feature.decode(raw, threshold=0.7)["prediction"] == ["No", "No", "Yes"]


def test_a_missing_target_is_not_usable(column):
    feature = fitted(column, ["Yes", "No"], predicted=True)
    target, usable = feature.encode_target(column(["Yes", None, "maybe"], "levels"))
    assert target.tolist() == [1, 0, 0]
    assert usable.tolist() == [True, False, False]
