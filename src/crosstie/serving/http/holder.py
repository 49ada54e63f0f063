"""The model that a server answers with, and the thread in which it predicts.

Requests that wait while others are predicted go through the model together: 32 rows take it twice as long as one. The
rows of each are judged as if they were alone: where anything is wrong with rows that went together, or any of them cannot
be predicted, each request is looked at by itself.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from crosstie.data.table import Table
from crosstie.features.counts import Counts
from crosstie.serving.http.batcher import Batcher
from crosstie.serving.http.refused import WrongRows
from crosstie.serving.model import Model

TOGETHER = 256  # rows of requests that are predicted together


@dataclass(frozen=True)
class Answer:
    """What a model says of the rows of a request.

    Attributes:
        columns: Predictions by name.
        counts: By input column, what was odd about its cells. Of requests that were predicted together the first
            has what was odd about all, the others nothing, so that sums are right.
    """

    columns: Mapping[str, Any]
    counts: Mapping[str, Counts]

    @property
    def rows(self) -> int:
        """How many were predicted; forecasts have another number than the request."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True)
class _Asked:
    """The rows of a request, and the model that it began with."""

    model: Model
    table: Table


class ModelHolder:
    """A model to ask from an event loop.

    Args:
        model: What answers.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._closed = False
        pool = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._batcher: Batcher[_Asked, Answer] = Batcher(_answers, pool, most=TOGETHER)

    @property
    def model(self) -> Model:
        """The model to ask now; a request keeps the one that it began with."""
        return self._model

    @property
    def ready(self) -> bool:
        """Whether requests may come."""
        return not self._closed

    def swap(self, model: Model) -> None:
        """Put another model in the place of the one that is asked."""
        self._model = model

    def close(self) -> None:
        """Say that no more requests should come; those that do are answered."""
        self._closed = True

    async def predict(self, model: Model, table: Table) -> Answer:
        """Check rows and predict them.

        Args:
            model: What `model` was when the request came.
            table: Its rows, cells as `model` knows them.

        Raises:
            WrongRows: Some cells cannot be used.
            DataError: The rows are no table that the model can take.
        """
        # rows of one table may belong together where a model is of series
        alone = model.artifact.windows is not None or not len(table)
        kind = None if alone else (id(model), table.columns)
        return await self._batcher.ask(_Asked(model, table), kind=kind, size=len(table))


def _answers(asked: Sequence[_Asked]) -> list[Answer | Exception]:
    """What the model says of each request; all are of one model and have the same columns."""
    if len(asked) == 1:
        return [_alone(asked[0])]
    try:
        return list(_together(asked))
    except Exception:  # noqa: BLE001 - whose fault it is, each by itself shows
        return [_alone(each) for each in asked]


def _together(asked: Sequence[_Asked]) -> Sequence[Answer]:
    first = asked[0]
    answer = _answer(first.model, Table.concat([each.table for each in asked], first.table.columns))
    found, start = [], 0
    for each in asked:
        end = start + len(each.table)
        columns = {name: values[start:end] for name, values in answer.columns.items()}
        found.append(Answer(columns, {} if start else answer.counts))
        start = end
    return found


def _alone(asked: _Asked) -> Answer | Exception:
    try:
        return _answer(asked.model, asked.table)
    except Exception as error:  # noqa: BLE001 - it is raised where the request is answered
        return error


def _answer(model: Model, table: Table) -> Answer:
    wrong = model.check_rows(table)
    if wrong:
        raise WrongRows(wrong)
    columns, counts = model.counted(table)
    return Answer(columns, counts)
