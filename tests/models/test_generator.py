"""Texts written by a network: what the decoder learns from, how it searches, and the graph that does the same."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from worlds import architecture, batch, network, tensors

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Layout, Output, Tokens
from crosstie.errors import ConfigError
from crosstie.models.decoders.generator import Generator
from crosstie.models.export import examples, export_onnx
from crosstie.models.losses.text_cross_entropy import TextCrossEntropy
from crosstie.models.network import Network
from crosstie.models.search import Search

SOURCE = Tokens("a", "tokens_0", "text", 20, 6)
TEXT = Output("y", "output_0", "text", 12, length=7, copies=6)
LAYOUT = Layout(tokens=(SOURCE,), outputs=(TEXT,))
PLAIN = Layout(tokens=(SOURCE,), outputs=(replace(TEXT, copies=0),))
SMALL = {"type": "generator", "state_size": 16, "embedding_size": 8}
RNN = {"type": "rnn", "state_size": 8, "embedding_size": 8}


def written(decoder: dict[str, Any] | None = None, layout: Layout = LAYOUT) -> Network:
    parts = architecture(
        {"a": "text"},
        layout.outputs[:1],
        encoder=RNN,
        decoder={**SMALL, **(decoder or {})},
        loss={"type": "sequence_softmax_cross_entropy", "weight": 1.0},
    )
    if len(layout.outputs) > 1:
        number = architecture({}, layout.outputs[1:])
        parts["outputs"] |= number["outputs"]
    return network(layout, parts)


def rows(layout: Layout = LAYOUT, count: int = 32, *, seed: int = 0) -> Batch:
    """What is to be written is the input's tokens, in turn as known ones and as copies."""
    found = batch(Layout(tokens=layout.tokens), count, seed=seed)
    ids = found.inputs["tokens_0"]
    copies = np.where(ids == 0, 0, np.where(ids < 12, ids, 12 + np.arange(6))).astype(np.int32)
    target = np.full((count, 7), -1, np.int32)
    for row, each in enumerate(copies):
        length = int((each > 0).sum())
        target[row, : length + 1] = [*each[:length], 0]
    if not layout.outputs[0].copies:
        return Batch(found.inputs, {"y": np.where(target < 12, target, 1)})
    return Batch({**found.inputs, "copies_0": copies}, {"y": target})


def test_every_token_has_probabilities_of_all_that_could_be_written() -> None:
    built, given = written().eval(), rows()
    logits = built(tensors(given.inputs), tensors(given.targets))["y"]
    assert logits.shape == (32, 7, 12 + 6)
    there = tensors(given.inputs)["tokens_0"].any(1)
    torch.testing.assert_close(logits.exp().sum(-1)[there], torch.ones(int(there.sum()), 7))


def test_without_copies_there_is_the_vocabulary_alone() -> None:
    built, given = written({"copy": False}, PLAIN).eval(), rows(PLAIN)
    logits = built(tensors(given.inputs), tensors(given.targets))["y"]
    assert logits.shape == (32, 7, 12)
    assert built.decoder("y").gate is None


@torch.no_grad()
def test_padding_of_the_input_and_of_the_target_changes_nothing() -> None:
    built = written().eval()
    short = {"tokens_0": torch.randint(2, 20, (4, 3)), "copies_0": torch.full((4, 6), 3)}
    long = {**short, "tokens_0": torch.nn.functional.pad(short["tokens_0"], (0, 3))}
    target = torch.tensor([[5, 2, 0, -1, -1, -1, -1]] * 4)
    longer = torch.cat([target, torch.tensor([[5, 5, 5, 5, 5, 5, 0]])])
    one = built(short, {"y": target})["y"]
    torch.testing.assert_close(built(long, {"y": target})["y"], one)
    beside = {name: torch.cat([each, each[:1]]) for name, each in long.items()}
    torch.testing.assert_close(built(beside, {"y": longer})["y"][:4, :3], one)
    loss = built.losses["output_0"]
    assert loss(one, target) == pytest.approx(
        float(loss(built(beside, {"y": longer})["y"][:4], target))
    )


@torch.no_grad()
def test_a_token_sees_only_those_before_it() -> None:
    built, given = written().eval(), rows(count=4)
    target = torch.full((4, 7), 5)
    other = target.clone()
    other[:, 3] = 9
    inputs = tensors(given.inputs)
    one, two = built(inputs, {"y": target})["y"], built(inputs, {"y": other})["y"]
    torch.testing.assert_close(one[:, :4], two[:, :4])
    assert not torch.allclose(one[:, 4:], two[:, 4:])


def test_the_loss_is_the_mean_over_tokens_and_moves_every_parameter() -> None:
    built, given = written({"num_layers": 2}).train(), rows()
    logits = built(tensors(given.inputs), tensors(given.targets))
    target = tensors(given.targets)["y"].long()
    there = target >= 0
    expected = -logits["y"].gather(-1, target.clamp(min=0).unsqueeze(-1)).squeeze(-1)[there].mean()
    loss = built.loss(logits, tensors(given.targets))
    torch.testing.assert_close(loss, expected)
    loss.backward()
    still = [
        name for name, each in built.named_parameters() if each.grad is None or not each.grad.any()
    ]
    assert still == []


