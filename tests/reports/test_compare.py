import json
import shutil

from reading import read

from crosstie.reports.compare import compare, differences
from crosstie.reports.page import page


def test_runs_stand_beside_each_other_with_what_was_asked_for(runs, tmp_path):
    first = runs["binary"]
    second = tmp_path / "second"
    shutil.copytree(first, second)
    config = (second / "config.yaml").read_text()
    (second / "config.yaml").write_text(config.replace("seed: 42", "seed: 7"))
    evaluation = json.loads((second / "evaluation.json").read_text())
    evaluation["models"][0]["metrics"]["test"]["Churn"]["roc_auc"] = 0.61
    (second / "evaluation.json").write_text(json.dumps(evaluation))

    tree = read(page(compare([first, second])))
    own = json.loads((first / "evaluation.json").read_text())
    auc = own["models"][0]["metrics"]["test"]["Churn"]["roc_auc"]
    low, high = own["outputs"]["Churn"]["intervals"]["roc_auc"]
    span = f"({low:.4f} to {high:.4f})"

    assert tree.all("h1")[0].text == "2 runs of binary"
    said = [each.text for each in tree.all("header")[0].all("p")]
    assert said == [
        f"For Churn, run 1: linear is best by roc_auc: {auc:.4f}, against 2: linear 0.6100.",
        "All learned from the same data.",
    ]
    _, figures, options = tree.all("table")
    assert figures.table()[1] == ["roc_auc", f"{auc:.4f} {span}", f"0.6100 {span}"]
    assert options.table() == [["option", "1: linear", "2: linear"], ["seed", "42", "7"]]


def test_runs_of_other_data_are_said_to_be(runs):
    found = compare([runs["binary"], runs["number"]])

    assert found["verdict"] == [
        "They learned from different data, so that their figures are of different rows."
    ]


def test_features_are_told_apart_by_name_wherever_they_stand():
    one = {"input_features": [{"name": "a", "type": "number"}, {"name": "b", "type": "text"}]}
    other = {"input_features": [{"name": "b", "type": "category"}]}

    assert differences([one, other]) == {
        "input_features.b.type": ["text", "category"],
        "input_features.a": ["number", None],
    }


def test_a_feature_that_one_file_lacks_is_told_in_one_line():
    options = {"type": "number", "preprocessing": {"normalization": "zscore", "fill_value": 0}}
    one = {"input_features": [{"name": "a", **options}, {"name": "a.b", **options}], "seed": 1}
    other = {"input_features": [{"name": "a.b", "type": "category"}, {"name": "c"}], "seed": 2}

    assert differences([one, other]) == {
        "input_features.a.b.type": ["number", "category"],
        "input_features.a.b.preprocessing.normalization": ["zscore", None],
        "input_features.a.b.preprocessing.fill_value": [0, None],
        "seed": [1, 2],
        "input_features.a": ["number", None],
        "input_features.c": [None, "there"],
    }
