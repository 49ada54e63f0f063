import csv
import gzip
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from pyarrow import parquet

import crosstie
from crosstie.artifact.example import check_skew
from crosstie.artifact.loading import load
from crosstie.artifact.saving import amend
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError
from crosstie.gates.answers import answers
from crosstie.gates.pairs import alone
from crosstie.pipeline.sample import sample_rows
from crosstie.pipeline.trials import trial_model
from crosstie.reports.collect import collect
from crosstie.serving.strict import WrongRows

COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
]


@pytest.fixture(scope="module")
def adult(shared_data):
    """6,000 people of a census to learn from, and 6,000 others of a later file."""
    found = []
    for part in ("train", "test"):
        path = shared_data / f"tab_adult/adult-{part}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file, skipinitialspace=True) if len(line) == 15]
        rows = [dict(zip(COLUMNS, line, strict=True)) for line in lines[:6000]]
        found.append([row | {"income": row["income"].removesuffix(".")} for row in rows])
    return found


FEW = "and groups are of at most 50 texts or 12 numbers"


def trained(adult, tmp_path, **fairness):
    return crosstie.train(
        {
            "target": "income",
            "exclude": ["sex", "fnlwgt"],
            "model_type": "linear",
            "fairness": {"by": "sex", **fairness},
        },
        data=adult[0],
        name="adult",
        runs=tmp_path,
    )


@pytest.fixture(scope="module")
def even(adult, tmp_path_factory):
    """A model that does not see sex, and has a threshold for each."""
    return trained(adult, tmp_path_factory.mktemp("even"), thresholds="demographic_parity")


@pytest.fixture(scope="module")
def model(even):
    return crosstie.load(even.path)


def test_a_threshold_for_each_group_brings_them_within_the_bound_at_the_cost_that_is_shown(
    even, model, adult
):
    later = adult[1]
    found = crosstie.audit(model, later, by=["sex"])
    (applied,) = [each for each in found.mitigations if each.applied]
    assert (applied.how, applied.criterion) == ("thresholds", "demographic_parity")
    criterion = found.by[0].criteria[0]
    assert applied.after == criterion
    assert criterion.name == "demographic_parity_difference"
    assert applied.before.value > 0.15
    assert criterion.value < 0.05
    assert criterion.verdict == "holds"

    said = model.predict(later)
    key = "income_probability_>50K"
    plain = np.mean([(row[key] >= 0.5) == (own["income"] == ">50K") for row, own in zip(said, later, strict=True)])  # fmt: skip
    right = model.evaluate(later)["income"]["accuracy"]
    assert applied.accuracy == pytest.approx(right)
    assert applied.cost == pytest.approx(plain - right)
    assert 0 < applied.low < applied.cost < applied.high < 0.04

    own = {each["values"][0]: each["threshold"] for each in inference(even)["groups"]["groups"]}
    assert own["Female"] < 0.4 < own["Male"]
    assert applied.thresholds == own
    for row, asked in zip(said, later, strict=True):
        decided = ">50K" if row[key] >= own[asked["sex"]] else "<=50K"
        assert row["income_prediction"] == decided


def inference(run):
    told = json.loads((run.model / "inference.json").read_text(encoding="utf-8"))
    return told["outputs"]["income"]


def test_a_run_is_judged_by_the_decisions_that_it_will_serve(even, model, adult):
    kept = parquet.read_table(even.path / "predictions/test.parquet").to_pydict()
    test = [adult[0][row] for row in kept["row"]]
    assert model.predict(test)[7] == {
        name: pytest.approx(values[7]) if "probability" in name else values[7]
        for name, values in kept.items()
        if name != "row"
    }
    assert [each["income_prediction"] for each in model.predict(test)] == kept["income_prediction"]
    measured = model.evaluate(test, top_losses=10)["income"]
    assert measured == pytest.approx(even.metrics["test"]["income"])
    low, high = even.evaluation["outputs"]["income"]["intervals"]["accuracy"]
    assert low < measured["accuracy"] < high
    worst = json.loads((even.path / "top_losses.json").read_text(encoding="utf-8"))
    assert [each["prediction"] for each in worst] == [each.prediction for each in model.misses]
    pair = alone(answers(model, test).outputs["income"])
    assert ((pair.after >= pair.thresholds[1]) == pair.target).mean() == measured["accuracy"]
    (section,) = [each for each in collect(even.path)["sections"] if each["id"] == "fairness"]
    costs = section["blocks"][3]
    assert costs["rows"][0][:2] == ["thresholds, on", "demographic_parity"]
    assert costs["rows"][0][5] == f"{measured['accuracy']:.4f}"
    assert costs["strong"] == [0]
    (outcome,) = [each for each in collect(even.path)["sections"] if each["id"] == "outcome-0"]
    (note,) = [each["note"] for each in outcome["blocks"] if each["id"] == "outcome-0-confusion"]
    own = model.artifact.settings["income"].groups.thresholds
    assert f"{own[('Female',)]:.3g} (Female), {own[('Male',)]:.3g} (Male), 0.5 (others) on." in note


