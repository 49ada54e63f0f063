"""What layers start from where the file says so."""

import pytest
import torch
from torch import nn

from crosstie.config.options import build
from crosstie.models.layers.ensemble import MemberLinear, SharedLinear
from crosstie.models.layers.initial import Initial, build_part


def started(part: nn.Module, **options: str) -> nn.Module:
    torch.manual_seed(0)
    build(Initial, **options).apply(part)
    return part


def test_weights_and_biases_of_every_kind_of_layer_start_as_said() -> None:
    part = nn.Sequential(nn.Linear(3, 4), nn.Conv1d(2, 3, 2), nn.LSTM(3, 2), nn.LayerNorm(4))
    started(part, weights_initializer="ones", bias_initializer="zeros")
    for name, values in part.named_parameters():
        wanted = 0.0 if "bias" in name else 1.0  # a norm has its own start, which is the same here
        assert values.unique().tolist() == [wanted], name


def test_each_member_starts_like_a_layer_of_its_own() -> None:
    part = started(MemberLinear(5, 30, 20), weights_initializer="xavier_uniform")
    limit = (6 / 50) ** 0.5  # Glorot and Bengio 2010, from the widths of one member
    for member in part.weight:
        assert 0.95 * limit < member.abs().max() <= limit
    assert not torch.equal(part.weight[0], part.weight[1])


def test_a_shared_layer_starts_as_said_and_keeps_its_scalings() -> None:
    part = started(SharedLinear(2, 3, 4), weights_initializer="zeros", bias_initializer="ones")
    assert part.linear.weight.abs().sum() == 0
    assert part.bias.unique().tolist() == [1]
    assert part.r.weight.unique().tolist() == [1]


def test_what_is_not_said_stays_as_the_layer_has_it() -> None:
    torch.manual_seed(1)
    plain = nn.Linear(3, 4)
    torch.manual_seed(1)
    part = build_part(nn.Linear, 3, 4, section={"bias_initializer": "ones"})
    assert torch.equal(part.weight, plain.weight)
    assert part.bias.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("name", ["xavier_normal", "kaiming_uniform", "orthogonal"])
def test_names_are_torchs(name: str) -> None:
    part = started(nn.Linear(6, 4), weights_initializer=name)
    torch.manual_seed(0)
    expected = getattr(nn.init, f"{name}_")(torch.empty(4, 6))
    assert torch.equal(part.weight, expected)
