"""Models of Adult that several figures ask: ours by each learner, and LightGBM's own."""

from pathlib import Path

from process import crosstie, peer
from table import CACHE
from tables import TABLES, prepared

TRAINED = CACHE / "figures"


def run_of(learner: str) -> Path:
    """A run of this learner, trained where there is none yet."""
    where = TRAINED / f"adult-{learner}"
    if not where.is_dir():
        train, test = prepared("adult")
        crosstie("train", train, "--target", TABLES["adult"].target, "--test", test,
                 "--model-type", learner, "--quiet", "-o", where)  # fmt: skip
    return where


def booster() -> Path:
    """LightGBM's model, as `peers/lightgbm_predict.py` keeps it."""
    model = TRAINED / "adult.txt"
    if not model.is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        peer("lightgbm_predict.py", "fit", prepared("adult")[0], TABLES["adult"].target, model)
    return model
