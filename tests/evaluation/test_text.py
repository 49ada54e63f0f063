"""Metrics of written texts, against the libraries themselves."""

import numpy as np
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from crosstie.errors import MissingExtra
from crosstie.evaluation.baseline import most_frequent
from crosstie.evaluation.bootstrap import intervals
from crosstie.evaluation.metrics.text import require
from crosstie.evaluation.score import details, score

TRUE = np.array(
    [
        "The Punter is a cheap pub near the river.",
        "Clowns serves Italian food in the city centre.",
        "Zizzi is a coffee shop .",
        "It is not family friendly",
    ],
    dtype=object,
)
SAID = np.array(
    [
        "The Punter is a cheap restaurant near the river.",
        "Clowns is an Italian coffee shop in the city centre.",
        "Zizzi is a  coffee shop .",
        "",
    ],
    dtype=object,
)


def test_figures_are_those_of_the_libraries():
    rouge = RougeScorer(["rougeL"])
    assert score("text", TRUE, SAID) == {
        "bleu": pytest.approx(sacrebleu.corpus_bleu(list(SAID), [list(TRUE)], force=True).score),
        "chrf": pytest.approx(sacrebleu.corpus_chrf(list(SAID), [list(TRUE)]).score),
        "rouge_l": pytest.approx(
            np.mean(
                [
                    rouge.score(true, said)["rougeL"].fmeasure
                    for true, said in zip(TRUE, SAID, strict=True)
                ]
            )
        ),
        "row_accuracy": 0.25,
    }


def test_a_row_that_weighs_two_counts_as_two_rows():
    weights = np.array([2.0, 1.0, 0.0, 1.0])
    twice = [0, 0, 1, 3]
    for name in ("bleu", "rouge_l", "row_accuracy"):
        weighed = score("text", TRUE, SAID, weights=weights, names=[name])
        assert weighed == pytest.approx(score("text", TRUE[twice], SAID[twice], names=[name]))


def test_perfect_texts_and_empty_ones():
    perfect = {"bleu": 100.0, "chrf": 100.0, "rouge_l": 1.0, "row_accuracy": 1.0}
    assert score("text", TRUE, TRUE) == pytest.approx(perfect)
    nothing = np.array([""] * 4, dtype=object)
    assert score("text", TRUE, nothing) == {
        "bleu": 0.0,
        "chrf": 0.0,
        "rouge_l": 0.0,
        "row_accuracy": 0.0,
    }


def test_the_loss_is_known_while_training_only():
    assert score("text", TRUE, SAID, names=["loss"]) == {}


def test_intervals_hold_the_figure():
    true, said = np.tile(TRUE, 10), np.tile(SAID, 10)
    point, found = score("text", true, said), intervals("text", true, said, resamples=50)
    assert sorted(found) == ["bleu", "rouge_l", "row_accuracy"]
    for name, (low, high) in found.items():
        assert low < point[name] < high


def test_details_say_how_long_texts_are():
    found = details("text", TRUE, SAID)
    assert found["words"]["100"] == 9.0
    assert found["predicted_words"]["0"] == 0.0


def test_the_baseline_writes_the_most_frequent_text():
    assert most_frequent(["b", "a", "a", "b"], rows=2).tolist() == ["b", "b"]


def test_a_missing_package_is_named_with_its_extra():
    with pytest.raises(MissingExtra) as error:
        require("no_such_package", needed_for="BLEU")
    assert str(error.value) == (
        "BLEU needs no-such-package, which is not installed. Type: pip install 'crosstie[generation]'"
    )
