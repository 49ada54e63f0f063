"""Encoders of tokens."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from crosstie.models.encoders.embed import Embed
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.encoders.parallel_cnn import ParallelCNN
from crosstie.models.encoders.rnn import RNN
from crosstie.models.layers.convolution import Convolution, Filter, PresentNorm
from crosstie.models.layers.recurrent import Recurrent
from crosstie.models.layers.reduce import Reduce

COLUMNS = Columns("text", ("t",), sizes=(30,), length=12)
LONG = Columns("text", ("t",), sizes=(30,), length=20)
ROWS = torch.tensor(
    [
        [5, 3, 8, 2, 9, 4, 7, 6, 3, 2, 8, 9],
        [4, 7, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
    dtype=torch.int32,
)
WIDER = torch.cat([ROWS, torch.zeros(4, 8, dtype=torch.int32)], dim=1)
POOLED = {"pool_size": 2, "filter_size": 4}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *[("embed", {"reduce_output": kind}) for kind in ("mean", "sum", "sqrtn", "max", "attention")],
    ("parallel_cnn", {}),
    ("parallel_cnn", {"norm": "batch", "reduce_output": "mean", **POOLED}),
    ("stacked_cnn", {}),
    ("stacked_cnn", {"pool_function": "average", "dilation_rate": 2, "activation": "tanh"}),
    ("stacked_cnn", {"norm": "layer", "reduce_output": "last", "pool_size": 3}),
    *[
        ("rnn", {"reduce_output": kind, "num_layers": 2})
        for kind in ("last", "mean", "sum", "max", "attention")
    ],
    ("rnn", {"cell_type": "gru"}),
    ("rnn", {"cell_type": "rnn", "bidirectional": False}),
    ("cnnrnn", {}),
    ("cnnrnn", {"pool_size": None, "num_conv_layers": 2, "reduce_output": "max"}),
    ("transformer", {"num_layers": 2}),
    ("transformer", {"reduce_output": "last"}),
]


def make(name: str, options: dict[str, Any], columns: Columns = COLUMNS) -> Encoder:
    torch.manual_seed(0)
    return encoders.get(name, of="text")(columns, **options).eval()


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_padding_changes_nothing(name: str, options: dict[str, Any]) -> None:
    encoder = make(name, options, LONG)
    found = encoder(ROWS)
    torch.testing.assert_close(encoder(WIDER), found)
    torch.testing.assert_close(encoder(ROWS[1:2, :3]), found[1:2])
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("name", ["parallel_cnn", "stacked_cnn", "rnn", "cnnrnn", "transformer"])
def test_order_matters(name: str) -> None:
    encoder = make(name, {})
    turned = encoder(torch.tensor([[5, 7, 4]], dtype=torch.int32))
    assert (encoder(ROWS[1:2, :3]) - turned).abs().max() > 1e-3


@pytest.mark.parametrize("kind", ["mean", "sum", "sqrtn", "max", "attention"])
def test_a_bag_has_no_order(kind: str) -> None:
    encoder = make("embed", {"reduce_output": kind})
    turned = encoder(torch.tensor([[5, 7, 4]], dtype=torch.int32))
    torch.testing.assert_close(encoder(ROWS[1:2, :3]), turned)


def test_a_bag_is_pooled_as_its_name_says() -> None:
    three = ROWS[1:3]
    weight = make("embed", {}).tokens.weight
    vectors = weight[[4, 7, 5]]
    expected = {
        "mean": vectors.mean(0),
        "sum": vectors.sum(0),
        "sqrtn": vectors.sum(0) / 3**0.5,
        "max": vectors.amax(0),
    }
    for kind, row in expected.items():
        encoder = make("embed", {"reduce_output": kind})
        torch.testing.assert_close(encoder(three)[0], row)
        torch.testing.assert_close(encoder(three)[1], weight[9])
        assert encoder(ROWS)[3].abs().max() == 0


def test_attention_weights_add_up_to_one_and_skip_padding() -> None:
    reduce = Reduce("attention", 6)
    vectors, present = torch.randn(4, 12, 6), ROWS != 0
    shares = reduce.attention(vectors, present).squeeze(-1)
    torch.testing.assert_close(shares.sum(1), torch.tensor([1.0, 1.0, 1.0, 0.0]))
    assert shares[~present].abs().max() == 0
    scores = vectors[1, :3] @ reduce.score.weight[0]
    torch.testing.assert_close(shares[1, :3], scores.softmax(0))
    expected = (scores.softmax(0).unsqueeze(1) * vectors[1, :3]).sum(0)
    torch.testing.assert_close(reduce(vectors, present)[1], expected)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_recurrent_layers_are_torchs_over_packed_sequences(cell: str) -> None:
    ours = Recurrent(5, cell_type=cell, state_size=4, num_layers=2, bidirectional=True, dropout=0.0)
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
    theirs = kind(5, 4, num_layers=2, bidirectional=True, batch_first=True)
    for layer in range(2):
        for way, end in ((ours.onward[layer], ""), (ours.backward_[layer], "_reverse")):
            for name, weight in way.named_parameters():
                place = name.replace("_l0", f"_l{layer}{end}")
                getattr(theirs, place).data.copy_(weight.data)
    rows = ROWS[:3]
    vectors, present = torch.randn(3, 12, 5), rows != 0
    packed = pack_padded_sequence(vectors, present.sum(1), batch_first=True)
    states, last = theirs(packed)
    expected, _ = pad_packed_sequence(states, batch_first=True)
    found = ours(vectors, present)
    torch.testing.assert_close(found * present.unsqueeze(-1), expected)
    hidden = last[0] if cell == "lstm" else last
    after = Reduce("last", ours.width, backward=ours.backward)(found, present)
    torch.testing.assert_close(after, torch.cat([hidden[-2], hidden[-1]], 1))


def test_options_of_an_rnn_are_read() -> None:
    plain = RNN(COLUMNS, state_size=16)
    assert plain.widths == (32,)
    assert len(plain.recurrent.onward) == 1
    deep = RNN(COLUMNS, state_size=16, num_layers=3, bidirectional=False, cell_type="gru")
    assert deep.widths == (16,)
    assert [type(each) for each in deep.recurrent.onward] == [nn.GRU] * 3
    assert len(deep.recurrent.backward_) == 0
    assert RNN(COLUMNS, num_fc_layers=1, output_size=9).widths == (9,)


def test_parallel_convolutions_look_for_phrases_of_two_to_five_tokens() -> None:
    encoder = ParallelCNN(COLUMNS, num_filters=6, embedding_size=7).eval()
    assert [each.conv.kernel_size for each in encoder.convolutions] == [(2,), (3,), (4,), (5,)]
    assert encoder.widths == (24,)
    words = encoder.tokens.weight[ROWS[0].long()]
    conv = encoder.convolutions[0].conv
    pairs = torch.stack([words[:-1], words[1:]], 2).flatten(1) @ conv.weight.flatten(1).T
    ends = words[-1] @ conv.weight[:, :, 0].T  # the last word beside the edge
    best = torch.relu(torch.cat([pairs, ends.unsqueeze(0)]) + conv.bias).amax(0)
    torch.testing.assert_close(encoder(ROWS)[0, :6], best)


def test_pooling_leaves_padding_out() -> None:
    values = torch.tensor([[[1.0], [-2.0], [-3.0], [9.0], [9.0]]])
    present = torch.tensor([[True, True, True, False, False]])
    for kind, expected in (("max", [1.0, -3.0, 0.0]), ("average", [-0.5, -3.0, 0.0])):
        layer = Convolution(1, Filter(1, pool_function=kind, pool_size=2))
        pooled, left = layer.pool(values, present)
        assert pooled.flatten().tolist() == expected
        assert left.tolist() == [[True, True, False]]


def test_batch_norm_of_a_convolution_counts_no_padding() -> None:
    norm = PresentNorm(2)
    values, present = torch.randn(4, 12, 2) + 3, ROWS != 0
    values[~present] = 1000
    found = norm(values, present)[present]
    torch.testing.assert_close(found.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(norm.running_mean, 0.1 * values[present].mean(0))


def test_padding_has_no_vector_and_learns_none() -> None:
    encoder = Embed(COLUMNS)
    encoder(ROWS).square().sum().backward()
    assert encoder.tokens.weight[0].abs().max() == 0
    assert encoder.tokens.weight.grad[0].abs().max() == 0
