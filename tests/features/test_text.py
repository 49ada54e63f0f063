import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.column import Column
from crosstie.errors import ConfigError, MissingExtra
from crosstie.features.text import Text
from crosstie.features.tokenizers import TOKENIZERS, normalise, with_ngrams


@pytest.mark.parametrize(
    ("tokenizer", "text", "tokens"),
    [
        ("word", "Don't stop: it's 3.5€!", ["Don't", "stop", ":", "it's", "3", ".", "5", "€", "!"]),
        ("word", "日本 rock", ["日", "本", "rock"]),
        ("space", " a  b,c ", ["a", "b,c"]),
        ("space_punct", "don't stop", ["don", "'", "t", "stop"]),
        ("character", "ab c", ["a", "b", " ", "c"]),
        ("characters", "ab", ["a", "b"]),
        ("comma", " a b , c,", ["a b", "c"]),
        ("underscore", "a_b__c", ["a", "b", "c"]),
        ("untokenized", "a b", ["a b"]),
    ],
)
def test_tokenizers_part_text_as_they_say(tokenizer, text, tokens):
    assert TOKENIZERS[tokenizer](text) == tokens


@given(st.sampled_from(sorted(TOKENIZERS)), st.text())
def test_no_text_breaks_a_tokenizer(tokenizer, text):
    column = Column("x", [text, "a b"], np.array([True, True]))
    if tokenizer == "bpe":
        return
    feature = Text("x", tokenizer=tokenizer).fit(column)
    assert feature.encode(column).shape == (2, feature.width)


def test_what_looks_the_same_is_the_same():
    assert normalise("Cafe\u0301", lowercase=True) == "caf\u00e9"


def test_ngrams_follow_the_tokens():
    assert with_ngrams(["a", "b", "c"], 3) == ["a", "b", "c", "a b", "b c", "a b c"]
    assert with_ngrams(["a"], 3) == ["a"]


def test_ids_follow_falling_frequency_after_padding_and_unknown(column):
    feature = Text("x").fit(column(["b a b", "B c", None], "text"))
    encoded = feature.encode(column(["a B zebra", None], "text"))
    assert encoded.tolist() == [[3, 2, 1, 0, 0, 0, 0, 0], [0] * 8]
    assert feature.codes == 5


def test_letters_keep_their_case_when_asked(column):
    feature = Text("x", lowercase=False).fit(column(["b B"], "text"))
    assert feature.encode(column(["b", "B"], "text"))[:, 0].tolist() == [3, 2]


def test_pairs_of_neighbours_stand_behind_the_words(column):
    feature = Text("x", ngram_size=2).fit(column(["a b", "a b a"], "text"))
    # by frequency: a, then "a b" and b, then "b a"
    assert feature.encode(column(["a b"], "text")).tolist() == [[2, 4, 3, 0, 0, 0, 0, 0]]
    assert (
        feature.encode(column(["a b"], "text")).tolist()
        == Text("x", tokenizer="ngram")
        .fit(column(["a b", "a b a"], "text"))
        .encode(column(["a b"], "text"))
        .tolist()
    )


def test_a_word_seen_once_in_100_rows_trains_the_unknown_id(column):
    feature = Text("x").fit(column(["common"] * 99 + ["common once"], "text"))
    assert feature.encode(column(["common once"], "text"))[0, :3].tolist() == [2, 1, 0]


def test_the_vocabulary_can_be_bounded(column):
    texts = column(["a a a b b c"], "text")
    assert Text("x", most_common=2).fit(texts).codes == 4
    assert Text("x", min_frequency=3).fit(texts).codes == 3


def test_the_length_holds_99_rows_in_100(column):
    texts = ["a " * 11] * 198 + ["a " * 90] * 2
    assert Text("x").fit(column(texts, "text")).width == 16
    assert Text("x").fit(column([*texts, "a " * 90], "text")).width == 96


def test_the_length_is_bounded_or_given(column):
    texts = column(["a b c d e f g h i j"], "text")
    cut = Text("x", max_sequence_length=3).fit(texts)
    assert cut.encode(texts).tolist() == [[2, 3, 4]]
    assert Text("x", sequence_length=20).fit(texts).encode(texts).shape == (1, 20)
    assert Text("x", sequence_length=2, max_sequence_length=1).fit(texts).width == 2


def test_missing_text_can_be_filled(column):
    feature = Text("x", fill_value="nothing said").fit(column(["a", None, None], "text"))
    encoded = feature.encode(column([None, "nothing said"], "text"))
    assert encoded[0].tolist() == encoded[1].tolist() == [2, 3, 0, 0, 0, 0, 0, 0]


def test_byte_pairs_spell_words_that_training_never_saw(column):
    texts = column(["low lower lowest", "new newer newest", None] * 10, "text")
    feature = Text("x", tokenizer="bpe", most_common=40).fit(texts)
    assert feature.requires == ("tokenizers",)
    assert feature.codes <= 40
    encoded = feature.encode(column(["newest", "lowwest", None], "text"))
    assert (encoded[0] > 0).sum() == 1
    assert (encoded[1] > 0).sum() > 1
    assert 1 not in encoded
    assert not encoded[2].any()


def test_byte_pairs_are_the_same_alone_in_a_batch_and_after_loading(column):
    texts = ["low lower lowest", "new newer", "", "ein Wort: 語"] * 5
    feature = Text("x", tokenizer="bpe", most_common=50).fit(column(texts, "text"))
    whole = feature.encode(column(texts, "text"))
    alone = [feature.encode(column([text], "text")) for text in texts]
    assert np.concatenate(alone).tobytes() == whole.tobytes()
    again = Text.from_state("x", *feature.state())
    assert again.encode(column(texts, "text")).tobytes() == whole.tobytes()
    second = Text("x", tokenizer="bpe", most_common=50).fit(column(texts, "text"))
    assert second.state() == feature.state()


def test_byte_pairs_have_no_ngrams():
    with pytest.raises(ConfigError) as error:
        Text("review", tokenizer="bpe", ngram_size=2)
    assert str(error.value) == (
        "review.preprocessing.ngram_size: byte pairs have no n-grams, got 2. "
        "Take it out, or use tokenizer: word."
    )


def test_byte_pairs_say_which_package_is_missing(column, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtra) as error:
        Text("x", tokenizer="bpe").fit(column(["a"], "text"))
    assert str(error.value) == (
        "tokenizer: bpe needs tokenizers, which is not installed. Type: pip install 'crosstie[text]'"
    )


def test_real_messages_are_mostly_known(shared_data, column):
    lines = (shared_data / "text_sms_spam" / "sms.tsv").read_text("utf-8").splitlines()
    texts = [line.split("\t", 1)[1] for line in lines]
    feature = Text("x").fit(column(texts[:4000], "text"))
    encoded = feature.encode(column(texts[4000:], "text"))
    words = encoded[encoded > 0]
    assert 3000 < feature.codes < 6000
    assert (words > 1).mean() > 0.9
    assert feature.unseen(column(texts[4000:], "text"), encoded) < 10
