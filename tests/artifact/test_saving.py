import json
from importlib.metadata import version

from crosstie.artifact.example import check_example, check_skew
from crosstie.artifact.loading import load
from crosstie.artifact.requirements import requirements
from crosstie.artifact.saving import amend
from crosstie.features.audio import Audio
from crosstie.features.image import Image
from crosstie.features.number import Number
from crosstie.features.text import Text


def test_the_manifest_says_what_the_model_is_and_what_it_needs(penguins):
    manifest = json.loads((penguins / "manifest.json").read_text())

    files = manifest.pop("files")
    assert manifest.pop("run")
    assert manifest == {
        "format": 1,
        "name": "penguins",
        "version": "0.1.0",
        "task": {"species": "category"},
        "crosstie": version("crosstie"),
        "learner": "linear",
        "requirements": {
            name: version(name)
            for name in ("annotated-types", "numpy", "onnxruntime", "safetensors")
        },
    }
    assert sorted(files) == [
        "arrays.safetensors",
        "ensemble.json",
        "example.json",
        "features.json",
        "graph/0.onnx",
        "inference.json",
        "schema.json",
    ]


def test_features_that_need_a_package_bring_it():
    features = [Number("n"), Text("t", tokenizer="bpe"), Image("i"), Audio("a")]

    assert sorted(requirements(features)) == [
        "annotated-types",
        "numpy",
        "onnxruntime",
        "pillow",
        "safetensors",
        "soundfile",
        "tokenizers",
    ]
    assert "tokenizers" not in requirements([Text("t", tokenizer="word")])


def test_a_model_takes_other_example_rows_and_another_version(copy):
    rows = [{"island": "Dream", "bill_length_mm": 40.5, "sex": "female", "year": "2008"}]

    amend(copy, rows=rows, version="1.2.0", name="birds")

    model = load(copy)
    assert (model.manifest["name"], model.manifest["version"]) == ("birds", "1.2.0")
    assert json.loads((copy / "example.json").read_text())["rows"] == rows
    assert [*check_example(copy), *check_skew(copy)] == []
