"""A tag for each token, from a file of sentences to predictions."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch

import crosstie
from crosstie.api import check, train
from crosstie.errors import ConfigError, DataError
from crosstie.learners.ecd import Ecd

OUTPUT = "output_features: [{name: upos, type: sequence}]\n"


@pytest.fixture(scope="module")
def sentences(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 400 sentences of a treebank."""
    path = tmp_path_factory.mktemp("tagging") / "few.conllu"
    with gzip.open(shared_data / "seq_ud_ewt/en_ewt-ud-dev.conllu.gz", "rt", encoding="utf-8") as f:
        path.write_text("\n\n".join(f.read().split("\n\n")[:400]) + "\n\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(sentences: Path) -> Any:
    model = sentences.parent / "model.yaml"
    model.write_text(
        "data: few.conllu\n"
        "input_features:\n"
        "  - {name: tokens, type: sequence, encoder: {type: rnn, embedding_size: 16, state_size: 16}}\n"
        + OUTPUT
        + "trainer: {epochs: 6, batch_size: 16, learning_rate: 0.02}\n"
    )
    return train(model, runs=model.parent / "runs")


def test_a_tagger_learns_and_says_a_tag_for_each_token(trained: Any) -> None:
    metrics = json.loads((trained.path / "metrics.json").read_text())
    assert metrics["test"]["upos"]["token_accuracy"] > 0.65
    assert "span_f1" not in metrics["test"]["upos"]  # parts of speech mark no spans
    model = crosstie.load(trained.path)
    found = model.predict([{"tokens": ["the", "dog", "saw", "me", "."]}, {"tokens": []}])
    assert [len(each["upos_prediction"]) for each in found] == [5, 0]
    assert found[0]["upos_prediction"][0] == "DET"
    assert found[0]["upos_prediction"][-1] == "PUNCT"
    assert all(0 < each <= 1 for each in found[0]["upos_probability"])
    evaluation = json.loads((trained.path / "evaluation.json").read_text())
    baseline = evaluation["models"][-1]["metrics"]["test"]["upos"]
    assert 0 < baseline["token_accuracy"] < 0.3
    low, high = evaluation["outputs"]["upos"]["intervals"]["token_accuracy"]
    assert low < metrics["test"]["upos"]["token_accuracy"] < high
    assert evaluation["outputs"]["upos"]["temperature"] != 1.0


def test_padding_and_neighbours_do_not_change_a_prediction(trained: Any) -> None:
    model = crosstie.load(trained.path)
    rows = [{"tokens": ["it", "works"]}, {"tokens": ["we", "like", "it", "very", "much"] * 3}]
    together = model.predict(rows)
    for row, expected in zip(rows, together, strict=True):
        (alone,) = model.predict([row])
        assert alone["upos_prediction"] == expected["upos_prediction"]
        assert alone["upos_probability"] == pytest.approx(expected["upos_probability"], abs=1e-5)


def test_tokens_behind_the_longest_that_is_read_have_no_tag(trained: Any) -> None:
    model = crosstie.load(trained.path)
    length = model.artifact.members[0].preprocessor.layout.outputs[0].length
    (found,) = model.predict([{"tokens": ["dog"] * (length + 3)}])
    assert len(found["upos_prediction"]) == length + 3
    assert model.notes[0] == (
        "column 'tokens': 1 of 1 rows have more tokens than are read; those behind have no tag "
        "(see preprocessing.max_sequence_length)"
    )
    assert found["upos_prediction"][-4:] == [found["upos_prediction"][length - 1], None, None, None]


def test_evaluating_measures_the_file_that_is_given(trained: Any, sentences: Path) -> None:
    found = crosstie.load(trained.path).evaluate(str(sentences))
    assert found["upos"]["token_accuracy"] > 0.65


def test_evaluating_rows_with_more_tags_than_tokens_is_an_error(trained: Any) -> None:
    rows = [
        {"tokens": ["a", "dog"], "upos": ["DET", "NOUN"]},
        {"tokens": ["a"], "upos": ["DET", "X"]},
    ]
    with pytest.raises(
        DataError, match="1 row has another number of tags than 'tokens' has tokens"
    ):
        crosstie.load(trained.path).evaluate(rows)


@pytest.mark.slow
def test_one_word_changed_is_a_deeper_network(sentences: Path) -> None:
    model = sentences.parent / "deep.yaml"
    model.write_text(
        "data: few.conllu\n"
        "input_features:\n"
        "  - name: tokens\n    type: sequence\n"
        "    encoder: {type: rnn, cell_type: lstm, bidirectional: true, num_layers: 4}\n"
        + OUTPUT
        + "trainer: {epochs: 1}\n"
    )
    network = Ecd.load(train(model, runs=model.parent / "runs").path / "network")
    layers = [each for each in network.modules() if isinstance(each, torch.nn.LSTM)]
    assert len(layers) == 8  # four, in each direction
    recurrent = network.inputs.groups[0].encoder.recurrent
    assert (len(recurrent.onward), len(recurrent.backward_)) == (4, 4)


def problems(folder: Path, text: str) -> str:
    (folder / "model.yaml").write_text("data: few.conllu\n" + text)
    with pytest.raises(ConfigError) as told:
        check(folder / "model.yaml")
    return str(told.value).replace(str(folder), "")


TOKENS = "{name: tokens, type: sequence}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"input_features: [{TOKENS}, {{name: lemma, type: sequence}}]\n{OUTPUT}",
            (
                "/model.yaml:3 output_features[0].decoder: reads one input token by token, and there are 'tokens', "
                "'lemma'; say which, as in `decoder: {type: tagger, input: tokens}`"
            ),
        ),
        (
            (
                f"input_features: [{TOKENS}, {{name: lemma, type: sequence}}]\n"
                "output_features: [{name: upos, type: sequence, decoder: {type: tagger, input: tokens}}]\n"
            ),
            "/model.yaml:2 input_features[1]: no output reads 'lemma': 'upos' is read from 'tokens' alone; leave it out",
        ),
        (
            (
                f"input_features: [{TOKENS}]\n"
                "output_features: [{name: upos, type: sequence, decoder: {type: tagger, input: token}}]\n"
            ),
            (
                "/model.yaml:3 output_features[0].decoder.input: no text or sequence input is called 'token'; "
                "did you mean 'tokens'?"
            ),
        ),
        (
            "input_features: [{name: tokens, type: sequence, encoder: stacked_cnn}]\n" + OUTPUT,
            (
                "/model.yaml:2 input_features[0].encoder: has no vector for each token, which 'upos' reads; "
                "take `pool_size: null`, or another, such as `rnn`"
            ),
        ),
        (
            "input_features: [{name: tokens, type: sequence, encoder: {type: rnn, reduce_output: mean}}]\n"
            + OUTPUT,
            (
                "/model.yaml:2 input_features[0].encoder.reduce_output: makes one vector of a row, and 'upos' reads "
                "the tokens' own; leave it out"
            ),
        ),
        (
            f"model_type: gbm\ninput_features: [{TOKENS}]\n{OUTPUT}",
            (
                "/model.yaml:4 output_features[0].type: a gbm model cannot predict the sequence column 'upos'; "
                "set model_type: ecd"
            ),
        ),
        (
            f"input_features: [{{name: tokens, type: text, preprocessing: {{tokenizer: bpe}}}}]\n{OUTPUT}",
            (
                "/model.yaml:2 input_features[0].preprocessing.tokenizer: 'bpe' makes tokens of its own, but 'upos' has "
                "a tag for each word of it; write `tokenizer: space`"
            ),
        ),
    ],
)
def test_what_cannot_be_tagged_is_told_by_check(sentences: Path, text: str, message: str) -> None:
    assert problems(sentences.parent, text) == message


