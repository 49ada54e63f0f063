"""What every registered encoder, combiner, decoder and loss must do."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from worlds import (
    BINARY,
    COLUMNS,
    DECODERS,
    MIXED,
    MIXED_TYPES,
    OUTPUTS,
    SPELLED,
    TIMESERIES,
    architecture,
    batch,
    network,
    tensors,
)

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Array, Layout, Series, Tokens
from crosstie.models.combiners.combiner import combiners
from crosstie.models.decoders.decoder import decoders
from crosstie.models.encoders.encoder import encoders
from crosstie.models.export import Predictor, _graph, _trace, examples, strip
from crosstie.models.losses.loss import losses
from crosstie.models.network import Network

SHAPE = {
    "model_type": "bert",
    "vocab_size": 40,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 9,
    "attention_probs_dropout_prob": 0.0,
}
SMALL: dict[str, dict[str, Any]] = {
    "hash": {"num_hash_buckets": 4},
    "pretrained": {"architecture": SHAPE, "trainable": "all", "pooling": "mean"},
    "vit": {"hidden_size": 32, "num_layers": 2},
}
PATCHES = {
    "model_type": "vit",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "image_size": [12, 9],
    "patch_size": 3,
    "attention_probs_dropout_prob": 0.0,
}
SAMPLES = {
    "model_type": "wav2vec2",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "conv_dim": [4, 4],
    "conv_kernel": [4, 3],
    "conv_stride": [2, 2],
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    "feat_proj_dropout": 0.0,
    "activation_dropout": 0.0,
    "layerdrop": 0.0,
}
OF_TYPE = {
    ("image", "pretrained"): {**SMALL["pretrained"], "architecture": PATCHES},
    ("audio", "pretrained"): {**SMALL["pretrained"], "architecture": SAMPLES},
}
READS = {("audio", "pretrained"): {"series": (Series("a", "series_0", "audio", 30, 1),)}}
Case = tuple[Layout, dict[str, Any]]


def encoder_case(kind: str, name: str) -> Case:
    columns = READS.get((kind, name), COLUMNS[kind])
    layout = Layout(**columns, outputs=(BINARY,))
    names = [each if isinstance(each, str) else each.name for each in next(iter(columns.values()))]
    encoder = {"type": name, **OF_TYPE.get((kind, name), SMALL.get(name, {}))}
    return layout, architecture(dict.fromkeys(names, kind), (BINARY,), encoder=encoder)


def combiner_case(options: dict[str, Any]) -> Case:
    return MIXED, architecture(MIXED_TYPES, (BINARY,), combiner=options)


def output_case(kind: str, *, members: int, **parts: Any) -> Case:
    output = OUTPUTS[kind]
    if output.length:
        layout = Layout(**COLUMNS["text"], outputs=(output,))
        return layout, architecture({"a": "text"}, (output,), encoder={"type": "embed"}, **parts)
    layout = Layout(numbers=("a", "b"), outputs=(output,))
    combiner = {"type": "concat", "members": members, "output_size": 8}
    types = {"a": "number", "b": "number"}
    return layout, architecture(types, (output,), combiner=combiner, **parts)


def cases() -> dict[str, Case]:
    found = {}
    for kind, name, _ in encoders.items():
        found[f"encoder-{kind}-{name}"] = encoder_case(kind, name)
    for kind in ("parallel_cnn", "stacked_cnn", "cnnrnn"):
        layout, parts = encoder_case("text", kind)
        parts["inputs"]["a"]["encoder"] |= {
            "pool_function": "average",
            "pool_size": 2,
            "conv_layers": [{"filter_size": 4, "norm": "batch"}, {"dilation_rate": 2}]
            if kind != "cnnrnn"
            else [{"filter_size": 4, "norm": "layer"}, {"dilation_rate": 2}],
            "reduce_output": "attention",
        }
        found[f"encoder-text-{kind}-average"] = layout, parts
    for kind in ("rnn", "cnnrnn", "stacked_cnn", "parallel_cnn", "transformer"):
        layout = Layout(tokens=(SPELLED,), outputs=(BINARY,))
        encoder = {"type": kind, "characters": 5}
        found[f"encoder-text-{kind}-characters"] = (
            layout,
            architecture({"a": "text"}, (BINARY,), encoder=encoder),
        )
    pieces = Layout(
        tokens=(Tokens("a", "tokens_0", "sequence", 40, 9, words=5),),
        outputs=(replace(OUTPUTS["sequence"], length=5),),
    )
    for pooling in ("first", "mean"):
        encoder = {"type": "pretrained", **SMALL["pretrained"], "word_pooling": pooling}
        found[f"encoder-sequence-pretrained-{pooling}"] = (
            pieces,
            architecture({"a": "sequence"}, pieces.outputs, encoder=encoder),
        )
    for cell in ("rnn", "gru"):
        layout, parts = encoder_case("text", "rnn")
        parts["inputs"]["a"]["encoder"] |= {"cell_type": cell, "num_layers": 2}
        found[f"encoder-text-rnn-{cell}"] = layout, parts
    for kind in ("sum", "sqrtn", "max", "attention"):
        layout, parts = encoder_case("set", "embed")
        parts["inputs"]["a"]["encoder"] |= {"reduce_output": kind}
        found[f"encoder-set-embed-{kind}"] = layout, parts
    for _, name, _ in combiners.items():
        found[f"combiner-{name}"] = combiner_case({"type": name})
    for style in ("tabm", "packed"):
        found[f"combiner-concat-{style}"] = combiner_case(
            {"type": "concat", "members_style": style, "residual": True, "norm": "batch"}
        )
    for kind, name, cls in decoders.items():
        for members in () if cls.writes else (1, 3):  # those are in test_generator.py
            found[f"decoder-{kind}-{name}-{members}"] = output_case(
                kind, members=members, decoder={"type": name}
            )
    for kind, name, _ in losses.items():
        for members in () if kind == "text" else (1, 3):
            found[f"loss-{kind}-{name}-{members}"] = output_case(
                kind, members=members, loss={"type": name}
            )
    following = replace(TIMESERIES, follows="series_0", rate=0.5, shift=2.0)
    layout = Layout(**COLUMNS["timeseries"], outputs=(following,))
    found["output-timeseries-follows"] = (
        layout,
        architecture({"a": "timeseries"}, (following,), encoder={"type": "passthrough"}),
    )
    return found


CASES = cases()


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_logits_have_the_shape_of_the_output(case: Case) -> None:
    layout, parts = case
    built = network(layout, parts)
    (output,) = layout.outputs
    last = (output.length,) if output.length else ()
    last += (output.size,) if output.scored else ()
    members = (built.members,) if built.members > 1 else ()
    for rows in (1, 7):
        logits = built.eval()(tensors(examples(layout, rows)))
        assert logits["y"].shape == (rows, *members, *last)
        assert built.predict(logits)["output_0"].shape == (rows, *last)


def test_the_loss_is_finite_and_moves_every_parameter(case: Case) -> None:
    layout, parts = case
    built = network(layout, parts).train()
    rows = batch(layout, 64)
    for weights in (None, torch.linspace(0.1, 2, 64)):
        loss = built.loss(built(tensors(rows.inputs)), tensors(rows.targets), weights)
        assert loss.shape == ()
        loss.backward()
    for name, parameter in built.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_configuration_and_weights_are_all_of_a_network(case: Case, tmp_path: Path) -> None:
    layout, parts = case
    built = network(layout, parts).eval()
    save_file(built.state_dict(), tmp_path / "weights.safetensors")
    torch.manual_seed(99)
    again = Network.from_config(json.loads(json.dumps(built.to_config()))).eval()
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    given = tensors(examples(layout, 7))
    assert torch.equal(again(given)["y"], built(given)["y"])
    assert again.to_config() == json.loads(json.dumps(built.to_config()))


def test_the_same_seed_builds_the_same_network(case: Case) -> None:
    layout, parts = case
    one, two = (network(layout, parts, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.slow
def test_the_graph_says_what_the_network_says(case: Case, tmp_path: Path) -> None:
    layout, parts = case
    built = trained(layout, parts)
    predictor = Predictor(built, tuple(layout.inputs)).eval()
    path = tmp_path / "graph.onnx"  # by the fast exporter: 0.1 s, where the other one takes seconds
    path.write_bytes(strip(_graph(predictor, layout, _trace, free=True)).SerializeToString())
    graph = Graph(path, threads=1)
    for rows, share in ((1, 1.0), (7, 1.0), (300, 1.0), (3, 0.0), (20, 0.5)):
        given = examples(layout, rows, seed=100 + rows, share=share)
        with torch.no_grad():
            expected = built.predict(built(tensors(given)))["output_0"].numpy()
        found = graph.run(given)
        assert list(found) == ["output_0"]
        assert found["output_0"].shape == expected.shape
        told = there(layout, given)
        np.testing.assert_allclose(found["output_0"][told], expected[told], atol=1e-5, rtol=0)


def there(layout: Layout, given: Mapping[str, Array]) -> Any:
    """Which predictions mean something: those of tags not where a row is padded."""
    if layout.outputs[0].type != "sequence":
        return ...
    ids, words = given["tokens_0"], layout.tokens[0].words
    if words:
        return np.arange(1, words + 1) <= ids[..., 1].max(1, keepdims=True)
    return (ids if ids.ndim == 2 else ids[..., 0]) != 0


def trained(layout: Layout, parts: dict[str, Any]) -> Network:
    """After a few steps, so that what starts at 0 no longer is."""
    built = network(layout, parts).train()
    optimizer = torch.optim.AdamW(built.parameters(), 1e-2)
    rows = batch(layout, 64)
    for _ in range(3):
        optimizer.zero_grad()
        built.loss(built(tensors(rows.inputs)), tensors(rows.targets)).backward()
        optimizer.step()
    return built.eval()


def test_every_output_type_has_its_default_parts() -> None:
    assert set(DECODERS) == {kind for kind, _, _ in decoders.items()}
    assert set(COLUMNS) == {kind for kind, _, _ in encoders.items()}
