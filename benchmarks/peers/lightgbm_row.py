"""One row through pandas and LightGBM in process, as a script would: `lightgbm_row.py MODEL TABLE`. Prints the median."""

import json
import statistics
import sys
import time

from lightgbm_predict import as_categories, load


def main(model: str, table: str) -> None:
    booster, rows = load(model, table)
    levels = json.loads(open(f"{model}.json").read())["levels"]  # noqa: PTH123, SIM115 - as a script has it
    records = [
        {key: str(value) if key in levels else value for key, value in each.items()}
        for each in rows.head(200).to_dict(orient="records")
    ]
    import pandas as pd

    seconds = []
    for each in records:
        begun = time.perf_counter()
        booster.predict(as_categories(pd.DataFrame([each]), levels))
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"ms": 1000 * statistics.median(seconds)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
