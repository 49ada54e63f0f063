"""Words as pieces of a published tokenizer: what is read of each row, and where its words are."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from crosstie.data.table import Table
from crosstie.errors import ConfigError
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.published_tokens import PublishedTokens
from crosstie.features.sequence import Sequence
from crosstie.features.text import Text
from crosstie.features.word_pieces import WordPieces

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##do", "##ing", "do", "the", "knot"]
PAD, UNK, CLS, SEP, UN, DO_, ING, DO, THE, KNOT = range(1, 11)  # as they are encoded


def wordpiece() -> str:
    made = Tokenizer(
        models.WordPiece({each: i for i, each in enumerate(PIECES)}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.enable_truncation(4)  # as files are published: it is not what is read here
    made.enable_padding(length=8)
    return str(made.to_str())


def pieces(*, limit: int = 16, most: int = 8) -> WordPieces:
    return WordPieces(PublishedTokens(wordpiece(), limit), most)


def test_each_piece_stands_beside_the_place_of_its_word() -> None:
    made = pieces()
    made.observe([["Undoing", "the", "knot"]])
    made.finish(share=1.0)
    (row,) = made.encode([["Undoing", "the", "knot"]])
    assert row.dtype == np.int32
    assert row[:, 0].tolist() == [CLS, UN, DO_, ING, THE, KNOT, SEP, 0]
    assert row[:, 1].tolist() == [0, 1, 1, 1, 2, 3, 0, 0]


def test_a_word_without_pieces_keeps_its_place_as_unknown() -> None:
    (row,) = pieces().encode([["the", "\u200b", "", "knot"]])
    assert row[:7, 0].tolist() == [CLS, THE, UNK, UNK, KNOT, SEP, 0]
    assert row[:7, 1].tolist() == [0, 1, 2, 3, 4, 0, 0]


def test_a_row_without_words_is_padding() -> None:
    assert not pieces().encode([[]]).any()


def test_words_behind_what_the_network_reads_are_left_out_and_the_last_mark_stays() -> None:
    made = pieces(limit=6)
    rows = [["undoing", "the", "knot"], ["the", "the", "undoing"], ["undo"], []]
    made.observe(rows)
    made.finish(share=1.0)
    found = made.encode(rows)
    assert found[0, :, 0].tolist() == [CLS, UN, DO_, ING, THE, SEP]
    assert found[1, :, 1].tolist() == [0, 1, 2, 3, 3, 0]  # a word that begins is read
    assert made.read(rows) == [2, 3, 1, 0]


def test_bytes_are_read_as_behind_a_space_wherever_a_word_stands() -> None:
    vocabulary = {"<s>": 0, "<unk>": 1, "Ġ": 2, "d": 3, "o": 4, "Ġd": 5, "Ġdo": 6}
    made = Tokenizer(models.BPE(vocabulary, [("Ġ", "d"), ("Ġd", "o")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokens = PublishedTokens(str(made.to_str()), 16)
    assert tokens.pieces(["do", "do"]) == [(6,), (6,)]
    assert tokens.pieces([""]) == [(1,)]
    assert (tokens.before, tokens.after) == ((), ())


def fitted(kind: str, rows: dict[str, list[object]]) -> Preprocessor:
    words = (
        Sequence("words", pieces="theirs")
        if kind == "sequence"
        else Text("words", tokenizer="space", pieces="theirs")
    )
    words.pieces_ = pieces(limit=12)
    tags = Sequence("tags")
    tags.source, tags.aligned = "words", True
    return Preprocessor([words], [tags]).fit(Table.from_columns(rows))


ROWS: dict[str, list[object]] = {
    "words": ["the Undoing", "do the knot", "undoing undoing undoing undoing", None],
    "tags": ["O B", "B O B", "B O B O", "O"],
}


@pytest.mark.parametrize("kind", ["sequence", "text"])
def test_tags_of_words_that_are_not_read_are_neither_learned_nor_said(kind: str) -> None:
    made = fitted(kind, ROWS)
    encoded = made.encode(
        Table.from_columns({k: each[:3] for k, each in ROWS.items()}), targets=True
    )
    place = made.layout.tokens[0]
    assert (place.length, place.words, place.size) == (12, 8, 11)
    assert encoded.batch.inputs["tokens_0"].shape == (3, 12, 2)
    targets = encoded.batch.targets["tags"]
    assert targets[:, :4].tolist() == [[1, 0, -1, -1], [0, 1, 0, -1], [0, 1, 0, 1]]
    longer = {"words": ["undoing " * 5], "tags": ["B O B O B"]}
    cut = made.encode(Table.from_columns(longer), targets=True)
    assert cut.batch.targets["tags"][0, :5].tolist() == [0, 1, 0, 1, -1]
    assert cut.counts["words"].cut == 1
    assert cut.counts["words"].cut_note("words") == (
        "column 'words': 1 of 1 rows have more tokens than are read; those behind have no tag (12 pieces of words "
        "are read, as many as the longest training row has or the published network can)"
    )
    said = made.outputs[0].decode(np.full((1, 8, 2), 0.5, np.float32), tokens=cut.tokens["tags"])
    assert said["prediction"] == [["B", "B", "B", "B", None]]


@pytest.mark.parametrize("kind", ["sequence", "text"])
def test_the_fitted_state_survives_and_holds_no_word_of_the_table(kind: str) -> None:
    made = fitted(kind, ROWS)
    state, arrays = made.state()
    text = json.dumps(state["inputs"])
    assert "Undoing" not in text
    again = Preprocessor.from_state(json.loads(json.dumps(state)), arrays)
    table = Table.from_columns(ROWS)
    np.testing.assert_array_equal(
        again.encode(table).batch.inputs["tokens_0"], made.encode(table).batch.inputs["tokens_0"]
    )
    assert again.inputs[0].requires == ("tokenizers",)
    for example in made.inputs[0].example(np.random.default_rng(0), 3):
        assert isinstance(example, str)
        assert example


def test_options_that_a_published_tokenizer_decides_are_told_together() -> None:
    with pytest.raises(ConfigError) as told:
        Text("words", pieces="theirs", lowercase=False, characters=True)
    assert [str(each) for each in told.value.problems] == [
        "words.preprocessing.lowercase: the published tokenizer decides this by itself, got False. Take it out.",
        "words.preprocessing.characters: the published tokenizer decides this by itself, got True. Take it out.",
    ]
