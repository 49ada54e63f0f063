import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp

from crosstie.evaluation.drift import (
    drift_of_levels,
    drift_of_numbers,
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability,
    psi_by_chance,
)


def test_psi_is_the_published_sum():
    # the worked example of Yurdakul 2018's kind: shares .1 .2 .7 to .2 .3 .5
    wanted = 0.1 * np.log(2) + 0.1 * np.log(1.5) + 0.2 * np.log(7 / 5)
    assert population_stability(np.array([10, 20, 70]), np.array([40, 60, 100])) == pytest.approx(
        wanted, rel=1e-12
    )


def test_psi_of_two_normals_is_near_the_closed_form():
    # the symmetrised Kullback-Leibler divergence of N(0, 1) and N(d, 1) is d²; bins can only lose of it
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=200_000), rng.normal(0.3, size=200_000)
    found = drift_of_numbers(first, second, bins=100)
    assert found.psi == pytest.approx(0.09, abs=0.004)
    assert found.p < 1e-12


def test_an_empty_bin_counts_as_half_a_row():
    p, q = 0.5 / 10, 5 / 10
    found = population_stability(np.array([10, 0]), np.array([5, 5]))
    assert found == pytest.approx((0.5 - 1) * np.log(0.5) + (q - p) * np.log(q / p))


@pytest.mark.parametrize("bins", [2, 5, 10, 21])
def test_the_index_by_chance_is_the_chi_squared_quantile(bins):
    wanted = chi2.ppf(0.999, bins - 1) * (1 / 800 + 1 / 500)
    assert psi_by_chance(800, 500, bins) == pytest.approx(
        wanted, rel=0.035
    )  # what the formula promises at one degree of freedom


def test_samples_of_one_population_stay_below_what_chance_gives():
    rng = np.random.default_rng(0)
    beyond = 0
    for _ in range(500):
        found = drift_of_numbers(rng.normal(size=300), rng.normal(size=200))
        beyond += found.psi > found.chance
    assert beyond <= 3


def test_jensen_shannon_is_scipys():
    first, second = np.array([5.0, 0.0, 20.0, 3.0]), np.array([1.0, 4.0, 9.0, 0.0])
    wanted = jensenshannon(first, second, base=2) ** 2
    assert jensen_shannon(first, second) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.3, 1.0])
def test_kolmogorov_smirnov_is_scipys(shift):
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=400), rng.normal(shift, size=300)
    wanted = ks_2samp(first, second, method="exact")
    distance, p = kolmogorov_smirnov(first, second)
    assert distance == pytest.approx(wanted.statistic, rel=1e-12)
    assert p == pytest.approx(wanted.pvalue, rel=0.15, abs=1e-4)


def test_missing_cells_are_a_bin_and_leave_the_distance_alone():
    values = np.arange(100.0)
    holes = np.where(np.arange(100) % 2, values, np.nan)
    found = drift_of_numbers(values, holes)
    assert found.missing == (0.0, 0.5)
    assert found.psi > 1
    assert found.ks == pytest.approx(0.01)


def test_a_value_that_fills_several_bins_is_one_of_its_own():
    gains = np.array([0.0] * 90 + list(range(1, 11)))
    assert drift_of_numbers(gains, gains).psi == 0
    assert drift_of_numbers(gains, np.where(gains == 0, 0.0, 0.0)).constant
    below = np.where(gains == 0, -1.0, gains)  # no bin may hold both sides of it
    assert drift_of_numbers(gains, below).psi > 2


@pytest.mark.parametrize("value", [-7.0, 7.0])
def test_a_constant_that_moves_is_seen_whichever_way(value):
    assert drift_of_numbers(np.zeros(50), np.full(50, value)).psi > 5
    assert not drift_of_numbers(np.zeros(50), np.full(50, value)).constant


def test_what_lies_beyond_the_first_sample_is_counted_apart():
    rare = np.array([0.0] * 90 + [1.0] * 10)
    assert drift_of_numbers(rare, rare * 1000).psi == pytest.approx(
        2 * (0.1 - 0.005) * np.log(0.1 / 0.005)
    )
    values = np.arange(100.0)
    assert drift_of_numbers(values, values).psi == 0
    assert drift_of_numbers(values, np.where(values < 5, -50.0, values)).psi > 0.1


def test_a_few_numbers_far_out_are_counted_where_no_share_moves():
    rare = np.array([0.0] * 980 + [1.0] * 20)
    found = drift_of_numbers(rare, rare * 1000)
    assert (found.far, found.ends) == (20, ((0.0, 1.0), (0.0, 1000.0)))
    assert found.far_p == 0.5**20
    assert found.psi < 0.25
    tail = np.random.default_rng(0).lognormal(
        0, 2, (2, 2000)
    )  # one of two heavy tails is the longer
    assert drift_of_numbers(*tail).far_p >= 0.125


def test_a_level_that_is_written_otherwise_is_far_and_one_that_is_new_is_not():
    first = ["0"] * 980 + ["1"] * 20
    renamed = drift_of_levels(first, ["0"] * 980 + ["1000"] * 20)
    assert (renamed.far, renamed.far_p < 1e-6) == (20, True)
    assert drift_of_levels(first, [*first, *["2"] * 20]).far == 0


def test_names_that_hardly_come_twice_are_not_far():
    rng = np.random.default_rng(0)
    beyond = 0
    for _ in range(300):
        names = rng.zipf(1.3, (2, 300)).astype(str)
        beyond += drift_of_levels(names[0].tolist(), names[1].tolist()).far_p < 0.001
    assert beyond <= 2


def test_rare_and_new_levels_are_counted_together():
    first = [f"level {i}" for i in range(30) for _ in range(30 - i)]
    second = [each if i % 3 else "new" for i, each in enumerate(first)]
    found = drift_of_levels(first, second)
    counts = [30 - i for i in range(20)]
    moved = [sum(each == f"level {i}" for each in second) for i in range(20)]
    others = [len(first) - sum(counts), len(second) - sum(moved)]
    wanted = population_stability(np.array([*counts, others[0]]), np.array([*moved, others[1]]))
    assert found.psi == pytest.approx(wanted)
    assert (found.ks, found.p) == (None, None)


def test_levels_that_become_one_are_constant():
    assert drift_of_levels(["a", "b", None] * 10, ["a", "a", None] * 10).constant
    assert not drift_of_levels(["a"] * 99 + ["b"], ["a"] * 100).constant  # which chance does
    assert not drift_of_numbers(np.array([0.0] * 99 + [1.0]), np.zeros(100)).constant
    assert not drift_of_levels(["a", "a"], ["a"]).constant


def test_nothing_of_nothing():
    empty = np.full(3, np.nan)
    assert drift_of_numbers(empty, empty).psi == 0
    assert drift_of_levels([None], [None]).js == 0
    assert drift_of_numbers(empty, np.arange(3.0)).psi > 1
