"""The gates as they come, on three real tables: what corrupts a training set is caught, an honest retrain passes."""

import csv
import gzip
import io
import zipfile

import numpy as np
import pytest

from crosstie.gates.compare import compare

BUT_SKEW = {"skew": False}  # which starts a process, and has no part in this
ROWS = 500  # of each training table, and of the holdout
TARGETS = {"churn": "Churn", "bikes": "cnt", "covertype": "cover"}
UNITS = {"churn": "tenure", "bikes": "temp", "covertype": "elevation"}
WEAK = {"churn": "SeniorCitizen", "bikes": "windspeed", "covertype": "hillshade_noon"}
FOREST = [
    *("elevation", "aspect", "slope", "to_water", "above_water", "to_road"),
    *("hillshade_morning", "hillshade_noon", "hillshade_afternoon", "to_fire"),
]


def churn(folder):
    with (folder / "tab_telco_churn/Telco-Customer-Churn.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bikes(folder):
    with zipfile.ZipFile(folder / "tab_bike_sharing/bike_sharing.zip") as archive:
        text = archive.read("bike_sharing/bike_sharing.csv").decode()
    left_out = ("casual", "registered", "instant", "dteday")
    rows = csv.DictReader(io.StringIO(text))
    return [{name: row[name] for name in row if name not in left_out} for row in rows]


def covertype(folder):
    path = folder / "tab_covertype_20k/covtype.20k.data.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [[*row[:10], row[-1]] for row in csv.reader(file)]
    common = [row for row in rows if row[-1] in "123"]  # the other kinds are too rare for 500 rows
    return [dict(zip([*FOREST, "cover"], row, strict=True)) for row in common]


@pytest.fixture(scope="module", params=[churn, bikes, covertype], ids=lambda each: each.__name__)
def drawn(request, shared_data, fit):
    """(name, production, its rows, rows for the candidate, holdout) of a real table."""
    rows = request.param(shared_data)
    order = np.random.default_rng(0).permutation(len(rows))[: 3 * ROWS]
    parts = [[rows[i] for i in order[start : start + ROWS]] for start in range(0, 3 * ROWS, ROWS)]
    name = request.param.__name__
    return name, fit(columns(parts[0]), TARGETS[name]), *parts


@pytest.fixture
def tested(drawn, fit):
    """Trains a candidate on rows and says which gates it fails."""
    name, production, before, _, holdout = drawn

    def failed(rows, gates=None):
        candidate = fit(columns(rows), TARGETS[name])
        tables = columns(rows), columns(before)
        found = compare(candidate, production, columns(holdout), training=tables, gates=gates)
        return {each.gate: each.what for each in found.failed}

    return failed


def columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def with_column(rows, name, change):
    return [{**row, name: change(row[name])} for row in rows]


@pytest.mark.slow
def test_an_honest_retrain_passes(drawn, tested):
    assert tested(drawn[3]) == {}


@pytest.mark.slow
def test_shuffled_labels_are_caught_by_the_metric(drawn, tested):
    name, _, _, rows, _ = drawn
    labels = [row[TARGETS[name]] for row in rows]
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = [{**row, TARGETS[name]: labels[i]} for row, i in zip(rows, order, strict=True)]
    assert "metric" in tested(shuffled, BUT_SKEW)


@pytest.mark.slow
def test_a_zeroed_column_is_caught_however_little_it_tells(drawn, tested):
    name, _, _, rows, _ = drawn
    failed = tested(with_column(rows, WEAK[name], lambda _: "0"), BUT_SKEW)
    assert failed["drift"].startswith(f"{WEAK[name]}: PSI")
    assert "holds one value only and held several" in failed["drift"]


@pytest.mark.slow
def test_another_unit_is_caught(drawn, tested):
    name, _, _, rows, _ = drawn
    # the bikes' temperature in Fahrenheit, the others in thousandths
    scale, shift = (1.8, 32) if name == "bikes" else (1000, 0)
    other = with_column(rows, UNITS[name], lambda x: f"{float(x) * scale + shift:.6g}")
    failed = tested(other, BUT_SKEW)
    assert failed["drift"].startswith(f"{UNITS[name]}: PSI")


@pytest.mark.slow
def test_rows_that_are_there_twice_are_caught(drawn, tested):
    rows = drawn[3]
    failed = tested([*rows, *rows[: int(0.3 * ROWS)]], BUT_SKEW)
    assert failed["repeats"].startswith("23.")
