"""Where ibis 12 and SQLite need a hand: tables as they are, and names that are none."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

WRITTEN: Mapping[type, Callable[[Any], Any]] = {
    bool: int,
    dt.date: dt.date.isoformat,
    dt.datetime: lambda value: value.isoformat(sep=" "),
    dt.time: dt.time.isoformat,
    Decimal: float,
}


def bring(backend: Any, name: str, rows: Any) -> None:
    """Make a temporary table of an Arrow table. ibis would do so by way of pandas, where a missing truth is a number.

    Args:
        backend: Of ibis.
        name: The table's.
        rows: It.
    """
    import ibis  # 400 ms
    from sqlglot import exp

    columns = ibis.memtable(rows).schema().to_sqlglot_column_defs(backend.dialect)
    table = exp.Table(this=exp.to_identifier(name, quoted=True))
    this = exp.Schema(this=table.copy(), expressions=columns)
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    create = exp.Create(kind="TABLE", this=this, properties=temporary)
    backend.raw_sql(create.sql(backend.dialect)).close()
    marks = ", ".join("?" * rows.num_columns)
    to = table.sql(backend.dialect)
    for batch in rows.to_batches():
        cells = zip(*(map(_written, each.to_pylist()) for each in batch.columns), strict=True)
        backend.con.executemany(f"INSERT INTO {to} VALUES ({marks})", cells)  # noqa: S608 - a name, quoted


def check_names(backend: Any, sql: str) -> None:
    """Have SQLite refuse names that no table has: in double quotes, as ibis writes them, it takes them for texts.

    Args:
        backend: Of ibis.
        sql: A query.
    """
    backend.raw_sql(f"EXPLAIN {strictly(sql)}").close()


def strictly(sql: str) -> str:
    r"""The same with names in backticks, which are never taken for texts.

    Examples:
        >>> strictly('SELECT "a" AS b, \'"c"\' FROM "t"')
        'SELECT `a` AS b, \'"c"\' FROM `t`'
    """
    from sqlglot import TokenType, tokenize

    pieces, start = [], 0
    for token in tokenize(sql, read="sqlite"):
        if token.token_type == TokenType.IDENTIFIER and sql[token.start] == '"':
            pieces += [sql[start : token.start], "`", token.text.replace("`", "``"), "`"]
            start = token.end + 1
    return "".join([*pieces, sql[start:]])


def _written(value: Any) -> Any:
    write = WRITTEN.get(type(value))
    return value if write is None else write(value)
