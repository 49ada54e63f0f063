"""Mistakes that only show when options are taken together, with each other or with the data: told by checking."""

from pathlib import Path

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.errors import ConfigError, DataError
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.trial import try_data

ROWS = 60


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["age,sex,city,about,day,bought"]
    for i in range(ROWS):
        words = " ".join(["good", "bad", "fox", "dog"][: 1 + i % 4])
        sex, city = "male" if i % 3 else "female", "ABC"[i % 3]
        lines.append(
            f"{20 + i * 7 % 50},{sex},{city},{words},2021-01-{1 + i % 28:02d},{'no' if i % 2 else 'yes'}"
        )
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def plan(text, model_type="ecd"):
    Path("model.yaml").write_text(f"data: data.csv\nmodel_type: {model_type}\n{text}")
    return make_plan(load("model.yaml"))


def problems(text, model_type="ecd"):
    with pytest.raises(ConfigError) as caught:
        plan(text, model_type)
    return [str(each) for each in caught.value.problems]


def output(text):
    return f"output_features: [{text}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "target: bought\ncombiner: {type: transformer, hidden_size: 30, num_heads: 8}\n",
            "model.yaml:4 combiner.num_heads: 8 heads do not divide hidden_size 30. Take one that does.",
        ),
        (
            (
                "target: bought\ninput_features:\n"
                "  - {name: about, type: text, encoder: {type: transformer, hidden_size: 20, num_heads: 3}}\n"
            ),
            (
                "model.yaml:5 input_features[0].encoder.num_heads: 3 heads do not divide hidden_size 20. "
                "Take one that does."
            ),
        ),
        (
            "target: bought\ncombiner: {type: tab_transformer, embed_input_feature_name: 32}\n",
            (
                "model.yaml:4 combiner.embed_input_feature_name: must be less than hidden_size 32, got 32. "
                "Write less, or add."
            ),
        ),
        (
            output("{name: city, loss: {type: softmax_cross_entropy, class_weights: [1, 2]}}"),
            (
                "model.yaml:3 output_features[0].loss.class_weights: has 2 weights, but there are 3 classes: "
                "'A', 'B', 'C'. Write one for each, in their order, or each under the name of its class"
            ),
        ),
        (
            output("{name: city, loss: {class_weights: {A: 1, B: 1, Cc: 2}}}"),
            "model.yaml:3 output_features[0].loss.class_weights: no class is called 'Cc'; did you mean 'C'?",
        ),
        (
            output("{name: city, loss: {type: focal, class_weights: {A: 1}}}"),
            "model.yaml:3 output_features[0].loss.class_weights: lacks the weight of 'B', 'C'",
        ),
        (
            "target: bought\ntrainer: {effective_batch_size: 100, batch_size: 64}\n",
            (
                "model.yaml:4 trainer.effective_batch_size: must be a multiple of batch_size 64, got 100. "
                "Leave one of them out"
            ),
        ),
        (
            "target: bought\ntrainer: {optimizer: {type: sgd, nesterov: true}}\n",
            (
                "model.yaml:4 trainer.optimizer.nesterov: needs a momentum and no dampening, "
                "got momentum 0, dampening 0"
            ),
        ),
        (
            "target: bought\ntrainer: {precision: fp16, device: cpu}\n",
            "model.yaml:4 trainer.precision: fp16 needs a GPU; a CPU can do `bf16` or `32`",
        ),
        (
            "target: bought\ninput_features: [{name: about, type: text}]\ntrainer: {bucketing_field: age}\n",
            (
                "model.yaml:5 trainer.bucketing_field: no text, sequence, set or bag input is called 'age'; "
                "choose one of 'about'"
            ),
        ),
        (
            "target: bought\ntrainer: {validation_field: combined, validation_metric: accuracy}\n",
            (
                "model.yaml:4 trainer.validation_metric: all outputs together have no 'accuracy', only their "
                "'loss'; or name an output in validation_field"
            ),
        ),
        (
            "target: age\ntrainer: {validation_metric: mape}\n",
            (
                "model.yaml:4 trainer.validation_metric: 'mape' of the number output 'age' is measured only when "
                "training has ended, so training cannot go by it; take one of 'explained_variance', 'mae', "
                "'max_error', 'median_absolute_error', 'mse', 'r2', 'rmse', or write `metric: mape` at the output, "
                "to compare runs by it"
            ),
        ),
        (
            (
                "target: bought\ninput_features: [{name: about, type: text, encoder: "
                "{type: rnn, fc_layers: [{output_size: 8}], num_fc_layers: 3}}]\n"
            ),
            (
                "model.yaml:4 input_features[0].encoder.num_fc_layers: is 3, but fc_layers lists 1; "
                "leave one of them out"
            ),
        ),
        (
            output("{name: age, type: number, loss: {label_smoothing: 0.1}}"),
            (
                "model.yaml:3 output_features[0].loss.label_smoothing: is an option of cross-entropies of one class a "
                "row, of tags and of words; leave it out"
            ),
        ),
        (
            output("{name: age, calibration: true}"),
            (
                "model.yaml:3 output_features[0].calibration: a number output has no probabilities to "
                "calibrate; leave it out"
            ),
        ),
        (
            output("{name: bought, type: binary, loss: softmax_cross_entropy}"),
            (
                "model.yaml:3 output_features[0].loss: 'softmax_cross_entropy' is no loss of a binary feature; "
                "it is called 'binary_weighted_cross_entropy' here"
            ),
        ),
        (
            "target: bought\nsplit: {type: random, probabilities: [0.5, 0.2]}\n",
            "model.yaml:4 split.probabilities: must be of length 3 or more, got [0.5, 0.2]",
        ),
        (
            "target: bought\ninput_features: [{name: about, type: text, encoder: rnn, cell_type: gru}]\n",
            (
                "model.yaml:4 input_features[0].cell_type: belongs into 'encoder', as in "
                "`encoder: {type: rnn, cell_type: …}`"
            ),
        ),
        (
            output("{name: city, type: category, loss: focal, gamma: 3}"),
            (
                "model.yaml:3 output_features[0].gamma: belongs into 'loss', as in "
                "`loss: {type: focal, gamma: …}`"
            ),
        ),
        (
            "target: bought\nepochs: 3\n",
            "model.yaml:4 epochs: belongs into 'trainer', as in `trainer: {epochs: …}`",
        ),
        (
            "target: bought\nlr: 0.1\n",
            "model.yaml:4 lr: belongs into 'trainer', as in `trainer: {learning_rate: …}`",
        ),
        (
            "target: bought\ntrainer: {random_state: 3}\n",
            "model.yaml:4 trainer.random_state: belongs to the top of the file, as `seed: …`",
        ),
        (
            "target: bought\ntrainer: {sample_ratio: 0.5}\n",
            "model.yaml:4 trainer.sample_ratio: belongs into 'preprocessing', as `sample_ratio: …`",
        ),
        (
            "target: bought\ntrainer: {num_leaves: 5}\n",
            "model.yaml:4 trainer.num_leaves: is an option of model_type gbm, and this is ecd",
        ),
        (
            "target: bought\ninput_features: [{name: sex}, {name: city, tied: sexx}]\n",
            "model.yaml:4 input_features[1].tied: no other input is called 'sexx'; did you mean 'sex'?",
        ),
        (
            "target: bought\ninput_features: [{name: sex}, {name: city, tied: sex}]\n",
            (
                "model.yaml:4 input_features[1].tied: a category cannot share the encoder of 'sex', "
                "which is a binary"
            ),
        ),
        (
            (
                "target: bought\ninput_features:\n  - {name: sex, type: category, tied: city}\n"
                "  - {name: city, tied: sex}\n"
            ),
            "model.yaml:6 input_features[1].tied: inputs are tied in a circle: city → sex → city",
        ),
        (
            (
                "target: bought\ninput_features:\n  - {name: sex, type: category, tied: city, encoder: onehot}\n"
                "  - {name: city, encoder: dense}\n"
            ),
            (
                "model.yaml:5 input_features[0].encoder: is that of 'city', to which this one is tied; "
                "leave it out"
            ),
        ),
    ],
)
def test_a_contradiction_names_its_place(here, text, expected):
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "target: bought\ntrainer: {class_weights: {yes: 2, non: 1}}\n",
            "model.yaml:4 trainer.class_weights: no class is called 'non'; did you mean 'no'?",
        ),
        (
            "target: age\ntrainer: {class_weights: balanced}\n",
            "model.yaml:4 trainer.class_weights: the number output 'age' has no classes; leave it out",
        ),
        (
            "target: bought\ntrainer: {monotone_constraints: {age: 1, city: 1}}\n",
            (
                "model.yaml:4 trainer.monotone_constraints.city: only a number can rise or fall, and no number "
                "input has this name; choose one of 'age', 'sex'"
            ),
        ),
        (
            "target: bought\ntrainer: {eta: 0.1}\n",
            "model.yaml:4 trainer.eta: is called 'learning_rate' here",
        ),
    ],
)
def test_a_contradiction_for_trees_names_its_place(here, text, expected):
    assert problems(text, "gbm") == [expected]


