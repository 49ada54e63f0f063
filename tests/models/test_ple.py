"""Piecewise-linear embeddings."""

import numpy as np
import torch

from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.ple import PiecewiseLinear


def make(values: list[list[float]], *, n_bins: int | None = 4, size: int = 3) -> PiecewiseLinear:
    array = np.array(values, np.float32).T.copy()
    names = tuple(str(place) for place in range(array.shape[1]))
    columns = Columns("number", names, rows=len(array), values=array)
    return PiecewiseLinear(columns, embedding_size=size, n_bins=n_bins)


def test_a_number_fills_the_bins_below_it_and_part_of_its_own() -> None:
    encoder = make([[0, 1, 2, 4, 8]])  # quartiles 0, 1, 2, 4, 8
    given = torch.tensor([[0.0], [1.5], [3.0], [8.0]])
    assert encoder.encode(given)[0].tolist() == [
        [0, 0, 0, 0, 0],
        [1.5, 1, 0.5, 0, 0],
        [3, 1, 1, 0.5, 0],
        [8, 1, 1, 1, 1],
    ]


def test_the_outer_bins_go_on_beyond_the_training_rows() -> None:
    encoder = make([[0, 1, 2, 4, 8]])
    given = torch.tensor([[-2.0], [12.0]])
    assert encoder.encode(given)[0].tolist() == [[-2, -2, 0, 0, 0], [12, 1, 1, 1, 2]]


def test_repeated_quantiles_are_one_edge_and_bins_that_a_column_has_not_stay_empty() -> None:
    encoder = make([[0, 0, 0, 1, 2], [0, 1, 2, 4, 8]])
    encoded = encoder.encode(torch.tensor([[1.5, 0.0], [5.0, 0.0]]))[0]
    assert encoded.tolist() == [[1.5, 1, 0.5, 0, 0], [5, 1, 4, 0, 0]]


def test_missing_and_constant_columns_get_no_bins() -> None:
    encoder = make([[7, 7, 7], [np.nan, np.nan, np.nan]])
    assert encoder.encode(torch.tensor([[9.0, 9.0]])).tolist() == [[[9, 0, 0, 0, 0]]] * 2


def test_bins_come_from_the_values_that_are_there() -> None:
    given = torch.linspace(-1, 9, 7).unsqueeze(1)
    with_gaps = make([[0, np.nan, 1, 2, np.nan, 4, 8]])
    assert torch.equal(with_gaps.encode(given), make([[0, 1, 2, 4, 8]]).encode(given))


def test_it_starts_as_a_plain_linear_embedding() -> None:
    encoder = make([[0, 1, 2, 4, 8]])
    given = torch.tensor([[-3.0], [0.0], [5.0]])
    expected = given.unsqueeze(-1) * encoder.weight[0, 0] + encoder.bias[0, 0]
    torch.testing.assert_close(encoder(given), expected)
    assert encoder.weight[:, 1:].abs().max() == 0


def test_columns_are_mapped_apart() -> None:
    encoder = make([[0, 1, 2, 4, 8], [0, 10, 20, 40, 80]])
    torch.nn.init.normal_(encoder.weight)
    given = torch.tensor([[3.0, 15.0], [1.0, 70.0]])
    encoded = encoder.encode(given)
    expected = torch.stack(
        [encoded[column] @ encoder.weight[column] + encoder.bias[column] for column in range(2)], 1
    )
    assert encoder.widths == (3, 3)
    torch.testing.assert_close(encoder(given), expected)


def test_few_rows_get_few_bins() -> None:
    rng = np.random.default_rng(0)
    for rows, bins in ((20, 2), (320, 20), (5000, 48)):
        encoder = make([list(rng.normal(size=rows))], n_bins=None)
        assert encoder.decided == {"n_bins": bins}
        assert encoder.weight.shape == (1, 1 + bins, 3)
