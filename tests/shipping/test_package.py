"""A package does what its model did, in an environment where nothing else is; the index is a folder of wheels."""

import json
import zipfile

import pytest

import crosstie

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _index(local_index):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_index.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def packaged(runs, tmp_path_factory, _index):
    return crosstie.package(
        "penguins/latest", tmp_path_factory.mktemp("dist"), version="1.2.0", runs=runs
    )


def test_a_package_holds_the_model_its_code_and_a_lock(packaged):
    assert packaged.problems == ()
    assert packaged.wheel.name == "penguins-1.2.0-py3-none-any.whl"
    assert packaged.rows == 5
    assert packaged.imports == ["annotated-types", "numpy", "onnxruntime", "safetensors"]
    assert packaged.installed < packaged.training
    with zipfile.ZipFile(packaged.wheel) as archive:
        names = archive.namelist()
        lock = archive.read("penguins/requirements.txt").decode()
        manifest = json.loads(archive.read("penguins/model/manifest.json"))
    assert {"penguins/__init__.py", "penguins/_runtime/serving/model.py"} <= {*names}
    assert not [each for each in names if "/training/" in each or "/models/" in each]
    assert lock.count("--hash=sha256:") >= len(packaged.requirements)
    assert (manifest["name"], manifest["version"]) == ("penguins", "1.2.0")


def test_the_same_run_gives_the_same_bytes(packaged, runs, tmp_path):
    again = crosstie.package("penguins/latest", tmp_path, version="1.2.0", runs=runs)
    assert again.wheel.read_bytes() == packaged.wheel.read_bytes()


def test_a_package_is_loaded_as_a_model_without_installing_it(packaged, runs):
    rows = json.loads(next(runs.glob("*/*/model/example.json")).read_text())["rows"]
    assert crosstie.load(packaged.wheel).predict(rows) == crosstie.load(
        "penguins/latest", runs=runs
    ).predict(rows)