def test_another_mistake_hides_no_contradiction(here):
    text = (
        "target: bought\n"
        "combiner: {type: transformer, hidden_size: 30, num_heads: 8, num_haeds: 3}\n"
        "trainer: {effective_batch_size: 100, batch_size: 64, lr: 1}\n"
    )
    assert problems(text) == [
        "model.yaml:4 combiner.num_haeds: unknown option; did you mean 'num_heads'?",
        "model.yaml:4 combiner.num_heads: 8 heads do not divide hidden_size 30. Take one that does.",
        "model.yaml:5 trainer.lr: is called 'learning_rate' here",
        (
            "model.yaml:5 trainer.effective_batch_size: must be a multiple of batch_size 64, got 100. "
            "Leave one of them out"
        ),
    ]


def test_a_wrong_value_is_told_once_and_nothing_is_built_from_it(here):
    text = "target: bought\ncombiner: {type: transformer, hidden_size: 30, num_heads: many}\n"
    assert problems(text) == ["model.yaml:4 combiner.num_heads: must be a whole number, got 'many'"]


def test_another_tools_name_of_a_learner_is_answered_with_ours(here):
    assert problems("target: bought\n", "xgboost") == [
        "model.yaml:2 model_type: 'xgboost' is no model_type; it is called 'gbm' here"
    ]


