import onnx
import pytest
from onnx import TensorProto, helper

from crosstie.artifact.outside import keeps_outside
from crosstie.artifact.runtime import Graph
from crosstie.errors import ArtifactError


def tensor(*, outside):
    found = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    if outside:
        found.ClearField("float_data")
        found.data_location = TensorProto.EXTERNAL
        found.external_data.add(key="location", value="../../secret")
    return found


def model(where, *, outside):
    """A model that has a tensor at one of the places where ONNX may have one."""
    x = helper.make_tensor_value_info("location", TensorProto.FLOAT, [2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    held = tensor(outside=outside)
    add = helper.make_node("Add", ["location", "w"], ["y"])
    if where == "initializer":
        graph = helper.make_graph([add], "g", [x], [y], [held])
    elif where == "constant":
        node = helper.make_node("Constant", [], ["w"], value=held)
        graph = helper.make_graph([node, add], "g", [x], [y])
    elif where == "behind numbers":
        node = helper.make_node("Constant", [], ["w"], value=held)
        node.attribute[0].ints.extend([0, -1, 5, 1 << 40])
        node.attribute[0].floats.extend([0.5, 5e-324])
        graph = helper.make_graph([node, add], "g", [x], [y])
    else:
        inner = helper.make_graph(
            [helper.make_node("Identity", ["w"], ["v"])], "i", [], [y], [held]
        )
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
        graph = helper.make_graph([node], "g", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("where", ["initializer", "constant", "behind numbers", "branch"])
def test_numbers_in_other_files_are_seen_wherever_a_tensor_may_be(where):
    assert keeps_outside(model(where, outside=True).SerializeToString())
    assert not keeps_outside(model(where, outside=False).SerializeToString())


def test_a_graph_with_numbers_in_other_files_is_refused(tmp_path):
    onnx.save(model("initializer", outside=True), tmp_path / "0.onnx")
    (tmp_path.parent / "secret").write_bytes(bytes(8))

    with pytest.raises(ArtifactError) as error:
        Graph(tmp_path / "0.onnx")

    assert str(error.value) == (
        f"{tmp_path / '0.onnx'}: keeps numbers in other files, which a model never does: they could lie anywhere. "
        "Save the graph with all of its weights inside"
    )


@pytest.mark.parametrize("content", [b"\xff" * 40, b"\x3a\xff\xff\xff\x7f", b"\x3b", b"\x38\x01"])
def test_what_is_no_protocol_buffer_is_a_value_error(content):
    with pytest.raises(ValueError, match=r"byte|message"):
        keeps_outside(content)
