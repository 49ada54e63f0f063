import json

import numpy as np
import pytest

import crosstie
from crosstie.serving.top_losses import row_losses


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """A model of penguins whose islands nobody is to see."""
    table = crosstie.datasets.load("penguins").data["train"]
    return crosstie.train(
        {"data": table, "target": "species", "model_type": "linear", "private": ["island"]},
        output=tmp_path_factory.mktemp("runs") / "birds",
    )


@pytest.mark.slow
def test_each_kind_of_output_has_its_loss():
    np.testing.assert_allclose(row_losses("number", np.array([3.0]), np.array([1.0])), [2.0])
    np.testing.assert_allclose(
        row_losses("binary", np.array([1.0, 0.0]), np.array([0.5, 0.75])), [np.log(2), np.log(4)]
    )
    np.testing.assert_allclose(
        row_losses("category", np.array([1]), np.array([[0.75, 0.25]])), [np.log(4)]
    )
    np.testing.assert_allclose(
        row_losses("set", np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])), [np.log(2)]
    )


@pytest.mark.slow
def test_the_worst_rows_come_first_and_private_cells_are_not_shown(birds):
    model = crosstie.load(birds.path)
    table = crosstie.datasets.load("penguins").read()
    truth = table.cells("species")
    wrong = [{name: table.cells(name)[0] for name in table.columns}] * 2
    wrong[1] = {**wrong[1], "species": "Gentoo"}  # the first bird under a wrong name

    model.evaluate(wrong, top_losses=1)
    [miss] = model.misses
    assert (miss.row, miss.truth, miss.prediction) == (2, "Gentoo", truth[0])
    assert miss.loss > 3
    assert miss.cells["island"] == "(private)"
    assert miss.cells["bill_length_mm"] == "39.1"

    model.evaluate(wrong)
    assert model.misses == []


def test_the_command_lists_them(birds, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # nothing is folded
    from crosstie.cli.evaluate import evaluate

    assert evaluate(str(birds.path), "dataset:penguins", top_losses=2, json=True) == 0
    worst = json.loads(capsys.readouterr().out)["top_losses"]
    assert len(worst) == 2
    assert worst[0]["loss"] >= worst[1]["loss"]

    assert evaluate(str(birds.path), "dataset:penguins", top_losses=2) == 0
    printed = capsys.readouterr().out
    assert "most wrong; 3 more columns with --json" in printed
    assert "(private)" in printed
