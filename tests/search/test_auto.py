"""What an automatic search tries, keeps and writes down."""

import json
import time
from itertools import islice

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError, RunError
from crosstie.pipeline.auto import Auto
from crosstie.search.agenda import agenda, hopeless, plausible
from crosstie.search.cut import Cut
from crosstie.search.portfolio import Trial, draws, portfolio
from crosstie.training.callbacks.callback import Callback, Progress


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

    assert plausible(plan_of(columns, "bought")) == [
        "linear",
        "gbm",
        "decision_tree",
        "nearest_neighbors",
        "random_forest",
        "extra_trees",
        "support_vectors",
    ]


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


@pytest.mark.slow
def test_what_the_choice_was_made_by_is_said(tmp_path):
    columns = rows()
    del columns["note"]
    said = []

    few = ["trainer.learners=[linear,gbm]"]
    run = crosstie.train(columns, target="bought", set=few, runs=tmp_path, say=said.append)

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


@pytest.mark.slow
def test_with_folds_all_rows_judge_each_learner_and_the_best_keeps_a_model_for_each_fold(tmp_path):
    columns = rows()
    del columns["note"]

    few = ["trainer.learners=[linear,gbm]"]
    run = crosstie.train(columns, target="bought", folds=3, set=few, runs=tmp_path)

    models = {each["model"]: each for each in run.evaluation["models"]}
    assert set(models) == {"linear", "gbm", "baseline"}
    chosen = next(each for each in models.values() if each["chosen"])
    assert len(chosen["about"]["folds"]) == 3
    assert len(crosstie.load(run.path).artifact.members) == 3
    assert sorted(each.name for each in (run.path / "folds").iterdir()) == ["0", "1", "2"]


def curve(n=800):
    """A number that trees see in steps and a line in part."""
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-3, 3, n), rng.uniform(-3, 3, n)
    noise = rng.normal(size=n)
    return {"x": x.tolist(), "z": z.tolist(), "y": (np.sin(2 * x) + z + noise).tolist()}


@pytest.mark.slow
def test_a_wide_search_averages_models_and_its_plan_gives_the_same_model_again(tmp_path):
    asked = {"target": "y", "runs": tmp_path, "name": "waves"}
    few = ["trainer.learners=[linear,gbm]"]
    first = crosstie.train(curve(500), effort="standard", set=few, folds=2, **asked)

    plan = json.loads((first.path / "plan.json").read_text())
    names = [each["name"] for each in plan["trials"]]
    assert names == [
        "linear",
        "gbm",
        "gbm_tuned",
        "gbm_made",
        "gbm_163",
        "gbm_13",
        "gbm_177",
        "gbm_72",
        "gbm_41",
    ]
    assert (plan["chosen"], first.manifest["learner"]) == ("ensemble", "ensemble")
    chosen, *others = first.evaluation["models"]
    weights = chosen["about"]["weights"]
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert {each["model"] for each in others} == {*names, "baseline"}
    best = min(each["metrics"]["validation"]["y"]["rmse"] for each in others)
    assert chosen["metrics"]["validation"]["y"]["rmse"] < best
    assert (
        chosen["about"]["on_rows_it_was_not_chosen_by"]["rmse"]
        > chosen["metrics"]["validation"]["y"]["rmse"]
    )

    again = crosstie.train(curve(500), plan=first.path, folds=2, **asked)
    model = sorted(path.name for path in (first.model / "graph").iterdir())
    assert len(model) == 2 * len(weights)
    for name in ("ensemble.json", "features.json", *(f"graph/{each}" for each in model)):
        assert (first.model / name).read_bytes() == (again.model / name).read_bytes()


@pytest.mark.slow
def test_a_time_limit_ends_the_search_and_leaves_a_model(tmp_path):
    run = crosstie.train(curve(), target="y", time_limit="1s", runs=tmp_path)

    plan = json.loads((run.path / "plan.json").read_text())
    assert [each["name"] for each in plan["trials"]] == ["linear"]
    first, *_ = plan["left_out"]
    assert first == {"name": "gbm", "why": "no time was left"}
    assert run.manifest["learner"] == "linear"


