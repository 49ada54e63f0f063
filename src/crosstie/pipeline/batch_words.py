"""What stands in a cell and in an encoded row, in few words."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature

FEW = 8  # of many
LONG = 60  # letters of a cell
UNKNOWN, MISSING = "[unknown]", "[missing]"


def cell(value: Any) -> str:
    """A cell of the table.

    Examples:
        >>> cell(b"abc"), cell(np.zeros((8, 8))), cell(None)
        ('3 bytes', '8 x 8 numbers', '')
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, np.ndarray):
        return f"{' x '.join(map(str, value.shape))} numbers"
    text = " ".join(str(value).split())
    if len(text) <= LONG:
        return text
    # of a path the end says more
    return (
        f"…{text[-LONG:]}"
        if "/" in text and text[0] not in "[{" and " " not in text
        else f"{text[:LONG]}…"
    )


def encoded(feature: Feature, row: Any) -> str:
    """What the network sees of a row of an input."""
    if feature.kind == "number":
        return number(row)
    if feature.kind == "category":
        return coded(int(row), feature.words)
    if feature.kind == "tokens":
        return some(token(each, feature.words) for each in tokens(row))
    if feature.kind == "image":
        return f"pixels from {row.min()} to {row.max()}, {row.mean():.0f} on average"
    if feature.kind == "series":
        steps = row[~np.isnan(row).all(1)]
        if steps.shape[1] > 1:
            return f"{len(steps)} steps of {steps.shape[1]} numbers"
        return some(map(number, steps[:, 0]))
    return some(map(number, row))


def target(feature: OutputFeature, row: Any) -> str:
    """What the network is to say of a row."""
    labels = feature.labels
    if feature.type in ("category", "binary"):
        return f"{labels[int(row)]} ({int(row)})"
    if feature.type == "set":
        return some(labels[place] for place in np.flatnonzero(row))
    if feature.type == "sequence":
        return some(labels[each] if each >= 0 else UNKNOWN for each in row if each != -1)
    if feature.type == "text":
        return f"{int((row >= 0).sum())} ids"
    return some(map(number, np.atleast_1d(row)))


def number(value: Any) -> str:
    """As `-0.52`, or that it is missing."""
    return MISSING if np.isnan(value) else f"{value:.3g}"


def coded(code: int, words: Sequence[str]) -> str:
    """As `Germany (3)`."""
    if code < 2:
        return f"{(UNKNOWN, MISSING)[code]} ({code})"
    return f"{words[code - 2]} ({code})" if code - 2 < len(words) else str(code)


def tokens(row: NDArray[Any]) -> list[int]:
    """The ids of a row, padding and letters left out."""
    ids = row if row.ndim == 1 else row[:, 0]
    return [int(each) for each in ids if each]


def token(identity: int, words: Sequence[str]) -> str:
    """The word of an id, or the id where words have no spelling."""
    if identity == 1:
        return UNKNOWN
    return words[identity - 2] if identity - 2 < len(words) else str(identity)


def some(parts: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    found = list(parts)
    more = f" … {len(found) - FEW} more" if len(found) > FEW else ""
    return ", ".join(found[:FEW]) + more
