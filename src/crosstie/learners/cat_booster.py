"""CatBoost through its Python package: rows in, its own JSON out, and a word after each tree.

`import catboost` takes 2 s, for it imports pandas, six, scipy.sparse and, where they are installed, polars and IPython. It needs
neither plotly, matplotlib nor graphviz, which it asks pip for and imports only to draw.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import MissingExtra, TrainingError

Floats = NDArray[np.float64]

AfterTree = Callable[[int, float, float | None], bool]


@dataclass(frozen=True)
class Rows:
    """Rows to fit, or to look at meanwhile.

    Attributes:
        values: float32 `[rows, columns]`, NaN where missing.
        target: `[rows]` numbers, or classes from 0 on.
        weights: `[rows]`, or None for all equal.
    """

    values: NDArray[np.float32]
    target: NDArray[Any]
    weights: NDArray[Any] | None

    def pool(self) -> Any:
        """The same as CatBoost holds it."""
        from catboost import Pool  # 2 s

        return Pool(self.values, self.target, weight=self.weights)


def is_installed() -> bool:
    """Whether the package is there, and what it cannot be imported without."""
    return all(find_spec(each) is not None for each in ("catboost", "pandas", "six"))


def check_installed() -> None:
    """The package is there, or what to install is told before anything is done."""
    if not is_installed():
        raise MissingExtra("catboost", "catboost", needed_for="model_type catboost")


class CatBooster:
    """Trees that were grown.

    Args:
        train: Training rows.
        parameters: CatBoost's, by its names.
        validation: Rows whose loss is wanted after each tree.
        after_tree: Told how many trees there are, the loss of the training rows and that of the validation rows, both
            CatBoost's objective; growing ends where it says False. What it raises ends growing and is raised then.

    Attributes:
        raised: What `after_tree` raised; the trees up to there are kept.
    """

    def __init__(
        self,
        train: Rows,
        parameters: Mapping[str, Any],
        *,
        validation: Rows | None = None,
        after_tree: AfterTree = lambda tree, loss, validation: True,
    ) -> None:
        from catboost import CatBoost, CatBoostError  # 2 s

        listener = _Listener(after_tree)
        self._model = CatBoost(
            {
                **parameters,
                "allow_const_label": True,
                "allow_writing_files": False,
                "logging_level": "Silent",
            }
        )
        try:
            self._model.fit(
                train.pool(),
                eval_set=None if validation is None else validation.pool(),
                use_best_model=False,  # which are the best is ours to say
                callbacks=[listener],
            )
        except CatBoostError as error:
            raise TrainingError(f"CatBoost: {_said(error)}") from error
        self.raised = listener.raised

    def keep(self, trees: int) -> None:
        """Forget all but the first so many trees."""
        if trees < self._model.tree_count_:
            self._model.shrink(ntree_end=trees)

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Sums of all trees: `[rows]`, of several classes `[rows, classes]`."""
        found = self._model.predict(values, prediction_type="RawFormulaVal", thread_count=1)
        return np.asarray(found, np.float64)

    def importance(self) -> Floats:
        """By column, what share of the gain of all splits is its own."""
        found: Floats = np.asarray(self._model.get_feature_importance(thread_count=1), np.float64)
        return np.asarray(found / max(found.sum(), 1e-300))

    def text(self) -> str:
        """The model in CatBoost's JSON format, which every CatBoost reads, without when and where it was made."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            self._model.save_model(str(path), format="json")
            model = json.loads(path.read_text(encoding="utf-8"))
        about = {name: each for name, each in model["model_info"].items() if name == "class_params"}
        return json.dumps(model | {"model_info": about}, separators=(",", ":"))


class _Listener:
    """What CatBoost calls after each tree. It would drop the trees if this raised."""

    def __init__(self, after_tree: AfterTree) -> None:
        self.after_tree = after_tree
        self.raised: BaseException | None = None

    def after_iteration(self, told: Any) -> bool:
        losses = {part: next(iter(values.values()))[-1] for part, values in told.metrics.items()}
        try:
            return self.after_tree(told.iteration, losses["learn"], losses.get("validation"))
        except BaseException as error:  # noqa: BLE001 - raised again once the trees are safe
            self.raised = error
            return False


def _said(error: Exception) -> str:
    """CatBoost's words without the line of its source."""
    return str(error).partition(": ")[2].strip() or str(error)
