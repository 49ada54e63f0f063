"""The table that a candidate learned from, beside production's: what a corrupted one gives away before any metric."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import hint
from crosstie.data.column import Form
from crosstie.data.parse import detect
from crosstie.data.repeats import row_codes
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError
from crosstie.evaluation.drift import Drift, drift_of_levels, drift_of_numbers
from crosstie.gates.tables import Shift, Training
from crosstie.serving.model import Model

MOST = 200_000  # rows of each table that are counted; beyond that shares no longer change
SHOWN = 6  # names in an error


def compare_training(
    models: tuple[Model, Model | None],
    tables: tuple[Any, Any | None],
    holdout: Table,
    key: Sequence[str],
    *,
    seed: int = 0,
) -> Training:
    """Compare the training tables of two models in the columns that either has.

    A column that became constant is none of the candidate's any more, so production's are looked at too.

    Args:
        models: The candidate and production.
        tables: The training table of each, as for `Model.predict`; None where there is none.
        holdout: The rows that both are judged on.
        key: Columns that name a row; none where nothing does.
        seed: Of the rows that are drawn from large tables.
    """
    candidate, production = models
    private: set[str] = set()
    forms: dict[str, Form] = {}
    read: list[str] = []  # among them the time and the group of a long table
    for model in filter(
        None, models
    ):  # the last one's word on the type of a column holds: production's
        artifact = model.artifact
        private |= set(artifact.private)
        if artifact.rowwise is not None:
            forms |= {name: each.form for name, each in artifact.rowwise.inputs.items()}
        forms |= dict.fromkeys(artifact.groups, "levels")
        forms |= {name: each.reads for name, each in artifact.direct}
        forms |= {each.column: each.reads for each in artifact.outputs}
        read += [*artifact.columns, *(each.column for each in artifact.outputs)]
    now = _table(candidate, tables[0], "the candidate's", whole=True)
    before = (
        None
        if tables[1] is None
        else _table(
            production or candidate, tables[1], "production's", whole=production is not None
        )
    )
    names = [each for each in dict.fromkeys(read) if each in now.columns]
    shared = names if before is None else [each for each in names if each in before.columns]
    columns: dict[str, Shift] = {}
    if before is not None:
        some = [_some(each, seed) for each in (before, now)]
        for name in shared:
            drift = _drift(some[0], some[1], name, forms[name]) if name in forms else None
            if drift is not None:
                hidden = {"ends": None} if name in private else {}
                columns[name] = Shift(**vars(drift) | hidden)
    return Training(
        rows=len(now),
        rows_before=None if before is None else len(before),
        repeated=_repeated(now, shared),
        repeated_before=None if before is None else _repeated(before, shared),
        columns=dict(sorted(columns.items(), key=lambda each: -each[1].psi)),
        unread=[] if before is None else [each for each in shared if each not in columns],
        absent=[each for each in names if each not in shared],
        in_holdout=_in_holdout(now, holdout, key) if key else None,
    )


def _table(model: Model, data: Any, whose: str, *, whole: bool) -> Table:
    """A training table, opened as its model opens tables; `whole` if it must have all of that model's columns."""
    table = model.open(data).table()
    artifact = model.artifact
    wanted = [*artifact.columns, *(each.column for each in artifact.outputs)]
    absent = [each for each in dict.fromkeys(wanted) if each not in table.columns]
    if whole and absent:
        more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
        names = f"{', '.join(map(repr, absent[:SHOWN]))}{more}"
        raise DataError(
            f"training: {whose} table lacks {names}, which the model was trained on. Give the table "
            "that it learned from, in the order (the candidate's, production's)"
        )
    return table


def check_key(key: Sequence[str], table: Table, what: str) -> None:
    """Raise unless a table has the columns of the key."""
    absent = [each for each in key if each not in table.columns]
    if absent:
        raise ConfigError(
            f"key: {what} has no column {absent[0]!r}; {hint(absent[0], table.columns)}"
        )


def _some(table: Table, seed: int) -> Table:
    if len(table) <= MOST:
        return table
    return table.take(np.sort(np.random.default_rng(seed).permutation(len(table))[:MOST]))


def _drift(before: Table, now: Table, name: str, form: Form) -> Drift | None:
    """The drift of a column; None where its cells are neither numbers, levels nor texts."""
    if form == "levels":
        return drift_of_levels(_levels(before, name), _levels(now, name))
    if form == "text":  # how long they are is what can be counted of any
        return drift_of_numbers(_lengths(before, name), _lengths(now, name))
    if form == "series" and all(_holds_numbers(each, name) for each in (before, now)):
        form = "number"  # of a long table, whose cells are the steps
    if form not in ("number", "date"):
        return None
    return drift_of_numbers(*(_numbers(each, name, form) for each in (before, now)))


def _holds_numbers(table: Table, name: str) -> bool:
    """Whether each cell that holds something is one number."""
    column = table.column(name, "number", style=_style(table, name))
    return bool(column.valid.any()) and not column.unparsed


def _levels(table: Table, name: str) -> list[str | None]:
    column = table.column(name, "levels")
    known: list[str | None] = [*column.levels, None]
    return [known[code] for code in np.asarray(column.values).tolist()]


def _lengths(table: Table, name: str) -> NDArray[np.float64]:
    return np.array(
        [np.nan if each is None else len(each) for each in table.cells(name)], np.float64
    )


def _numbers(table: Table, name: str, form: Any) -> NDArray[np.float64]:
    return np.asarray(table.column(name, form, style=_style(table, name)).values, np.float64)


def _style(table: Table, name: str) -> Style:
    """How this table writes the column: production's may have been written otherwise."""
    return detect(table.distinct(name)[1]) if table.stored(name) == "text" else PLAIN


def _repeated(table: Table, names: Sequence[str]) -> float:
    """Share of rows that say in these columns what an earlier one says."""
    if not len(table) or not names:
        return 0.0
    return 1 - len(np.unique(row_codes(table, list(names)))) / len(table)


def _in_holdout(table: Table, holdout: Table, key: Sequence[str]) -> int:
    check_key(key, table, "the candidate's training table")
    known = set(zip(*(_levels(holdout, each) for each in key), strict=True))
    return sum(each in known for each in zip(*(_levels(table, each) for each in key), strict=True))