def test_each_run_says_where_it_is_surely_worse(even):
    told = json.loads((even.path / "slices.json").read_text(encoding="utf-8"))
    found = told["outputs"]["income"]
    assert (told["part"], found["loss"], found["rows"]) == ("test", "brier", 1200)
    assert all(each["loss"] > each["others"] and each["low"] > 0 for each in found["slices"])
    (worst,) = [each for each in collect(even.path)["sections"] if each["id"] == "worst"]
    table = worst["blocks"][0]
    assert table["title"] == "Worst slices"
    assert [row[1] for row in table["rows"]] == [str(each["rows"]) for each in found["slices"]]
    assert str(found["seen"]) in table["note"]


def test_a_row_must_say_which_group_it_is_of(model, adult):
    row = adult[1][0]
    without = {name: cell for name, cell in row.items() if name != "sex"}
    assert "sex" in model.artifact.columns
    for asked in (without, [without] * 3):
        with pytest.raises(DataError) as told:
            model.predict(asked)
        assert str(told.value).startswith("column 'sex': the model needs it and the table has none")
    with pytest.raises(DataError) as told:
        model.evaluate([without, row])
    assert str(told.value) == (
        "column 'sex': is empty in 1 of 2 rows, and the model decides by it: it has thresholds of 'Female', 'Male'. "
        "Fill it in, or leave such rows out"
    )
    with pytest.raises(WrongRows) as wrong:  # as the server asks
        model.counted_strictly(Table.from_rows([row, row | {"sex": None}]))
    assert [str(each) for each in wrong.value.wrong] == [
        "row 2, column 'sex': is empty, and no training row was; wanted the group of the row, such as 'Female'"
    ]


def test_a_group_that_nobody_knew_is_decided_by_the_threshold_of_all_and_that_is_said(model, adult):
    rows = [row | {"sex": "x"} for row in adult[1][:300]]
    for row in model.predict(rows):
        assert (row["income_prediction"] == ">50K") == (row["income_probability_>50K"] >= 0.5)
    assert any("column 'sex': 300 of 300 rows hold a value" in note for note in model.notes)
    assert model.counted_strictly(Table.from_rows(rows[:2]))[0]["income_prediction"]


def test_thresholds_travel_in_the_model_and_are_checked_where_it_is_opened(
    even, model, adult, tmp_path
):
    assert model.check_example() == []
    assert check_skew(model.artifact) == []
    told = json.loads((even.model / "schema.json").read_text(encoding="utf-8"))
    assert told["input"]["properties"]["sex"]["description"] == (
        "the group of the row: 'Female', 'Male'"
    )
    assert "sex" in told["input"]["required"]
    shown = sample_rows(even, data=adult[0])
    assert {row["sex"] for row in shown} <= {"Female", "Male"}
    model.save(tmp_path / "real")
    amend(tmp_path / "real", rows=shown)
    assert crosstie.load(tmp_path / "real").check_example() == []

    model.save(tmp_path / "odd")
    path = tmp_path / "odd" / "inference.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"otherwise": 0.5', '"otherwise": 50'), encoding="utf-8")
    with pytest.raises(ArtifactError, match="its files do not fit together"):
        load(tmp_path / "odd", verify=False)


