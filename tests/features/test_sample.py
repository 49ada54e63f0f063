import numpy as np

from crosstie.features import sample
from crosstie.features.moments import Moments
from crosstie.features.sample import Sample

SHARES = np.linspace(0, 1, 101)


def test_few_values_have_exact_quantiles():
    values = np.random.default_rng(0).normal(size=1000)
    halves = Sample(), Sample()
    halves[0].add(values[:300])
    halves[1].add(values[300:])
    halves[0].merge(halves[1])
    np.testing.assert_allclose(halves[0].quantiles(SHARES), np.quantile(values, SHARES), rtol=1e-12)


def test_many_values_have_close_quantiles_in_bounded_memory():
    values = np.random.default_rng(0).normal(size=1_000_000)
    held = Sample()
    for part in np.array_split(np.sort(values), 9):  # sorted: the worst order for a sample
        held.add(part)
    assert sum(map(len, held._values)) <= sample.ROOM
    found = held.quantiles(SHARES)
    assert found[0] == values.min()
    assert found[-1] == values.max()
    ranks = np.searchsorted(np.sort(values), found) / len(values)
    assert np.abs(ranks - SHARES).max() < 3e-4


def test_moments_of_parts_are_those_of_the_whole():
    values = np.random.default_rng(0).normal(1e9, 1, size=(1000, 3))
    values[::7, 1] = np.nan
    parts = Moments(3)
    for part in np.array_split(values, 7):
        parts.add(part)
    np.testing.assert_allclose(parts.centre, np.nanmean(values, axis=0), rtol=1e-15)
    np.testing.assert_allclose(parts.spread, np.nanstd(values, axis=0), rtol=1e-6)
    assert parts.count.tolist() == [1000, 857, 1000]


def test_a_constant_has_no_spread_to_divide_by():
    moments = Moments()
    for part in np.array_split(np.full(1000, 0.1), 7):
        moments.add(part)
    assert (moments.centre[0], moments.spread[0]) == (0.1, 1.0)
