import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from crosstie.artifact.runtime import Graph
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
