"""Encoders of categories."""

import pytest
import torch

from crosstie.models.encoders.category_dense import CategoryDense
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.hash import Hash
from crosstie.models.encoders.onehot import OneHot

COLUMNS = Columns("category", ("a", "b", "c"), sizes=(4, 300, 3))


def test_onehot_has_a_place_for_missing_and_each_level_and_none_for_unknown() -> None:
    encoder = OneHot(Columns("category", ("a", "b"), sizes=(4, 3)))
    codes = torch.tensor([[0, 0], [1, 2], [3, 1]], dtype=torch.int32)
    assert encoder.widths == (3, 2)
    assert encoder(codes).tolist() == [
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 1],
        [0, 0, 1, 1, 0],
    ]


def test_dense_gives_wider_vectors_to_columns_with_more_levels() -> None:
    encoder = CategoryDense(COLUMNS)
    assert encoder.widths == (4, 4, 16)
    narrow, wide = encoder.tables
    codes = torch.tensor([[3, 299, 2], [0, 0, 0]], dtype=torch.int32)
    expected = [
        torch.cat([narrow.weight[3], narrow.weight[4 + 2], wide.weight[299]]),
        torch.cat([narrow.weight[0], narrow.weight[4], wide.weight[0]]),
    ]
    assert torch.equal(encoder(codes), torch.stack(expected))


def test_dense_takes_a_width_for_all() -> None:
    encoder = CategoryDense(COLUMNS, embedding_size=7)
    assert encoder.widths == (7, 7, 7)
    assert encoder.tables[0].weight.shape == (307, 7)


def test_hash_asks_the_feature_to_hash() -> None:
    assert Hash.feature_options({"num_hash_buckets": 50, "embedding_size": 4}) == {
        "hash_buckets": 50
    }
    assert OneHot.feature_options({}) == {}


def test_hash_refuses_codes_of_a_vocabulary() -> None:
    with pytest.raises(AssertionError, match="the features of a hash encoder hash"):
        Hash(COLUMNS, num_hash_buckets=100)
