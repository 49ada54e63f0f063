"""A published network under words: a vector for each word, from those of its pieces."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import SHAPE, published, tokenizer
from transformers import AutoModel
from worlds import network

from crosstie.artifact.runtime import Graph
from crosstie.config.options import build
from crosstie.data.batch import Layout, Output, Tokens
from crosstie.data.scratch import Scratch
from crosstie.data.vectors import VectorStore
from crosstie.errors import ConfigError
from crosstie.features.published_tokens import PublishedTokens
from crosstie.features.word_pieces import WordPieces
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.pretrained import Pretrained
from crosstie.models.export import examples, export_onnx
from crosstie.models.word_vectors import word_vectors

ROWS = [["free-cash", "now"], ["hello", "how", "are-you", "today", "thanks"], []]
LENGTH, WORDS = 12, 6
SIZE = SHAPE["vocab_size"] + 1
COLUMNS = Columns("sequence", ("a",), sizes=(SIZE,), length=LENGTH, words=WORDS, rows=50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("tiny"))


def encoder(folder: Path, **options: Any) -> Pretrained:
    return build(Pretrained, COLUMNS, model=str(folder), **options).eval()


def encoded() -> torch.Tensor:
    made = WordPieces(PublishedTokens(str(tokenizer().to_str()), 20), WORDS)
    made.length_ = LENGTH
    return torch.from_numpy(made.encode(ROWS))


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_a_words_vector_is_made_of_the_librarys_own(folder: Path, pooling: str) -> None:
    theirs = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        states, present = encoder(folder, word_pooling=pooling).states(encoded())
        for row, words in enumerate(ROWS):
            if not words:
                continue
            said = tokenizer().encode(words, is_pretokenized=True)
            found = theirs(torch.tensor([said.ids])).last_hidden_state[0]
            for place in range(len(words)):
                own = found[[each == place for each in said.word_ids]]
                true = own[0] if pooling == "first" else own.mean(0)
                torch.testing.assert_close(states[row, place], true, atol=1e-5, rtol=0)
    assert present.sum(1).tolist() == [2, 5, 0]
    assert not states[~present].any()


def test_a_row_is_made_of_its_words(folder: Path) -> None:
    made = encoder(folder, pooling="max")
    with torch.no_grad():
        states, _ = made.states(encoded())
        found = made(encoded())
    torch.testing.assert_close(found[0], states[0, :2].amax(0))


@pytest.mark.slow
def test_no_row_is_made_of_a_mark_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ConfigError) as told:
        encoder(folder, pooling="cls")
    assert str(told.value) == (
        "pooling: a row is made of its words' vectors, and none is of a mark, got 'cls'; take `mean`"
    )


def test_word_pooling_says_nothing_where_no_word_has_a_vector(folder: Path) -> None:
    columns = Columns("text", ("a",), sizes=(SIZE,), length=LENGTH)
    with pytest.raises(ConfigError) as told:
        build(Pretrained, columns, model=str(folder), word_pooling="mean")
    assert str(told.value) == (
        "word_pooling: is read where words are tagged, or of a sequence, got 'mean'; leave it out"
    )


@pytest.mark.parametrize("in_memory", [1 << 30, 0])
def test_words_that_are_read_once_are_as_when_they_are_read_again(
    folder: Path, tmp_path: Path, in_memory: int
) -> None:
    made, rows, scratch = encoder(folder), encoded().numpy(), Scratch()
    with torch.no_grad():
        expected, present = made.states(encoded())
    width = SHAPE["hidden_size"]
    store = VectorStore(tmp_path, "m", width)
    one = word_vectors(made, rows[:1], WORDS, store=store, scratch=scratch)
    found = word_vectors(made, rows, WORDS, store=store, scratch=scratch, in_memory=in_memory)
    assert isinstance(found, np.memmap) is (in_memory == 0)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)
    np.testing.assert_array_equal(found[0], one[0])
    states, there = made.states(torch.from_numpy(np.array(found)))
    assert torch.equal(there, present)
    made.published = torch.nn.Identity()  # whatever is asked again is not computed again
    again = VectorStore(tmp_path, "m", width)
    np.testing.assert_array_equal(
        word_vectors(made, rows[:2], WORDS, store=again, scratch=scratch), found[:2]
    )
    torch.testing.assert_close(states, expected)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_the_graph_says_what_the_network_says(folder: Path, tmp_path: Path, pooling: str) -> None:
    output = Output("y", "output_0", "sequence", 3, (0.5, 0.3, 0.2), length=WORDS)
    layout = Layout(
        tokens=(Tokens("a", "tokens_0", "sequence", SIZE, LENGTH, words=WORDS),), outputs=(output,)
    )
    section = {"type": "pretrained", "model": str(folder), "word_pooling": pooling}
    made = network(
        layout,
        {
            "inputs": {"a": {"type": "sequence", "encoder": section}},
            "combiner": {"type": "concat"},
            "outputs": {
                "y": {
                    "type": "sequence",
                    "decoder": {"type": "tagger"},
                    "loss": {"type": "sequence_softmax_cross_entropy", "weight": 1.0},
                    "dependencies": [],
                }
            },
        },
    ).eval()
    export_onnx(made, layout, tmp_path / "graph.onnx")
    rows = examples(layout, 20, seed=3)
    with torch.no_grad():
        expected = made.predict(made({k: torch.from_numpy(v) for k, v in rows.items()}))["output_0"]
    found = Graph(tmp_path / "graph.onnx").run(rows)["output_0"]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
