"""Words and tags between spaces, in a table without a word on which is which."""

import csv

import pytest

from crosstie.config.source import load
from crosstie.pipeline.check import make_plan

TAGS = {"the": "D", "dog": "N", "cat": "N", "sees": "V", "a": "D", "big": "A", "house": "N"}
SENTENCES = [
    [list(TAGS)[(row * 3 + place * (row % 5 + 1)) % len(TAGS)] for place in range(3 + row % 6)]
    for row in range(60)
]


@pytest.fixture
def types(tmp_path, monkeypatch):
    """Writes a table and gives the types of the plan's inputs and outputs by name."""
    monkeypatch.chdir(tmp_path)

    def find(target, **options):
        with (tmp_path / "table.csv").open("w", newline="") as file:
            rows = [(" ".join(words), target(words), len(words)) for words in SENTENCES]
            csv.writer(file).writerows([("sentence", "tags", "length"), *rows])
        made = make_plan(load({}), source="table.csv", target="tags", **options)
        return {each.name: each.type for each in (*made.inputs, *made.outputs)}, made

    return find


def tagged(words):
    return " ".join(TAGS[word] for word in words)


def test_as_many_words_as_another_column_has_are_its_tags(types):
    found, made = types(tagged)
    assert found == {"sentence": "text", "tags": "sequence"}
    assert {each.column: each.why for each in made.inferred}["tags"] == (
        "as many words in each row as 'sentence': a tag for each; say type: text if they are written"
    )


def test_what_is_said_of_the_target_holds(types):
    assert types(tagged, types={"tags": "text"})[0]["tags"] == "text"


def test_a_text_of_other_lengths_is_written_from_the_words_alone(types):
    found, made = types(lambda words: f"{tagged(words)} end of it")
    assert found == {"sentence": "text", "tags": "text"}
    assert made.excluded == (("length", "a text is written from 'sentence' alone"),)


def test_as_many_words_that_hardly_repeat_are_a_translation(types):
    found, _ = types(lambda words: " ".join(f"{word}{words[0]}{len(words)}" for word in words))
    assert found["tags"] == "text"


def test_words_in_another_order_are_written(types):
    assert types(lambda words: " ".join(reversed(words)))[0]["tags"] == "text"
