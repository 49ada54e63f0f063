"""The model that a server answers with, and the threads in which it predicts."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from crosstie.data.table import Table
from crosstie.features.counts import Counts
from crosstie.serving.http.refused import WrongRows
from crosstie.serving.model import Model


@dataclass(frozen=True)
class Answer:
    """What a model says of the rows of a request.

    Attributes:
        columns: Predictions by name.
        counts: By input column, what was odd about its cells.
    """

    columns: Mapping[str, Any]
    counts: Mapping[str, Counts]

    @property
    def rows(self) -> int:
        """How many were predicted; forecasts have another number than the request."""
        return len(next(iter(self.columns.values())))


class ModelHolder:
    """A model to ask from an event loop.

    Args:
        model: What answers.
        threads: How many requests are predicted at once.
    """

    def __init__(self, model: Model, *, threads: int = 1) -> None:
        self._model = model
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")

    @property
    def model(self) -> Model:
        """The model to ask now; a request keeps the one that it began with."""
        return self._model

    @property
    def ready(self) -> bool:
        """Whether requests may come."""
        return True

    async def predict(self, model: Model, table: Table) -> Answer:
        """Check rows and predict them.

        Args:
            model: What `model` was when the request came.
            table: Its rows, cells as `model` knows them.

        Raises:
            WrongRows: Some cells cannot be used.
            DataError: The rows are no table that the model can take.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _answer, model, table)


def _answer(model: Model, table: Table) -> Answer:
    wrong = model.check_rows(table)
    if wrong:
        raise WrongRows(wrong)
    columns, counts = model.counted(table)
    return Answer(columns, counts)
