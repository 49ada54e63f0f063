"""Attention and the combiners that use it."""

import pytest
import torch
from torch import nn

from crosstie.errors import ConfigError
from crosstie.models.combiners.combiner import Part, Parts
from crosstie.models.combiners.ft_transformer import FTTransformer
from crosstie.models.combiners.tab_transformer import TabTransformer
from crosstie.models.combiners.transformer import Transformer
from crosstie.models.layers.attention import Attention, Block, hide
from crosstie.models.layers.named import Named
from crosstie.models.layers.project import Project

PARTS = Parts((Part("number", (3, 3)), Part("category", (2, 2, 5)), Part("binary", (1,))))


def encoded() -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.randn(4, sum(part.widths)) for part in PARTS.parts]


def test_attention_is_torchs_and_sees_no_padding() -> None:
    ours = Attention(8, 2, dropout=0.0)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.in_proj_weight.data = ours.project.weight.data
    theirs.in_proj_bias.data = ours.project.bias.data
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    vectors = torch.randn(2, 5, 8)
    present = torch.tensor([[True] * 5, [True, True, False, False, False]])
    expected, _ = theirs(vectors, vectors, vectors, key_padding_mask=~present)
    found = ours(vectors, hide(present, vectors.dtype))
    torch.testing.assert_close(found, expected)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError) as caught:
        Attention(10, 3, dropout=0.0)
    assert str(caught.value) == (
        "num_heads: 3 heads do not divide hidden_size 10. Take one that does."
    )


def test_a_gated_block_is_reglu_behind_norms() -> None:
    block = Block(6, 2, inner=5, dropout=0.0, activation="reglu")
    vectors = torch.randn(3, 4, 6)
    middle = vectors + block.attention(block.before(vectors), None)
    value, gate = block.widen(block.between(middle)).chunk(2, -1)
    torch.testing.assert_close(block(vectors), middle + block.narrow(value * torch.relu(gate)))


def test_every_column_is_projected_by_its_own_map() -> None:
    project = Project([part.widths for part in PARTS.parts], 4)
    values = encoded()
    vectors = project(values)
    assert vectors.shape == (4, 6, 4)
    assert project.columns == 6
    numbers, pairs, single, flag = project.maps
    torch.testing.assert_close(
        vectors[:, 1], values[0][:, 3:] @ numbers.weight[1] + numbers.bias[1, 0]
    )
    torch.testing.assert_close(vectors[:, 2], values[1][:, :2] @ pairs.weight[0] + pairs.bias[0, 0])
    torch.testing.assert_close(
        vectors[:, 4], values[1][:, 4:] @ single.weight[0] + single.bias[0, 0]
    )
    torch.testing.assert_close(vectors[:, 5], values[2] * flag.weight[0, 0] + flag.bias[0, 0])


def test_transformer_reduces_as_told() -> None:
    values = encoded()
    for kind, width in (("mean", 16), ("sum", 16), ("max", 16), ("concat", 96)):
        combiner = Transformer(
            PARTS, hidden_size=16, num_heads=2, num_fc_layers=0, reduce_output=kind
        ).eval()
        assert combiner.width == width
        vectors = combiner.blocks(combiner.project(values))
        expected = {
            "mean": vectors.mean(1),
            "sum": vectors.sum(1),
            "max": vectors.amax(1),
            "concat": vectors.flatten(1),
        }[kind]
        torch.testing.assert_close(combiner(values), expected)


def test_ft_transformer_answers_with_its_cls_vector() -> None:
    combiner = FTTransformer(PARTS, hidden_size=16, num_heads=2, num_layers=2).eval()
    values = encoded()
    tokens = torch.cat([combiner.project(values), combiner.cls.expand(4, 1, 16)], 1)
    last = combiner.blocks(tokens)[:, -1]
    expected = torch.relu(nn.functional.layer_norm(last, (16,)))
    torch.testing.assert_close(combiner(values), expected)
    assert combiner.width == 16
    assert len(combiner.blocks) == 2


def test_tab_transformer_keeps_numbers_out_of_the_attention() -> None:
    combiner = TabTransformer(PARTS, hidden_size=16, num_heads=2, num_fc_layers=0).eval()
    values = encoded()
    found = combiner(values)
    assert combiner.width == 3 * 16 + 7
    plain = torch.cat([values[0], values[2]], 1)
    torch.testing.assert_close(found[:, 48:], nn.functional.layer_norm(plain, (7,)))
    changed = combiner([values[0] + torch.randn(4, 6), values[1], values[2]])
    assert torch.equal(changed[:, :48], found[:, :48])
    seen = combiner([values[0], values[1].roll(1, 0), values[2]])
    assert (seen[:, :48] - found[:, :48]).abs().max() > 0.01


def test_tab_transformer_does_without_categories() -> None:
    parts = Parts((Part("number", (3, 3)),))
    combiner = TabTransformer(parts, num_fc_layers=0).eval()
    values = [torch.randn(4, 6)]
    torch.testing.assert_close(combiner(values), nn.functional.layer_norm(values[0], (6,)))


def test_columns_can_carry_a_vector_of_their_own() -> None:
    widths = [PARTS.parts[1].widths]
    values = [encoded()[1]]
    added = Named(widths, 8, "add")
    torch.testing.assert_close(added(values), added.project(values) + added.names)
    beside = Named(widths, 8, 3)
    found = beside(values)
    assert found.shape == (4, 3, 8)
    torch.testing.assert_close(found[..., :5], beside.project(values))
    torch.testing.assert_close(found[2, :, 5:], beside.names)
    with pytest.raises(ConfigError) as caught:
        Named(widths, 8, 8)
    assert str(caught.value) == (
        "combiner.embed_input_feature_name: must be less than hidden_size 8, got 8. "
        "Write less, or add."
    )
