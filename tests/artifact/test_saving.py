import json
from importlib.metadata import version

from crosstie.artifact.requirements import requirements
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
