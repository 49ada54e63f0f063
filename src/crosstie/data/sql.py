"""The rows of a query. DuckDB answers it; other engines are not spoken here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.data.reader import Reading
from crosstie.data.readers.parquet import Parquet
from crosstie.data.scratch import Scratch
from crosstie.data.source import Source
from crosstie.errors import DataError, MissingExtra, nearest

PREFIX = "duckdb://"


def query(spec: Mapping[str, Any], base: Path, missing: Sequence[str] | None) -> Source:
    """Run a query once; its rows stay the same however often they are read.

    Args:
        spec: `connection`: `duckdb:///shop.db` (relative to `base`), `duckdb:////abs/shop.db`, or `duckdb://` for no
            database at all, which can query files. `query`: SQL, or the path of a `.sql` file. `missing` if need be.
        base: The folder that paths are relative to.
        missing: Texts that mean that nothing is there.

    Raises:
        DataError: There is no such database or file, or DuckDB refuses the query.
    """
    for name in spec:
        if name not in ("connection", "query", "missing"):
            raise DataError(
                f"data.{name}: unknown option; {nearest(name, ('connection', 'query', 'missing'))}"
            )
    statement, name = _statement(spec.get("query"), base)
    connection = _connect(str(spec["connection"]), base)
    scratch = Scratch()
    rows = scratch.path("query.parquet")
    import duckdb

    try:
        connection.execute(f"COPY ({statement}) TO '{rows}' (FORMAT parquet)")
    except duckdb.Error as error:
        what = " ".join(str(error).partition("\nLINE ")[0].split())  # LINE shows our COPY around it
        raise DataError(f"{name} fails: {what}") from None
    finally:
        connection.close()
    reading = Reading(missing=spec.get("missing", missing))
    return Source(
        name, [Parquet(rows, name, reading, scratch)], hashed=[rows], missing=reading.missing
    )


def _statement(written: Any, base: Path) -> tuple[str, str]:
    if not isinstance(written, str) or not written.strip():
        raise DataError("data.query: is missing. Give SQL, or the path of a .sql file.")
    name = "the query"
    if written.strip().lower().endswith(".sql"):
        path, name = base / written.strip(), written.strip()
        if not path.is_file():
            raise DataError(f"{name}: there is no such file")
        written = path.read_text(encoding="utf-8")
    return written.strip().rstrip(";"), name


def _connect(written: str, base: Path) -> Any:
    if not written.startswith(PREFIX):
        raise DataError(
            f"data.connection: {written.partition('://')[0]!r} cannot be queried here, only DuckDB, as in "
            "'duckdb:///shop.db'. Export the table to Parquet or CSV."
        )
    try:
        import duckdb  # 113 ms
    except ModuleNotFoundError:
        raise MissingExtra("duckdb", "train", needed_for="a query") from None
    path = written.removeprefix(PREFIX).removeprefix("/")
    if path in ("", ":memory:"):
        database, read_only = ":memory:", False
    else:
        database, read_only = str(base / path), True
        if not Path(database).is_file():
            raise DataError(f"{written}: there is no such database")
    try:
        return duckdb.connect(
            database,
            read_only=read_only,
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "threads": 1,  # more of them give the rows of a GROUP BY another order every time
                "file_search_path": str(base.resolve()),
            },
        )
    except duckdb.Error as error:
        raise DataError(f"{written}: cannot be opened: {str(error).strip()}") from None
