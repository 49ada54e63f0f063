"""A million rows by 14 columns: reading and encoding them, against DuckDB reading them with types. One line of JSON.

encode.py FILE ours|duckdb
"""

import json
import sys
import time


def ours(path: str) -> None:
    """Read all rows and turn all cells into the arrays that models take (features already fitted)."""
    import numpy as np

    import crosstie
    from crosstie.pipeline.prepare import assign, prepare

    plan = crosstie.check(path, target="y")
    few = assign(plan)
    few[20_000:] = 3
    import tempfile
    from pathlib import Path

    preprocessor = prepare(plan, few, folder=Path(tempfile.mkdtemp())).preprocessor
    from crosstie.data.read import open_source

    start = time.perf_counter()
    rows = 0
    for table in open_source(path).chunks():
        rows += len(preprocessor.encode(table).batch)
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": rows, "seconds": round(seconds, 3), "numpy": np.__version__}))


def duckdb(path: str) -> None:
    import duckdb

    start = time.perf_counter()
    table = duckdb.sql(f"select * from read_csv('{path}')").to_arrow_table()
    print(json.dumps({"rows": table.num_rows, "seconds": round(time.perf_counter() - start, 3)}))


if __name__ == "__main__":
    {"ours": ours, "duckdb": duckdb}[sys.argv[2]](sys.argv[1])
