import json

import numpy as np
import pytest

import crosstie
from crosstie.errors import ArtifactError, ConfigError

RNG = np.random.default_rng(0)
ROWS = [
    {"size": float(x), "price": float(3 * x + e), "big": "yes" if x > 5 else "no"}
    for x, e in zip(RNG.uniform(0, 10, 600), RNG.normal(0, 1, 600), strict=True)
]


def config(**more):
    return {
        "input_features": ["size"],
        "output_features": [{"name": "price", "type": "number", **more}],
        "model_type": "linear",
        "data": ROWS,
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return crosstie.train(config(), output=tmp_path_factory.mktemp("runs") / "prices")


@pytest.mark.slow
def test_a_run_measures_what_its_intervals_hold_of_test_rows(run):
    found = run.evaluation["outputs"]["price"]["conformal"]

    assert found["coverage"] == 0.9
    assert found["measured_low"] <= 0.9 <= found["measured_high"]
    assert found["mean_width"] == pytest.approx(2 * 1.645, rel=0.3)


@pytest.mark.slow
def test_intervals_come_when_they_are_asked_for(run):
    model = crosstie.load(run.path)

    plain = model.predict(ROWS[:3])
    with_ends = model.with_intervals().predict(ROWS[:3])

    assert [list(row) for row in plain] == [["price_prediction"]] * 3
    for row, other in zip(with_ends, plain, strict=True):
        assert list(row) == ["price_prediction", "price_low", "price_high"]
        assert row["price_prediction"] == other["price_prediction"]
        assert row["price_low"] < row["price_prediction"] < row["price_high"]
    assert crosstie.predict(run.path, ROWS[:3], intervals=True) == with_ends


def test_the_command_writes_them(run, tmp_path):
    from crosstie.cli.predict import predict

    (tmp_path / "rows.json").write_text(json.dumps(ROWS[:5]))
    out = tmp_path / "out.csv"

    assert predict(str(run.path), str(tmp_path / "rows.json"), output=out, intervals=True) == 0
    assert out.read_text().splitlines()[0] == "price_prediction,price_low,price_high"


@pytest.mark.slow
def test_coverage_is_an_option_of_a_number(tmp_path):
    run = crosstie.train(config(coverage=0.5), output=tmp_path / "half")

    found = run.evaluation["outputs"]["price"]["conformal"]
    assert found["coverage"] == 0.5
    assert found["mean_width"] == pytest.approx(2 * 0.674, rel=0.35)

    with pytest.raises(ConfigError) as error:
        crosstie.train(
            {"target": "big", "data": ROWS, "defaults": {}}
            | {"output_features": [{"name": "big", "type": "binary", "coverage": 0.8}]}
            | {"input_features": ["size"], "model_type": "linear"}
        )
    assert (
        "a binary output has no interval, as a number has, and no set of classes, as a category has; leave it out"
        in str(error.value)
    )


@pytest.mark.slow
def test_with_folds_intervals_are_of_rows_each_judged_by_the_model_that_never_saw_them(tmp_path):
    run = crosstie.train({**config(), "preprocessing": {}, "folds": 3}, output=tmp_path / "folds")

    found = run.evaluation["outputs"]["price"]["conformal"]
    assert found["measured_low"] <= 0.9 <= found["measured_high"]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    seen = [row["price"] + i * 7 % 11 - 5 for i, row in enumerate(ROWS)]
    rows = [
        {**row, "kind": "low" if each < 10 else "middle" if each < 20 else "high"}
        for row, each in zip(ROWS, seen, strict=True)
    ]
    asked = {"name": "kind", "type": "category", "coverage": 0.95}
    return crosstie.train(
        {**config(), "data": rows, "output_features": [asked]},
        output=tmp_path_factory.mktemp("runs") / "kinds",
    )


@pytest.mark.slow
def test_a_category_comes_with_the_classes_that_come_into_question(kinds):
    model = crosstie.load(kinds.path)
    rows = [{"size": 0.1}, {"size": 3.3}]

    plain = model.predict(rows)
    sure, unsure = model.with_intervals().predict(rows)

    assert [list(row)[-1] for row in plain] == ["kind_probability_middle"] * 2
    assert (sure["kind_set"], unsure["kind_set"][0]) == (["low"], unsure["kind_prediction"])
    assert sorted(unsure["kind_set"]) == ["low", "middle"]
    held = kinds.evaluation["outputs"]["kind"]["conformal"]
    assert held["coverage"] == 0.95
    assert held["measured_low"] <= 0.95 <= held["measured_high"]
    assert 1 < held["mean_size"] < 2
    assert 0 < held["alone"] < 1


@pytest.mark.slow
def test_sets_are_written_as_lists(kinds, tmp_path):
    crosstie.predict(kinds.path, [{"size": 3.3}], intervals=True, output=tmp_path / "out.jsonl")

    [line] = (tmp_path / "out.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["kind_set"]) == ["low", "middle"]


@pytest.mark.slow
def test_a_model_without_says_why(tmp_path):
    few = crosstie.train({**config(), "data": ROWS[:40]}, output=tmp_path / "few")
    with pytest.raises(ConfigError) as error:
        crosstie.predict(few.path, ROWS[:1], intervals=True)
    assert str(error.value) == (
        "intervals: this model has none: 'price' was trained before there were any, elsewhere, or without enough "
        "validation rows (19 for coverage 0.9); train it again with more of them"
    )

    sides = {**config(), "output_features": ["big"]}
    yes = crosstie.train(sides, output=tmp_path / "yes")
    with pytest.raises(ConfigError) as error:
        crosstie.load(yes.path).with_intervals()
    assert str(error.value) == (
        "intervals: this model has none: they are of numbers and categories, and this model predicts none. Leave it out"
    )


def test_an_interval_that_says_more_than_is_read_is_refused(run, tmp_path):
    from crosstie.artifact.loading import load
    from crosstie.data.files import sha256

    model = crosstie.load(run.path)
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "inference.json"
    said = json.loads(path.read_text())
    said["outputs"]["price"]["interval"]["seed"] = 1
    path.write_text(json.dumps(said))
    manifest = tmp_path / "model" / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["files"]["inference.json"] = sha256(path)
    manifest.write_text(json.dumps(facts))

    with pytest.raises(ArtifactError, match="should say above, below, coverage, edges and nothing"):
        load(tmp_path / "model")
