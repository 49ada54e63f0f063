import json

import pytest

import crosstie

ROWS = [
    {
        "size": (i * 37 % 120) / 8,
        "colour": ["red", "blue", "green"][i % 3],
        "secret": ["a", "b"][i % 2],
        "price": 10 * (i * 37 % 120) / 8 + (9 if i % 3 == 1 else 0) + 4 * (i % 7 == 0),
        "kind": ["small", "middle", "large"][(i * 37 % 120) // 40],
    }
    for i in range(300)
]
FILES = ("importance", "partial", "explanations")


def told(run):
    paths = {name: run.path / f"{name}.json" for name in FILES}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.is_file()}


def trained(folder, *targets, **more):
    inputs = [name for name in ROWS[0] if name not in ("price", "kind")]
    config = {
        "data": ROWS,
        "input_features": inputs,
        "output_features": list(targets),
        "model_type": "linear",
        "private": ["secret"],
    }
    return crosstie.train(config | more, output=folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "prices", "price")


def test_the_rows_that_are_most_wrong_are_explained_as_they_were_predicted(run):
    worst = json.loads((run.path / "top_losses.json").read_text())

    found = told(run)["explanations"]

    assert (found["part"], found["samples"]) == ("test", 32)
    assert [each["row"] for each in found["rows"]] == [each["row"] for each in worst]
    for each, miss in zip(found["rows"], worst, strict=True):
        assert f"{each['prediction']:.6g}" == miss["prediction"]
        total = each["base"] + sum(each["contributions"].values())
        assert total == pytest.approx(each["value"])
        assert list(each["contributions"]) == ["size", "colour", "secret"]


def test_predictions_are_shown_by_the_columns_that_matter_but_private_ones(run):
    found = told(run)["partial"]

    assert (found["part"], found["rows"]) == ("test", 60)
    assert [each["column"] for each in found["columns"]] == ["size", "colour"]


def test_models_of_folds_are_looked_at_by_rows_of_the_test_part(tmp_path):
    run = trained(tmp_path / "run", "kind", folds=3, model_type="gbm", trainer={"n_estimators": 3})

    found = told(run)

    assert {name: each["part"] for name, each in found.items()} == dict.fromkeys(FILES, "test")
    columns = found["importance"]["outputs"]["kind"]["columns"]
    assert (columns[0]["column"], columns[0]["low"] > 0.2) == ("size", True)
    model = crosstie.load(run.path)
    said = {each["row"]: each["prediction"] for each in found["explanations"]["rows"]}
    assert said == {row: model.predict(ROWS[row - 1])["kind_prediction"] for row in said}


def test_of_rows_that_all_but_one_fold_learned_from_nothing_is_said(tmp_path):
    split = {"type": "random", "probabilities": [0.8, 0.2, 0]}
    run = trained(tmp_path / "run", "price", folds=2, preprocessing={"split": split})

    assert told(run) == {}


def test_several_outputs_are_each_explained_by_their_own_rows(tmp_path):
    small = {"type": "concat", "members": 1, "output_size": 8, "num_fc_layers": 1}
    more = {"model_type": "ecd", "combiner": small, "trainer": {"epochs": 1}}
    run = trained(tmp_path / "run", "price", "kind", **more)
    worst = json.loads((run.path / "top_losses.json").read_text())

    found = told(run)

    said = [(each["output"], each["row"]) for each in found["explanations"]["rows"]]
    assert said == [(each["output"], each["row"]) for each in worst]
    assert {each["output"] for each in found["partial"]["columns"]} == {"price", "kind"}


def test_a_row_that_is_decided_by_its_group_is_explained_as_it_was_predicted(tmp_path):
    rows = [
        {
            "size": i % 40 / 4,
            "team": "ab"[i % 2],
            "other": i * 7 % 5,
            "won": "yes" if i % 40 + 9 * (i % 2) + i * 7 % 11 > 24 else "no",
        }
        for i in range(400)
    ]
    run = crosstie.train(
        {
            "data": rows,
            "target": "won",
            "exclude": ["team"],
            "model_type": "linear",
            "fairness": {"by": "team", "thresholds": "demographic_parity"},
        },
        output=tmp_path / "run",
    )
    assert crosstie.load(run.path).artifact.groups == {"team": ["a", "b"]}
    worst = json.loads((run.path / "top_losses.json").read_text())

    found = told(run)["explanations"]["rows"]

    assert [each["prediction"] for each in found] == [miss["prediction"] for miss in worst]
    assert set(found[0]["contributions"]) == {"size", "other"}
