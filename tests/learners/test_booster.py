"""Datasets are pushed in pieces; LightGBM's own way with a whole matrix must give the same trees."""

import ctypes

import numpy as np
import pytest

from crosstie.learners import booster
from crosstie.learners.booster import FLOAT32, Booster, Dataset

PARAMETERS = {
    "objective": "binary",
    "metric": "none",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "categorical_feature": [5],
    "seed": 3,
}


class Whole(Dataset):
    """The matrix handed over at once."""

    def __init__(self, features, target, parameters, reference=None):
        self.rows = len(features)
        self.handle = ctypes.c_void_p()
        booster._call(
            "LGBM_DatasetCreateFromMat",
            booster._pointer(features),
            ctypes.c_int(FLOAT32),
            ctypes.c_int32(features.shape[0]),
            ctypes.c_int32(features.shape[1]),
            ctypes.c_int(1),
            booster._text(parameters),
            reference.handle if reference else None,
            ctypes.byref(self.handle),
        )
        self._set("label", target)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [30, 5_000, booster.ROWS_AT_ONCE + 1, 250_000])
def test_pieces_give_the_trees_of_the_whole_matrix(rows):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 1] = np.where(rng.random(rows) < 0.7, 0, x[:, 1])
    x[:, 2] = 1e-36
    x[:, 5] = rng.integers(0, 30, rows)
    y = (np.nan_to_num(x[:, 0]) + x[:, 5] % 3 + rng.normal(size=rows) > 1).astype(np.float32)

    def grown(train, validation):
        found = Booster(train, PARAMETERS, validation=validation)
        for _ in range(8):
            found.add_tree()
        return found.text(), found.fitted(1).tobytes()

    pieces = Dataset(x, y, None, PARAMETERS)
    whole = Whole(x, y, PARAMETERS)
    assert grown(pieces, Dataset(x[::3], y[::3], None, PARAMETERS, reference=pieces)) == grown(
        whole, Whole(np.ascontiguousarray(x[::3]), y[::3], PARAMETERS, whole)
    )


def test_a_matrix_may_be_made_as_it_is_read():
    class Made:
        shape = (70_000, 1)
        most = 0

        def __getitem__(self, rows):
            numbers = np.arange(70_000, dtype=np.float32)[rows]
            if isinstance(rows, slice):
                self.most = max(self.most, len(numbers))
            return numbers[:, None]

    made, y = Made(), np.arange(70_000) % 2
    whole = made[np.arange(70_000)]
    texts = []
    for features in (made, whole):
        found = Booster(Dataset(features, y, None, PARAMETERS | {"categorical_feature": []}), {})
        found.add_tree()
        texts.append(found.text())

    assert texts[0] == texts[1]
    assert made.most == booster.ROWS_AT_ONCE
