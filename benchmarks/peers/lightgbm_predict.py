"""The other half of lightgbm_defaults.py: a saved booster, a table, predictions to a CSV file.

lightgbm_predict.py fit TRAIN TARGET MODEL      saves MODEL (the booster) and MODEL.json (levels of categories)
lightgbm_predict.py predict MODEL TEST OUT      what is timed
"""

import json
import sys
from pathlib import Path

import lightgbm
import pandas as pd
from pandas.api.types import is_numeric_dtype

READ = {"keep_default_na": False, "na_values": [""]}


def fit(train_path: str, target: str, model: str) -> None:
    train = pd.read_csv(train_path, **READ)
    truth = (train[target] == sorted(train[target].unique())[1]).astype(int)
    train = train.drop(columns=target)
    levels = {
        name: list(train[name].dropna().unique())
        for name in train
        if not is_numeric_dtype(train[name])
    }
    frame = as_categories(train, levels)
    lightgbm.LGBMClassifier(verbose=-1).fit(frame, truth).booster_.save_model(model)
    Path(f"{model}.json").write_text(json.dumps({"columns": list(train), "levels": levels}))


def as_categories(frame: pd.DataFrame, levels: dict[str, list[str]]) -> pd.DataFrame:
    return frame.assign(
        **{name: pd.Categorical(frame[name], known) for name, known in levels.items()}
    )


def load(model: str, test_path: str) -> tuple[lightgbm.Booster, pd.DataFrame]:
    about = json.loads(Path(f"{model}.json").read_text())
    test = pd.read_csv(test_path, **READ)[about["columns"]]
    return lightgbm.Booster(model_file=model), as_categories(test, about["levels"])


def predict(model: str, test_path: str, out: str) -> None:
    booster, test = load(model, test_path)
    pd.DataFrame({"probability": booster.predict(test)}).to_csv(out, index=False)


if __name__ == "__main__":
    {"fit": fit, "predict": predict}[sys.argv[1]](*sys.argv[2:])
