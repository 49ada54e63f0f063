"""A small trained model, packaged once for all tests of this room, and what is installed from it."""

import shutil

import pytest

import crosstie


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder of runs with one linear model of the shipped penguins."""
    folder = tmp_path_factory.mktemp("shipping") / "runs"
    crosstie.train(
        "dataset:penguins", target="species", model_type="linear", name="penguins", runs=folder
    )
    return folder


@pytest.fixture
def model(runs, tmp_path):
    """A copy of it that a test may damage."""
    return shutil.copytree(crosstie.runs(runs)[0].model, tmp_path / "model")
