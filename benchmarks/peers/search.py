"""An automatic search of a peer on a table, with the seconds it may fit for; predictions to a CSV file.

search.py TRAIN TEST TARGET TASK OUT LIBRARY SECONDS

LIBRARY is autogluon-medium, autogluon-best, mljar, flaml or catboost (its defaults, which know no limit). Each is
asked for the metric that the page judges by. One line of JSON: its version, seconds of fit and predict.
"""

import importlib.metadata
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

Found = tuple[np.ndarray, list[str]]  # numbers; or probabilities, and whose they are
Search = Callable[[pd.DataFrame, pd.Series, pd.DataFrame, str, int, Path], tuple[Found, float]]


def main(
    train_path: str, test_path: str, target: str, task: str, out: str, library: str, limit: str
) -> None:
    read = {"keep_default_na": False, "na_values": [""]}
    train, test = pd.read_csv(train_path, **read), pd.read_csv(test_path, **read)
    truth = train.pop(target)
    if task != "regression":
        truth = truth.astype(str)
    name, search = LIBRARIES[library]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        (values, classes), fit = search(
            train, truth, test.drop(columns=target), task, int(limit), Path(folder) / "models"
        )
        predict = time.perf_counter() - start - fit
    if task == "regression":
        found = {f"{target}_prediction": values}
    else:
        found = {f"{target}_prediction": np.asarray(classes)[values.argmax(1)]}
        found |= {f"{target}_probability_{each}": values[:, i] for i, each in enumerate(classes)}
    pd.DataFrame(found).to_csv(out, index=False)
    version = importlib.metadata.version(name)
    print(json.dumps({"version": version, "fit_s": round(fit, 1), "predict_s": round(predict, 1)}))


def _autogluon(preset: str) -> Search:
    def search(train, truth, test, task, limit, folder):
        from autogluon.tabular import TabularPredictor

        metric = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}[task]
        start = time.perf_counter()
        predictor = TabularPredictor("y", eval_metric=metric, path=str(folder), verbosity=0)
        predictor.fit(train.assign(y=truth), presets=preset, time_limit=limit)
        fit = time.perf_counter() - start
        if task == "regression":
            return (predictor.predict(test).to_numpy(), []), fit
        likely = predictor.predict_proba(test)
        return (likely.to_numpy(), list(likely.columns)), fit

    return search


def _mljar(train, truth, test, task, limit, folder):
    from supervised import AutoML

    metric = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}[task]
    start = time.perf_counter()
    model = AutoML(
        mode="Perform", total_time_limit=limit, eval_metric=metric, results_path=str(folder)
    )
    model.fit(train, truth)
    fit = time.perf_counter() - start
    if task == "regression":
        return (model.predict(test), []), fit
    return (model.predict_proba(test), sorted(truth.unique())), fit


def _flaml(train, truth, test, task, limit, folder):
    from flaml import AutoML

    train, test = _categories(train, test)
    metric = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}[task]
    codes, classes = (truth, []) if task == "regression" else pd.factorize(truth, sort=True)
    start = time.perf_counter()
    model = AutoML()
    model.fit(
        X_train=train, y_train=np.asarray(codes), metric=metric, time_budget=limit, seed=0, verbose=0,
        task="regression" if task == "regression" else "classification",
    )  # fmt: skip
    fit = time.perf_counter() - start
    found = model.predict(test) if task == "regression" else model.predict_proba(test)
    return (found, [str(each) for each in classes]), fit


def _catboost(train, truth, test, task, limit, folder):
    import catboost

    words = [name for name in train if not is_numeric_dtype(train[name])]
    train, test = (
        frame.assign(**{name: frame[name].astype(object).fillna("nan") for name in words})
        for frame in (train, test)
    )
    regression = task == "regression"
    make = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
    start = time.perf_counter()
    model = make(verbose=0, allow_writing_files=False, cat_features=words)
    model.fit(train, truth)
    fit = time.perf_counter() - start
    if regression:
        return (model.predict(test), []), fit
    return (model.predict_proba(test), [str(each) for each in model.classes_]), fit


def _categories(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in [name for name in train if not is_numeric_dtype(train[name])]:
        levels = pd.Index(train[name].dropna().unique())
        for frame in (train, test):
            frame[name] = pd.Categorical(frame[name], levels)
    return train, test


LIBRARIES: dict[str, tuple[str, Search]] = {  # the name of the distribution, the search
    "autogluon-medium": ("autogluon.tabular", _autogluon("medium_quality")),
    "autogluon-best": ("autogluon.tabular", _autogluon("best_quality")),
    "mljar": ("mljar-supervised", _mljar),
    "flaml": ("flaml", _flaml),
    "catboost": ("catboost", _catboost),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
