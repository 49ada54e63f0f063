"""Spans that tags mark out: which words are one name, and of which type.

The rules are those of the CoNLL-2000 evaluation script: B and S begin a span, E and S end one, and so does a change
of type; an I after an O, or after another type, begins one. So BIO (both kinds), IOBES and BILOU are read alike.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array

_TAG = re.compile(r"([BIESLU])(?:[-_](.+))?")
_PREFIX = {"O": 0, "B": 1, "I": 2, "E": 3, "S": 4, "L": 3, "U": 4}
O, B, I, E, S = range(5)  # noqa: E741 - the tags' own names


class Spans:
    """How tags are read as spans.

    Args:
        labels: The tags, in the order of their codes.

    Attributes:
        types: What spans are of, sorted.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        parts = [_parted(each) for each in labels]
        self.types = tuple(
            sorted({part[1] for part in parts if part is not None and part[0] != "O"})
        )
        place = {each: number for number, each in enumerate(self.types)}
        unseen = ("I", len(self.types))  # a type of its own, which nothing predicted can match
        known = [("O", -1) if part is None else (part[0], place.get(part[1], -1)) for part in parts]
        rows = [*known, unseen, ("O", -1)]  # so that codes -2 and -1 take the last two
        self._prefix = np.array([_PREFIX[prefix] for prefix, _ in rows], np.int8)
        self._type = np.array([kind for _, kind in rows], np.int64)

    def __call__(self, codes: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(where the span that begins here ends, 0 where none begins; its type, -1 elsewhere), both `[rows, length]`.

        Args:
            codes: `[rows, length]`, -1 behind a row's end, -2 for a tag without a code.
        """
        edge = np.full((len(codes), 1), -1, np.int64)
        codes = np.concatenate([edge, codes, edge], axis=1)
        prefix, kind = self._prefix[codes], self._type[codes]
        before, after = prefix[:, :-1], prefix[:, 1:]
        changed = kind[:, :-1] != kind[:, 1:]
        ends = (before == E) | (before == S)
        ends |= ((before == B) | (before == I)) & np.isin(after, (B, S, O))
        ends |= (before != O) & changed
        starts = (after == B) | (after == S) | (np.isin(before, (E, S, O)) & np.isin(after, (E, I)))
        starts |= (after != O) & changed
        length = starts.shape[1]  # place i lies between token i - 1 and token i
        places = np.where(ends, np.arange(length), length)
        following = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
        stop = np.where(starts[:, :-1], following[:, 1:], 0)
        return stop, np.where(stop > 0, kind[:, 1:-1], -1)

    def counts(self, target: Array, predicted: Array) -> NDArray[np.float64]:
        """(right, predicted, true) spans of each row and type: `[rows, 3, types]`.

        A predicted span is right if it begins and ends where a true one of its type does.
        """
        there = np.asarray(target) != -1
        ends, kinds = self(target)
        said, its = self(np.where(there, predicted, -1))
        right = (said > 0) & (said == ends) & (its == kinds)
        found = np.zeros((len(ends), 3, len(self.types) + 1))
        for place, (which, kind) in enumerate(((right, its), (said > 0, its), (ends > 0, kinds))):
            rows, columns = np.nonzero(which)
            np.add.at(found[:, place], (rows, kind[rows, columns]), 1)
        return found


def marks_spans(labels: Sequence[str]) -> bool:
    """Whether tags are those of spans: O, and others with the prefixes of BIO, IOBES or BILOU.

    Examples:
        >>> marks_spans(["B-person", "I-person", "O"]), marks_spans(["NOUN", "VERB", "I"])
        (True, False)
    """
    return bool(labels) and all(map(_parted, labels)) and any(each != "O" for each in labels)


def _parted(label: str) -> tuple[str, str] | None:
    if label == "O":
        return "O", ""
    match = _TAG.fullmatch(label)
    return (match[1], match[2] or "") if match else None
