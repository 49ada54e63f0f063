import numpy as np
import pytest

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Categories, Layout, Output
from crosstie.learners.graph import GraphWriter
from crosstie.learners.target_statistics import TargetStatistics, add_statistics


def some(n=500, levels=8, *, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, levels, n).astype(np.int32)
    return codes, (rng.random(n) < codes / levels).astype(np.float32)


def test_a_level_is_the_mean_of_its_rows_drawn_to_the_mean_of_all():
    codes = np.repeat([1, 2], [30, 10])
    target = np.repeat([1.0, 5.0], [30, 10])
    fitted, _ = TargetStatistics.fit(codes, target, None, 0, levels=4)
    mean = (30 * 1 + 10 * 5) / 40
    expected = [mean, (30 + 10 * mean) / 40, (50 + 10 * mean) / 20, mean]
    np.testing.assert_allclose(fitted.table[:, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(fitted.columns(np.array([3, 1])), fitted.table[[3, 1]])


@pytest.mark.parametrize("classes", [0, 4])
def test_a_training_row_never_sees_its_own_target(classes):
    codes, target = some()
    target = target.astype(np.int64)
    _, columns = TargetStatistics.fit(codes, target, None, 3, levels=8, classes=classes)
    for row in range(20):
        other = target.copy()
        other[row] = 3 - other[row]
        _, again = TargetStatistics.fit(codes, other, None, 3, levels=8, classes=classes)
        np.testing.assert_array_equal(columns[row], again[row])
        assert (columns != again).any(1).sum() > 20  # other rows do


def test_noise_leaks_into_the_table_and_not_into_the_columns():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 1000, 4000)
    target = rng.normal(size=4000)
    fitted, columns = TargetStatistics.fit(codes, target, None, 0, levels=1000)
    assert np.corrcoef(fitted.columns(codes)[:, 0], target)[0, 1] > 0.4
    assert abs(np.corrcoef(columns[:, 0], target)[0, 1]) < 0.05


def test_a_weight_counts_like_as_many_rows():
    codes, target = some()
    weights = np.random.default_rng(1).integers(0, 4, len(codes))
    weighted, _ = TargetStatistics.fit(codes, target, weights, 0, levels=8)
    repeated, _ = TargetStatistics.fit(
        codes.repeat(weights), target.repeat(weights), None, 0, levels=8
    )
    np.testing.assert_allclose(weighted.table, repeated.table, rtol=1e-6)


def test_several_classes_are_a_share_each():
    codes, _ = some()
    target = np.random.default_rng(2).integers(0, 4, len(codes))
    fitted, columns = TargetStatistics.fit(codes, target, None, 0, levels=8, classes=4)
    assert (fitted.table.shape, columns.shape) == ((8, 4), (500, 4))
    np.testing.assert_allclose(fitted.table.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(columns.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(fitted.table[0], np.bincount(target) / 500, atol=1e-6)


def test_two_classes_are_one_column():
    codes, target = some()
    as_number = TargetStatistics.fit(codes, target, None, 0, levels=8)
    as_classes = TargetStatistics.fit(codes, target.astype(int), None, 0, levels=8, classes=2)
    np.testing.assert_array_equal(as_number[0].table, as_classes[0].table)
    np.testing.assert_array_equal(as_number[1], as_classes[1])


def test_of_many_classes_how_frequent_a_level_is():
    codes = np.repeat([1, 3], [30, 10])
    target = np.arange(40)
    fitted, columns = TargetStatistics.fit(codes, target, None, 0, levels=4, classes=40)
    assert fitted.table[:, 0].tolist() == [0, 0.75, 0, 0.25]
    np.testing.assert_array_equal(columns, fitted.columns(codes))


def test_the_same_seed_gives_the_same_columns():
    codes, target = some()
    one, again, other = (
        TargetStatistics.fit(codes, target, None, s, levels=8)[1] for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("rows", [1, 3])
def test_fewer_rows_than_folds_are_enough(rows):
    fitted, columns = TargetStatistics.fit(np.ones(rows, int), np.ones(rows), None, 0, levels=2)
    assert np.isfinite(columns).all()
    assert fitted.table.tolist() == [[1], [1]]


@pytest.mark.parametrize("classes", [0, 4])
def test_a_graph_gathers_the_same(classes, tmp_path):
    codes = np.stack([some(levels=8)[0], some(levels=40, seed=1)[0]], 1)
    target = np.random.default_rng(2).integers(0, 4, len(codes))
    fitted = [
        TargetStatistics.fit(codes[:, i], target, None, 0, levels=levels, classes=classes)[0]
        for i, levels in enumerate((8, 40))
    ]
    width = 2 * max(classes, 1)
    layout = Layout(
        categories=(Categories("a", 8), Categories("b", 40)),
        outputs=(Output("y", "output_0", "category", width),),
    )
    graph = GraphWriter(layout)
    graph.output("output_0", add_statistics(graph, fitted, "categories"), width=width)
    graph.write(tmp_path / "graph.onnx")
    batch = Batch({"categories": codes}, {})
    found = Graph(tmp_path / "graph.onnx", threads=1).run(batch.inputs)["output_0"]
    expected = np.concatenate([f.columns(c) for f, c in zip(fitted, codes.T, strict=True)], 1)
    np.testing.assert_array_equal(found, expected)
