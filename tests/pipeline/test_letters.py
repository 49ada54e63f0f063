"""Columns of single words, nearly each another one, are read and written by their letters."""

import csv
from pathlib import Path

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.errors import ConfigError
from crosstie.pipeline.check import make_plan

# syllables of no language, by which two kinds of words can be told apart though no word comes twice
HEADS = [a + b for a in "bdgklmnprst" for b in "aeiou"]
WORDS = [
    (f"{first}{second}{'aja' if row % 2 else 'ok'}", "left" if row % 2 else "right")
    for row, (first, second) in enumerate(zip(HEADS * 4, (HEADS * 5)[3:], strict=False))
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "words.csv", ["word", "side"], dict(WORDS).items())
    return tmp_path


def write(path, head, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def plan(text):
    Path("model.yaml").write_text(text)
    return make_plan(load("model.yaml"))


def options(feature):
    return feature.type, feature.options()["tokenizer"], feature.options()["ngram_size"]


def test_names_alone_are_read_by_their_letters(here):
    made = plan("data: words.csv\ntarget: side\n")
    assert [options(feature) for feature in made.inputs] == [("text", "character", 3)]
    count = len(dict(WORDS))
    why = f"single words, {count} different ones in {count} rows; read by their letters"
    assert [(each.column, each.why) for each in made.inferred] == [
        ("word", why),
        ("side", "two levels, 'left' and 'right' (positive)"),
    ]


def test_a_word_never_seen_is_known_by_its_letters(here):
    crosstie.train("words.csv", target="side", model_type="linear", output="run")
    found = crosstie.load("run").predict([{"word": "zuzaja"}, {"word": "zuzok"}])
    assert [row["side_prediction"] for row in found] == ["left", "right"]


def test_beside_other_inputs_a_word_stays_a_level_or_an_id(here):
    rows = [(word, row % 7, side) for row, (word, side) in enumerate(WORDS)]
    write(here / "words.csv", ["word", "amount", "side"], rows)
    made = plan("data: words.csv\ntarget: side\n")
    assert "text" not in [feature.type for feature in made.inputs]


def test_what_the_file_says_of_a_column_holds(here):
    lists = "data: words.csv\noutput_features: [side]\ninput_features:\n"
    made = plan(lists + "- {name: word, type: category}\n")
    assert [feature.type for feature in made.inputs] == ["category"]
    made = plan(lists + "- {name: word, type: text, preprocessing: {tokenizer: word}}\n")
    assert [options(feature) for feature in made.inputs] == [("text", "word", None)]


def test_what_sees_neighbours_gets_letters_without_their_ngrams(here):
    lists = "data: words.csv\noutput_features: [side]\nmodel_type: ecd\ninput_features:\n"
    made = plan(lists + "- {name: word, type: text, encoder: parallel_cnn}\n")
    assert [options(feature) for feature in made.inputs] == [("text", "character", None)]


def test_words_as_a_target_say_how_to_have_them_written(here):
    write(here / "words.csv", ["word", "back"], [(word, word[::-1]) for word in dict(WORDS)])
    with pytest.raises(ConfigError) as caught:
        plan("data: words.csv\ntarget: back\n")
    count = len(dict(WORDS))
    assert [str(problem) for problem in caught.value.problems] == [
        (
            f"model.yaml:2 target: column 'back' has {count} classes in {count} rows, too few of each to learn. "
            "Predict another column, or say type: text to have it written letter by letter"
        )
    ]
    made = plan(
        "data: words.csv\ntarget: back\noutput_features: [{name: back, type: text}]\nmodel_type: ecd\n"
    )
    assert [options(feature) for feature in made.inputs] == [("text", "character", None)]
    assert made.outputs[0].options()["tokenizer"] == "character"
