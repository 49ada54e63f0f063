"""A small trained model, and what tests do to its files."""

import json
import shutil

import pytest

import crosstie
from crosstie.data.files import sha256


@pytest.fixture(scope="session")
def penguins(tmp_path_factory):
    """The folder of a linear model of the shipped penguins."""
    runs = tmp_path_factory.mktemp("runs")
    return crosstie.train(
        "dataset:penguins", target="species", model_type="linear", name="penguins", runs=runs
    ).model


@pytest.fixture
def copy(penguins, tmp_path):
    """A copy of it that a test may damage."""
    return shutil.copytree(penguins, tmp_path / "model")


@pytest.fixture(scope="session")
def signed():
    """Makes a damaged model's hashes fit its files again, as whoever means harm would."""

    def sign(folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"] = {
            name: sha256(folder / name) for name in manifest["files"] if (folder / name).is_file()
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return sign