@pytest.mark.slow
def test_a_time_limit_counts_from_the_call_and_not_from_the_start_of_an_old_process(tmp_path):
    asked = {"target": "y", "set": ["trainer.learners=[linear,decision_tree]"]}
    hour_ago = time.monotonic() - 3600

    fresh = crosstie.train(curve(60), time_limit="20s", runs=tmp_path / "fresh", **asked)
    late = crosstie.train(
        curve(60), time_limit="20s", began=hour_ago, output=tmp_path / "late", **asked
    )

    tried = [
        [each["name"] for each in json.loads((run.path / "plan.json").read_text())["trials"]]
        for run in (fresh, late)
    ]
    assert tried == [["linear", "decision_tree"], ["linear"]]


def test_what_comes_behind_its_units_ends_a_fit_earlier():
    def ends(behind):
        cut = Cut(deadline=time.monotonic() + 3600, behind=behind)
        progress = Progress(learner="gbm", unit="tree", step=3)
        cut.on_train_start(progress)
        cut.on_step_end(progress)
        return progress.ends_here

    assert (ends(0.0), ends(float("inf"))) == (False, True)


@pytest.mark.slow
def test_a_fit_that_was_cut_is_cut_at_the_same_tree_again(tmp_path):
    whole = crosstie.train(curve(), target="y", runs=tmp_path / "whole")
    plan = json.loads((whole.path / "plan.json").read_text())
    plan["trials"][1]["cuts"] = [7]
    (whole.path / "plan.json").write_text(json.dumps(plan))

    cut = crosstie.train(curve(), target="y", plan=whole.path, runs=tmp_path / "cut")

    gbm = next(each for each in cut.evaluation["models"] if each["model"] == "gbm")
    assert gbm["about"]["rounds"] <= 7
    assert json.loads((cut.path / "plan.json").read_text())["trials"][1]["cuts"] == [7]


def test_a_unit_that_would_end_too_late_is_not_begun():
    cut, progress = Cut(deadline=-1.0), Progress(learner="gbm", unit="tree", step=3)
    cut.on_step_end(progress)
    assert progress.ends_here
    later, progress = Cut(deadline=None), Progress(learner="gbm", unit="tree", step=3)
    later.on_step_end(progress)
    assert not progress.ends_here


def test_what_is_drawn_is_the_same_however_often_and_named_apart():
    learners = ["linear", "gbm", "ecd"]
    drawn = list(islice(draws(learners, seed=1), 9))
    assert drawn == list(islice(draws(learners, seed=1), 9))
    assert drawn != list(islice(draws(learners, seed=2), 9))
    names = [each.name for each in [*portfolio(learners, number=True), *drawn]]
    assert len(set(names)) == len(names)
    assert list(draws(["linear"], seed=1)) == []


def test_draws_keep_near_the_best_booster_in_turn_and_seldom_try_a_network_that_does_not_lead():
    best = Trial("gbm_72", "gbm", {"learning_rate": 0.02, "num_leaves": 200, "extra_trees": True})

    drawn = list(islice(draws(["gbm", "ecd"], seed=1, leading=lambda: [best]), 10))

    assert [each.model_type for each in drawn].count("ecd") == 2
    near = [each.trainer for each in drawn[1::2] if each.model_type == "gbm"]
    assert all(each["extra_trees"] and 60 < each["num_leaves"] <= 300 for each in near)
    assert len({each["learning_rate"] for each in near}) == len(near) > 2
    network = Trial("ecd", "ecd")
    often = list(islice(draws(["gbm", "ecd"], seed=1, leading=lambda: [network, best]), 10))
    assert [each.model_type for each in often].count("ecd") == 5


