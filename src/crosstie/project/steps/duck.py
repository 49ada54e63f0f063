"""SQL steps in DuckDB, embedded: tables are Parquet files, and nothing else can be read or written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosstie.data.postgres import quoted
from crosstie.data.sql_parameters import parameters
from crosstie.errors import DataError

ROWS_AT_ONCE = 100_000
ORDERED = "SELECT * FROM (rows\n) ORDER BY ALL"


def run_sql(
    text: str, where: str, tables: Mapping[str, Path], settings: Mapping[str, Any], to: Path
) -> None:
    """Write the rows of a query to a Parquet file.

    Rows come in the order that the query asks for, else sorted by all columns: so that the same rows are the same file,
    however many threads found them.

    Args:
        text: Statements, of which the last is the query.
        where: The file as messages name it.
        tables: The tables that it may read.
        settings: What its `:names` are.
        to: The file.

    Raises:
        DataError: DuckDB refuses it.
    """
    import duckdb  # 113 ms

    with connect(tables) as connection:
        *before, last = statements(text, where)
        try:
            for each in before:
                connection.execute(each.sql, each.of(settings))
            ordered = last.sql if last.ordered else ORDERED.replace("rows", last.sql)
            write_rows(connection.execute(ordered, last.of(settings)), to)
        except duckdb.Error as error:
            raise DataError(f"{where}: {told(error)}") from None


def connect(tables: Mapping[str, Path] | None = None) -> Any:
    """DuckDB within this process, which fetches no code from anywhere.

    Args:
        tables: Parquet files by the name that they have there; nothing else can be read or written then.
    """
    import duckdb  # 113 ms

    no_code: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = duckdb.connect(config=no_code)
    if tables is not None:
        for name, path in tables.items():
            schema, _, own = name.rpartition(".")
            rows = connection.read_parquet(str(path))
            if schema:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
                connection.execute(f"USE {quoted(schema)}")
                rows.create_view(own)
                connection.execute("USE main")
            else:
                rows.create_view(name)
        allowed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in tables.values())
        connection.execute(f"SET allowed_paths = [{allowed}]")
        connection.execute("SET enable_external_access = false")
    return connection


def write_rows(result: Any, to: Path) -> None:
    """Write the rows of a query to a Parquet file, as they come."""
    from pyarrow import parquet  # 131 ms

    reader = result.to_arrow_reader(ROWS_AT_ONCE)
    spans = [each.name for each in reader.schema if str(each.type) == "month_day_nano_interval"]
    if spans:
        raise DataError(f"{', '.join(spans)}: a table cannot hold intervals. Write their seconds, as in EXTRACT(epoch FROM {spans[0]})")  # fmt: skip
    with parquet.ParquetWriter(to, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def told(error: Exception) -> str:
    """What DuckDB says in one line, with our own ways out where we closed its doors."""
    said = " ".join(str(error).partition("\nLINE ")[0].split())
    if "disabled by configuration" in said or "Permission Error" in said:
        return f"{said}. Steps read tables by name: put the file into data/ and name it without its ending"
    return said


class Statement:
    """One statement of a file.

    Attributes:
        sql: It, with parameters as DuckDB has them.
        names: Its parameters.
        ordered: Whether it says in which order its rows come.
    """

    def __init__(self, sql: str, names: frozenset[str], *, ordered: bool) -> None:
        self.sql = sql
        self.names = names
        self.ordered = ordered

    def of(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Its own settings among all."""
        return {name: settings[name] for name in self.names}


def statements(text: str, where: str) -> list[Statement]:
    """The statements of a file; each `:name` becomes a bound parameter, none is pasted.

    Raises:
        DataError: There is none.
    """
    from sqlglot import TokenType, tokenize  # 60 ms

    parts: list[list[Any]] = [[]]
    for token in tokenize(text, read="duckdb"):
        if token.token_type == TokenType.SEMICOLON:
            parts.append([])
        else:
            parts[-1].append(token)
    found = [_statement(text, part) for part in parts if part]
    if not found:
        raise DataError(f"{where}: is empty. Write the SELECT that makes the table")
    return found


def _statement(text: str, tokens: list[Any]) -> Statement:
    from sqlglot import TokenType

    depth, ordered = 0, False
    for token in tokens:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        ordered |= depth == 0 and token.token_type == TokenType.ORDER_BY
    pieces: list[str] = []
    names: set[str] = set()
    start = tokens[0].start
    for colon, name in parameters(tokens):
        pieces += [text[start : colon.start], f"${name.text}"]
        names.add(name.text)
        start = name.end + 1
    pieces.append(text[start : tokens[-1].end + 1])
    return Statement("".join(pieces), frozenset(names), ordered=ordered)
