import json

import numpy as np
import pytest

from crosstie.errors import TrainingError
from crosstie.learners.constant import Constant


@pytest.mark.parametrize("of", ["number", "binary", "category"])
def test_every_row_gets_what_is_usual_in_training_rows(of, job, raw, rows, tmp_path):
    learner = Constant()
    one = job(of, n=300)
    learner.fit(one)
    found = raw(learner, rows(5, of, seed=2))
    target = one.train.targets["y"]
    if of == "category":
        usual = np.bincount(target) / len(target)
        assert found.shape == (5, len(usual))
    else:
        usual = target.mean()
        assert found.shape == (5,)
    np.testing.assert_allclose(found, np.broadcast_to(usual, found.shape), rtol=1e-5)
    learner.save(tmp_path)
    kept = json.loads((tmp_path / "constant.json").read_text())
    np.testing.assert_allclose(kept["y"], np.atleast_1d(usual), rtol=1e-5)


def test_without_a_fit_there_is_nothing_to_keep(tmp_path):
    with pytest.raises(TrainingError, match="constant: not fitted"):
        Constant().export(tmp_path / "graph.onnx")
