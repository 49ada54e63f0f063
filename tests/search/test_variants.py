"""A file with values put into it: where they go, and what is wrong with them before the first trial."""

import pytest

from crosstie.errors import ConfigError
from crosstie.pipeline.request import request_for
from crosstie.search.goal import Goal
from crosstie.search.variants import Variants, data_of
from crosstie.search.variants import told as told_of

TABLE = {
    "size": [i % 7 + 0.5 for i in range(60)],
    "price.net": [i % 5 for i in range(60)],
    "colour": ["red", "green", "blue"] * 20,
    "bought": ["yes", "no"] * 30,
}


def variants(parameters, *, model_type="ecd", target="bought", **more):
    hyperopt = {"parameters": parameters, **more.pop("hyperopt", {})}
    file = {"target": target, "model_type": model_type, "hyperopt": hyperopt, **more}
    return Variants(request_for(file, data=TABLE))


def told(parameters, **more):
    with pytest.raises(ConfigError) as error:
        variants(parameters, **more).check()
    return [str(each) for each in error.value.problems]


def test_an_option_of_a_column_is_found_by_its_name():
    found = variants(
        {
            "price.net.preprocessing.normalization": ["minmax"],
            "input_features.size.encoder.type": ["dense"],
            "bought.loss.weight": [2.0],
        }
    )
    plan = found.plan(
        {
            "price.net.preprocessing.normalization": "minmax",
            "input_features.size.encoder.type": "dense",
            "bought.loss.weight": 2.0,
        }
    )
    inputs = {each["name"]: each for each in plan.config["input_features"]}
    assert list(inputs) == ["size", "price.net", "colour"]
    assert inputs["price.net"]["preprocessing"]["normalization"] == "minmax"
    assert inputs["size"]["preprocessing"]["normalization"] != "minmax"
    assert inputs["size"]["encoder"]["type"] == "dense"
    assert plan.config["output_features"][0]["loss"]["weight"] == 2.0


def test_a_section_with_a_type_takes_the_place_of_another_and_one_without_sets_keys():
    found = variants(
        {"combiner": [{"type": "tabnet"}, {"output_size": 16}]},
        combiner={"type": "concat", "num_fc_layers": 1, "output_size": 8},
    )
    whole = found.plan({"combiner": {"type": "tabnet"}}).config["combiner"]
    assert (whole["type"], "num_fc_layers" in whole) == ("tabnet", False)
    keys = found.plan({"combiner": {"output_size": 16}}).config["combiner"]
    assert (keys["type"], keys["num_fc_layers"], keys["output_size"]) == ("concat", 1, 16)


def test_a_dot_stands_for_the_whole_file():
    ways = [
        {"model_type": "gbm", "trainer": {"num_leaves": 4}},
        {"model_type": "linear", "trainer": {"l2": 0.1}},
    ]
    found = variants({".": ways}, model_type=None)
    found.check()
    plans = [found.plan({".": each}) for each in ways]
    assert [each.model_type for each in plans] == ["gbm", "linear"]
    assert (plans[0].trainer["num_leaves"], plans[1].trainer["l2"]) == (4, 0.1)


def test_trials_that_differ_in_how_they_learn_share_their_rows():
    found = variants({"trainer.epochs": [1, 2], "size.preprocessing.normalization": ["minmax"]})
    first = data_of(found.plan({"trainer.epochs": 1}))
    assert data_of(found.plan({"trainer.epochs": 2, "size.encoder": "dense"})) == first
    assert data_of(found.plan({"size.preprocessing.normalization": "minmax"})) != first


def test_all_parameters_that_cannot_be_are_told_at_once():
    found = told(
        {
            "trainer.learnin_rate": [0.1],
            "trainer.learning_rate": {"lower": -1.0, "upper": 0.1},
            "sizes.preprocessing.normalization": ["minmax"],
            "size.preprocessing.normalisation": ["minmax"],
            "preprocessing.split": [{"type": "random"}],
            "preprocessing": [{"sample_size": 3}],
            "trainer": [{"epochs": 3}, {"epochs": 0}],
        },
        hyperopt={"metric": "auc"},
    )
    judged = "decides by which rows or columns trials are judged, which must be the same for all; leave it out"
    assert found == [
        "hyperopt.metric: no metric of a binary output is called 'auc'; did you mean 'roc_auc'?",
        "hyperopt.parameters.trainer.learnin_rate: unknown option; did you mean 'learning_rate'?",
        "hyperopt.parameters.trainer.learning_rate: must be more than 0, got -1.0",
        (
            "hyperopt.parameters.sizes.preprocessing.normalization: no section of the file and no column is called 'sizes'; did you "
            "mean 'size'?"
        ),
        "hyperopt.parameters.size.preprocessing.normalisation: unknown option; did you mean 'normalization'?",
        f"hyperopt.parameters.preprocessing.split: {judged}",
        f"hyperopt.parameters.preprocessing: preprocessing.sample_size {judged}",
        "hyperopt.parameters.trainer: epochs: must be at least 1, got 0",
    ]


