"""Small models of real tables, trained on some of their rows."""

import csv
import itertools

import pytest

import crosstie


@pytest.fixture(scope="session")
def fit(tmp_path_factory):
    """Trains a linear model of a table of columns."""
    numbers = itertools.count()

    def trained(columns, target, **options):
        folder = tmp_path_factory.mktemp("runs") / f"run{next(numbers)}"
        spec = {"target": target, "model_type": "linear", **options}
        return crosstie.load(crosstie.train(spec, data=columns, output=folder).path)

    return trained


@pytest.fixture(scope="session")
def churn_parts(customers):
    """Three times 400 customers, as columns: production's, the candidate's, the holdout."""
    with customers.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:1200]
    return [
        {name: [row[name] for row in rows[start : start + 400]] for name in rows[0]}
        for start in (0, 400, 800)
    ]


@pytest.fixture(scope="session")
def churn(fit, churn_parts):
    """(production, candidate) of two samples of customers."""
    return tuple(fit(part, "Churn") for part in churn_parts[:2])


@pytest.fixture(scope="session")
def birds():
    """The shipped penguins, as columns."""
    table = crosstie.datasets.load("penguins").read()
    return {name: table.cells(name) for name in table.columns}


@pytest.fixture(scope="session")
def species(fit, birds):
    """A model of their species."""
    return fit(birds, "species")


@pytest.fixture(scope="session")
def without_gentoo(fit, birds):
    """One that never saw a Gentoo."""
    kept = [each != "Gentoo" for each in birds["species"]]
    return fit(
        {name: list(itertools.compress(cells, kept)) for name, cells in birds.items()}, "species"
    )
