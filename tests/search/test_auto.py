import crosstie
from crosstie.search.auto import plausible


def plan_of(columns, target):
    return crosstie.check(columns, target=target)


def rows(n=60):
    words = ["good morning to you all", "what a rainy day it was", "see you at the station soon"]
    return {
        "size": [i % 7 + 0.5 for i in range(n)],
        "colour": ["red", "green", "blue"] * (n // 3),
        "note": [f"{words[i % 3]} number {i}" for i in range(n)],
        "bought": ["yes", "no"] * (n // 2),
    }


def test_a_plain_table_is_tried_with_what_is_quick():
    columns = rows()
    del columns["note"]

    assert plausible(plan_of(columns, "bought")) == ["linear", "gbm"]


def test_text_is_worth_a_network():
    assert plausible(plan_of(rows(), "bought")) == ["linear", "gbm", "ecd"]


def test_several_outputs_are_for_what_can_predict_them_together():
    config = {"target": ["bought", "colour"], "model_type": "auto", "exclude": ["note"]}

    assert plausible(crosstie.check(config, data=rows())) == ["linear", "ecd"]


def test_trees_are_not_tried_on_text_alone():
    columns = rows()

    assert plausible(plan_of({key: columns[key] for key in ("note", "bought")}, "bought")) == [
        "linear",
        "ecd",
    ]


def test_what_the_choice_was_made_by_is_said(tmp_path):
    columns = rows()
    del columns["note"]
    said = []

    run = crosstie.train(columns, target="bought", runs=tmp_path, say=said.append)

    models = run.evaluation["models"]
    scores = {each["model"]: each["metrics"]["validation"]["bought"]["roc_auc"] for each in models}
    first, second = (each["model"] for each in models if each["model"] != "baseline")
    assert said[-2] == (
        f"chosen by roc_auc on validation rows: {first} {scores[first]:.4g}, {second} {scores[second]:.4g}"
    )
    assert said[-1].startswith(
        "bought: gbm is no better than the baseline, which sees no column, on 12"
    )
    assert scores[first] >= scores[second]


def test_with_folds_all_rows_judge_each_learner_and_the_best_keeps_a_model_for_each_fold(tmp_path):
    columns = rows()
    del columns["note"]

    run = crosstie.train(columns, target="bought", folds=3, runs=tmp_path)

    models = {each["model"]: each for each in run.evaluation["models"]}
    assert set(models) == {"linear", "gbm", "baseline"}
    chosen = next(each for each in models.values() if each["chosen"])
    assert len(chosen["about"]["folds"]) == 3
    assert len(crosstie.load(run.path).artifact.members) == 3
    assert sorted(each.name for each in (run.path / "folds").iterdir()) == ["0", "1", "2"]
