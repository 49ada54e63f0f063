"""Graphs of networks."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor
from worlds import MIXED, MIXED_TYPES, architecture, network, tensors

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Layout
from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.export import ExportError, examples, export_onnx


def written(
    folder: Path, combiner: str = "concat", *, layout: Layout = MIXED
) -> tuple[Path, torch.nn.Module]:
    types = {name: kind for name, kind in MIXED_TYPES.items() if kind != "text" or layout.tokens}
    parts = architecture(types, layout.outputs, combiner={"type": combiner})
    built = network(layout, parts)
    export_onnx(built, layout, folder / "graph.onnx")
    return folder / "graph.onnx", built


def shapes(path: Path) -> dict[str, tuple[str, list[int | str]]]:
    """Type and axes of a graph's inputs; free axes by name."""
    kinds = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT32: "int32"}
    types = {each.name: each.type.tensor_type for each in onnx.load(path).graph.input}
    return {
        name: (kinds[kind.elem_type], [axis.dim_param or axis.dim_value for axis in kind.shape.dim])
        for name, kind in types.items()
    }


def test_inputs_and_outputs_are_the_layouts_with_free_rows_and_lengths(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    assert shapes(path) == {
        "numbers": ("float32", ["rows", 2]),
        "categories": ("int32", ["rows", 2]),
        "tokens_0": ("int32", ["rows", "padded_length_0"]),
    }
    assert [each.name for each in onnx.load(path).graph.output] == ["output_0"]


def test_a_graph_says_nothing_of_where_it_was_made(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    model = onnx.load(path)
    assert model.producer_name == model.producer_version == model.doc_string == ""
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
    text = str(model)
    assert "metadata_props" not in text
    assert re.findall(r'doc_string: "[^"]+"', text) == []
    strings = re.findall(r'"([^"]*)"', text)
    assert [each for each in strings if "/" in each or "crosstie." in each] == []
    assert b".py" not in path.read_bytes()


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    path, built = written(tmp_path)
    export_onnx(built, MIXED, tmp_path / "again.onnx")
    assert path.read_bytes() == (tmp_path / "again.onnx").read_bytes()


def test_exporting_leaves_the_network_in_training_if_it_was(tmp_path: Path) -> None:
    _, built = written(tmp_path)
    assert built.training
    assert all(module.training for module in built.modules())


@pytest.fixture
def own_combiner(monkeypatch: pytest.MonkeyPatch):
    """Makes a class an option of the file for one test."""

    def add(name: str, cls: type[Combiner]) -> None:
        combiners.names()
        monkeypatch.setitem(combiners._classes, ("", name), cls)

    return add


class Baked(Combiner):
    """Counts rows in Python, which a trace takes for a constant."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.width = parts.width

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        values = torch.cat(list(encoded), 1)
        return values * len(values.tolist())


class Bagged(Combiner):
    """Uses an operation that only the newer exporter knows."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.width = 2
        self.weight = torch.nn.Parameter(torch.randn(3, 2))

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        ids = torch.cat([(part[:, :2] > 0).long() for part in encoded], 1)
        return torch.nn.functional.embedding_bag(ids, self.weight, padding_idx=0, mode="sum")


@pytest.mark.slow
def test_a_graph_that_disagrees_is_not_written(
    tmp_path: Path, own_combiner, capfd: pytest.CaptureFixture[str]
) -> None:
    own_combiner("baked", Baked)
    with pytest.raises(ExportError) as caught:
        written(
            tmp_path, "baked", layout=replace(MIXED, tokens=())
        )  # else each exporter tries twice
    message = str(caught.value)
    assert message.startswith(
        "the network cannot be written as a graph: a component does what ONNX cannot say "
        "(traced: differs from torch by "
    )
    assert message.endswith(
        "Write it with tensor operations only, without Python numbers that depend on the batch."
    )
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_what_the_fast_exporter_does_not_know_goes_to_the_other_in_silence(
    tmp_path: Path, own_combiner, capfd: pytest.CaptureFixture[str]
) -> None:
    own_combiner("bagged", Bagged)
    path, built = written(tmp_path, "bagged")
    given = examples(MIXED, 9)
    with torch.no_grad():
        expected = built.eval().predict(built(tensors(given)))["output_0"]
    found = Graph(path, threads=1).run(given)["output_0"]
    torch.testing.assert_close(torch.from_numpy(found), expected)
    assert capfd.readouterr() == ("", "")


def test_random_rows_cover_what_a_request_can_hold() -> None:
    found = examples(MIXED, 200)
    assert {name: (array.dtype.name, array.shape[1:]) for name, array in found.items()} == (
        MIXED.inputs
    )
    assert torch.isnan(tensors(found)["numbers"]).any()
    assert set(found["categories"][:, 0]) == set(range(5))
    lengths = (found["tokens_0"] != 0).sum(1)
    assert set(lengths) == set(range(7))


def test_the_graph_takes_an_empty_batch(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    found = Graph(path, threads=1).run(examples(MIXED, 0))
    assert found["output_0"].shape == (0,)
