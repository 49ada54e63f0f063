import numpy as np

from crosstie.clustering.one_cloud import one_cloud


def cloud(points, lumpy=None, inputs=None):
    width = points.shape[1]
    return one_cloud(
        points,
        lumpy=np.zeros(width, bool) if lumpy is None else np.array(lumpy),
        inputs=inputs or [f"c{i}" for i in range(width)],
        seed=7,
    )


def test_it_hangs_together_as_the_true_rows_do():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2000, 1))
    points = np.hstack([shared + 0.5 * rng.normal(size=(2000, 2)), rng.normal(size=(2000, 1))])
    true, made = np.corrcoef(points, rowvar=False), np.corrcoef(cloud(points), rowvar=False)
    np.testing.assert_allclose(made, true, atol=0.06)


def test_two_tops_become_one():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2000, 1)) * 0.3 + np.repeat([[-2.0], [2.0]], 1000, axis=0)
    made = cloud(points)
    assert (np.abs(points) < 1).mean() < 0.01
    assert (np.abs(made) < 1).mean() > 0.3


def test_it_is_as_lopsided_as_the_true_rows_and_goes_no_further():
    points = np.random.default_rng(0).exponential(size=(3000, 1))
    made = cloud(points)
    skew = float((((made - made.mean()) / made.std()) ** 3).mean())
    assert 1.2 < skew < 2.8  # of an exponential 2
    assert points.min() <= made.min() <= made.max() <= points.max()


def test_columns_of_few_values_keep_their_shares_and_nothing_else():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 900)
    points = np.hstack(
        [np.eye(3)[level], np.eye(3)[level], level[:, None] + rng.normal(size=(900, 1))]
    )
    made = cloud(points, [True] * 6 + [False], ["a"] * 3 + ["b"] * 3 + ["c"])
    assert (made[:, :3].sum(0) == points[:, :3].sum(0)).all()
    assert (made[:, :3].sum(1) == 1).all()  # a row has one level of a category
    agree = (made[:, :3].argmax(1) == made[:, 3:6].argmax(1)).mean()
    assert 0.25 < agree < 0.42  # of the true rows all do
