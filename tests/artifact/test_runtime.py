import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from crosstie.artifact.runtime import PADDED, TOKENS_AT_ONCE, Graph
from crosstie.data.batch import ROWS_AT_ONCE
from crosstie.errors import ArtifactError


@pytest.fixture
def doubling(tmp_path):
    """A graph that doubles `numbers`."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["numbers", "numbers"], ["output_0"])],
        "g",
        [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("output_0", TensorProto.FLOAT, [None, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path = tmp_path / "0.onnx"
    onnx.save(model, path)
    return path


@pytest.fixture
def counting(tmp_path):
    """Makes a graph of two texts: sums of each one's ids, how wide the first was, how many rows went together."""

    def make(first=f"{PADDED}_0", second=f"{PADDED}_1"):
        axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
        nodes = [
            helper.make_node("ReduceSum", ["a", "axis"], ["sum_a"], keepdims=0),
            helper.make_node("ReduceSum", ["b", "axis"], ["sum_b"], keepdims=0),
            helper.make_node("Shape", ["a"], ["width"], start=1, end=2),
            helper.make_node("Shape", ["sum_a"], ["rows"]),
            helper.make_node("Expand", ["width", "rows"], ["widths"]),
            helper.make_node("Expand", ["rows", "rows"], ["together"]),
        ]
        inputs = [("a", first), ("b", second)]
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info(n, TensorProto.INT32, ["rows", w]) for n, w in inputs],
            [
                helper.make_tensor_value_info("sum_a", TensorProto.INT32, ["rows"]),
                helper.make_tensor_value_info("sum_b", TensorProto.INT32, ["rows"]),
                helper.make_tensor_value_info("widths", TensorProto.INT64, ["rows"]),
                helper.make_tensor_value_info("together", TensorProto.INT64, ["rows"]),
            ],
            [axis],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        onnx.save(model, tmp_path / "counting.onnx")
        return Graph(tmp_path / "counting.onnx", threads=1)

    return make


def ids(lengths, width):
    """Ones, then padding."""
    return (np.arange(width) < np.asarray(lengths)[:, None]).astype(np.int32)


def test_rows_of_like_length_go_through_together_and_come_back_in_order(counting):
    lengths = np.tile([1, 500, 3, 0], 100)
    found = counting().run({"a": ids(lengths, 512), "b": ids(lengths // 2, 300)})

    assert found["sum_a"].tolist() == lengths.tolist()
    assert found["sum_b"].tolist() == (lengths // 2).tolist()
    assert set(found["widths"][lengths == 500].tolist()) == {500}
    assert (found["widths"][lengths == 3] == 3).sum() > 90


def test_so_many_rows_go_through_at_once_as_have_so_many_tokens(counting):
    found = counting().run({"a": ids([1000] * 9 + [10] * 500, 1024), "b": ids([0] * 509, 4)})

    assert found["together"].tolist() == [2] * 10 + [186] * 372 + [127] * 127
    assert (found["together"] * (found["widths"] + 1)).max() <= TOKENS_AT_ONCE


def test_an_axis_of_a_fixed_length_is_not_cut(counting):
    found = counting(first=8, second=4).run({"a": ids([1, 2], 8), "b": ids([1, 1], 4)})

    assert found["widths"].tolist() == [8, 8]


def test_a_place_that_is_0_inside_a_row_does_not_end_it(counting):
    found = counting().run({"a": np.array([[0, 0, 7, 0]], np.int32), "b": ids([0], 4)})

    assert (found["sum_a"].tolist(), found["widths"].tolist()) == ([7], [3])


def test_arrays_that_the_graph_does_not_use_are_left_out(doubling):
    inputs = {"numbers": np.ones((3, 2), np.float32), "categories": np.zeros((3, 1), np.int32)}

    assert Graph(doubling).run(inputs)["output_0"].tolist() == [[2, 2]] * 3


def test_rows_that_go_through_in_pieces_come_back_in_order(doubling):
    rows = np.arange(2 * (2 * ROWS_AT_ONCE + 5), dtype=np.float32).reshape(-1, 2)

    np.testing.assert_array_equal(Graph(doubling).run({"numbers": rows})["output_0"], rows * 2)


def test_no_rows_give_no_rows(doubling):
    assert Graph(doubling).run({"numbers": np.zeros((0, 2), np.float32)})["output_0"].shape == (
        0,
        2,
    )


def test_a_file_that_is_no_graph_is_a_clear_error(tmp_path):
    (tmp_path / "0.onnx").write_bytes(b"not a graph")

    with pytest.raises(ArtifactError, match="not a graph that can be run here"):
        Graph(tmp_path / "0.onnx")
