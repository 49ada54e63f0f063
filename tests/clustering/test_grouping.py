"""What holds for every way to group."""

import numpy as np
import pytest

from crosstie.artifact.runtime import Graph
from crosstie.clustering.grouping import NONE
from crosstie.clustering.hdbscan import Hdbscan
from crosstie.clustering.kmeans import KMeans
from crosstie.clustering.mixture import Mixture
from crosstie.clustering.space import Space
from crosstie.data.batch import Batch, Layout
from crosstie.learners.graph import GraphWriter

SMOOTH = np.zeros(3, bool)
FITS = {
    "kmeans": lambda points: KMeans.fit(points, 4, seed=0),
    "mixture": lambda points: Mixture.fit(points, 4, seed=0, lumpy=SMOOTH),
    "mixture of few values": lambda points: Mixture.fit(points, 4, seed=0, lumpy=~SMOOTH),
    "hdbscan": lambda points: Hdbscan.fit(points, 10),
}


@pytest.fixture(scope="module")
def space(four_blobs):
    layout = Layout(numbers=("a", "b", "c"))
    batch = Batch({"numbers": four_blobs[0].astype(np.float32)})
    return Space.fit(layout, batch, binary=(), seed=0)


@pytest.fixture(scope="module")
def batch():
    """Rows near the blobs, far from them, and in the middle of everything."""
    rng = np.random.default_rng(9)
    return Batch({"numbers": rng.uniform(-3, 7, size=(300, 3)).astype(np.float32)})


@pytest.fixture(scope="module", params=FITS)
def found(request, four_blobs, space):
    points = space.array(Batch({"numbers": four_blobs[0].astype(np.float32)}))
    return FITS[request.param](points)


@pytest.fixture(scope="module")
def graph(found, space, tmp_path_factory):
    writer = GraphWriter(Layout(numbers=("a", "b", "c")))
    belongs, far = found.add(writer, space.add(writer))
    writer.output("belongs", writer.cast(belongs, np.float32), width=found.groups + found.loose)
    writer.output("far", writer.flat(writer.cast(far, np.float32)), width=None)
    path = tmp_path_factory.mktemp("graph") / "graph.onnx"
    writer.write(path)
    return Graph(path)


def test_the_graph_says_the_group_that_the_model_does(found, graph, space, batch):
    said = graph.run(batch.inputs)["belongs"].argmax(1)
    expected = found.assign(space.array(batch))
    assert (np.where(expected == NONE, found.groups, expected) == said).all()
    assert len(set(said)) == found.groups + found.loose


def test_shares_of_a_row_are_one_in_all(graph, batch):
    belongs = graph.run(batch.inputs)["belongs"]
    assert (belongs >= 0).all()
    np.testing.assert_allclose(belongs.sum(1), 1, atol=1e-6)


def test_a_row_alone_is_in_the_group_that_it_is_in_among_others(graph, batch):
    together = graph.run(batch.inputs)
    for row in range(0, 300, 10):
        alone = graph.run(batch.take(slice(row, row + 1)).inputs)
        assert alone["belongs"].argmax() == together["belongs"][row].argmax()
        np.testing.assert_allclose(alone["belongs"][0], together["belongs"][row], atol=1e-6)
        np.testing.assert_allclose(alone["far"][0], together["far"][row], rtol=1e-6, atol=1e-6)


def test_groups_in_another_order_are_the_same_groups(found, space, batch):
    points = space.array(batch)
    order = [*range(1, found.groups), 0]
    before, after = found.assign(points), found.ordered(order).assign(points)
    places = np.array([*(order.index(i) for i in range(found.groups)), NONE])
    assert (places[before] == after).all()


def test_members_are_about_as_far_as_a_usual_one(found, graph, four_blobs):
    far = graph.run({"numbers": four_blobs[0].astype(np.float32)})["far"]
    assert far.min() >= 0
    assert np.median(far) < 1.2
    assert graph.run({"numbers": np.full((1, 3), 50, np.float32)})["far"][0] > 5


def test_probabilities_of_a_mixture_are_scikit_learns(four_blobs):
    from sklearn.mixture import GaussianMixture

    points, _ = four_blobs
    own = Mixture.fit(points, 4, seed=0, lumpy=SMOOTH)
    theirs = GaussianMixture(
        4, covariance_type=own.shape, reg_covar=1e-3, n_init=4, random_state=0
    ).fit(points)
    assert (own.assign(points) == theirs.predict(points)).all()
    assert own.bic == pytest.approx(theirs.bic(points) / len(points))


def test_rows_between_dense_places_are_in_none(four_blobs):
    found = Hdbscan.fit(four_blobs[0], 10)
    assert found.assign(np.array([[2.0, 2.0, 2.0], [30.0, 0.0, 0.0]])).tolist() == [NONE, NONE]
    assert found.assign(four_blobs[0][:5]).min() >= 0
    assert Hdbscan.fit(np.arange(40.0)[:, None] ** 2, 20).assign(np.zeros((2, 1))).tolist() == [
        -1,
        -1,
    ]
