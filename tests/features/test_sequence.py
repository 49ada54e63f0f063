"""Sequences as outputs: a tag for each token."""

import numpy as np
import pytest

from crosstie.data.profile import profile
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.infer import infer
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.sequence import Sequence
from crosstie.features.text import Text

ROWS = {
    "words": ["Ann met Bob", "it rained", None, "no tags here", "Bob"],
    "tags": ["B-per O B-per", "O O", "O", None, "I-org"],
}


def tagged(source=None, rows=ROWS):
    words = source or Text("words", tokenizer="space")
    tags = Sequence("tags")
    tags.source, tags.aligned = words.name, True
    return Preprocessor([words], [tags]).fit(Table.from_columns(rows))


def test_targets_are_codes_of_tags_in_natural_order_and_minus_one_after_the_end():
    rows = {"words": ["Ann met Bob", "it rained", "Bob"], "tags": ["B-per O B-per", "O O", "I-org"]}
    made = tagged(rows=rows)
    (output,) = made.layout.outputs
    assert (output.type, output.size, output.length) == ("sequence", 3, 8)
    assert output.labels == ("B-per", "I-org", "O")
    np.testing.assert_allclose(output.prior, (2 / 6, 1 / 6, 3 / 6))
    encoded = made.encode(Table.from_columns(rows), targets=True)
    assert encoded.batch.targets["tags"].dtype == np.int32
    assert encoded.batch.targets["tags"].tolist() == [
        [0, 2, 0, -1, -1, -1, -1, -1],
        [2, 2, -1, -1, -1, -1, -1, -1],
        [1, -1, -1, -1, -1, -1, -1, -1],
    ]
    assert encoded.tokens == {"tags": [["ann", "met", "bob"], ["it", "rained"], ["bob"]]}


def test_a_tag_that_training_rows_lack_is_minus_two():
    made = tagged(rows={"words": ["a b"] * 3, "tags": ["X Y"] * 3})
    found = made.encode(Table.from_columns({"words": ["a b"], "tags": ["X Z"]}), targets=True)
    assert found.batch.targets["tags"][0, :3].tolist() == [0, -2, -1]
    assert found.usable.tolist() == [True]


def test_rows_without_tags_are_left_out():
    rows = {"words": ["a b", "a"], "tags": ["X Y", None]}
    found = tagged(rows=rows).encode(Table.from_columns(rows), targets=True)
    assert found.usable.tolist() == [True, False]


def test_the_input_holds_its_longest_training_row():
    long = " ".join(["w"] * 60)
    rows = {"words": ["a b"] * 200 + [long], "tags": ["X Y"] * 200 + [" ".join(["X"] * 60)]}
    assert tagged(rows=rows).layout.tokens[0].length == 64
    assert Text("words").fit(Table.from_columns(rows).column("words", "text")).width == 8


def test_rows_with_more_tags_than_tokens_are_one_error():
    table = Table.from_columns({"words": ["a b", "it's", "a b"], "tags": ["X Y", "X Y", "X"]})
    made = tagged()
    with pytest.raises(DataError) as told:
        made.encode(table, targets=True)
    assert str(told.value) == (
        "column 'tags': 2 rows have another number of tags than 'words' has tokens, the first is row 2 with 2 tags "
        "and 1 tokens (it's …). Give one tag a token, both parted in the same way: "
        "`preprocessing: {tokenizer: space}`, or lists."
    )


def test_a_prediction_has_a_tag_for_each_token_and_none_for_those_not_read():
    words = Text("words", tokenizer="space", sequence_length=2)
    made = tagged(words, rows={"words": ["a b"] * 3, "tags": ["X Y"] * 3})
    raw = np.array([[[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [0.0, 1.0]]], np.float32)
    found = made.outputs[0].decode(raw, tokens=[["a"], ["a", "b", "c", "d"]])
    assert found == {
        "prediction": [["X"], ["Y", "Y", None, None]],
        "probability": [[0.75], [0.75, 1.0, None, None]],
    }


def test_one_tag_teaches_nothing():
    with pytest.raises(DataError) as told:
        tagged(rows={"words": ["a b"], "tags": ["O O"]})
    assert str(told.value) == (
        "tags: training rows hold only one tag, 'O', so there is nothing to learn. "
        "Give training rows that have several."
    )


def test_lists_with_an_item_twice_are_sequences_and_others_sets():
    rows = {
        "tags": [["O", "O", "B"], ["O", "B"], ["O"]] * 20,
        "labels": [["a", "b"], ["b"], ["c", "b"]] * 20,
    }
    looks = profile(open_source(rows))
    assert infer(looks["tags"], output=True).type == "sequence"
    assert infer(looks["tags"], output=False).type == "sequence"
    assert infer(looks["labels"], output=True).type == "set"
