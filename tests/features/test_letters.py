"""Letters beside tokens."""

import json

import numpy as np
import pytest

from crosstie.data.table import Table
from crosstie.errors import ConfigError
from crosstie.features.letters import LONGEST, Letters
from crosstie.features.sequence import Sequence
from crosstie.features.text import Text

WORDS = ["Ann met a cat", "a cat", None, "Bob met Ann"] * 30


def column(values):
    return Table.from_columns({"x": values}).column("x", "text")


@pytest.mark.parametrize(
    "feature", [Text("x", tokenizer="space", characters=True), Sequence("x", characters=True)]
)
def test_letters_stand_behind_each_token(feature):
    feature.fit(column(WORDS))
    size, length = feature.letters
    assert length == 3
    plain = type(feature)("x", **{**feature.options(), "characters": False}).fit(column(WORDS))
    assert plain.letters == (0, 0)
    assert size == 2 + len(set("".join(filter(None, WORDS))) - {" "})
    encoded = feature.encode(column(["cat tac", "zzz", None]))
    assert encoded.shape == (3, feature.width, 4)
    assert encoded[..., 0].tolist() == plain.encode(column(["cat tac", "zzz", None])).tolist()
    assert encoded[0, 0, 1:].tolist() == encoded[0, 1, :0:-1].tolist()  # the same letters backwards
    assert (encoded[0, :2, 1:] > 1).all()
    assert encoded[1, 0].tolist() == [1, 1, 1, 1]  # unknown, as are its letters
    assert not encoded[0, 2:].any()
    assert not encoded[2].any()
    assert feature.unseen(column(["zzz"]), encoded[1:2]) == 1
    state, arrays = feature.state()
    again = type(feature).from_state("x", json.loads(json.dumps(state)), arrays)
    assert again.letters == feature.letters
    assert again.encode(column(["cat tac"])).tolist() == encoded[:1].tolist()


def test_a_capital_letter_is_another_letter_of_the_same_token():
    feature = Text("x", characters=True).fit(column(WORDS))
    low, high = feature.encode(column(["ann Ann"]))[0, :2]
    assert low[0] == high[0]
    assert low[1] != high[1]
    assert low[2:].tolist() == high[2:].tolist()


def test_of_a_long_token_the_beginning_and_the_end_are_read():
    letters = Letters()
    letters.observe([["ab" * 30], ["xyz"]] * 60)
    letters.finish()
    assert letters.length_ == LONGEST
    long = "x" + "b" * 40 + "yz"
    one = letters.beside(np.ones((1, 1), np.int32), [[long]])[0, 0]
    assert letters.alphabet_.ids("x" + "b" * 9 + "b" * 8 + "yz") == one[1:].tolist()


def test_chunks_fitted_apart_know_the_same_letters():
    whole = Sequence("x", characters=True).fit(column(WORDS))
    parts = [Sequence("x", characters=True) for _ in range(2)]
    parts[0].observe(column(WORDS[:50]))
    parts[1].observe(column(WORDS[50:]))
    parts[0].merge(parts[1])
    parts[0].finish()
    assert parts[0].state() == whole.state()


def test_byte_pairs_have_no_letters_of_their_own():
    with pytest.raises(ConfigError) as told:
        Text("x", tokenizer="bpe", characters=True)
    assert str(told.value) == (
        "x.preprocessing.characters: byte pairs and n-grams have no letters of their own. "
        "Take another tokenizer, or leave characters out."
    )
