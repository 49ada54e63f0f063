"""A small trained model, and what tests do to its files."""

import shutil

import pytest

import crosstie


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