def test_reduce_output_null_says_what_is_done_anyway(sentences: Path) -> None:
    text = "input_features: [{name: tokens, type: sequence, encoder: {type: rnn, reduce_output: null}}]\n"
    (sentences.parent / "null.yaml").write_text("data: few.conllu\n" + text + OUTPUT)
    assert check(sentences.parent / "null.yaml").outputs[0].source == "tokens"


def test_other_annotations_are_no_inputs_unless_listed(sentences: Path) -> None:
    (sentences.parent / "short.yaml").write_text("data: few.conllu\ntarget: upos\n")
    plan = check(sentences.parent / "short.yaml")
    assert [each.name for each in plan.inputs] == ["tokens"]
    assert plan.outputs[0].source == "tokens"
    assert plan.architecture["inputs"]["tokens"]["encoder"] == {"type": "rnn"}
    assert ("xpos", "tags are read from 'tokens' alone, token by token") in plan.excluded


def test_letters_are_read_where_the_encoder_asks_for_them(sentences: Path) -> None:
    text = (
        "data: few.conllu\n"
        "input_features: [{name: tokens, type: sequence, encoder: {type: rnn, characters: 8, state_size: 4}}]\n"
        + OUTPUT
        + "trainer: {epochs: 1}\n"
    )
    model = sentences.parent / "letters.yaml"
    model.write_text(text)
    run = train(model, runs=sentences.parent / "runs")
    tokens = Ecd.load(run.path / "network").inputs.groups[0].encoder.tokens
    assert tokens.width == 128 + 8
    served = crosstie.load(run.path)
    assert served.artifact.inputs[0].letters[0] > 50
    one, other = served.predict([{"tokens": ["zzzzly"]}, {"tokens": ["Zzzzing"]}])
    assert one["upos_probability"] != other["upos_probability"]  # unknown both, spelled otherwise


def test_letters_that_no_encoder_reads_are_a_mistake(sentences: Path) -> None:
    text = (
        "input_features: [{name: tokens, type: sequence, preprocessing: {characters: true}}]\n"
        + OUTPUT
    )
    assert problems(sentences.parent, text) == (
        "/model.yaml:2 input_features[0].preprocessing.characters: no encoder reads letters; write "
        "`encoder: {type: rnn, characters: true}`, or leave it out"
    )