class Stops(Callback):
    """Ctrl-C as a fit begins."""

    def __init__(self, fits):
        self.fits = fits

    def on_train_start(self, progress):
        self.fits -= 1
        if self.fits < 0:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_search_that_goes_on_keeps_what_was_fitted_as_it_was_fitted(tmp_path):
    asked = {"target": "y", "effort": "standard", "set": ["trainer.learners=[gbm]"], "folds": 2}
    crosstie.train(curve(200), output=tmp_path / "run", callbacks=[Stops(4)], **asked)
    facts = tmp_path / "run" / "trials" / "gbm_tuned" / "trial.json"
    fitted = json.loads(facts.read_text())
    fitted["trainer"]["learning_rate"] = 0.0555  # as if the clock had left less time then
    facts.write_text(json.dumps(fitted))

    run = crosstie.train(resume=tmp_path / "run", data=curve(200))

    tried = json.loads((run.path / "plan.json").read_text())["trials"]
    rates = {each["name"]: each["trainer"].get("learning_rate") for each in tried}
    assert (rates["gbm_tuned"], rates["gbm_163"]) == (0.0555, 0.0114)


@pytest.mark.slow
def test_where_validation_rows_give_the_metric_no_value_models_are_compared_by_a_loss(tmp_path):
    table = curve(300)
    table["y"] = ["yes"] * 5 + ["no"] * 295
    said = []

    run = crosstie.train(
        table, target="y", set=["trainer.learners=[linear,gbm]"], runs=tmp_path, say=said.append
    )

    assert "roc_auc has no value on these rows, so models are compared by log_loss" in said
    plan = json.loads((run.path / "plan.json").read_text())
    scores = {each["name"]: each["score"] for each in plan["trials"]}
    losses = {
        each["model"]: each["metrics"]["validation"]["y"]["log_loss"]
        for each in run.evaluation["models"]
    }
    assert plan["chosen"] == max(scores, key=scores.get)
    assert scores["linear"] == pytest.approx(-losses["linear"], rel=0.5)


def test_only_what_is_asked_for_is_tried(tmp_path):
    run = crosstie.train(curve(60), target="y", set=["trainer.learners=[linear]"], runs=tmp_path)
    assert [each["model"] for each in run.evaluation["models"]] == ["linear", "baseline"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"time_limit": "soon"}, "--time-limit: 'soon' is no time; write 90s, 10m or 1h30m"),
        (
            {"set": ["trainer.learners=[gmb]"]},
            "trainer.learners.gmb: is no learner; did you mean 'gbm'?",
        ),
        (
            {"set": ["trainer.repeat=further"], "time_limit": 9},
            "trainer.repeat: further: goes on behind a plan as long as a time limit lets it; give both, --plan and",
        ),
        (
            {"set": ["trainer.num_leaves=3"]},
            "is an option of gbm, and model_type auto leaves it open",
        ),
    ],
)
def test_a_wrong_budget_is_told(asked, told):
    with pytest.raises(ConfigError, match=told.replace("?", r"\?")):
        crosstie.train(curve(60), target="y", **asked)


def test_a_run_without_a_plan_cannot_be_planned_by(tmp_path):
    run = crosstie.train(curve(60), target="y", model_type="linear", runs=tmp_path)
    with pytest.raises(
        ConfigError, match=r"plan\.json: there is none; name a run of model_type auto"
    ):
        crosstie.train(curve(60), target="y", plan=run.path, runs=tmp_path)


@pytest.mark.slow
def test_only_what_a_run_kept_can_be_fitted_again(tmp_path):
    first = crosstie.train(
        curve(), target="y", set=["trainer.learners=[linear,gbm]"], runs=tmp_path
    )
    kept = json.loads((first.path / "plan.json").read_text())["kept"]
    assert kept == ["gbm"]

    again = crosstie.train(
        curve(500), target="y", plan=first.path, set=["trainer.repeat=kept"], runs=tmp_path
    )

    trials = json.loads((again.path / "plan.json").read_text())["trials"]
    assert [each["name"] for each in trials] == kept


