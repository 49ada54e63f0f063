"""One row through pandas and LightGBM: a frame of one row, categories as training had them.

lightgbm_row.py TRAIN TARGET       one line of JSON: seconds to the first prediction, microseconds of each after
"""

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMES, ROUNDS = 20, 25


def fit(train_path: str, target: str, where: Path) -> None:
    import lightgbm
    import pandas as pd

    train = pd.read_csv(train_path, keep_default_na=False, na_values=[""])
    truth = train.pop(target)
    levels = {}
    for name in train.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            levels[name] = list(train[name].dropna().unique())
            train[name] = pd.Categorical(train[name], levels[name])
    model = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1).fit(train, truth)
    row = json.loads(train.iloc[0].to_json())
    where.write_bytes(pickle.dumps((model, levels, row)))


def predict(where: Path) -> None:
    start = time.perf_counter()
    import pandas as pd

    model, levels, row = pickle.loads(where.read_bytes())

    def ask() -> float:
        frame = pd.DataFrame([row])
        for name, known in levels.items():
            frame[name] = pd.Categorical(frame[name], known)
        return float(model.predict_proba(frame)[0, 1])

    ask()
    first = time.perf_counter() - start
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TIMES):
            ask()
        found.append((time.perf_counter() - start) / TIMES)
    print(
        json.dumps({"first_s": round(first, 3), "row_us": round(statistics.median(found) * 1e6, 1)})
    )


def main(train_path: str, target: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "model"
        fit(train_path, target, where)
        script = [sys.executable, __file__, "predict", str(where)]
        done = subprocess.run(script, check=True, capture_output=True, text=True)
        print(done.stdout, end="")


if __name__ == "__main__":
    if sys.argv[1] == "predict":
        predict(Path(sys.argv[2]))
    else:
        main(sys.argv[1], sys.argv[2])
