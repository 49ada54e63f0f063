"""The section `hyperopt`, filled and checked."""

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.errors import ConfigError
from crosstie.tuning.hyperopt import build_pruner, read_hyperopt
from crosstie.tuning.pruner import pruners

WRONG = """\
target: y
hyperopt:
  goal: minimise
  metrc: roc_auc
  split: test
  search_alg: {type: hyperopt, random_state: 3}
  executor:
    num_sample: 3
    type: ray
    pruner: {type: ahsa}
    scheduler: {type: async_hyperband}
  parameters:
    trainer.learning_rate: {space: loguniform, low: 0.1, upper: 1}
    trainer.epochs: 3
    combiner: [{type: concat}, {type: concat}]
    a: {space: lograndint, lower: 5, upper: 2}
    b: {space: quniform, lower: 1, upper: 2}
    c: {lower: 1}
    d: {space: unifrom}
"""
KNOWN = "choice, grid_search, lograndint, loguniform, qlograndint, qloguniform, qrandint, qrandn, quniform, randint, randn, uniform"


def read(section):
    document = load({"hyperopt": section})
    return read_hyperopt(section, document.at("hyperopt"))


def test_all_that_is_wrong_is_told_with_its_line(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text(WRONG)
    document = load(path)
    _, problems = read_hyperopt(document.value["hyperopt"], document.at("hyperopt"))

    told = [str(each).removeprefix(f"{path}:") for each in problems]
    assert told == [
        "4 hyperopt.metrc: unknown option; did you mean 'metric'?",
        "3 hyperopt.goal: must be 'minimize' or 'maximize' or null, got 'minimise'",
        "5 hyperopt.split: 'test' would make the figures of the test rows untrue: they must not choose. Write 'validation'",
        "6 hyperopt.search_alg.type: 'hyperopt' is no search_alg; it is called 'tpe' here",
        "8 hyperopt.executor.num_sample: unknown option; did you mean 'num_samples'?",
        "11 hyperopt.executor.scheduler: is called 'pruner' here, as `pruner: asha`",
        (
            "9 hyperopt.executor.type: 'ray' is not part of this version: trials run on this machine; leave it out, or write "
            "`max_concurrent_trials: …` for several at once"
        ),
        "10 hyperopt.executor.pruner.type: 'ahsa' is no pruner; did you mean 'asha'?",
        "13 hyperopt.parameters.trainer.learning_rate.low: is called 'lower' here",
        "13 hyperopt.parameters.trainer.learning_rate: needs 'lower': a number",
        "14 hyperopt.parameters.trainer.epochs: must be a list of values or a section with 'space', got 3",
        '15 hyperopt.parameters.combiner.categories: has {"type": "concat"} twice; keep one',
        "16 hyperopt.parameters.a.upper: must be more than lower, 5, got 2",
        "17 hyperopt.parameters.b: needs 'q': a number",
        f"18 hyperopt.parameters.c: needs 'space': one of {KNOWN}",
        "19 hyperopt.parameters.d.space: 'unifrom' is no space; did you mean 'uniform'?",
    ]


def test_short_forms_stand_for_spaces():
    filled, problems = read(
        {
            "parameters": {
                "a": [1, 2],
                "b": {"lower": 1, "upper": 3},
                "c": {"lower": 1, "upper": 3.5},
                "d": {"lower": 0, "upper": 1, "q": 0.5},
                "e": {"values": ["x", "y"]},
            }
        }
    )
    assert problems == []
    assert filled["parameters"] == {
        "a": {"space": "choice", "categories": [1, 2]},
        "b": {"space": "randint", "lower": 1, "upper": 3},
        "c": {"space": "uniform", "lower": 1.0, "upper": 3.5},
        "d": {"space": "quniform", "lower": 0.0, "upper": 1.0, "q": 0.5},
        "e": {"space": "grid_search", "values": ["x", "y"]},
    }


def test_what_ludwig_writes_of_a_search_on_one_machine_is_taken():
    filled, problems = read(
        {
            "goal": "minimize",
            "metric": "loss",
            "output_feature": "combined",
            "split": "validation",
            "eval_split": "validation",
            "search_alg": {"type": "variant_generator", "random_state": None},
            "executor": {
                "type": "optuna",
                "num_samples": 3,
                "cpu_resources_per_trial": 1,
                "gpu_resources_per_trial": 0,
                "scheduler": {"type": "fifo"},
            },
            "parameters": {
                "trainer.learning_rate": {
                    "space": "loguniform",
                    "lower": 0.001,
                    "upper": 0.1,
                    "base": 10,
                },
                "utterance.encoder.norm": {"space": "grid_search", "values": ["layer", "batch"]},
            },
        }
    )
    assert problems == []
    assert filled["search_alg"] == {"type": "random"}
    assert filled["executor"] == {
        "type": "optuna",
        "num_samples": 3,
        "time_budget_s": None,
        "max_concurrent_trials": 1,
        "storage": None,
        "pruner": None,
    }


def test_a_range_without_end_cannot_be_gone_through():
    _, problems = read(
        {"parameters": {"a": [1], "b": {"lower": 0.0, "upper": 1.0}}, "search_alg": "grid"}
    )
    assert [str(each) for each in problems] == [
        (
            "hyperopt.parameters.b: has no end of values to go through; give it steps (quniform, qrandint), a list, or choose another "
            "search_alg"
        )
    ]


def test_every_pruner_can_be_asked_for_by_its_name():
    built = {}
    for name in pruners.names():
        section = {"type": name, "upper": 1.0} if name == "threshold" else name
        filled, problems = read({"parameters": {"a": [1]}, "executor": {"pruner": section}})
        assert problems == []
        built[name] = type(build_pruner(filled).build()).__name__
    assert built == {
        "asha": "SuccessiveHalvingPruner",
        "hyperband": "HyperbandPruner",
        "median": "MedianPruner",
        "percentile": "PercentilePruner",
        "threshold": "ThresholdPruner",
    }


def test_a_threshold_without_a_bound_is_told():
    _, problems = read({"parameters": {"a": [1]}, "executor": {"pruner": "threshold"}})
    assert [str(each) for each in problems] == [
        "hyperopt.executor.pruner: needs 'lower' or 'upper'"
    ]


def test_a_password_does_not_stand_in_the_file(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text(
        "target: y\nmodel_type: linear\nhyperopt:\n  parameters: {trainer.l2: [1.0]}\n"
        "  executor: {storage: 'postgresql://me:secret@there/all'}\n"
    )
    with pytest.raises(ConfigError) as error:
        crosstie.check(path, data={"x": [1.5, 2, 3] * 9, "y": [1.5, 2.5, 3.5] * 9})
    assert str(error.value) == (
        f"{path}:5 hyperopt.executor.storage: holds a password, which stands in the file; write ${{NAME}} in its place, and set "
        "the variable NAME"
    )