@pytest.mark.slow
def test_a_search_can_go_on_from_an_earlier_one_and_is_no_worse(tmp_path):
    asked = {"target": "y", "runs": tmp_path, "name": "waves"}
    learners = "trainer.learners=[linear,gbm]"
    first = crosstie.train(curve(), set=[learners], **asked)
    known = json.loads((first.path / "plan.json").read_text())["trials"]
    known[1]["cuts"] = [3]
    plan = json.loads((first.path / "plan.json").read_text()) | {"trials": known}
    (first.path / "plan.json").write_text(json.dumps(plan))
    short = crosstie.train(curve(), set=[learners], plan=first.path, **asked)

    longer = crosstie.train(
        curve(),
        set=[learners, "trainer.repeat=further"],
        plan=short.path,
        time_limit="5s",
        **asked,
    )

    tried = json.loads((longer.path / "plan.json").read_text())["trials"]
    names = [each["name"] for each in tried]
    assert names[:3] == ["linear", "gbm", "gbm_tuned"]
    assert [each["score"] for each in tried[:2]] == [
        each["score"] for each in json.loads((short.path / "plan.json").read_text())["trials"]
    ]
    assert len(set(names)) == len(names)
    rmse = [run.metrics["validation"]["y"]["rmse"] for run in (longer, short)]
    assert rmse[0] < rmse[1]


@pytest.mark.slow
@pytest.mark.parametrize("folds", [None, 2])
def test_what_is_kept_can_be_fitted_again_on_validation_rows_too(tmp_path, folds):
    asked = {"target": "y", "folds": folds, "name": "waves"}
    few = ["trainer.learners=[linear,gbm]"]
    once = crosstie.train(curve(), set=few, output=tmp_path / "once", **asked)
    plan = json.loads((once.path / "plan.json").read_text())
    plan["trials"][1]["trainer"] = {"refit": False}
    (once.path / "plan.json").write_text(json.dumps(plan))

    bare, again = (
        crosstie.train(
            curve(),
            plan=once.path,
            set=[f"trainer.refit={refit}", "trainer.ensemble=false"],
            output=tmp_path / refit,
            **asked,
        )
        for refit in ("false", "true")
    )

    kept, before = again.evaluation["models"][0], bare.evaluation["models"][0]
    assert (kept["model"], before["model"]) == ("gbm", "gbm")
    assert kept["metrics"]["validation"] == before["metrics"]["validation"]
    assert kept["metrics"]["test"] != before["metrics"]["test"]
    assert (
        kept["about"]["refit_rows"] == len(curve()["y"]) - again.evaluation["outputs"]["y"]["rows"]
    )
    assert len(list((again.model / "graph").iterdir())) == 1
    row = [{"x": 0.5, "z": 1.0}]
    as_tried = crosstie.load(f"{again.path}/trials/gbm").predict(row)
    assert (
        as_tried == crosstie.load(bare.path).predict(row) != crosstie.load(again.path).predict(row)
    )


def test_what_cannot_be_fitted_again_stays_and_that_is_said(tmp_path):
    said = []

    run = crosstie.train(
        curve(60),
        target="y",
        set=["trainer.learners=[linear]", "trainer.refit=true"],
        runs=tmp_path,
        say=said.append,
    )

    assert run.manifest["learner"] == "linear"
    assert (
        "linear stays as it is: only boosters that validation rows stopped can be fitted again, on all rows"
        in said
    )


@pytest.mark.slow
def test_each_model_that_was_tried_can_be_predicted_with(tmp_path):
    run = crosstie.train(curve(200), target="y", runs=tmp_path, name="waves")
    rows = [{"x": 0.5, "z": 1.0}, {"x": None, "z": -1.0}]

    kept = crosstie.load(run.path).predict(rows)
    tried = crosstie.load("waves/latest/trials/gbm", runs=tmp_path).predict(rows)
    other = crosstie.load(f"{run.path}/trials/linear").predict(rows)

    assert (kept == tried, kept == other) == (True, False)
    facts = json.loads((run.path / "trials/linear/trial.json").read_text())
    models = {each["model"]: each["metrics"] for each in run.evaluation["models"]}
    assert facts["metrics"]["validation"] == models["linear"]["validation"]
    with pytest.raises(RunError, match=r"tried no model 'gmb'; did you mean 'gbm'\?"):
        crosstie.load(f"{run.path}/trials/gmb")


