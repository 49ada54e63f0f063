"""What a list or an array holds, as far as its first elements tell: for what may be one cell or a column of cells."""

from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIKELY = 0.75  # that a list of items is one cell: a column of cells of one item each looks the same


def nested(value: Sequence[Any] | NDArray[Any]) -> tuple[int, ...]:
    """The axes of an array or of nested lists of numbers; none where it holds anything but numbers.

    Examples:
        >>> nested([[1, 2, 3], [4, 5, 6]]), nested(["1 2", "3"]), nested(np.zeros((2, 3)))
        ((2, 3), (), (2, 3))
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.shape if value.dtype.kind in "biuf" else ()
    first = next((each for each in value if each is not None), None)
    if isinstance(first, list | tuple | np.ndarray):
        inner = nested(first)
        return (len(value), *inner) if inner and not isinstance(first, np.ndarray) else ()
    return (len(value),) if isinstance(first, Real | np.number) else ()


def flat_items(
    value: Sequence[Any] | NDArray[Any], split: Callable[[Iterable[str]], list[list[str]]]
) -> float:
    """As `Feature.one_cell`, of a type whose cells hold items.

    Args:
        value: What may be one cell.
        split: Gives the items of texts.
    """
    items = value.tolist() if isinstance(value, np.ndarray) else list(value)
    if not all(isinstance(each, str | Real) for each in items):
        return 0.0
    texts = [each for each in items if isinstance(each, str)]
    return LIKELY if all(len(each) == 1 for each in split(texts)) else 0.0
