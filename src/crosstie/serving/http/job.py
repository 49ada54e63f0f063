"""The part of a request that takes a model: its body is read, its rows are predicted, its answer is written.

Requests that wait while others are predicted go through the model together: 32 rows take it twice as long as one. The
rows of each are judged as if they were alone: where anything is wrong with rows that went together, or any of them cannot
be predicted, each request is looked at by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Literal

from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.counts import Counts
from crosstie.serving.http.answers import as_json, written
from crosstie.serving.http.asked import asked
from crosstie.serving.http.described import described
from crosstie.serving.http.explained import check_asked, written_with
from crosstie.serving.http.log import places
from crosstie.serving.http.media import MEDIA, Form
from crosstie.serving.http.refused import Refused, of_message, problem, unusable
from crosstie.serving.http.tensors import answer_of, tensors
from crosstie.serving.model import Model
from crosstie.serving.strict import WrongRows

SMALL = 1 << 16  # bytes of a body for which others may wait

Columns = Mapping[str, Any]
Odd = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Job:
    """What is asked of a model.

    Attributes:
        body: The bytes that came.
        came: What they are; tensors are the Open Inference Protocol's JSON.
        form: What the answer to rows is to be.
        samples: As for `Model.explain`, where rows are to be explained; 0 where not.
        explain_rows: Rows that are explained at once at most.
    """

    body: bytes
    came: Form | Literal["tensors"] = "json"
    form: Form = "json"
    samples: int = 0
    explain_rows: int = 0

    @property
    def small(self) -> bool:
        """Whether others may wait for it, and go with it."""
        return self.came in {"json", "tensors"} and len(self.body) < SMALL and not self.samples


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        status: Of HTTP.
        body: Its bytes.
        media: What they are.
        headers: To send along.
        rows: That came; None where that could not be told.
        odd: By input column, how many of its cells were missing and how many unknown, where any were. Of requests that
            were predicted together the first has what was odd about all, the others nothing, so that sums are right.
        fault: Of a fault of ours, where it happened: type and places, no values. There is no body then.
    """

    status: int
    body: bytes = b""
    media: str = MEDIA["json"]
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    odd: Odd = field(default_factory=dict)
    fault: Sequence[str] | None = None


def work(model: Model, jobs: Sequence[Job], max_rows: int) -> list[Reply]:
    """What a model says to each.

    Args:
        model: What answers.
        jobs: One alone, or small ones.
        max_rows: That each may have.
    """
    read = [_read(model, each, max_rows) for each in jobs]
    answers = _answers(model, {place: each.table for place, each in enumerate(read) if isinstance(each, _Read)})  # fmt: skip
    return [
        _reply(each, answers[place]) if isinstance(each, _Read) else each
        for place, each in enumerate(read)
    ]


@dataclass(frozen=True)
class _Read:
    """Rows, and what makes the body of an answer and its media type of their predictions."""

    table: Table
    write: Callable[[Columns], tuple[bytes, str]]


@dataclass(frozen=True)
class _Answer:
    """Predictions by name, and what was odd about the rows."""

    columns: Columns
    odd: Odd


def _read(model: Model, job: Job, max_rows: int) -> _Read | Reply:
    try:
        if job.came == "tensors":
            tensor = tensors(job.body, model, max_rows)
            return _Read(tensor.table, partial(answer_of, tensor, described(model)))
        rows = asked(job.body, job.came, model, max_rows)
        if (
            not len(rows.table) and job.form == "json"
        ):  # of which nobody can say that columns are absent
            return Reply(200, b"[]", rows=0)
        if job.samples:
            check_asked(model, len(rows.table), job.explain_rows)
            write = partial(written_with, model, rows.table, samples=job.samples, one=rows.one)
            return _Read(rows.table, write)
        return _Read(rows.table, partial(written, form=job.form, one=rows.one))
    except Exception as error:  # noqa: BLE001 - one request's harms no other's
        return _failed(error, None)


def _reply(read: _Read, answer: _Answer | Exception) -> Reply:
    rows = len(read.table)
    if isinstance(answer, Exception):
        return _failed(answer, rows)
    try:
        body, media = read.write(answer.columns)
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(error, rows)
    return Reply(200, body, media, rows=rows, odd=answer.odd)


def _failed(error: Exception, rows: int | None) -> Reply:
    """Why a request gets no prediction."""
    if isinstance(error, DataError):
        error = unusable([of_message(str(each)) for each in error.problems])
    if isinstance(error, WrongRows):
        error = unusable([problem(each) for each in error.wrong])
    if isinstance(error, Refused):
        return Reply(error.status, as_json(error.body()), headers=error.headers, rows=rows)
    return Reply(500, rows=rows, fault=places(error))


def _answers(model: Model, tables: Mapping[int, Table]) -> dict[int, _Answer | Exception]:
    """What the model says of tables: of those with the same columns together."""
    if len(tables) == 1:
        return {place: _alone(model, table) for place, table in tables.items()}
    found: dict[int, _Answer | Exception] = {}
    order = sorted(tables, key=lambda place: tables[place].columns)
    for _, group in groupby(order, key=lambda place: tables[place].columns):
        found |= _together(model, {place: tables[place] for place in group})
    return found


def _together(model: Model, tables: Mapping[int, Table]) -> dict[int, _Answer | Exception]:
    # rows of one table may belong together where a model is of series
    if len(tables) > 1 and model.artifact.windows is None:
        try:
            return dict(zip(tables, _parted(model, list(tables.values())), strict=True))
        except Exception:  # noqa: BLE001, S110 - whose fault it is, each by itself shows
            pass
    return {place: _alone(model, table) for place, table in tables.items()}


def _parted(model: Model, tables: Sequence[Table]) -> list[_Answer]:
    answer = _answer(model, Table.concat(tables, tables[0].columns))
    found, start = [], 0
    for each in tables:
        end = start + len(each)
        columns = {name: values[start:end] for name, values in answer.columns.items()}
        found.append(_Answer(columns, {} if start else answer.odd))
        start = end
    return found


def _alone(model: Model, table: Table) -> _Answer | Exception:
    try:
        return _answer(model, table)
    except Exception as error:  # noqa: BLE001 - it is said to whom it concerns
        return error


def _answer(model: Model, table: Table) -> _Answer:
    columns, counts = model.counted_strictly(table)
    return _Answer(columns, _odd(counts))


def _odd(counts: Mapping[str, Counts]) -> Odd:
    return {
        name: (each.missing, each.unseen)
        for name, each in counts.items()
        if each.missing or each.unseen
    }
