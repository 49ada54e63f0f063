import json

import pytest

from crosstie.artifact.example import check_example, check_skew, same
from crosstie.artifact.loading import load


def test_a_model_says_of_its_example_what_it_said_where_it_was_made(penguins):
    assert check_example(penguins) == []
    assert check_example(load(penguins)) == []


def test_an_answer_that_differs_is_named_with_both_values(copy):
    model = load(copy)
    stored = json.loads((copy / "example.json").read_text())
    answer = dict(stored["predictions"][1])
    stored["predictions"][1] |= {"species_probability_Adelie": 2.0, "species_prediction": "Emu"}
    (copy / "example.json").write_text(json.dumps(stored))

    assert sorted(map(str, check_example(model))) == [
        f"example row 2, species_prediction: expected 'Emu', got {answer['species_prediction']!r}",
        f"example row 2, species_probability_Adelie: expected 2.0, got {answer['species_probability_Adelie']!r}",
    ]


@pytest.mark.parametrize(
    ("expected", "found", "equal"),
    [
        (1.0, 1.000009, True),
        (1.0, 1.00002, False),
        (0.0, 9e-6, True),
        (1e6, 1e6 + 9, True),
        (1, 1.0, True),
        ([0.5, None], [0.5, None], True),
        ([0.5, None], [0.5], False),
        ("a", "a ", False),
        (True, 1, True),
        (None, 0.0, False),
    ],
)
def test_numbers_are_equal_to_five_places_and_all_else_exactly(expected, found, equal):
    assert same(expected, found) is equal


def test_the_last_made_up_row_is_empty_where_that_may_be(penguins):
    rows = json.loads((penguins / "example.json").read_text())["rows"]

    assert [name for name, cell in rows[-1].items() if cell is not None] == ["island", "year"]
    assert all(None not in row.values() for row in rows[:-1])


def test_a_row_is_the_same_alone_in_a_batch_and_in_training(penguins):
    assert check_skew(penguins) == []


def test_a_feature_that_sees_rows_otherwise_than_training_did_is_named(copy):
    model = load(copy)
    bill = next(each for each in model.inputs if each.name == "bill_length_mm")
    bill._scaling.shift_ += 0.125

    found = list(map(str, check_skew(model)))

    assert found[0] == (
        "example row 1: 0.numbers is encoded alone as other bytes than where it was trained"
    )
    assert not [each for each in found if each.endswith("than in a batch")]
