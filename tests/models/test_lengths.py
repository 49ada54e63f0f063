"""Graphs whose rows of tokens end where the longest of a batch does: that changes nothing of what they say."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor
from worlds import BINARY, SPELLED, architecture, network, tensors

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Array, Layout, Output, Tokens
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.export import examples, export_onnx
from crosstie.models.network import Network

LENGTH = 120
LONG = Tokens("a", "tokens_0", "text", 40, LENGTH)
TAGS = Output("y", "output_0", "sequence", 3, (0.5, 0.3, 0.2), length=LENGTH)
STORY = Output("y", "output_0", "text", 12, length=5, copies=LENGTH)
SMALL: dict[str, dict[str, Any]] = {
    "embed": {"reduce_output": "attention"},
    "rnn": {"state_size": 8},
    "cnnrnn": {"state_size": 8, "pool_function": "average"},
    "stacked_cnn": {"num_filters": 8, "pool_size": 3, "num_fc_layers": 0},
    "parallel_cnn": {"num_filters": 8, "norm": "batch"},
    "transformer": {"num_heads": 2, "hidden_size": 8},
    "pretrained": {
        "architecture": {
            "model_type": "bert",
            "vocab_size": 40,
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 12,
            "max_position_embeddings": LENGTH,
        }
    },
}


def written(layout: Layout, folder: Path, encoder: dict[str, Any]) -> tuple[Graph, Network]:
    types = {each.name: each.type for each in layout.tokens}
    built = network(layout, architecture(types, layout.outputs, encoder=encoder), rows=8).eval()
    export_onnx(built, layout, folder / "graph.onnx")
    return Graph(folder / "graph.onnx", threads=1), built


def lengths(folder: Path) -> list[str | int]:
    """The second axes of the graph's inputs: a name where it is free."""
    inputs = onnx.load(folder / "graph.onnx").graph.input
    axes = [each.type.tensor_type.shape.dim[1] for each in inputs]
    return [axis.dim_param or axis.dim_value for axis in axes]


def of_all_lengths(layout: Layout) -> dict[str, Array]:
    """Rows of every length in no order: more than go through at once."""
    parts = [examples(layout, 20, seed=i, share=share) for i, share in enumerate((1, 0, 0.5, 0.1))]
    order = np.random.default_rng(0).permutation(80)
    return {name: np.concatenate([each[name] for each in parts])[order] for name in layout.inputs}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for kind, name, _ in encoders.items() if kind == "text"])