def test_steps_go_before_epochs_and_that_is_said(here):
    made = plan("target: bought\ntrainer: {epochs: 3, train_steps: 10}\n")
    assert made.warnings[0] == "trainer.epochs is not read: trainer.train_steps goes before it"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "target: bought\nsplit: {type: datetime, column: city}\n",
            "column 'city': no row holds a date",
        ),
        (
            "target: bought\ninput_features: [{name: sex, type: binary, preprocessing: {positive: boy}}]\n",
            "sex: positive: 'boy' is no level of the training rows",
        ),
    ],
)
def test_what_the_data_refuses_is_told_without_training(here, text, told):
    with pytest.raises(DataError) as caught:
        try_data(plan(text))
    assert str(caught.value).startswith(told)


def test_checking_says_what_the_data_refuses(here):
    with pytest.raises(DataError, match="no row holds a date"):
        crosstie.check(
            "data.csv", target="bought", set=["split.type=datetime", "split.column=city"]
        )


def test_weights_of_labels_are_compared_with_those_of_the_training_rows(here):
    made = plan(
        output("{name: about, type: set, loss: {class_weights: {good: 1, bad: 2, fox: 1}}}")
    )
    with pytest.raises(ConfigError) as caught:
        try_data(made)
    assert str(caught.value) == "about.class_weights: lacks the weight of 'dog'"


def test_data_that_can_be_learned_from_says_nothing(here):
    made = plan("target: bought\n")
    try_data(made)
    assert all(not feature.state()[0].get("fitted", {}).get("levels") for feature in made.inputs)
