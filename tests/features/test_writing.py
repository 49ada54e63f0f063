"""Texts as outputs: what is to be written, as ids and back."""

import numpy as np
import pytest

from crosstie.data.profile import profile
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features import writing
from crosstie.features.infer import infer
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.spacing import Spacing
from crosstie.features.text import Text
from crosstie.features.vocabulary import Vocabulary

ROWS = {
    "facts": ["name[Clowns], price[£20]", "name[The Mill]", None, "name[Clowns]"],
    "said": ["Clowns costs £20.", "The Mill is cheap.", "Nobody knows.", None],
}


def written(rows=ROWS, *, copying=True, **options):
    output = Text("said", lowercase=False, **options)
    output.source, output.copying = "facts", copying
    return Preprocessor([Text("facts")], [output]).fit(Table.from_columns(rows))


def test_a_row_of_targets_ends_with_0_and_is_minus_one_behind():
    made = written(copying=False)
    (output,) = made.layout.outputs
    assert (output.type, output.length, output.copies) == ("text", 6, 0)
    assert "copies_0" not in made.layout.inputs
    target = made.encode(Table.from_columns(ROWS), targets=True).batch.targets["said"]
    assert target.dtype == np.int32
    assert target[2, 3:].tolist() == [0, -1, -1]
    assert (target[0, :5] > 1).all()
    assert target[0, 5] == 0


def test_rows_come_back_as_they_were_written():
    made = written()
    encoded = made.encode(Table.from_columns(ROWS), targets=True)
    ids = np.maximum(encoded.batch.targets["said"], 0)
    assert made.outputs[0].decode(ids, tokens=encoded.tokens["said"]) == {
        "prediction": ["Clowns costs £20.", "The Mill is cheap.", "Nobody knows.", ""]
    }
    assert encoded.usable.tolist() == [True, True, True, False]
    assert encoded.texts["said"].tolist() == [*ROWS["said"][:3], ""]


def test_a_word_that_training_never_saw_is_copied_from_the_input_as_it_is_spelled_there():
    made = written()
    rows = {"facts": ["name[Zizzi], price[£20]"], "said": ["Zizzi costs £20."]}
    encoded = made.encode(Table.from_columns(rows), targets=True)
    size = made.layout.outputs[0].size
    place = encoded.tokens["said"][0].index("Zizzi")
    assert encoded.batch.targets["said"][0, 0] == size + place
    assert encoded.batch.inputs["copies_0"].shape == (1, made.layout.tokens[0].length)
    assert encoded.batch.inputs["copies_0"][0, place] == size + place
    ids = np.maximum(encoded.batch.targets["said"], 0)
    found = made.outputs[0].decode(ids, tokens=encoded.tokens["said"])
    assert found == {"prediction": ["Zizzi costs £20."]}


def test_copies_of_one_unknown_token_are_its_first_place():
    copied = writing.copied([["x", "a", "x"], []], Vocabulary(["a"]), 4)
    assert copied.tolist() == [[3, 2, 3, 0], [0, 0, 0, 0]]


def test_a_target_longer_than_the_length_is_cut_and_has_no_end():
    found = writing.targets([["a", "a", "a"], ["z"]], Vocabulary(["a"]), 2, None, 0)
    assert found.tolist() == [[2, 2], [1, 0]]


def test_state_holds_everything_that_writing_needs():
    made = written()
    again = Preprocessor.from_state(*made.state())
    encoded = again.encode(Table.from_columns(ROWS), targets=True)
    before = made.encode(Table.from_columns(ROWS), targets=True)
    assert again.layout == made.layout
    assert encoded.batch.targets["said"].tobytes() == before.batch.targets["said"].tobytes()
    assert encoded.batch.inputs["copies_0"].tobytes() == before.batch.inputs["copies_0"].tobytes()
    ids = np.maximum(encoded.batch.targets["said"], 0)
    tokens = encoded.tokens["said"]
    assert again.outputs[0].decode(ids, tokens=tokens) == made.outputs[0].decode(ids, tokens=tokens)


@pytest.mark.parametrize(
    ("tokenizer", "text"),
    [("characters", "a bc"), ("space", "a b."), ("comma", "a b, c"), ("untokenized", "a  b")],
)
def test_other_tokenizers_join_as_they_part(tokenizer, text):
    feature = Text("said", tokenizer=tokenizer, lowercase=False)
    feature.predicted = True
    rows = Table.from_columns({"said": [text]})
    made = Preprocessor([], [feature]).fit(rows)
    target = made.encode(rows, targets=True).batch.targets["said"]
    assert feature.decode(np.maximum(target, 0)) == {"prediction": [text]}


def test_signs_stand_as_they_do_in_most_training_rows():
    spacing = Spacing()
    texts = ["(five-star) food, £20", "a 3-4 stay, £30", "well - no"]
    rows = [
        (text, Text("x").tokens(Table.from_columns({"x": [text]}).column("x", "text"))[0])
        for text in texts
    ]
    spacing.observe(rows)
    spacing.finish()
    joined = spacing.joined(["(", "a", "-", "b", ")", "is", ",", "£", "5"])
    assert joined == "(a-b) is, £5"


def test_rows_without_any_token_are_an_error():
    with pytest.raises(DataError) as error:
        written({"facts": ["a", "b"], "said": ["", None]})
    assert str(error.value) == (
        "said: training rows hold no token often enough to write it. Give more rows, or `min_frequency: 1`."
    )


def test_a_target_of_sentences_that_never_come_back_is_a_text_and_one_of_phrases_that_do_is_classes():
    sentences = [f"The place number {i} is near the river {i * 7}" for i in range(60)]
    phrases = ["card is lost", "card has not come", "money has not come"] * 20
    looks = profile(open_source({"said": sentences, "intent": phrases}))
    said = infer(looks["said"], output=True)
    assert (said.type, said.why) == (
        "text",
        "9 words a cell, 60 different cells, to be written; say type: category if they are classes",
    )
    assert infer(looks["intent"], output=True).type == "category"