def test_smoothing_spreads_over_the_vocabulary_and_weights_are_of_rows() -> None:
    logits = torch.tensor([[[0.7, 0.1, 0.2], [0.2, 0.5, 0.3]], [[0.1, 0.8, 0.1]] * 2]).log()
    target = torch.tensor([[0, -1], [1, 1]])
    output = Output("y", "output_0", "text", 2, length=2, copies=1)
    plain, smooth = TextCrossEntropy(output), TextCrossEntropy(output, label_smoothing=0.5)
    assert plain(logits, target) == pytest.approx(-np.log([0.7, 0.8, 0.8]).mean())
    assert plain(logits, target, torch.tensor([3.0, 1.0])) == pytest.approx(
        -(3 * np.log(0.7) + 2 * np.log(0.8)) / 5
    )
    even = [np.log([0.7, 0.1]).mean(), *[np.log([0.1, 0.8]).mean()] * 2]
    assert smooth(logits, target) == pytest.approx(
        -(0.5 * np.log([0.7, 0.8, 0.8]) + 0.5 * np.array(even)).mean()
    )


class Said(Generator):
    """Scores that a test knows: after nothing, 2 at .6 and 3 at .4; after 2 many things, after 3 the end."""

    table: ClassVar = {
        0: {2: 0.6, 3: 0.4},
        2: {0: 0.3, 4: 0.25, 5: 0.25, 6: 0.2},
        3: {0: 0.9, 4: 0.1},
    }

    def step(self, before: Tensor, hidden: Tensor, memory: Any) -> tuple[Tensor, Tensor]:
        scores = torch.full((*before.shape, 7), 1e-9)
        for row, beam in np.ndindex(*before.shape):
            for token, share in self.table.get(int(before[row, beam]), {0: 1.0}).items():
                scores[row, beam, token] = share
        scores[..., 1] = 5.0  # unknown is the likeliest, and never written
        return scores.log(), hidden


@pytest.mark.parametrize(
    ("width", "penalty", "expected"),
    [(1, 0.0, [2, 0, 0]), (2, 0.0, [3, 0, 0]), (6, 0.0, [3, 0, 0])],
)
def test_a_beam_finds_what_greed_misses(width: int, penalty: float, expected: list[int]) -> None:
    output = Output("y", "output_0", "text", 7, length=3)
    decoder = Said(output, 4, 1, beam_width=width, length_penalty=penalty).eval()
    states, present = torch.zeros(2, 5, 4), torch.ones(2, 5, dtype=torch.bool)
    ids, score = Search(decoder)(states, present, None)
    assert ids.tolist() == [expected] * 2
    share = {2: 0.6 * 0.3, 3: 0.4 * 0.9}[expected[0]]
    torch.testing.assert_close(score, torch.full((2,), share).log())


def test_no_more_is_written_than_max_length() -> None:
    built, given = written({"max_length": 2, "beam_width": 2}).eval(), rows()
    with torch.no_grad():
        built.decoder("y").score.bias[0] = -100.0  # never ends of itself
    _, states = built.answer(tensors(given.inputs))
    ids, _ = Search(built.decoder("y")).eval()(*states["a"], tensors(given.inputs)["copies_0"])
    assert ids.shape == (32, 7)
    assert (ids[:, :2] > 0).all()
    assert (ids[:, 2:] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"beam_width": 3, "num_layers": 2}, {"copy": False}])
def test_the_graph_writes_what_torch_writes(options: dict[str, Any], tmp_path: Path) -> None:
    text = replace(TEXT, copies=6 * options.get("copy", True))
    layout = Layout(tokens=(SOURCE,), outputs=(text, Output("n", "output_1", "number", 1)))
    built = written(options, layout).train()
    optimizer = torch.optim.AdamW(built.parameters(), 1e-2)
    given = rows(layout)
    true = tensors({**given.targets, "n": np.ones(32, np.float32)})
    for _ in range(5):
        optimizer.zero_grad()
        built.loss(built(tensors(given.inputs), true), true).backward()
        optimizer.step()
    built.eval()
    export_onnx(built, layout, tmp_path / "graph.onnx")
    graph = Graph(tmp_path / "graph.onnx", threads=1)
    found = graph.run(given.inputs)
    assert sorted(found) == ["output_0", "output_1"]
    search = Search(built.decoder("y")).eval()
    with torch.no_grad():
        logits, states = built.answer(tensors(given.inputs))
        ids, _ = search(*states["a"], tensors(given.inputs).get("copies_0"))
    np.testing.assert_array_equal(found["output_0"], ids.numpy())
    np.testing.assert_allclose(found["output_1"], logits["n"].detach().numpy(), atol=1e-5)
    alone = {name: each[3:4] for name, each in given.inputs.items()}
    np.testing.assert_array_equal(graph.run(alone)["output_0"], found["output_0"][3:4])
    assert b"/" not in (tmp_path / "graph.onnx").read_bytes().replace(b"ai.onnx", b"")[:200]


def test_configuration_and_weights_are_all_of_it(tmp_path: Path) -> None:
    built, given = written().eval(), rows()
    save_file(built.state_dict(), tmp_path / "weights.safetensors")
    torch.manual_seed(99)
    again = Network.from_config(json.loads(json.dumps(built.to_config()))).eval()
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    one, two = (each(tensors(given.inputs), tensors(given.targets))["y"] for each in (again, built))
    assert torch.equal(one, two)


def test_an_encoder_that_pools_is_an_error() -> None:
    parts = architecture(
        {"a": "text"},
        (TEXT,),
        encoder={"type": "stacked_cnn", "pool_size": 2},
        decoder=SMALL,
        loss={"type": "sequence_softmax_cross_entropy", "weight": 1.0},
    )
    with pytest.raises(ConfigError, match="the encoder of 'a' has no vector for each token"):
        network(LAYOUT, parts)


def test_examples_say_what_copying_means() -> None:
    copied = examples(LAYOUT, 50)["copies_0"]
    assert copied.shape == (50, 6)
    assert copied.min() >= 2
    assert copied.max() < 12 + 6