def test_a_row_is_predicted_alone_and_among_longer_ones_as_at_its_full_length(
    name: str, tmp_path: Path
) -> None:
    layout = Layout(tokens=(LONG,), outputs=(BINARY,))
    graph, built = written(layout, tmp_path, {"type": name, **SMALL[name]})
    assert lengths(tmp_path) == ["padded_length_0"]
    given = of_all_lengths(layout)
    with torch.no_grad():
        expected = built.predict(built(tensors(given)))["output_0"].numpy()
    np.testing.assert_allclose(graph.run(given)["output_0"], expected, atol=1e-5, rtol=0)
    for row in (0, 7):
        alone = graph.run({"tokens_0": given["tokens_0"][row : row + 1]})["output_0"]
        np.testing.assert_allclose(alone, expected[row : row + 1], atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("letters", [0, 12])
def test_tags_have_the_length_of_training(letters: int, tmp_path: Path) -> None:
    tokens = Tokens("a", "tokens_0", "text", 40, LENGTH, letters, 6 if letters else 0)
    layout = Layout(tokens=(tokens,), outputs=(TAGS,))
    encoder = {"type": "rnn", "state_size": 8} | ({"characters": 4} if letters else {})
    graph, built = written(layout, tmp_path, encoder)
    assert lengths(tmp_path) == ["padded_length_0"]
    given = of_all_lengths(layout)
    with torch.no_grad():
        expected = built.predict(built(tensors(given)))["output_0"].numpy()
    found = graph.run(given)["output_0"]
    assert found.shape == (80, LENGTH, 3)
    there = given["tokens_0"].reshape(80, LENGTH, -1)[..., 0] != 0
    np.testing.assert_allclose(found[there], expected[there], atol=1e-5, rtol=0)
    short = {"tokens_0": given["tokens_0"][:1] * 0}
    assert graph.run(short)["output_0"].shape == (1, LENGTH, 3)


@pytest.mark.slow
def test_a_text_is_written_and_copied_from_the_right_places(tmp_path: Path) -> None:
    layout = Layout(tokens=(LONG,), outputs=(STORY,))
    parts = architecture({"a": "text"}, (STORY,), encoder={"type": "rnn", "state_size": 8})
    built = network(layout, parts, rows=8).eval()
    with torch.no_grad():
        built.decoder("y").gate.bias.fill_(-9.0)  # type: ignore[union-attr] # copies nearly always
    export_onnx(built, layout, tmp_path / "graph.onnx")
    assert lengths(tmp_path) == ["padded_length_0", LENGTH]
    graph, given = Graph(tmp_path / "graph.onnx", threads=1), of_all_lengths(layout)
    together = graph.run(given)["output_0"]
    alone = [
        graph.run({name: each[row : row + 1] for name, each in given.items()})["output_0"][0]
        for row in range(80)
    ]
    assert (together == np.stack(alone)).all(1).mean() > 0.95  # ties fall either way
    assert together.max() >= 12  # of the input, not of the vocabulary


@pytest.mark.slow
def test_two_texts_are_cut_each_where_it_ends(tmp_path: Path) -> None:
    other = Tokens("b", "tokens_1", "text", 30, 9)
    layout = Layout(tokens=(LONG, other), outputs=(BINARY,))
    graph, built = written(layout, tmp_path, {"type": "parallel_cnn", "num_filters": 8})
    assert lengths(tmp_path) == ["padded_length_0", "padded_length_1"]
    given = of_all_lengths(layout)
    with torch.no_grad():
        expected = built.predict(built(tensors(given)))["output_0"].numpy()
    np.testing.assert_allclose(graph.run(given)["output_0"], expected, atol=1e-5, rtol=0)


class Diluted(Encoder):
    """The mean over all places, padding among them."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.widths = (4,)
        self.weight = torch.nn.Parameter(torch.randn(columns.sizes[0], 4))

    def forward(self, values: Tensor) -> Tensor:
        return torch.nn.functional.embedding(values, self.weight).mean(1)


class Counted(Diluted):
    """Knows the length as a Python number, which a trace takes for a constant."""

    def forward(self, values: Tensor) -> Tensor:
        vectors = torch.nn.functional.embedding(values, self.weight, padding_idx=0)
        vectors = vectors * (values != 0).unsqueeze(-1)
        places = torch.ones(1, len(values[0].tolist()), 1)
        return (vectors * places).sum(1)


@pytest.mark.parametrize("cls", [Diluted, Counted])
def test_a_network_that_padding_matters_to_keeps_its_length(
    cls: type[Encoder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders.names()
    monkeypatch.setitem(encoders._classes, ("text", "own"), cls)
    layout = Layout(tokens=(LONG,), outputs=(BINARY,))
    graph, built = written(layout, tmp_path, {"type": "own"})
    assert lengths(tmp_path) == [LENGTH]
    given = of_all_lengths(layout)
    with torch.no_grad():
        expected = built.predict(built(tensors(given)))["output_0"].numpy()
    np.testing.assert_allclose(graph.run(given)["output_0"], expected, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_letters_go_with_their_tokens(tmp_path: Path) -> None:
    layout = Layout(tokens=(SPELLED,), outputs=(BINARY,))
    graph, built = written(layout, tmp_path, {"type": "rnn", "state_size": 8, "characters": 4})
    assert lengths(tmp_path) == ["padded_length_0"]
    given = examples(layout, 40, share=0.5)
    with torch.no_grad():
        expected = built.predict(built(tensors(given)))["output_0"].numpy()
    np.testing.assert_allclose(graph.run(given)["output_0"], expected, atol=1e-5, rtol=0)
