"""Files of `data/` as tables, for steps: typed once, and only as many rows as an environment wants.

What a model is trained on straight from `data/` is not read here but as `crosstie train` reads it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.errors import DataError
from crosstie.project.steps.duck import connect, write_rows

READING = "2"  # of the rules below: another number makes all raw tables anew
PARQUET = "SELECT * FROM read_parquet($path)"
JSON = "SELECT * FROM read_json($path, maximum_object_size = 268435456)"
TEXTS = (".csv", ".tsv")
TYPES = "['BIGINT', 'DOUBLE', 'TIME', 'DATE', 'TIMESTAMP', 'VARCHAR']"
# no BOOLEAN: it takes Yes and No, t and f, and a label would be called otherwise behind a step than in the file
CSV = f"SELECT * FROM read_csv($path, sample_size = -1, auto_type_candidates = {TYPES})"  # noqa: S608 - ours
SOME = """
SELECT * EXCLUDE crosstie_row
FROM (
  SELECT * FROM (SELECT *, row_number() OVER () AS crosstie_row FROM (rows))
  ORDER BY hash(crosstie_row), crosstie_row
  LIMIT $sample
)
ORDER BY crosstie_row
"""


def run_raw(path: Path, where: str, sample: int | None, to: Path) -> None:
    """Write the rows of a file to a Parquet file.

    Args:
        path: The file.
        where: As messages name it.
        sample: So many rows of it, spread over the file, the same ones each time; None for all.
        to: What to write.

    Raises:
        DataError: It holds no table.
    """
    import duckdb  # 113 ms

    with connect() as connection, TemporaryDirectory() as folder:
        try:
            _write(connection, *_as_read(path, Path(folder)), sample, to)
        except duckdb.Error as error:
            if path.suffix.lower() not in TEXTS:
                what = " ".join(str(error).partition("\n")[0].split())
                raise DataError(f"{where}: cannot be read as a table: {what}") from None
            _write(connection, _cleaned(path, Path(folder)), CSV, sample, to)


def _write(connection: Any, source: Path, function: str, sample: int | None, to: Path) -> None:
    query = function
    given: dict[str, object] = {"path": str(source)}
    if sample is not None:
        query, given["sample"] = SOME.replace("(rows)", f"({function})"), sample
    write_rows(connection.execute(query, given), to)


def _as_read(path: Path, scratch: Path) -> tuple[Path, str]:
    """A file that DuckDB reads, and the query that does."""
    match path.suffix.lower():
        case ".parquet":
            return path, PARQUET
        case ".json" | ".jsonl":
            return path, JSON
        case ".csv" | ".tsv":
            return path, CSV
        case ".arrow":
            return _of_arrow(path, scratch), PARQUET
        case _:
            return _cleaned(path, scratch), CSV


def _of_arrow(path: Path, scratch: Path) -> Path:
    import pyarrow as pa  # 131 ms
    from pyarrow import parquet

    with pa.memory_map(str(path)) as source:
        try:
            table = pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            table = pa.ipc.open_stream(source).read_all()
        parquet.write_table(table, scratch / "rows.parquet")
    return scratch / "rows.parquet"


def _cleaned(path: Path, scratch: Path) -> Path:
    """The first sheet, or a text that bears repair, as a plain CSV: as `crosstie train` reads it."""
    from crosstie.data.read import open_source
    from crosstie.data.write import csv_text

    table = open_source(path).table()
    text = csv_text({name: table.cells(name) for name in table.columns})
    found = scratch / "rows.csv"
    found.write_text(text, encoding="utf-8")
    return found
