import csv
import json

import pytest

import crosstie
from crosstie.artifact.example import check_skew
from crosstie.artifact.saving import amend
from crosstie.errors import RunError
from crosstie.pipeline.sample import sample_rows

TOWNS = ["Aachen", "Bonn", "Celle"]


@pytest.fixture
def shops(tmp_path):
    """A file with decimal commas and a private column, in which no two rows are alike."""
    path = tmp_path / "shops.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["size", "town", "owner", "open", "price"])
        for i in range(120):
            town = TOWNS[i % 3]
            writer.writerow([f"{i},25", town, f"owner {i % 7}", ["yes", "no"][i % 2], i * 2])
    return path


def test_sampled_rows_are_training_rows_without_private_columns(shops, tmp_path):
    run = crosstie.train(
        shops,
        target="price",
        model_type="linear",
        set=["private=[owner]"],
        output=tmp_path / "run",
    )

    rows = sample_rows(run, rows=4)

    assert len(rows) == 4
    for row in rows:
        i = int(row["size"])
        assert row == {
            "size": i + 0.25,
            "town": TOWNS[i % 3],
            "open": ["yes", "no"][i % 2],
        }
    amend(run.model, rows=rows)
    shown = json.loads((run.model / "example.json").read_text())["rows"]
    assert shown == [{**row, "owner": None} for row in rows]
    assert check_skew(run.model) == []


def test_no_row_is_shown_of_a_table_that_changed(shops, tmp_path):
    run = crosstie.train(shops, target="price", model_type="linear", output=tmp_path / "run")
    shops.write_text(shops.read_text().replace("Bonn", "Bern"))

    with pytest.raises(
        RunError, match=r"shops\.csv is not the table that it was trained on any more"
    ):
        sample_rows(run)
