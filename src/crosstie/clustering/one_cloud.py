"""Rows as they would be if nothing grouped them: what evidence of groups is held against.

Every algorithm divides any rows, and its figures look like something on rows that are one cloud. So it is asked of
such rows too: numbers that hang together as the true ones do and are as lopsided, but have no lumps; categories as
frequent as the true ones, that have nothing to do with each other or with the numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def one_cloud(
    points: Floats, *, lumpy: NDArray[np.bool_], inputs: Sequence[str], seed: int
) -> Floats:
    """As many points with one middle.

    Args:
        points: The true ones `[rows, columns]`.
        lumpy: bool `[columns]` which hold few values; of an input they are shuffled together, apart from all else.
        inputs: `[columns]` the input that each is made of.
        seed: Of the draw.

    Returns:
        float64 `[rows, columns]`. Smooth columns have the true ones' rank correlation, mean and ends, and lopsidedness by
        Fleishman's power method (1978), without the part of it that would part them in two.
    """
    from scipy.special import ndtri  # 0.2 s

    rng = np.random.default_rng(seed)
    rows = len(points)
    made = np.empty_like(points)
    for name in dict.fromkeys(inputs):
        own = [i for i, each in enumerate(inputs) if each == name and lumpy[i]]
        made[:, own] = points[rng.permutation(rows)][:, own]
    smooth = np.flatnonzero(~lumpy)
    if not len(smooth):
        return made
    scores = ndtri((np.arange(rows) + 0.5) / rows)
    order = np.argsort(points[:, smooth], axis=0, kind="stable")
    ranked = np.empty((rows, len(smooth)))
    np.put_along_axis(ranked, order, np.repeat(scores[:, None], len(smooth), axis=1), axis=0)
    values, directions = np.linalg.eigh(np.atleast_2d(np.corrcoef(ranked, rowvar=False)))
    root = directions * np.sqrt(np.maximum(values, 0))
    drawn = rng.normal(size=(rows, len(smooth))) @ root.T
    for place, column in enumerate(smooth):
        made[:, column] = _as_lopsided(np.sort(points[:, column]), scores, drawn[:, place])
    return made


def _as_lopsided(values: Floats, scores: Floats, drawn: Floats) -> Floats:
    """Normal numbers bent as `values` are: by a polynomial of which no term makes two tops of one."""
    powers: tuple[int, ...] = (1, 2, 3)
    while True:
        terms = np.stack([np.ones_like(scores), *(scores**each for each in powers)], axis=1)
        weights = np.linalg.lstsq(terms, values, rcond=None)[0]
        if len(powers) < 3 or weights[3] >= 0:
            break
        powers = (1, 2)
    found: Floats = sum(
        (weight * drawn**power for power, weight in zip((0, *powers), weights, strict=True)),
        np.zeros_like(drawn),
    )
    return np.clip(found, values[0], values[-1])
