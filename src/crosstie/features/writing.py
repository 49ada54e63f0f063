"""Texts to be written, as ids: 0 ends a row, 1 is unknown, then the vocabulary, then the tokens of an input's row.

The last are for copying (See et al., arXiv:1704.04368): a token that the vocabulary lacks is written as the place
where the row's input has it first, so that names never seen in training can be.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crosstie.features.vocabulary import UNKNOWN, Vocabulary

END, AFTER = 0, -1  # of a row of targets: where it ends, and from there on
Rows = Sequence[Sequence[str]]


def copied(sources: Rows, vocabulary: Vocabulary, width: int) -> NDArray[np.int32]:
    """The id that each token of an input's rows is written as: int32 `[rows, width]`, 0 where there is none.

    Examples:
        >>> copied([["the", "Punter", "the"]], Vocabulary(["the"]), 4)
        array([[2, 4, 2, 0]], dtype=int32)
    """
    found = np.zeros((len(sources), width), np.int32)
    for row, tokens in enumerate(sources):
        kept = list(tokens[:width])
        places = _places(kept, vocabulary)
        ids = vocabulary.ids(kept)
        found[row, : len(kept)] = [
            places[token] if each == UNKNOWN else each
            for each, token in zip(ids, kept, strict=True)
        ]
    return found


def targets(
    rows: Rows, vocabulary: Vocabulary, length: int, sources: Rows | None, width: int
) -> NDArray[np.int32]:
    """Rows as ids with their end: int32 `[rows, length]`; one that is longer is cut and has none.

    Args:
        rows: Tokens to be written.
        vocabulary: The known ones.
        length: Places in a row.
        sources: Tokens of an input, if they can be copied.
        width: How many of those a row has at most.
    """
    found = np.full((len(rows), length), AFTER, np.int32)
    for row, tokens in enumerate(rows):
        ids = vocabulary.ids(tokens[:length])
        if sources is not None and UNKNOWN in ids:
            places = _places(sources[row][:width], vocabulary)
            ids = [
                places.get(token, UNKNOWN) if each == UNKNOWN else each
                for each, token in zip(ids, tokens[:length], strict=True)
            ]
        ids = [*ids, END][:length]
        found[row, : len(ids)] = ids
    return found


def tokens(
    ids: NDArray[np.integer], vocabulary: Vocabulary, sources: Rows | None
) -> list[list[str]]:
    """What rows of ids say, up to their ends."""
    first, spelled = 2, vocabulary.tokens
    found = []
    for row, each in enumerate(ids.tolist()):
        written: list[str] = []
        for code in each:
            if code <= END:
                break
            if code >= vocabulary.size:
                assert sources is not None, "only what copies writes such ids"
                written.append(sources[row][code - vocabulary.size])
            elif code != UNKNOWN:
                written.append(spelled[code - first])
        found.append(written)
    return found


def _places(row: Sequence[str], vocabulary: Vocabulary) -> dict[str, int]:
    """By token that the vocabulary lacks, the id of its first place in a row."""
    found: dict[str, int] = {}
    for place, (token, code) in enumerate(zip(row, vocabulary.ids(row), strict=True)):
        if code == UNKNOWN:
            found.setdefault(token, vocabulary.size + place)
    return found
