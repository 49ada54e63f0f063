"""Networks as wholes."""

from typing import Any

import numpy as np
import pytest
import torch
from worlds import MIXED, MIXED_TYPES, architecture, batch, network, tensors

from crosstie.data.batch import Batch, Layout, Output
from crosstie.models.network import Network

A = Output("a", "output_0", "binary", 1, (0.2,))
B = Output("b", "output_1", "category", 3, (0.5, 0.3, 0.2))
C = Output("c", "output_2", "number", 1)
MANY = Layout(numbers=("x", "z"), outputs=(A, B, C))
TYPES = {"x": "number", "z": "number"}


def many(*, members: int = 1, **sections: Any) -> Network:
    combiner = {"type": "concat", "members": members, "output_size": 8}
    parts = architecture(TYPES, (A, B, C), combiner=combiner)
    for name, section in sections.items():
        parts["outputs"][name] |= section
    return network(MANY, parts)


def test_a_dependent_output_reads_the_logits_it_depends_on() -> None:
    built = many(a={"dependencies": ["b", "c"]}, c={"dependencies": ["b"]}).eval()
    assert built.order == ("b", "c", "a")
    given = tensors(batch(MANY, 5).inputs)
    logits = built(given)
    combined = built.combiner(built.inputs(given))
    before = torch.cat([combined, logits["b"], logits["c"].unsqueeze(-1)], 1)
    torch.testing.assert_close(logits["a"], built.decoders["output_0"](before))
    torch.testing.assert_close(logits["b"], built.decoders["output_1"](combined))


def test_losses_add_up_by_their_weights() -> None:
    heavy = {"loss": {"type": "mean_squared_error", "weight": 2.5}}
    built = many(c=heavy).eval()
    rows = batch(MANY, 9)
    logits, targets = built(tensors(rows.inputs)), tensors(rows.targets)
    bce = torch.nn.functional.binary_cross_entropy_with_logits(logits["a"], targets["a"])
    ce = torch.nn.functional.cross_entropy(logits["b"], targets["b"])
    mse = torch.nn.functional.mse_loss(logits["c"], targets["c"])
    torch.testing.assert_close(built.loss(logits, targets), bce + ce + 2.5 * mse)


def test_members_predictions_are_averaged_as_probabilities() -> None:
    built = many(members=4).eval()
    logits = built(tensors(batch(MANY, 6).inputs))
    assert {name: each.shape for name, each in logits.items()} == {
        "a": (6, 4),
        "b": (6, 4, 3),
        "c": (6, 4),
    }
    found = built.predict(logits)
    assert list(found) == ["output_0", "output_1", "output_2"]
    torch.testing.assert_close(found["output_0"], logits["a"].sigmoid().mean(1))
    torch.testing.assert_close(found["output_1"], logits["b"].softmax(2).mean(1))
    torch.testing.assert_close(found["output_2"], logits["c"].mean(1))


def test_members_differ_and_each_has_its_own_head() -> None:
    built = many(members=4)
    for decoder in built.decoders.values():
        assert len(decoder.head.weight) == 4
    logits = built.eval()(tensors(batch(MANY, 6).inputs))
    assert logits["c"].std(1).min() > 1e-3


def test_the_first_prediction_is_near_the_training_shares() -> None:
    built = many(members=1)
    heads = {name: decoder.head.bias for name, decoder in built.decoders.items()}
    limit = 8**-0.5
    assert abs(heads["output_0"].item() - np.log(0.2 / 0.8)) <= limit
    shares = torch.tensor(B.prior).log()
    assert (heads["output_1"] - shares).abs().max() <= limit
    assert heads["output_2"].abs().item() <= limit


def test_decay_is_for_layers_and_not_for_biases_scalings_and_embedded_numbers() -> None:
    built = network(
        MIXED, architecture(MIXED_TYPES, MIXED.outputs, combiner={"type": "concat", "members": 2})
    )
    decayed, rest = built.parameter_groups()
    names = {id(parameter): name for name, parameter in built.named_parameters()}
    assert sorted(names[id(each)] for each in decayed) == [
        "combiner.stack.blocks.0.weight",
        "combiner.stack.blocks.3.weight",
        "decoders.output_0.head.weight",
        "inputs.groups.1.encoder.tables.0.weight",
        "inputs.groups.1.encoder.tables.1.weight",
        "inputs.groups.2.encoder.tokens.weight",
    ]
    assert len(decayed) + len(rest) == len(names)


def test_what_was_left_open_is_in_the_configuration_once_decided() -> None:
    parts = architecture(MIXED_TYPES, MIXED.outputs, combiner={"type": "concat", "members": None})
    built = network(MIXED, parts, rows=160)
    config = built.to_config()["architecture"]
    assert config["combiner"] == {
        "type": "concat",
        "members": 16,
        "num_fc_layers": 2,
        "output_size": 128,
        "dropout": 0.1,
    }
    assert config["inputs"]["a"] == {
        "type": "number",
        "encoder": {"type": "ple", "n_bins": 10},
        "indicator": True,
    }
    assert parts["inputs"]["a"] == {"type": "number", "encoder": {"type": "ple"}}


def test_a_network_without_training_rows_needs_a_decided_configuration() -> None:
    with pytest.raises(AssertionError, match="needs the sections of a built one"):
        Network(MIXED, architecture(MIXED_TYPES, MIXED.outputs))


def test_training_learns_a_threshold() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 2)).astype(np.float32)
    truth = ((values[:, 0] > 0.3) ^ (values[:, 1] > -0.2)).astype(np.float32)
    layout = Layout(numbers=("x", "z"), outputs=(A,))
    rows = Batch({"numbers": values}, {"a": truth})
    torch.manual_seed(0)
    combiner = {"type": "concat", "members": 4, "output_size": 32}
    built = Network(layout, architecture(TYPES, (A,), combiner=combiner), rows)
    optimizer = torch.optim.AdamW(built.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        built.loss(built(tensors(rows.inputs)), tensors(rows.targets)).backward()
        optimizer.step()
    found = built.eval().predict(built(tensors(rows.inputs)))["output_0"]
    assert ((found > 0.5).numpy() == truth).mean() > 0.95
