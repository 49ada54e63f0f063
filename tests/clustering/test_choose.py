import numpy as np
import pytest

from crosstie.clustering.choose import choose
from crosstie.clustering.grouping import NONE
from crosstie.clustering.words import verdict
from crosstie.errors import DataError

METHODS = ("kmeans", "mixture", "hdbscan")


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_four_blobs_are_found_and_counted(method, four_blobs, rows):
    points, whose = four_blobs
    choice = choose(rows(points), method, groups=None, most=5)
    assert (choice.grouping.groups, choice.best.groups, choice.clear) == (4, 4, True)
    found = choice.grouping.assign(points)
    inside = found >= 0
    pairs = set(zip(whose[inside].tolist(), found[inside].tolist(), strict=True))
    assert len(pairs) == 4
    assert inside.mean() > 0.95
    assert choice.stability > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_cloud_is_not_said_to_have_groups(method, rows):
    points = np.random.default_rng(1).normal(size=(120, 3))
    choice = choose(rows(points), method, groups=None, most=4)
    assert not choice.clear
    assert verdict(choice, method=method, asked=None).startswith("No ")


@pytest.mark.slow
def test_a_long_lopsided_cloud_is_one_cloud(rows):
    rng = np.random.default_rng(4)
    points = np.exp(rng.normal(size=(200, 1)) + 0.3 * rng.normal(size=(200, 2)))
    choice = choose(rows(points), "kmeans", groups=None, most=4)
    assert not choice.clear
    assert choice.best.silhouette > 0.4  # which alone would look like groups


def test_columns_of_few_values_that_have_nothing_to_do_with_each_other_make_no_groups(rows):
    rng = np.random.default_rng(5)
    points = (rng.random((200, 3)) < 0.5) * np.sqrt(2)
    given = rows(points)
    given.lumpy[:] = True
    choice = choose(given, "kmeans", groups=8, most=4)
    assert choice.best.silhouette == pytest.approx(1)  # eight points, each many times
    assert not choice.clear


@pytest.mark.slow
def test_two_moons_are_told_apart_by_density_alone(rows):
    rng = np.random.default_rng(0)
    angle = np.pi * rng.random(300)
    upper = np.arange(300) < 150
    moons = np.where(
        upper[:, None],
        np.stack([np.cos(angle), np.sin(angle)], 1),
        np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1),
    )
    points = moons + 0.05 * rng.normal(size=(300, 2))
    choice = choose(rows(points), "hdbscan", groups=None, most=10)
    found = choice.grouping.assign(points)
    assert (choice.grouping.groups, choice.clear) == (2, True)
    assert (found == NONE).sum() <= 2
    assert sorted({*found[upper]} - {NONE}) != sorted({*found[~upper]} - {NONE})
    assert len({*found[upper]} - {NONE}) == len({*found[~upper]} - {NONE}) == 1


@pytest.mark.slow
def test_as_many_groups_are_made_as_are_asked_for(four_blobs, rows):
    points, _ = four_blobs
    for method in ("kmeans", "mixture"):
        choice = choose(rows(points), method, groups=3, most=10)
        assert choice.grouping.groups == 3
        assert [each.groups for each in choice.tried if each.groups > 1] == [3]
        said = verdict(choice, method=method, asked=3)
        assert said.startswith(("3 groups, as asked, stand apart: ", "No clear groups: "))


@pytest.mark.slow
def test_the_last_number_that_was_tried_is_said_to_be_the_last(four_blobs, rows):
    points, _ = four_blobs
    choice = choose(rows(points), "kmeans", groups=None, most=4)
    assert verdict(choice, method="kmeans", asked=None).endswith(" No more were tried.")
    choice = choose(rows(points), "kmeans", groups=None, most=5)
    assert verdict(choice, method="kmeans", asked=None) == (
        f"4 groups stand apart: rows are nearer to their own than to the next (silhouette {choice.best.silhouette:.2f}, of "
        f"rows that are one cloud {choice.best.reference:.2f}), and two halves of the rows are grouped alike (stability {choice.stability:.2f})."
    )


@pytest.mark.slow
def test_groups_are_those_of_the_figures_where_there_are_more_rows_than_are_judged(rows):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4000, 2)) + np.repeat([[0, 0], [6, 0]], 2000, axis=0)
    choice = choose(rows(points), "kmeans", groups=None, most=3)
    sizes = np.bincount(choice.grouping.assign(points))
    assert choice.judged == 1000
    assert sorted(sizes) == pytest.approx([2000, 2000], abs=20)
    np.testing.assert_allclose(sorted(choice.grouping.centres[:, 0]), [0, 6], atol=0.1)


def test_rows_that_are_all_the_same_cannot_be_grouped(rows):
    with pytest.raises(DataError, match="all rows are the same in these columns"):
        choose(rows(np.ones((30, 2))), "kmeans", groups=None, most=10)


def test_more_groups_than_rows_differ_are_refused(rows):
    points = np.repeat([[0.0], [1.0], [2.0], [5.0]], 10, axis=0)
    with pytest.raises(DataError) as error:
        choose(rows(points), "kmeans", groups=5, most=10)
    assert str(error.value) == "groups: 5 are too many of 40 rows, 4 of them different; at most 4"


@pytest.mark.slow
def test_a_number_of_groups_that_no_density_gives_is_refused_with_those_it_gives(four_blobs, rows):
    with pytest.raises(DataError) as error:
        choose(rows(four_blobs[0]), "hdbscan", groups=7, most=10)
    assert str(error.value).startswith("groups: HDBSCAN finds ")
    assert str(error.value).endswith(
        "4 groups in these rows, not 7; leave it out, or take another method"
    )


@pytest.mark.slow
def test_halves_that_are_too_few_to_hold_a_dense_place_do_not_count_as_alike(rows):
    points = np.random.default_rng(0).normal(size=(21, 2))
    choice = choose(rows(points), "hdbscan", groups=None, most=10)
    assert not choice.clear
    assert all(each.stability < 0.6 for each in choice.tried)


@pytest.mark.slow
def test_rows_that_lie_nowhere_dense_have_no_groups(rows):
    points = np.random.default_rng(0).random((6, 40)).T
    choice = choose(rows(points), "hdbscan", groups=None, most=10)
    assert (choice.grouping.groups, choice.clear) == (0, False)
    assert verdict(choice, method="hdbscan", asked=None) == (
        "No groups: nowhere do rows lie so dense that they would be one."
    )
