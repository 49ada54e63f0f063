"""A bare graph says by hand what the model says, and tells how."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file

import crosstie
from crosstie.errors import ConfigError, RunError


def by_hand(graph: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What stands beside a graph, and what the graph says of the example there."""
    told = json.loads(graph.with_suffix(".json").read_text(encoding="utf-8"))
    inputs = {each["name"]: np.array(each["example"], each["dtype"]) for each in told["inputs"]}
    session = onnxruntime.InferenceSession(graph)
    return told, session.run([each["name"] for each in told["outputs"]], inputs)


@pytest.mark.slow
def test_a_graph_can_be_run_by_hand(runs: Path, tmp_path: Path) -> None:
    files = crosstie.export("penguins/latest", tmp_path / "bare", runs=runs)
    assert [each.name for each in files] == ["model.json", "model.onnx"]
    told, found = by_hand(tmp_path / "bare" / "model.onnx")
    model = crosstie.load("penguins/latest", runs=runs)
    output = told["outputs"][0]
    np.testing.assert_allclose(found[0], output["example"], rtol=1e-6, atol=1e-6)
    said = model.predict(told["rows"])
    labels = [output["labels"][i] for i in found[0].argmax(axis=1)]
    assert labels == [row[f"{output['predicts']}_prediction"] for row in said]
    columns = [each["column"] for array in told["inputs"] for each in array["columns"]]
    assert sorted(columns) == sorted(model.artifact.columns)
    for array in told["inputs"]:
        assert np.shape(array["example"])[1:] == tuple(array["shape"][1:])


@pytest.mark.slow
def test_weights_are_those_of_the_run(runs: Path, tmp_path: Path) -> None:
    files = crosstie.export(
        "penguins/latest", tmp_path / "weights", format="safetensors", runs=runs
    )
    network = crosstie.load("penguins/latest", runs=runs).path.parent / "network"
    assert [each.name for each in files] == sorted(each.name for each in network.iterdir())
    file = next(each for each in files if each.suffix == ".safetensors")
    for name, array in load_file(network / file.name).items():
        np.testing.assert_array_equal(load_file(file)[name], array)


@pytest.mark.parametrize(
    ("format", "message"),
    [
        (
            "torch",
            "--format torch: what torch writes holds a pickle, which is code. Choose safetensors (a state_dict) or onnx",
        ),
        ("onx", "--format onx: did you mean 'onnx'?"),
    ],
)
def test_a_format_that_is_not_written_says_what_is(
    format: str, message: str, runs: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        crosstie.export("penguins/latest", tmp_path / "out", format=format, runs=runs)
    assert str(caught.value) == message
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_written_over(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        crosstie.export("penguins/latest", tmp_path, runs=runs)
    assert str(caught.value) == f"{tmp_path}: is there already; give -o another name, or remove it"


def test_trees_and_models_alone_say_what_there_is(runs: Path, tmp_path: Path) -> None:
    crosstie.load("penguins/latest", runs=runs).save(tmp_path / "alone" / "model")
    with pytest.raises(RunError) as caught:
        crosstie.export(tmp_path / "alone" / "model", tmp_path / "out", format="safetensors")
    assert str(caught.value) == (
        f"{tmp_path / 'alone' / 'model'}: is a model alone, and its weights are in its graph; give the run it came from, "
        "or take --format onnx"
    )
    network = tmp_path / "alone" / "network"
    network.mkdir()
    for name, own in (("booster.txt", "LightGBM's own text"), ("booster.json", "CatBoost's JSON")):
        (network / name).write_text("tree\n", encoding="utf-8")
        with pytest.raises(RunError) as caught:
            crosstie.export(tmp_path / "alone" / "model", tmp_path / "out", format="safetensors")
        assert str(caught.value) == (
            f"--format safetensors: trees have no weights. There is the graph (--format onnx), and {own}: {network / name}"
        )
        (network / name).unlink()
