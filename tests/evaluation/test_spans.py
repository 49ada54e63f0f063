"""Spans of tags, by the rules of the CoNLL-2000 script."""

import numpy as np
import pytest

from crosstie.evaluation.bootstrap import intervals
from crosstie.evaluation.score import details, score
from crosstie.evaluation.spans import Spans, marks_spans

BIO = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
IOBES = [f"{prefix}-PER" for prefix in "BEIS"] + ["S-LOC", "O"]
BILOU = [f"{prefix}-PER" for prefix in "BILU"] + ["O"]


def spans(labels, text):
    """(begin, end, type) of every span of one row."""
    reader = Spans(labels)
    codes = np.array([[labels.index(tag) if tag in labels else -2 for tag in text.split()]])
    stops, kinds = reader(codes)
    names = (*reader.types, "?")
    return [
        (int(begin), int(stops[0, begin]), names[kinds[0, begin]])
        for begin in np.flatnonzero(stops[0])
    ]


@pytest.mark.parametrize(
    ("labels", "text", "expected"),
    [
        (BIO, "B-PER I-PER O B-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),
        (BIO, "B-PER B-PER I-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        (BIO, "I-PER I-PER O I-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),  # the older BIO
        (BIO, "B-PER I-LOC I-LOC", [(0, 1, "PER"), (1, 3, "LOC")]),  # another type begins
        (BIO, "O O O", []),
        (BIO, "B-PER I-NEW I-NEW O", [(0, 1, "PER"), (1, 3, "?")]),  # no such tag in training rows
        (IOBES, "B-PER I-PER E-PER S-PER", [(0, 3, "PER"), (3, 4, "PER")]),
        (IOBES, "S-PER S-LOC O E-PER", [(0, 1, "PER"), (1, 2, "LOC"), (3, 4, "PER")]),
        (IOBES, "E-PER I-PER E-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        (BILOU, "B-PER L-PER U-PER I-PER", [(0, 2, "PER"), (2, 3, "PER"), (3, 4, "PER")]),
    ],
)
def test_spans_are_those_of_the_conll_script(labels, text, expected):
    assert spans(labels, text) == expected


def test_tags_of_spans_are_told_from_others():
    assert marks_spans(["O", "B-a", "I-a"])
    assert marks_spans(["B", "I", "O"])
    assert not marks_spans(["NOUN", "O"])
    assert not marks_spans(["O"])


TRUE = np.array([[1, 3, 4, 0, -1], [4, 1, 3, 3, 4], [0, 2, 4, -1, -1]])
SAID = np.array([[1, 3, 4, 1, 1], [4, 1, 3, 4, 4], [0, 2, 4, 0, 0]])


def certain(codes):
    return np.eye(5)[codes] * 0.92 + 0.016


def test_metrics_equal_what_a_hand_counts():
    # true: PER LOC | PER | LOC; said: PER PER | a shorter PER | LOC; what is said behind a row's end does not count
    found = score("sequence", TRUE, certain(SAID), labels=BIO)
    assert found == {
        "span_f1": pytest.approx(2 * 2 / (4 + 4)),
        "span_precision": 2 / 4,
        "span_recall": 2 / 4,
        "token_accuracy": 10 / 12,
        "row_accuracy": 1 / 3,
        "log_loss": pytest.approx(-(10 * np.log(0.936) + 2 * np.log(0.016)) / 12),
    }


def test_rows_count_by_their_weights():
    found = score("sequence", TRUE, certain(SAID), labels=BIO, weights=np.array([0.0, 0.0, 2.0]))
    assert found["span_f1"] == found["token_accuracy"] == found["row_accuracy"] == 1


def test_tags_without_spans_have_no_span_metrics():
    found = score("sequence", TRUE, certain(SAID), labels=["ADJ", "ADV", "DET", "NOUN", "VERB"])
    assert list(found) == ["token_accuracy", "row_accuracy", "log_loss"]
    assert score(
        "sequence", TRUE, certain(SAID), labels=["ADJ", "ADV", "DET", "NOUN", "VERB"], names=["f1"]
    ) == {"f1": pytest.approx(10 / 12)}


def test_details_have_tags_and_spans():
    found = details("sequence", TRUE, certain(SAID), BIO)
    assert found["per_span"] == [
        {
            "label": "LOC",
            "precision": 1.0,
            "recall": 0.5,
            "f1": pytest.approx(2 / 3),
            "support": 2.0,
        },
        {
            "label": "PER",
            "precision": 1 / 3,
            "recall": 0.5,
            "f1": pytest.approx(0.4),
            "support": 2.0,
        },
    ]
    assert [each["support"] for each in found["per_class"]] == [2, 2, 1, 3, 4]


def test_intervals_hold_the_value_and_rows_are_looked_at_once():
    true, said = np.tile(TRUE, (40, 1)), certain(np.tile(SAID, (40, 1)))
    found = intervals("sequence", true, said, labels=BIO)
    point = score("sequence", true, said, labels=BIO)
    assert list(found) == list(point)
    for name, (low, high) in found.items():
        assert low <= point[name] <= high
    assert found["span_f1"][0] < found["span_f1"][1]
