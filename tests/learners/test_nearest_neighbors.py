import numpy as np
import pytest

from crosstie.config.options import fill
from crosstie.data.batch import Batch, Categories, Layout
from crosstie.errors import ConfigError, DataError
from crosstie.learners import nearest_neighbors
from crosstie.learners.learner import learners
from crosstie.learners.nearest_neighbors import NearestNeighbors
from crosstie.learners.points import Points


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("of", ["number", "binary", "category"])
def test_it_says_what_scikit_learns_own_neighbors_do(of, weights, job, raw, rows):
    from sklearn import neighbors

    train, test = rows(300, of), rows(100, of, seed=2)
    learner = NearestNeighbors(n_neighbors=7, weights=weights)
    learner.fit(job(of, train=train))
    own = getattr(neighbors, "KNeighborsRegressor" if of == "number" else "KNeighborsClassifier")
    own = own(7, weights=weights).fit(learner.points_.array(train), train.targets["y"])
    points = learner.points_.array(test)
    expected = own.predict(points) if of == "number" else own.predict_proba(points)
    expected = expected[:, 1] if of == "binary" else expected
    np.testing.assert_allclose(raw(learner, test), expected, atol=1e-5)


def test_a_row_is_nearest_to_itself(job, raw, rows):
    train = rows(200, "number")
    learner = NearestNeighbors(n_neighbors=1, weights="uniform")
    learner.fit(job("number", train=train))
    np.testing.assert_allclose(raw(learner, train), train.targets["y"], atol=1e-6)


def test_all_rows_as_far_as_the_last_neighbour_count(job, raw, output):
    x = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [5.0]], np.float32)
    y = np.array([1, 2, 6, 10, 20, 99], np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    train = Batch({"numbers": x}, {"y": y})
    for order in (slice(None), slice(None, None, -1)):
        learner = NearestNeighbors(n_neighbors=2, weights="uniform")
        learner.fit(job(layout=layout, train=train.take(order), validation=False))
        asked = Batch({"numbers": np.array([[0.0], [0.9]], np.float32)})
        np.testing.assert_allclose(raw(learner, asked), [3, 15], rtol=1e-6)


def test_weights_by_distance_leave_the_word_to_an_equal_row(job, raw, output):
    x = np.array([[0.0], [1.0], [2.0]], np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    train = Batch({"numbers": x}, {"y": np.array([5, 0, 0], np.float32)})
    learner = NearestNeighbors(n_neighbors=2, weights="distance")
    learner.fit(job(layout=layout, train=train, validation=False))
    assert raw(learner, Batch({"numbers": x[:1]}))[0] == pytest.approx(5, abs=0.01)


def test_a_difference_of_a_spread_is_like_another_level(output):
    x = np.array([[-1.0], [1.0]] * 10, np.float32)
    codes = np.repeat([2, 3], 10)[:, None].astype(np.int32)
    layout = Layout(("a",), (Categories("c", 5),), outputs=(output("number"),))
    batch = Batch({"numbers": x, "categories": codes}, {"y": x[:, 0]})
    points = Points.fit(layout, batch, text_components=4, seed=0)
    array = points.array(batch)
    assert points.names == ["a", "c", "c"]
    assert array[[0, -1]].tolist() == [[-1, 1, 0], [1, 0, 1]]


def test_texts_keep_the_proportions_of_their_directions(rows, inputs):
    train = rows(300, "binary")
    points = Points.fit(inputs("binary"), train, text_components=5, seed=0)
    of_words = [i for i, name in enumerate(points.names) if name == "words"]
    spread = points.array(train)[:, of_words].var(0)
    assert len(of_words) == 5
    assert spread.mean() == pytest.approx(1, abs=1e-4)
    assert spread.max() > 1.05


def test_a_level_of_one_row_has_no_column(output):
    codes = np.array([[2], [2], [3], [3], [4]], np.int32)
    layout = Layout(categories=(Categories("c", 5),), outputs=(output("number"),))
    batch = Batch({"categories": codes}, {"y": np.zeros(5, np.float32)})
    points = Points.fit(layout, batch, text_components=4, seed=0)
    assert points.array(batch).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1], [0, 0]]