def test_what_holds_training_rows_is_not_tried_where_some_are_private():
    config = {"target": "y", "private": ["x"], "trainer": {"effort": "standard"}}
    plan = crosstie.check(config, data=curve(60))
    assert "random_forest" in [each.trial.name for each in agenda(plan, Auto(**plan.trainer))[0]]
    assert "nearest_neighbors" not in [
        each.trial.name for each in agenda(plan, Auto(**plan.trainer))[0]
    ]


def test_learners_that_are_named_are_tried_however_quick_the_look_is(tmp_path):
    run = crosstie.train(
        curve(60), target="y", set=["trainer.learners=[decision_tree]"], runs=tmp_path
    )
    assert run.manifest["learner"] == "decision_tree"

    with pytest.raises(ConfigError) as error:
        crosstie.train(
            {"note": rows()["note"], "bought": rows()["bought"]},
            target="bought",
            set=["trainer.learners=[gbm]"],
            runs=tmp_path,
        )
    assert str(error.value) == (
        "trainer.learners: none of gbm can be searched among for this table; choose from linear, ecd"
    )


def test_what_is_not_worth_its_time_on_so_many_rows_is_known_beforehand(tmp_path):
    run = crosstie.train(curve(60), target="y", model_type="linear", runs=tmp_path)
    layout = crosstie.load(run.path).artifact.members[0].layout

    machines = Trial("support_vectors", "support_vectors")
    why = hopeless(machines, layout, 1_000_000)
    assert why.startswith("support vectors on 1,000,000 rows would take about ")
    assert hopeless(machines, layout, 1_000) == ""
    assert hopeless(Trial("gbm", "gbm"), layout, 1_000_000) == ""


@pytest.mark.slow
def test_where_nothing_can_be_fitted_the_same_is_said_of_every_row_and_why(tmp_path):
    said = []
    run = crosstie.train(
        {"x": [f"x{i}" for i in range(60)], "y": ["yes", "no", "no"] * 20},
        target="y",
        set=["trainer.learners=[nearest_neighbors]"],
        types={"x": "category"},
        runs=tmp_path,
        say=said.append,
    )

    why = (
        "failed: nearest_neighbors: no two training rows have anything in common to compare them by"
    )
    assert f"nearest_neighbors {why}" in said
    assert "nothing could be fitted, so the same is said of every row" in said
    assert run.manifest["learner"] == "constant"
    plan = json.loads((run.path / "plan.json").read_text())
    assert plan["left_out"] == [{"name": "nearest_neighbors", "why": why}]
    assert plan["kept"] == ["constant"]
    answer = crosstie.load(run.path).predict({"x": "x5"})
    assert (answer["y_prediction"], answer["y_probability_yes"]) == (
        "no",
        pytest.approx(1 / 3, abs=0.02),
    )


@pytest.mark.slow
def test_an_effect_that_may_only_rise_does_so_whatever_is_chosen(tmp_path):
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-3, 3, 300), rng.uniform(-3, 3, 300)
    columns = {"x": x.tolist(), "z": z.tolist(), "y": (x + 2 * np.sin(3 * x) + z).tolist()}
    run = crosstie.train(
        columns,
        target="y",
        set=["trainer.monotone_constraints={x: 1}", "trainer.learners=[linear,gbm,random_forest]"],
        runs=tmp_path,
    )
    tried = json.loads((run.path / "plan.json").read_text())["trials"]
    assert [each["name"] for each in tried] == ["gbm", "random_forest"]
    for each in tried:
        model = crosstie.load(run.path / "trials" / each["name"])
        grid = model.predict({"x": np.linspace(-3, 3, 60).tolist(), "z": [0.5] * 60})
        assert (np.diff(np.asarray(grid["y_prediction"], float)) >= -1e-6).all()
    with pytest.raises(ConfigError, match="no number input has this name"):
        crosstie.train(
            columns, target="y", set=["trainer.monotone_constraints={w: 1}"], runs=tmp_path
        )
