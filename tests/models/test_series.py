"""Encoders of series: what comes after a row's end must not change what is made of it."""

import pytest
import torch

from crosstie.config.options import build
from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.layers.steps import before_end

SERIAL = ["cnnrnn", "parallel_cnn", "rnn", "stacked_cnn", "transformer"]


@pytest.mark.parametrize("of", ["text", "timeseries", "audio"])
def test_the_encoders_of_text_read_series_too(of):
    assert {*SERIAL} <= {name for kind, name, _ in encoders.items() if kind == of}


@pytest.mark.parametrize("name", SERIAL)
def test_how_far_a_row_is_padded_changes_nothing(name):
    torch.manual_seed(0)
    cls = encoders.get(name, of="timeseries")
    encoder = build(cls, Columns("timeseries", ("s",), shape=(12, 2))).eval()
    short = torch.randn(3, 8, 2)
    short[0, 5:] = torch.nan
    short[1, 2, 0] = torch.nan  # a gap inside is no end
    long = torch.cat([short, torch.full((3, 4, 2), torch.nan)], dim=1)
    with torch.no_grad():
        one, other = encoder(short), encoder(long)
    assert torch.isfinite(one).all()
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_row_ends_after_its_last_number():
    nan = torch.nan
    values = torch.tensor([[[nan, 1], [nan, nan], [2, nan], [nan, nan]], [[nan, nan]] * 4])
    assert before_end(values.isnan()).tolist() == [[True, True, True, False], [False] * 4]


@pytest.mark.parametrize("name", ["passthrough", "dense"])
def test_a_missing_number_is_told_from_the_mean(name):
    torch.manual_seed(0)
    cls = encoders.get(name, of="timeseries")
    encoder = build(cls, Columns("timeseries", ("s",), shape=(2, 1)))
    there, gone = encoder(torch.tensor([[[1.0], [0.0]], [[1.0], [torch.nan]]]))
    assert not torch.equal(there, gone)
