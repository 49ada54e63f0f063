"""Three small runs, one for each kind of output that has pictures of its own."""

from pathlib import Path

import pytest

import crosstie


@pytest.fixture(scope="session")
def runs(tmp_path_factory, shared_data, customers) -> dict[str, Path]:
    """By output type, the directory of a linear run."""
    folder = tmp_path_factory.mktemp("reported")
    houses = (shared_data / "tab_california_housing" / "housing.csv").read_text().splitlines()
    (folder / "housing.csv").write_text("\n".join(houses[:1] + houses[1::40]) + "\n")
    asked = {
        "binary": (customers, "Churn", ["private=[customerID, gender]"]),
        "category": (shared_data / "tab_penguins" / "penguins.csv", "species", []),
        "number": (folder / "housing.csv", "median_house_value", []),
    }
    return {
        kind: crosstie.train(
            table, target=target, set=options, name=kind, model_type="linear", runs=folder / "runs"
        ).path
        for kind, (table, target, options) in asked.items()
    }
