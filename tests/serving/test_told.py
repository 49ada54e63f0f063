import json

import pytest

import crosstie
from crosstie.cli.evaluate import evaluate as command
from crosstie.errors import ConfigError, DataError


def table(path, **columns):
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_predictions_of_two_classes_have_the_metrics_that_need_no_probability(tmp_path, capsys):
    path = table(
        tmp_path / "theirs.csv",
        left=["yes", "yes", "no", "no", "no", ""],
        said=["yes", "no", "no", "no", "yes", "yes"],
    )
    assert command(predictions=path, target="left", prediction="said", json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == {"left": {"judged": 5, "left_out": 1}}
    expected = {"accuracy": 0.6, "f1": 0.5, "precision": 0.5, "recall": 0.5, "specificity": 2 / 3}
    expected |= {"balanced_accuracy": 7 / 12, "mcc": 1 / 6}
    assert found["metrics"]["left"] == pytest.approx(expected)


def test_a_column_of_probabilities_adds_the_metrics_that_need_one():
    rows = {"left": ["yes", "no"] * 4, "said": ["yes"] * 8, "p": [0.9, 0.2] * 4}
    found = crosstie.evaluate_predictions(rows, target="left", prediction="said", probability="p")
    assert (found.metrics["accuracy"], found.metrics["roc_auc"]) == (0.5, 1.0)
    assert found.metrics["brier"] == pytest.approx((0.01 + 0.04) / 2)


def test_predictions_of_several_classes_and_of_numbers_are_measured():
    kinds = {"kind": ["a", "b", "c", "c"], "said": ["a", "b", "c", "a"]}
    found = crosstie.evaluate_predictions(kinds, target="kind", prediction="said")
    assert (found.type, found.metrics["accuracy"]) == ("category", 0.75)
    assert "log_loss" not in found.metrics
    numbers = {"cost": list(range(30)), "said": [each + 2.5 for each in range(30)]}
    found = crosstie.evaluate_predictions(numbers, target="cost", prediction="said")
    assert (found.type, found.metrics["mae"], found.metrics["rmse"]) == ("number", 2.5, 2.5)


def test_a_class_that_is_never_true_counts_as_wrong():
    rows = {"kind": ["a", "b", "c", "c"], "said": ["a", "b", "c", "d"]}
    found = crosstie.evaluate_predictions(rows, target="kind", prediction="said")
    assert (found.rows, found.left_out, found.metrics["accuracy"]) == (4, 0, 0.75)


def test_a_prediction_that_is_neither_of_two_classes_counts_as_wrong_and_is_told(tmp_path, capsys):
    path = table(
        tmp_path / "theirs.csv",
        left=["yes", "yes", "no", "no", "no", "no"],
        said=["yes", "maybe", "maybe", "no", "no", ""],
    )
    assert command(predictions=path, target="left", prediction="said") == 0
    note, title, *_ = capsys.readouterr().out.splitlines()
    assert note == "note: 2 predictions are neither 'no' nor 'yes' and count as wrong: 'maybe'"
    assert title == "left on 5 rows, 1 left out, 'yes' being positive"
    command(predictions=path, target="left", prediction="said", json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["notes"] == [note.removeprefix("note: ")]
    measured = found["metrics"]["left"]
    assert measured["accuracy"] == 0.6
    assert (measured["precision"], measured["recall"]) == (1.0, 0.5)
    assert measured["specificity"] == pytest.approx(2 / 3)


@pytest.mark.slow
def test_what_is_told_is_what_the_model_measures_of_itself(model, rows):
    own = model.evaluate(rows)["Churn"]
    said = model.predict(rows)
    theirs = crosstie.evaluate_predictions(
        [row | one for row, one in zip(rows, said, strict=True)],
        target="Churn",
        prediction="Churn_prediction",
        probability="Churn_probability_Yes",
    )
    assert theirs.metrics == pytest.approx(own, abs=1e-6)
    assert (theirs.positive, theirs.title) == ("Yes", "Churn on 300 rows, 'Yes' being positive")


@pytest.fixture(scope="module")
def rows(customers):
    import csv

    with customers.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))[:300]


@pytest.fixture(scope="module")
def model(tmp_path_factory, rows):
    run = crosstie.train(
        rows, target="Churn", model_type="linear", runs=tmp_path_factory.mktemp("told")
    )
    return crosstie.load(run.path)


def test_what_has_no_meaning_and_what_is_lacking_are_told_at_once(tmp_path):
    path = table(tmp_path / "theirs.csv", left=["yes", "no"], said=["yes", "no"])
    with pytest.raises(ConfigError) as told:
        command("churn/latest", predictions=path, target="left", top_losses=3)
    meaningless = "has no meaning with --predictions, which is a table by itself; leave it out"
    assert str(told.value).splitlines() == [
        f"MODEL: {meaningless}",
        f"--top-losses: {meaningless}",
        f"--prediction: --predictions needs it: the column of predicted values in {path}",
    ]
    with pytest.raises(ConfigError) as told:
        command(target="left")
    assert str(told.value).splitlines() == [
        "--target: goes with --predictions FILE, a table that holds what somebody's model said",
        (
            "evaluate: give a model and its data, as in `crosstie evaluate churn/latest later.csv`, or a table of "
            "predictions: --predictions FILE --target COLUMN --prediction COLUMN"
        ),
    ]
    with pytest.raises(ConfigError, match="no such column; did you mean 'left'"):
        command(predictions=path, target="lift", prediction="said")


def test_predictions_written_otherwise_than_what_is_true_are_refused():
    rows = {"kind": ["a", "b", "c"], "said": ["x", "y", "z"]}
    with pytest.raises(DataError, match="no row has a true value and a prediction"):
        crosstie.evaluate_predictions(rows, target="kind", prediction="said")
