"""Texts written from texts, through the whole pipeline."""

import json
import random

import pytest

import crosstie
from crosstie.errors import ConfigError

WORDS = [f"w{i}" for i in range(12)]


def rows(count, turned, *, strange=False, seed=0, longest=5):
    """Some words, and the same in an order of their own; every second row with one that no other row has."""
    rng = random.Random(seed)
    found = {"said": [], "heard": []}
    for row in range(count):
        words = [rng.choice(WORDS) for _ in range(rng.randint(2, longest))]
        if strange and row % 2:
            words[rng.randrange(len(words))] = f"X{seed}-{row}".replace("-", "x")
        found["said"].append(" ".join(words))
        found["heard"].append(" ".join(turned(words)))
    return found


def config(**top):
    return {
        "name": "echo",
        "input_features": [
            {"name": "said", "type": "text", "encoder": {"type": "rnn", "state_size": 64}}
        ],
        "output_features": [
            {"name": "heard", "type": "text", "decoder": {"type": "generator", "state_size": 128}}
        ],
        "trainer": {"epochs": 12, "batch_size": 32, "learning_rate": 0.004},
        **top,
    }


@pytest.mark.slow
def test_copying_is_learned_whole_with_words_that_training_never_saw(tmp_path):
    train = rows(800, list, strange=True)
    run = crosstie.train(config(), data=train, runs=tmp_path)
    model = crosstie.load(run.path)
    new = rows(100, list, strange=True, seed=7)
    found = model.predict([{"said": each} for each in new["said"]])
    assert [row["heard_prediction"] for row in found] == new["heard"]
    assert model.evaluate(new)["heard"] == {
        "bleu": pytest.approx(100.0),
        "chrf": pytest.approx(100.0),
        "rouge_l": 1.0,
        "row_accuracy": 1.0,
    }
    example = json.loads((run.path / "model" / "example.json").read_text())
    assert all(isinstance(each["heard_prediction"], str) for each in example["predictions"])


@pytest.mark.slow
def test_turning_words_around_is_learned_whole(tmp_path):
    train = rows(800, lambda words: words[::-1], longest=4)
    trainer = {"epochs": 14, "batch_size": 32, "learning_rate": 0.006}
    run = crosstie.train(config(trainer=trainer), data=train, runs=tmp_path)
    new = rows(100, lambda words: words[::-1], seed=7, longest=4)
    assert crosstie.load(run.path).evaluate(new)["heard"]["row_accuracy"] == 1.0


def problems(**top):
    with pytest.raises(ConfigError) as error:
        crosstie.check(config(**top), data=rows(40, list))
    return [problem.what for problem in error.value.problems]


def test_what_cannot_be_written_is_said_in_checking():
    assert problems(folds=3) == [
        "texts of several models cannot be averaged, and 'heard' is a text; leave it out"
    ]
    said = {"name": "said", "type": "text", "preprocessing": {"tokenizer": "bpe"}}
    assert problems(input_features=[said]) == [
        (
            "'heard' copies words of it, and those tokens are no words; leave it out, or write "
            "`decoder: {type: generator, copy: false}` there"
        )
    ]
    heard = {"name": "heard", "type": "text", "preprocessing": {"tokenizer": "bpe"}}
    assert problems(output_features=[heard]) == [
        "the tokens of 'bpe' are not written in this version; take `word`, `space` or `characters`"
    ]


def test_the_filled_file_says_how_a_text_is_written():
    plan = crosstie.check(
        {"name": "echo", "input_features": ["said"], "output_features": ["heard"]},
        data=rows(40, list),
    )
    (output,) = plan.config["output_features"]
    assert output["type"] == "text"
    assert output["preprocessing"]["lowercase"] is False
    assert output["decoder"]["type"] == "generator"
    assert output["decoder"]["input"] == "said"
    (source,) = plan.config["input_features"]
    assert source["encoder"]["type"] == "rnn"