def test_rows_with_nothing_in_common_are_told(job, output):
    codes = np.arange(2, 7)[:, None].astype(np.int32)
    layout = Layout(categories=(Categories("c", 7),), outputs=(output("number"),))
    train = Batch({"categories": codes}, {"y": np.zeros(5, np.float32)})
    with pytest.raises(DataError) as told:
        NearestNeighbors().fit(job(layout=layout, train=train, validation=False))
    assert str(told.value) == (
        "nearest_neighbors: no two training rows have anything in common to compare them by"
    )


def test_of_many_rows_a_sample_is_kept_and_said(job, raw, rows, monkeypatch):
    learner = NearestNeighbors(reference_rows=100)
    learner.fit(job("category", n=600))
    about = learner.describe()
    assert (about["rows"], about["of_rows"]) == (100, 600)
    shares = np.bincount(rows(600, "category").targets["y"]) / 6
    np.testing.assert_allclose(learner.targets_.sum(0), shares, atol=1)
    monkeypatch.setattr(nearest_neighbors, "CELLS", 50 * about["columns"])
    learner = NearestNeighbors()
    learner.fit(job("category", n=600))
    assert learner.describe()["rows"] == 50


def test_a_row_without_weight_has_no_vote(job, raw, output):
    x = np.array([[0.0], [0.1], [5.0], [5.1]], np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    train = Batch(
        {"numbers": x},
        {"y": np.array([9, 1, 2, 3], np.float32)},
        np.array([0, 1, 3, 1], np.float32),
    )
    learner = NearestNeighbors(n_neighbors=1, weights="uniform")
    learner.fit(job(layout=layout, train=train, validation=False))
    asked = Batch({"numbers": np.array([[0.0]], np.float32)})
    assert raw(learner, asked)[0] == pytest.approx(1)
    assert learner.describe()["rows"] == 3
    learner = NearestNeighbors(n_neighbors=2, weights="uniform")
    learner.fit(job(layout=layout, train=train, validation=False))
    asked = Batch({"numbers": np.array([[9.0]], np.float32)})
    assert raw(learner, asked)[0] == pytest.approx((3 * 2 + 3) / 4)


def test_neighbours_are_as_many_as_predict_the_others_best(job, output):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (400, 1)).astype(np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    found = []
    for noise in (0.01, 3.0):
        y = (np.sin(3 * x[:, 0]) + noise * rng.normal(size=400)).astype(np.float32)
        learner = NearestNeighbors()
        train = Batch({"numbers": x}, {"y": y})
        learner.fit(job(layout=layout, train=train, validation=False))
        found.append(learner.describe()["neighbors"])
    assert found[0] <= 5
    assert found[1] >= 30


def test_more_neighbours_than_rows_are_all_rows(job, raw, rows):
    train = rows(20, "binary")
    learner = NearestNeighbors(n_neighbors=50, weights="uniform")
    learner.fit(job("binary", train=train))
    assert learner.describe()["neighbors"] == 20
    mean = train.targets["y"].mean()
    np.testing.assert_allclose(raw(learner, rows(5, "binary", seed=2)), mean, rtol=1e-6)


def test_hopeless_tables_are_said():
    assert NearestNeighbors.hopeless(10**7, 300, 10) == ""
    assert NearestNeighbors.hopeless(5000, 5000, 2) == (
        "nearest neighbors keep only 500 of 5,000 rows of 5,000 columns in a graph of 10 MB; at most 2,500 columns"
    )
    assert NearestNeighbors.hopeless(100_000, 10, 1200) == (
        "nearest neighbors of 1,200 classes are few for each; at most 1,000"
    )


def test_options_are_scikit_learns_and_other_words_are_answered():
    assert fill(NearestNeighbors, {"n_neighbors": 3}, "trainer") == {
        "n_neighbors": 3,
        "weights": "auto",
        "reference_rows": 10_000,
        "class_weights": None,
        "text_components": 32,
    }
    assert "knn" in learners.elsewhere("nearest_neighbors")
    with pytest.raises(ConfigError) as told:
        fill(NearestNeighbors, {"k": 3, "metric": "cosine", "p": 2}, "trainer")
    assert str(told.value) == (
        "trainer.k: is called 'n_neighbors' here\n"
        "trainer.metric: is the Euclidean distance; leave it out"
    )
