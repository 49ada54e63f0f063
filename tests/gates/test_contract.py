import pytest

from crosstie.data.table import Table
from crosstie.gates.contract import breaches


def told(production, candidate, columns):
    found = breaches(production.artifact, candidate.artifact, Table.from_columns(columns))
    return [(each.kind, each.where, each.breaks, each.what) for each in found]


def test_a_retrained_model_keeps_the_contract(churn, churn_parts):
    assert told(*churn, churn_parts[2]) == []


@pytest.mark.slow
def test_inputs_that_come_and_go(fit, birds, species):
    fewer = fit(
        {name: cells for name, cells in birds.items() if name not in ("year", "sex")}, "species"
    )
    assert told(species, fewer, birds) == [
        ("input", "sex", False, "is no longer read; callers may go on sending it"),
        ("input", "year", False, "is no longer read; callers may go on sending it"),
    ]
    assert told(fewer, species, birds) == [
        (
            "input",
            "year",
            True,
            "is a new input; callers need not send it, and it may not be missing",
        ),
        ("input", "sex", False, "is a new input; it may be missing"),
    ]


@pytest.mark.slow
def test_an_output_that_goes_breaks_callers(fit, birds, species):
    other = fit(birds, "island")
    found = told(species, other, birds)
    assert ("output", "species_prediction", True, "is no longer among the predictions") in found
    assert (
        "output",
        "species_probability_Adelie",
        True,
        "is no longer among the predictions",
    ) in found
    assert ("output", "island_prediction", False, "is a new column of the predictions") in found


@pytest.mark.slow
def test_another_type_breaks_callers(fit, birds, species):
    words = fit(
        birds,
        "species",
        input_features=[{"name": "year", "type": "category"}, {"name": "sex", "type": "category"}],
    )
    found = [each for each in told(species, words, birds) if each[1] == "year"]
    assert found == [("type", "year", True, "was a number (double) and is a category (string)")]


@pytest.mark.slow
def test_a_column_that_may_no_longer_be_missing_breaks_callers_who_send_none(fit, birds, species):
    full = [row for row, sex in enumerate(birds["sex"]) if sex is not None]
    whole = fit({name: [cells[row] for row in full] for name, cells in birds.items()}, "species")
    empty = len(birds["sex"]) - len(full)
    what = "may no longer be missing: no training row was"
    found = {each[1]: each for each in told(species, whole, birds)}
    assert found["sex"] == (
        *("input", "sex", True),
        f"{what}, and {empty} of the holdout's {len(birds['sex'])} rows are",
    )
    kept = {name: [cells[row] for row in full] for name, cells in birds.items()}
    assert {each[1]: each for each in told(species, whole, kept)}["sex"] == (
        "input",
        "sex",
        False,
        what,
    )
