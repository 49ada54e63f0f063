"""Points with and without groups."""

from collections.abc import Callable

import numpy as np
import pytest

from crosstie.clustering.choose import Rows


@pytest.fixture(scope="session")
def four_blobs() -> tuple[np.ndarray, np.ndarray]:
    """240 points around four middles in three columns, and whose each is."""
    rng = np.random.default_rng(3)
    middles = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]], float)
    whose = np.repeat([0, 0, 1, 1, 1, 2, 3, 3, 3, 3], 24)
    return middles[whose] + 0.5 * rng.normal(size=(240, 3)), whose


@pytest.fixture
def rows() -> Callable[..., Rows]:
    """Smooth points as rows of so many columns."""

    def made(points: np.ndarray, *, seed: int = 42) -> Rows:
        names = [f"column {i}" for i in range(points.shape[1])]
        return Rows(points, np.zeros(points.shape[1], bool), names, seed)

    return made
