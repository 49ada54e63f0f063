"""Encoders of numbers, vectors and dates, ple aside."""

import math

import torch

from crosstie.features.date import PARTS
from crosstie.models.encoders.date_embed import DateEmbed
from crosstie.models.encoders.dense import Dense
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.periodic import Periodic
from crosstie.models.encoders.vector_dense import VectorDense
from crosstie.models.encoders.wave import Wave

NUMBERS = Columns("number", ("a", "b", "c"))
DATE = Columns("date", ("d",), sizes=(len(PARTS),))
#                      time year month day weekday day_of_year hour minute second
NEW_YEAR = torch.tensor([[0.5, 1.0, 0, 0, 3, 0, 0, 0, 0]])
DECEMBER = torch.tensor([[0.4, 0.9, 11, 30, 2, 364, 23, 59, 59]])
JULY = torch.tensor([[0.4, 0.9, 6, 15, 2, 196, 12, 30, 30]])


def test_each_number_has_a_network_of_its_own() -> None:
    encoder = Dense(NUMBERS, num_layers=2, output_size=4, activation="tanh").eval()
    one, _, _, two, _, _ = encoder.blocks
    values = torch.randn(5, 3)
    found = encoder(values)
    assert found.shape == (5, 3, 4)
    for column in range(3):
        hidden = torch.tanh(values[:, [column]] @ one.weight[column] + one.bias[column])
        expected = torch.tanh(hidden @ two.weight[column] + two.bias[column])
        torch.testing.assert_close(found[:, column], expected)


def test_batch_norm_of_numbers_is_each_columns_own() -> None:
    encoder = Dense(NUMBERS, output_size=4, norm="batch")
    scales = torch.tensor([1.0, 10.0, 100.0])
    normal = encoder.blocks[1](encoder.blocks[0]((torch.randn(64, 3) * scales).unsqueeze(-1)))
    torch.testing.assert_close(normal.var(0, unbiased=False), torch.ones(3, 4), atol=2e-2, rtol=0)


def test_periodic_embeddings_are_x_beside_linear_maps_of_cosines() -> None:
    encoder = Periodic(NUMBERS, embedding_size=3, n_frequencies=5, frequency_scale=0.7)
    values = torch.randn(4, 3)
    found = encoder(values)
    for column in range(3):
        x = values[:, [column]]
        angles = 2 * math.pi * x * encoder.frequencies[column] + encoder.phases[column]
        linear = torch.cos(angles) @ encoder.linear.weight[column] + encoder.linear.bias[column]
        torch.testing.assert_close(found[:, column], torch.cat([x, linear], 1))


def test_frequencies_start_at_the_scale_and_phases_all_round() -> None:
    torch.manual_seed(0)
    columns = Columns("number", tuple(map(str, range(200))))
    encoder = Periodic(columns, n_frequencies=50, frequency_scale=0.3)
    assert abs(encoder.frequencies.std().item() - 0.3) < 0.01
    assert -math.pi < encoder.phases.min().item() < -3
    assert 3 < encoder.phases.max().item() < math.pi


def test_a_vector_goes_through_layers_as_a_whole() -> None:
    encoder = VectorDense(Columns("vector", ("v",), sizes=(4,)), num_layers=1, output_size=6)
    values = torch.randn(5, 4)
    torch.testing.assert_close(encoder(values), torch.relu(encoder.stack.blocks[0](values)))
    assert encoder.widths == (6,)


def test_waves_are_sine_and_cosine_of_what_repeats() -> None:
    found = Wave(DATE)(DECEMBER)[0]
    parts = list(PARTS.items())
    values = DECEMBER[0].tolist()
    still = [value for value, (_, period) in zip(values, parts, strict=True) if not period]
    angles = [
        2 * math.pi * value / period
        for value, (_, period) in zip(values, parts, strict=True)
        if period
    ]
    expected = still + [math.sin(each) for each in angles] + [math.cos(each) for each in angles]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-5, rtol=0)


def test_new_years_eve_is_near_new_year() -> None:
    encoder = Wave(DATE)
    near = (encoder(DECEMBER) - encoder(NEW_YEAR))[:, 2:].norm()
    far = (encoder(JULY) - encoder(NEW_YEAR))[:, 2:].norm()
    assert near < 1.3 < 4 < far


def test_embedded_dates_look_up_each_part() -> None:
    encoder = DateEmbed(DATE, embedding_size=3)
    found = encoder(DECEMBER)[0]
    starts = [0, 12, 43, 50, 416, 440, 500]  # months, days, weekdays, days of the year, hours, …
    places = [start + int(code) for start, code in zip(starts, DECEMBER[0, 2:], strict=True)]
    expected = torch.cat([DECEMBER[0, :2], encoder.weight[places].flatten()])
    assert torch.equal(found, expected)
    assert encoder.widths == (2 + 7 * 3,)
