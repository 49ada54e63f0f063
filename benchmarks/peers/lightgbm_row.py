"""One row through pandas and LightGBM in process, as a script would.

lightgbm_row.py MODEL TABLE        one line of JSON: seconds to the first prediction, microseconds of each after
"""

import time

START = time.perf_counter()

import json  # noqa: E402 - what is imported is part of the first prediction
import statistics  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import lightgbm  # noqa: E402
import pandas as pd  # noqa: E402
from lightgbm_predict import READ, as_categories  # noqa: E402

ROWS, ROUNDS = 20, 25


def main(model: str, table: str) -> None:
    about = json.loads(Path(f"{model}.json").read_text())
    rows = pd.read_csv(table, nrows=ROWS, **READ)[about["columns"]].to_dict(orient="records")
    booster = lightgbm.Booster(model_file=model)

    def ask(row: dict[str, object]) -> float:
        return float(booster.predict(as_categories(pd.DataFrame([row]), about["levels"]))[0])

    ask(rows[0])
    first = time.perf_counter() - START
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for row in rows:
            ask(row)
        found.append((time.perf_counter() - begun) / len(rows))
    print(
        json.dumps({"first_s": round(first, 3), "row_us": round(statistics.median(found) * 1e6, 1)})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
