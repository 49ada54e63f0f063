"""The script that one writes without Crosstie: pandas, LightGBM with its defaults, predictions to a CSV file.

lightgbm_defaults.py TRAIN TEST TARGET TASK OUT

Text columns are pandas categories, as LightGBM takes them natively; dates become numbers, for as text they
would say nothing. One line of JSON: seconds of fit and predict.
"""

import json
import sys
import time

import lightgbm
import pandas as pd
from pandas.api.types import is_numeric_dtype


def main(train_path: str, test_path: str, target: str, task: str, out: str) -> None:
    read = {"keep_default_na": False, "na_values": [""]}
    train, test = pd.read_csv(train_path, **read), pd.read_csv(test_path, **read)
    truth = train.pop(target)
    test = test.drop(columns=target)
    train, test = prepare(train, test)
    make = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    model = make(verbose=-1)
    start = time.perf_counter()
    model.fit(train, truth)
    fitted = time.perf_counter()
    if task == "regression":
        found = {f"{target}_prediction": model.predict(test)}
    else:
        probabilities = model.predict_proba(test)
        found = {f"{target}_prediction": model.classes_[probabilities.argmax(1)]}
        found |= {
            f"{target}_probability_{name}": probabilities[:, place]
            for place, name in enumerate(model.classes_)
        }
    predicted = time.perf_counter()
    pd.DataFrame(found).to_csv(out, index=False)
    seconds = {"fit_s": round(fitted - start, 3), "predict_s": round(predicted - fitted, 3)}
    print(json.dumps({"version": lightgbm.__version__, **seconds}))


def prepare(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in list(train):
        if is_numeric_dtype(train[name]):
            continue
        if "date" in name.lower():
            for frame in (train, test):
                when = pd.to_datetime(frame.pop(name))
                for part in ("year", "month", "day", "dayofweek", "hour"):
                    frame[f"{name}_{part}"] = getattr(when.dt, part)
            continue
        levels = pd.Index(train[name].dropna().unique())
        for frame in (train, test):
            frame[name] = pd.Categorical(frame[name], levels)
    for frame in (train, test):  # LightGBM refuses JSON's special characters in names
        frame.columns = [f"c{place}" for place in range(frame.shape[1])]
    return train, test


if __name__ == "__main__":
    main(*sys.argv[1:])