def test_what_is_no_space_does_not_hide_what_else_is_wrong():
    found = told(
        {
            "trainer.learning_rate": {"space": "loguniformly", "lower": 0.1, "upper": 0.2},
            "trainer.epoch": [1, 2],
            "trainer.batch_size": [32, 64],
        },
        hyperopt={"metric": "rocauc"},
    )
    assert found == [
        "hyperopt.parameters.trainer.learning_rate.space: 'loguniformly' is no space; did you mean 'loguniform'?",
        "hyperopt.metric: no metric of a binary output is called 'rocauc'; did you mean 'roc_auc'?",
        "hyperopt.parameters.trainer.epoch: unknown option; did you mean 'epochs'?",
    ]


@pytest.mark.parametrize(
    ("parameters", "more", "said"),
    [
        (
            {"input_features.sise.encoder": ["dense"]},
            {},
            "hyperopt.parameters.input_features.sise.encoder: no column of 'input_features' is called so; did you mean 'size'?",
        ),
        (
            {"exclude": [["colour"]]},
            {"model_type": "auto"},
            ("hyperopt: model_type auto searches by itself; name what learns, as `model_type: gbm`, or vary it, as "
            "`parameters: {model_type: [gbm, ecd]}`"),
        ),
        (
            {"model_type": ["gbm", "ecd"]},
            {"hyperopt": {"executor": {"pruner": "median"}}},
            ("hyperopt.executor.pruner: holds trials against each other step by step, and steps of ecd and gbm are not the same; "
            "leave it out, or search for each by itself"),
        ),
        (
            {"trainer.l2": [1.0, 2.0]},
            {"model_type": "linear", "hyperopt": {"executor": {"pruner": "median"}}},
            "hyperopt.executor.pruner: a linear model is fitted in one go, so nothing can end it; leave it out",
        ),
        (
            {"trainer.l2": [1.0]},
            {"model_type": "linear", "hyperopt": {"metric": "roc_auc", "goal": "minimize"}},
            "hyperopt.goal: roc_auc is better the greater it is; write 'maximize', or leave it out",
        ),
        (
            {"trainer.l2": [1.0]},
            {"model_type": "linear", "hyperopt": {"output_feature": "sold"}},
            "hyperopt.output_feature: no output is called 'sold'; choose one of 'bought', 'combined'",
        ),
        (
            {"trainer.l2": [1.0]},
            {"model_type": "linear", "target": ["bought", "size"], "hyperopt": {"metric": "rmse"}},
            ("hyperopt.metric: all outputs together have no 'rmse', only their 'loss'; name one of 'bought', 'size' in "
            "'output_feature'"),
        ),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_is_told(parameters, more, said):
    assert told(parameters, **more) == [said]


def test_without_a_section_it_is_told_what_to_write():
    with pytest.raises(ConfigError) as error:
        Variants(request_for({"target": "bought"}, data=TABLE))
    assert str(error.value) == (
        "nothing says what to vary. Write a section 'hyperopt', as in "
        "`hyperopt: {parameters: {trainer.learning_rate: [0.01, 0.03, 0.1]}}`"
    )


def test_what_is_judged_goes_the_way_of_its_metric():
    one = variants({"trainer.l2": [1.0]}, model_type="linear").check()
    assert one == Goal("bought", "loss", maximize=False)
    more = {"metric": "roc_auc", "goal": "maximize", "output_feature": "bought"}
    other = variants({"trainer.l2": [1.0]}, model_type="linear", hyperopt=more).check()
    assert (other.name, other.maximize) == ("validation/bought/roc_auc", True)


def test_what_is_no_fault_of_the_values_is_none_of_a_trial():
    assert told_of(ConfigError("too many trees")) == "too many trees"
    assert told_of(MemoryError()) == "there is not enough memory for it"
    assert told_of(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")) == (
        "there is not enough memory for it"
    )
    assert told_of(RuntimeError("a shape is wrong")) is None
