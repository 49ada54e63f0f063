"""The classes that the contracts' docstrings show are options like any other."""

import doctest
import math
from pathlib import Path

import pytest
import torch
from worlds import NUMBER, architecture, network, tensors

import crosstie.models.combiners.combiner as combining
import crosstie.models.decoders.decoder as decoding
import crosstie.models.encoders.encoder as encoding
from crosstie.artifact.runtime import Graph
from crosstie.config.options import fill
from crosstie.data.batch import Layout, Output
from crosstie.models.export import examples, export_onnx
from crosstie.models.layers.ensemble import head

REGISTRIES = (encoding.encoders, combining.combiners, decoding.decoders)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the examples of the three docstrings; the registries are as before afterwards."""
    for registry in REGISTRIES:
        registry.names()
        monkeypatch.setattr(registry, "_classes", dict(registry._classes))
    for module, name in ((encoding, "Encoder"), (combining, "Combiner"), (decoding, "Decoder")):
        cls = getattr(module, name)
        names = {**vars(module), "torch": torch, "nn": torch.nn, "head": head, "Output": Output}
        (example,) = [
            each for each in doctest.DocTestFinder().find(cls, globs=names) if each.name == name
        ]
        result = doctest.DocTestRunner().run(example, clear_globs=False)
        assert result.attempted == len(example.examples) > 0
        assert result.failed == 0


@pytest.mark.usefixtures("shown")
def test_the_shown_classes_train_and_export(tmp_path: Path) -> None:
    layout = Layout(numbers=("a", "b"), outputs=(NUMBER,))
    parts = architecture(
        {"a": "number", "b": "number"},
        (NUMBER,),
        encoder={"type": "squares", "limit": 4.0},
        combiner={"type": "gate", "sharpness": 2.0},
        decoder={"type": "bounded"},
    )
    built = network(layout, parts).eval()
    (group,) = built.inputs.groups
    assert group.encoder(torch.tensor([[1.0, -3.0]])).tolist() == [[[1, 1], [-3, 4]]]
    given = examples(layout, 7)
    logits = built(tensors(given))["y"]
    logits.sum().backward()
    assert all(each.grad is not None for each in built.parameters())
    assert logits.abs().max() < 3
    export_onnx(built, layout, tmp_path / "graph.onnx")
    found = Graph(tmp_path / "graph.onnx", threads=1).run(given)["output_0"]
    torch.testing.assert_close(torch.from_numpy(found), logits.detach())


@pytest.mark.usefixtures("shown")
def test_their_keyword_only_parameters_are_their_options() -> None:
    cls = encoding.encoders.get("squares", of="number")
    assert fill(cls, {}, "encoder") == {"limit": 9.0}
    assert math.isclose(fill(cls, {"limit": 2}, "encoder")["limit"], 2.0)


def test_every_component_says_what_its_options_are() -> None:
    from crosstie.config.options import options
    from crosstie.models.losses.loss import losses

    for registry in (*REGISTRIES, losses):
        for kind, name, cls in registry.items():
            missing = [each.name for each in options(cls).values() if not each.description]
            assert missing == [], f"{registry.kind} {kind} {name}"