@pytest.mark.slow  # a wheel is built and tried
def test_a_wheel_decides_by_groups_too(even, model, adult, tmp_path):
    packed = crosstie.package(even.path, output=tmp_path / "wheel")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(packed.wheel) as file:
        file.extractall(unpacked)
    asked = (
        "import json, sys; from adult import Model; "
        "json.dump(Model().predict(json.load(sys.stdin)), sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        input=json.dumps(adult[1][:50]),
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = [row["income_prediction"] for row in json.loads(done.stdout)]
    assert said == [row["income_prediction"] for row in model.predict(adult[1][:50])]
    assert said != [">50K" if row["income_probability_>50K"] >= 0.5 else "<=50K" for row in json.loads(done.stdout)]  # fmt: skip


def test_any_model_is_evened_out_on_audited_rows_without_training(model, adult, tmp_path):
    told = []
    chosen_on, judged_on = adult[1][:3000], adult[1][3000:]
    before = crosstie.audit(model, chosen_on, by=["sex"])
    found = crosstie.audit(
        model,
        chosen_on,
        by=["sex"],
        even_out="demographic_parity",
        save=tmp_path / "evened",
        say=told.append,
    )
    assert told == [f"Written to {tmp_path / 'evened'}: decides by sex. Judge it on other rows"]
    assert found.by == before.by  # what was audited is as it was
    other = crosstie.load(tmp_path / "evened")
    assert other.check_example() == []
    own = [each.artifact.settings["income"].groups for each in (model, other)]
    assert own[0].thresholds != own[1].thresholds
    (first, *_) = crosstie.audit(other, chosen_on, by=["sex"]).by[0].criteria
    assert (first.name, first.value <= 0.02 + 1e-9) == ("demographic_parity_difference", True)
    later = crosstie.audit(other, judged_on, by=["sex"]).mitigations[0]
    assert later.applied
    assert later.after.value < 0.05 < 0.15 < later.before.value
    said = [each["income_probability_>50K"] for each in other.predict(judged_on[:20])]
    assert said == [each["income_probability_>50K"] for each in model.predict(judged_on[:20])]


def test_what_cannot_be_evened_out_on_audited_rows_is_told(model, adult, tmp_path):
    (tmp_path / "there").mkdir()

    def refused(by=("sex",), **options):
        with pytest.raises(ConfigError) as told:
            crosstie.audit(model, adult[1][:500], by=by, **options)
        return [str(each) for each in told.value.problems]

    assert refused(None, even_out="equal_oportunity") == [
        "even_out: 'equal_oportunity' is no criterion; did you mean 'equal_opportunity'?",
        "save: give the folder that the evened out model is written to",
        "by: name the columns by whose groups the model is to decide",
    ]
    assert refused(save=tmp_path / "there") == [
        "even_out: say how the model is to be: demographic_parity, equal_opportunity, equalized_odds",
        f"save: {tmp_path / 'there'} is there already; give another name, or remove it",
    ]
    options = {"even_out": "equalized_odds", "save": tmp_path / "new"}
    assert refused(["age"], positive="<=50K", **options) == [
        f"by: 'age' holds 57 different values, {FEW}; put them into ranges in a column of its own",
        "positive: a model has thresholds of its own positive class, '>50K'; leave it out",
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["there"]


def test_reweighing_evens_out_what_is_learned_and_shows_what_it_cost(adult, tmp_path):
    run = trained(adult, tmp_path, reweighing=True)
    assert [each["model"] for each in run.evaluation["models"]] == [
        "linear",
        "without reweighing",
        "baseline",
    ]
    kept = json.loads((run.path / "fairness.json").read_text(encoding="utf-8"))
    found = {(each["how"], each["criterion"]): each for each in kept["mitigations"]}
    row = found["reweighing", "demographic_parity"]
    assert row["applied"]
    assert row["after"]["value"] < row["before"]["value"] / 2
    assert row["accuracy"] == pytest.approx(run.metrics["test"]["income"]["accuracy"])
    other = run.evaluation["models"][1]["metrics"]["test"]["income"]["accuracy"]
    assert row["cost"] == pytest.approx(other - row["accuracy"])
    assert -0.02 < row["low"] < row["cost"] < row["high"] < 0.03
    later = adult[1]
    said = [each["income_prediction"] == ">50K" for each in crosstie.load(run.path).predict(later)]
    rates = [np.mean([yes for yes, row in zip(said, later, strict=True) if row["sex"] == sex]) for sex in ("Male", "Female")]  # fmt: skip
    assert abs(rates[0] - rates[1]) < 0.1
    assert "sex" not in crosstie.load(run.path).artifact.columns


def test_weights_of_rows_and_of_groups_go_together_with_folds_and_costs(adult, tmp_path):
    rows = [row | {"times": 1 + place % 3} for place, row in enumerate(adult[0][:1500])]
    run = crosstie.train(
        {
            "input_features": ["age", "education_num", "hours_per_week"],
            "output_features": [
                {
                    "name": "income",
                    "threshold": {"cost": {"false_positive": 1, "false_negative": 3}},
                }
            ],
            "model_type": "linear",
            "weight": "times",
            "folds": 2,
            "fairness": {
                "by": ["sex"],
                "thresholds": "equal_opportunity",
                "reweighing": True,
                "bound": 0.1,
            },
        },
        data=rows,
        runs=tmp_path,
    )
    told = run.evaluation["outputs"]["income"]
    own = {each["values"][0]: each["threshold"] for each in told["groups"]["groups"]}
    assert sorted(own) == ["Female", "Male"]
    assert max(own.values()) < 0.4  # a wrong no is dear
    counts = np.array(told["details"]["confusion"]["rows"])
    assert told["cost"]["mean"] == pytest.approx((counts[0, 1] + 3 * counts[1, 0]) / counts.sum())
    again = crosstie.train(run.path, data=rows, runs=tmp_path / "again")
    assert inference(again) == inference(run)


@pytest.mark.slow  # scikit-learn
def test_a_search_keeps_thresholds_with_each_model_it_tries(adult, tmp_path):
    run = crosstie.train(
        {
            "target": "income",
            "exclude": ["sex"],
            "trainer": {"learners": ["linear", "decision_tree"]},
            "fairness": {"by": "sex", "thresholds": "equalized_odds"},
        },
        data=[
            {each: row[each] for each in ("age", "education_num", "sex", "income")}
            for row in adult[0][:500]
        ],
        runs=tmp_path,
    )
    names = sorted(each.parent.name for each in run.path.glob("trials/*/trial.json"))
    assert names
    for name in names:
        tried = crosstie.load(trial_model(run, name)).artifact.settings["income"].groups
        assert tried.criterion == "equalized_odds"
        assert sorted(tried.thresholds) == [("Female",), ("Male",)]


def wrong(adult, **section):
    config = {"target": "income", "model_type": "linear", **section}
    with pytest.raises(ConfigError) as told:
        crosstie.check(config, data=adult[0][:500])
    return [str(each) for each in told.value.problems]


def test_what_cannot_be_evened_out_is_told_at_once(adult):
    section = {"by": ["sexx", "age", "income"], "thresholds": "equal_opportunity"}
    assert wrong(adult, fairness=section) == [
        "fairness.by[0]: the table has no column 'sexx'; did you mean 'sex'?",
        f"fairness.by[1]: 'age' holds 61 different values, {FEW}; put them into ranges in a column of its own",
        "fairness.by[2]: 'income' is what is predicted; name another column",
    ]
    assert wrong(adult, fairness={"by": "sex", "thresholds": "true_positive_rate_parity"}) == [
        "fairness.thresholds: 'true_positive_rate_parity' is called 'equal_opportunity' here"
    ]
    assert wrong(
        adult, private=["sex"], fairness={"by": "sex", "thresholds": "equalized_odds"}
    ) == [
        "fairness.by: 'sex' is private, and thresholds by it would lie in the model; leave `thresholds` out"
    ]
    assert wrong(adult, target="age", fairness={"by": "sex", "reweighing": True}) == [
        "fairness.reweighing: is for one output that is binary or category, and 'age' is a number; leave it out"
    ]
    assert wrong(adult, fairness={"by": "Sex", "thresholds": "parity", "bound": 2}) == [
        "fairness.thresholds: must be 'demographic_parity', 'equal_opportunity' or 'equalized_odds' or null, got 'parity'",
        "fairness.bound: must be at most 1, got 2",
        "fairness.by: the table has no column 'Sex'; did you mean 'sex'?",
    ]
    assert wrong(adult, fairness={"by": []}) == [
        "fairness.by: names no column; name those that tell groups of people apart"
    ]
    assert wrong(adult, fairness={"reweighing": True}) == [
        "fairness: needs 'by': a list, each a text or a text"
    ]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sensitive_features", "belongs into 'fairness', as in `fairness: {by: …}`"),
        (
            "constraints",
            "write `thresholds: demographic_parity`, `equal_opportunity` or `equalized_odds`",
        ),
    ],
)
def test_words_of_fairlearn_at_the_top_are_answered(adult, key, told):
    assert wrong(adult, **{key: "sex"}) == [f"{key}: {told}"]
