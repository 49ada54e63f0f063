import csv
import json

import numpy as np
import pytest

import crosstie
from crosstie.cli.audit import audit as command
from crosstie.errors import ConfigError, DataError
from crosstie.serving.audit import audit
from crosstie.serving.audited import predicted_by, predicted_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory, customers):
    """A folder with 600 customers and a linear model of them that does not see their gender."""
    folder = tmp_path_factory.mktemp("audit")
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "customers.csv").write_text("".join(lines[:601]), encoding="utf-8")
    crosstie.train(
        folder / "customers.csv",
        target="Churn",
        model_type="linear",
        name="churn",
        runs=folder / "runs",
        set=['exclude=["gender", "customerID"]'],
    )
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return crosstie.load("churn/latest", runs=folder / "runs")


@pytest.fixture(scope="module")
def rows(folder):
    with (folder / "customers.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def verdicts(found):
    return {(each.columns, one.name): one.verdict for each in found.by for one in each.criteria}


@pytest.mark.slow
def test_a_model_is_audited_by_a_column_that_it_does_not_see(model, rows):
    found = crosstie.audit(model, rows, by=["gender"])
    said = model.predict(rows)
    assert (found.output, found.type, found.positive, found.rows) == ("Churn", "binary", "Yes", 600)
    for group in found.by[0].groups:
        own = [i for i, row in enumerate(rows) if row["gender"] == group.name]
        chosen = np.mean([said[i]["Churn_prediction"] == "Yes" for i in own])
        likely = np.mean([said[i]["Churn_probability_Yes"] for i in own])
        true = np.mean([rows[i]["Churn"] == "Yes" for i in own])
        assert group.rows == len(own)
        assert group.rates["selection_rate"].value == pytest.approx(chosen)
        assert group.rates["base_rate"].value == pytest.approx(true)
        assert group.rates["calibration"].value == pytest.approx(likely - true, abs=1e-6)


@pytest.mark.slow
def test_predictions_in_a_table_are_audited_as_the_model_that_made_them(model, rows):
    said = model.predict(rows)
    table = [row | one for row, one in zip(rows, said, strict=True)]
    own = crosstie.audit(model, rows, by=["SeniorCitizen", "Partner"])
    theirs = crosstie.audit_predictions(
        table,
        target="Churn",
        prediction="Churn_prediction",
        probability="Churn_probability_Yes",
        by=["SeniorCitizen", "Partner"],
    )
    assert verdicts(theirs) == verdicts(own)
    assert [each.columns for each in own.by] == [
        ("SeniorCitizen",),
        ("Partner",),
        ("SeniorCitizen", "Partner"),
    ]
    for mine, other in zip(own.by, theirs.by, strict=True):
        for one, two in zip(mine.groups, other.groups, strict=True):
            assert (one.values, one.rows) == (two.values, two.rows)
            assert [each.value for each in one.rates.values()] == pytest.approx(
                [each.value for each in two.rates.values()], abs=1e-6
            )


def test_without_columns_named_those_about_people_are_taken_and_said(model, rows):
    found = crosstie.audit(model, rows)
    assert [(each.column, each.about, each.why) for each in found.proposals] == [
        ("gender", "sex", "name"),
        ("SeniorCitizen", "age", "name"),
        ("Partner", "family", "name"),
        ("Dependents", "family", "name"),
    ]
    assert len(found.by) == 4 + 6


def test_the_other_class_can_be_the_one_that_is_chosen(model, rows):
    yes = crosstie.audit(model, rows, by=["gender"]).by[0].groups[0].rates
    no = crosstie.audit(model, rows, by=["gender"], positive="No")
    rates = no.by[0].groups[0].rates
    assert no.positive == "No"
    assert rates["selection_rate"].value == pytest.approx(1 - yes["selection_rate"].value)
    assert rates["tpr"].value == pytest.approx(1 - yes["fpr"].value)
    assert rates["calibration"].value == pytest.approx(-yes["calibration"].value)
    assert rates["accuracy"].value == pytest.approx(yes["accuracy"].value)


def test_rows_without_a_true_value_are_left_out_and_counted(model, rows):
    some = [row | {"Churn": ""} if i < 40 else row for i, row in enumerate(rows)]
    found = crosstie.audit(model, some, by=["gender"])
    assert (found.rows, found.left_out) == (560, 40)
    assert sum(each.rows for each in found.by[0].groups) == 560


def test_what_is_wrong_with_the_columns_is_said_at_once(model, rows):
    with pytest.raises(ConfigError) as told:
        crosstie.audit(model, rows, by=["gendr", "Churn", "customerID", "Partner"])
    assert [str(each) for each in told.value.problems] == [
        "by 'gendr': no such column; did you mean 'gender'?",
        "by 'Churn': holds true or predicted values; name another column",
        "by 'customerID': it holds 600 different texts, and groups are made of at most 50. Put them into fewer first",
    ]


def test_classes_and_outputs_that_are_not_there_are_told(model, rows):
    with pytest.raises(ConfigError) as told:
        crosstie.audit(model, rows, by=["gender"], positive="Yess")
    assert str(told.value) == "positive 'Yess': no class of 'Churn'; did you mean 'Yes'?"
    with pytest.raises(ConfigError) as told:
        crosstie.audit(model, rows, target="Chrn")
    assert str(told.value) == (
        "target 'Chrn': the model predicts no such thing; did you mean 'Churn'?"
    )


def test_where_no_column_is_about_people_one_must_be_named():
    rows = {"size": ["s", "l"] * 60, "y": ["a", "b"] * 60, "p": ["a", "b"] * 60}
    with pytest.raises(DataError) as told:
        crosstie.audit_predictions(rows, target="y", prediction="p")
    assert str(told.value) == (
        "no column's name or values tell of sex, race, age or the like. Name the columns that groups are told apart by: "
        "--by COLUMN (in Python by=[…]); they need not be inputs of the model"
    )
    found = crosstie.audit_predictions(rows, target="y", prediction="p", by=["size"])
    assert found.by[0].criteria[0].value == 1.0


def test_a_column_of_probabilities_counts_from_a_half_on():
    rows = {"y": ["no", "yes"] * 50, "p": ["0.5", "0.49"] * 50}
    found = predicted_in(rows, target="y", prediction="p")
    assert (found.type, found.positive) == ("binary", "yes")
    assert found.predicted.tolist() == [1, 0] * 50
    assert found.probability.tolist() == [0.5, 0.49] * 50


def test_one_class_of_several_is_judged_against_the_others():
    rows = {"y": ["a", "b", "c"] * 40, "p": ["a", "c", "c"] * 40}
    every = predicted_in(rows, target="y", prediction="p")
    assert (every.type, every.predicted[:3].tolist()) == ("category", [0, 2, 2])
    one = predicted_in(rows, target="y", prediction="p", positive="c")
    assert (one.type, one.positive, one.target[:3].tolist()) == ("binary", "c", [0, 0, 1])
    assert one.predicted[:3].tolist() == [0, 1, 1]
    with pytest.raises(ConfigError) as told:
        predicted_in(rows | {"q": [0.5] * 120}, target="y", prediction="p", probability="q")
    assert str(told.value) == (
        "probability 'q': column 'y' has 3 classes; say with --positive (in Python positive=…) of which one it is"
    )


def test_numbers_and_grades_are_told_apart():
    grades = {"y": [1, 2, 3] * 40, "p": [1, 3, 3] * 40}
    assert predicted_in(grades, target="y", prediction="p").type == "category"
    between = {"y": [1, 2, 3] * 40, "p": [1.2, 2.7, 3.0] * 40}
    assert predicted_in(between, target="y", prediction="p").type == "number"
    with pytest.raises(ConfigError) as told:
        predicted_in(between, target="y", prediction="p", positive="3")
    assert str(told.value) == (
        "column 'y' holds numbers, which have neither classes nor probabilities; leave `positive` and `probability` out"
    )


@pytest.mark.parametrize(("positive", "selected"), [("yes", 0.25), ("no", 0.5)])
def test_a_prediction_that_is_neither_of_two_classes_is_wrong_and_chooses_nobody(
    positive, selected
):
    rows = {
        "sex": ["m", "f"] * 60,
        "y": ["yes", "no", "no", "no"] * 30,
        "p": ["yes", "no", "maybe", "no"] * 30,
        "q": [0.9, 0.1, 0.4, 0.2] * 30,
    }
    found = crosstie.audit_predictions(
        rows, target="y", prediction="p", probability="q", positive=positive
    )
    rates = {name: each.value for name, each in found.overall.items()}
    assert (rates["selection_rate"], rates["accuracy"]) == (selected, 0.75)
    assert (found.left_out, found.notes) == (
        0,
        ["30 predictions are neither 'no' nor 'yes' and count as wrong: 'maybe'"],
    )
    men = found.by[0].groups[[each.name for each in found.by[0].groups].index("m")]
    assert men.rates["accuracy"].value == 0.5
    assert {round(each.accuracy + each.cost, 9) for each in found.mitigations} == {0.75}


def test_predictions_written_otherwise_than_the_target_are_told():
    rows = {"y": ["<=50K", ">50K"] * 30, "p": ["<=50K.", ">50K."] * 30}
    with pytest.raises(DataError) as told:
        predicted_in(rows, target="y", prediction="p")
    assert str(told.value) == (
        "column 'y': no row has a true value and a prediction that is written like one: 'y' holds '<=50K', '>50K'; "
        "'p' holds '<=50K.', '>50K.'"
    )


def test_probabilities_beyond_one_are_told_with_their_row():
    rows = {"y": ["no", "yes"] * 30, "p": ["no", "yes"] * 30, "q": [0.2, 62] * 30}
    with pytest.raises(DataError) as told:
        predicted_in(rows, target="y", prediction="p", probability="q")
    assert str(told.value) == (
        "column 'q': 30 of 60 cells are no probability from 0 to 1, the first in row 2, '62'"
    )


@pytest.mark.slow
def test_cells_of_private_columns_are_numbered(model, rows):
    found = predicted_by(model, rows)
    hidden = audit(type(found)(**{**vars(found), "private": ["gender"]}), ["gender"])
    assert [each.name for each in hidden.by[0].groups] == ["(private) 1", "(private) 2"]


@pytest.mark.slow
def test_the_command_shows_groups_criteria_and_the_verdict(folder, capsys):
    runs = folder / "runs"
    assert command("churn/latest", str(folder / "customers.csv"), by=["gender"], runs=runs) == 0
    text = capsys.readouterr().out
    assert text.startswith("Churn on 600 rows, 'Yes' counting as chosen\n")
    for word in ("by gender", "all rows", "demographic_parity_ratio", "at least 0.8"):
        assert word in text
    assert "Of 9 criteria with a usual bound" in text
    found = crosstie.audit("churn/latest", folder / "customers.csv", by=["gender"], runs=runs)
    command("churn/latest", str(folder / "customers.csv"), by=["gender"], runs=runs, json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["audit"] == json.loads(json.dumps(found.to_dict()))


def test_groups_too_small_are_named_by_the_command(folder, capsys):
    table = folder / "small.csv"
    lines = ["sex,y,p"] + ["m,1,1", "m,0,0", "f,1,0", "f,0,0"] * 40 + ["x,1,1"] * 7
    table.write_text("\n".join(lines), encoding="utf-8")
    command(predictions=table, target="y", prediction="p")
    text = capsys.readouterr().out
    assert "taken for its name: sex (sex)" in text
    assert "too small to be judged, fewer than 50 rows: x (7)" in text
    command(predictions=table, target="y", prediction="p", least=100)
    assert "fewer than two groups can be judged" in capsys.readouterr().out


def test_options_that_do_not_go_together_are_told_at_once(folder):
    with pytest.raises(ConfigError) as told:
        command("churn/latest", predictions=folder / "customers.csv", prediction="p")
    assert [each.where for each in told.value.problems] == ["MODEL", "--target"]
    with pytest.raises(ConfigError) as told:
        command("churn/latest", prediction="p")
    assert [each.where for each in told.value.problems] == ["--prediction", "audit"]


def test_numbers_are_audited_by_a_model(tmp_path):
    rng = np.random.default_rng(0)
    rows = {
        "age": rng.integers(18, 80, 400).tolist(),
        "sex": rng.choice(["m", "f"], 400).tolist(),
    }
    rows["pay"] = [20 + age / 2 + 8 * (sex == "m") for age, sex in zip(*rows.values(), strict=True)]
    run = crosstie.train(
        rows,
        target="pay",
        model_type="linear",
        runs=tmp_path,
        set=['exclude=["sex"]'],
    )
    found = crosstie.audit(run, rows, by=["sex"])
    rates = {each.name: each.rates for each in found.by[0].groups}
    assert rates["f"]["mean_error"].value - rates["m"]["mean_error"].value == pytest.approx(
        8, abs=0.5
    )
    criteria = {each.name: each for each in found.by[0].criteria}
    assert criteria["mean_error_difference"].low > 7
    assert (criteria["mean_error_difference"].most, criteria["mean_error_difference"].verdict) == (
        "f",
        "",
    )


def test_the_worst_slices_are_found_in_columns_that_nobody_named():
    rng = np.random.default_rng(0)
    plan, town = rng.choice(list("abc"), 900), rng.choice(list("xyz"), 900)
    true = rng.choice(["no", "yes"], 900)
    bad = (plan == "b") & (town == "z") & (rng.random(900) < 0.7)
    said = np.where(bad, np.where(true == "no", "yes", "no"), true)
    rows = {"sex": ["m", "f"] * 450, "plan": plan.tolist(), "town": town.tolist()}
    rows |= {"y": true.tolist(), "p": said.tolist()}
    found = crosstie.audit_predictions(rows, target="y", prediction="p")
    assert (found.loss, found.slices[0].name) == ("error", "plan = b and town = z")
    assert found.slices[0].loss == pytest.approx(bad.sum() / ((plan == "b") & (town == "z")).sum())
    assert found.slices[0].others == 0.0
    hidden = predicted_in(rows, target="y", prediction="p")
    hidden = audit(type(hidden)(**{**vars(hidden), "private": ["town"]}), ["sex"])
    assert hidden.slices[0].name in {f"plan = b and town (private) {place}" for place in (1, 2, 3)}


def test_a_command_says_where_nothing_is_surely_worse(folder, capsys):
    table = folder / "even.csv"
    table.write_text("sex,y,p\n" + "m,1,1\nf,0,0\nm,0,1\nf,1,0\n" * 50, encoding="utf-8")
    command(predictions=table, target="y", prediction="p")
    said = "Of 2 slices by any columns none is surely predicted worse than the other rows."
    assert said in capsys.readouterr().out


@pytest.mark.slow
def test_what_evening_out_costs_is_a_table_with_what_to_type(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    options = {"by": ["SeniorCitizen"], "runs": folder / "runs", "quiet": True}
    assert command("churn/latest", str(folder / "customers.csv"), **options) == 0
    said = capsys.readouterr().out
    assert "evening out by SeniorCitizen, on rows that nothing was chosen by" in said
    again = "crosstie train churn/latest --set fairness.by=SeniorCitizen --set fairness"
    assert f"  to apply one: {again}.thresholds=demographic_parity\n" in said
    assert f"  to even out in training: {again}.reweighing=true\n" in said
    bare = str(next((folder / "runs" / "churn").glob("*/model")))
    assert command(bare, str(folder / "customers.csv"), **options) == 0
    told = "--by SeniorCitizen --even-out demographic_parity --save FOLDER"
    assert f"  to apply one: crosstie audit {bare} OTHER_ROWS {told}\n" in capsys.readouterr().out


@pytest.mark.slow
def test_only_what_thresholds_can_be_given_by_is_evened_out(model, rows):
    assert {each.columns for each in audited(model, rows, ["tenure", "gender"]).mitigations} == {
        ("gender",)
    }
    flipped = crosstie.audit(model, rows, by=["gender"], positive="No")
    own = crosstie.audit(model, rows, by=["gender"])
    parity = [each.mitigations[0] for each in (flipped, own)]
    assert parity[0].before.value == pytest.approx(parity[1].before.value)


def audited(model, rows, by):
    return crosstie.audit(model, rows, by=by)


def test_one_class_of_several_is_judged_and_not_evened_out():
    table = {
        "g": ["a", "b"] * 150,
        "y": ["x", "y", "z"] * 100,
        "said": ["x", "y", "x"] * 100,
        "p": [0.9, 0.2, 0.6] * 100,
    }
    told = {"target": "y", "prediction": "said", "probability": "p", "by": ["g"]}
    found = crosstie.audit_predictions(table, positive="x", **told)
    assert (found.type, [each.name for each in found.by[0].groups]) == ("binary", ["a", "b"])
    assert found.mitigations == []
    two = table | {"y": ["x", "y", "y"] * 100}
    assert len(crosstie.audit_predictions(two, positive="x", **told).mitigations) == 3
