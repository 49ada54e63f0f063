"""The MLP and TabM."""

import torch
from torch import nn

from crosstie.models.combiners.combiner import Part, Parts
from crosstie.models.combiners.concat import Concat

TABLE = Parts((Part("number", (16, 16)), Part("category", (3, 4, 1))), rows=50_000)
TEXT = Parts((Part("text", (64,)), Part("set", (50,))), rows=50_000)


def encoded(parts: Parts, rows: int = 5) -> list[torch.Tensor]:
    return [torch.randn(rows, sum(part.widths)) for part in parts.parts]


def test_without_members_it_is_an_mlp() -> None:
    combiner = Concat(TABLE, members=1, num_fc_layers=2, output_size=8, activation="tanh")
    one, _, two, _ = combiner.stack.blocks
    values = encoded(TABLE)
    hidden = torch.tanh(torch.cat(values, 1) @ one.weight.T + one.bias)
    expected = torch.tanh(hidden @ two.weight.T + two.bias)
    torch.testing.assert_close(combiner(values), expected)
    assert [type(block) for block in combiner.stack.blocks] == [
        nn.Linear,
        nn.Tanh,
        nn.Linear,
        nn.Tanh,
    ]


def test_layers_can_be_given_one_by_one() -> None:
    combiner = Concat(
        TABLE,
        output_size=32,
        dropout=0.3,
        norm="layer",
        fc_layers=[{"output_size": 10, "norm": None}, {"activation": "gelu", "dropout": 0.0}],
    )
    assert [str(block) for block in combiner.stack.blocks] == [
        "Linear(in_features=40, out_features=10, bias=True)",
        "ReLU()",
        "Dropout(rate=0.3)",
        "Linear(in_features=10, out_features=32, bias=True)",
        "LayerNorm((32,), eps=1e-05, elementwise_affine=True, bias=True)",
        "GELU(approximate='none')",
    ]
    assert combiner.members == 1
    assert combiner.width == 32


def test_residual_layers_add_their_input() -> None:
    combiner = Concat(TABLE, num_fc_layers=2, output_size=40, residual=True).eval()
    one, two = (block.block[0] for block in combiner.stack.blocks)
    values = encoded(TABLE)
    start = torch.cat(values, 1)
    middle = start + torch.relu(one(start))
    torch.testing.assert_close(combiner(values), middle + torch.relu(two(middle)))


def test_mini_members_share_all_weights_behind_a_scaling_of_their_own() -> None:
    combiner = Concat(TABLE, members=3, output_size=8).eval()
    values = encoded(TABLE)
    together = combiner(values)
    assert together.shape == (5, 3, 8)
    for member in range(3):
        alone = combiner.stack(torch.cat(values, 1) * combiner.scaling.weight[member])
        torch.testing.assert_close(together[:, member], alone)
    assert (together[:, 0] - together[:, 1]).abs().max() > 0.01


def test_a_scaling_starts_with_one_draw_a_column() -> None:
    torch.manual_seed(0)
    weight = Concat(TABLE, members=200).scaling.weight
    assert torch.equal(weight[:, :1].expand(-1, 16), weight[:, :16])
    assert torch.equal(weight[:, 35:39], weight[:, 35:36].expand(-1, 4))
    draws = weight[:, [0, 16, 32, 35, 39]]
    assert abs(draws.mean().item()) < 0.1
    assert abs(draws.std().item() - 1) < 0.1


def test_without_embedded_numbers_scalings_start_at_plus_and_minus_one() -> None:
    parts = Parts((Part("number", (1, 1), embedded=False), Part("category", (3,))))
    weight = Concat(parts, members=50).scaling.weight
    assert weight.unique().tolist() == [-1, 1]
    assert abs(weight.mean().item()) < 0.3


def test_tabm_layers_are_batch_ensembles() -> None:
    combiner = Concat(TABLE, members=3, members_style="tabm", output_size=8).eval()
    one, _, _, two, _, _ = combiner.stack
    for layer in (one, two):
        assert torch.equal(layer.bias, layer.bias[:1].expand(3, 8))  # equal in all members
        torch.nn.init.normal_(layer.s.weight)
    assert torch.equal(two.r.weight, torch.ones(3, 8))
    values = encoded(TABLE)
    for member in range(3):
        state = torch.cat(values, 1)
        for layer in (one, two):
            state = ((state * layer.r.weight[member]) @ layer.linear.weight.T) * layer.s.weight[
                member
            ] + layer.bias[member]
            state = torch.relu(state)
        torch.testing.assert_close(combiner(values)[:, member], state)


def test_packed_members_are_separate_networks() -> None:
    combiner = Concat(TABLE, members=3, members_style="packed", output_size=8).eval()
    one, _, _, two, _, _ = combiner.stack
    values = encoded(TABLE)
    for member in range(3):
        alone = nn.Sequential(nn.Linear(40, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU())
        for mine, layer in zip((alone[0], alone[2]), (one, two), strict=True):
            mine.weight.data = layer.weight.data[member].T
            mine.bias.data = layer.bias.data[member, 0]
        torch.testing.assert_close(combiner(values)[:, member], alone(torch.cat(values, 1)))


def test_defaults_follow_the_inputs_and_the_rows() -> None:
    small = Parts(TABLE.parts, rows=9_999)
    assert Concat(TABLE).decided == {
        "members": 8,
        "num_fc_layers": 2,
        "output_size": 128,
        "dropout": 0.1,
    }
    assert Concat(small).decided["members"] == 16
    assert Concat(TEXT).decided == {
        "members": 1,
        "num_fc_layers": 2,
        "output_size": 256,
        "dropout": 0.0,
    }
    assert Concat(TABLE, output_size=64).decided == {
        "members": 1,
        "num_fc_layers": 2,
        "dropout": 0.0,
    }


def test_batch_norm_sees_members_and_rows_together() -> None:
    combiner = Concat(TABLE, members=4, num_fc_layers=1, output_size=6, norm="batch", dropout=0.0)
    out = nn.Sequential(*list(combiner.stack.blocks)[:2])
    values = torch.randn(50, 4, 40)
    normal = out(values)
    assert normal.shape == (50, 4, 6)
    torch.testing.assert_close(normal.mean((0, 1)), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(normal.var((0, 1), unbiased=False), torch.ones(6), atol=1e-3, rtol=0)


def test_scaling_the_weights_in_training_is_scaling_the_inputs() -> None:
    combiner = Concat(TABLE, members=3, output_size=8, dropout=0.0)
    values = encoded(TABLE)
    in_training = combiner.train()(values)
    in_training.square().sum().backward()
    found = [each.grad.clone() for each in combiner.parameters()]
    combiner.zero_grad()
    outside = combiner.eval()(values)
    outside.square().sum().backward()
    torch.testing.assert_close(in_training, outside)
    for mine, each in zip(found, combiner.parameters(), strict=True):
        torch.testing.assert_close(mine, each.grad, rtol=1e-4, atol=1e-5)
