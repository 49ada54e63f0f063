"""The script that one writes without Crosstie for a tag a word: logistic regression on a word, its letters and its neighbours.

windows.py TRAIN TEST TARGET TASK OUT

The tables hold lists in JSON. One line of JSON: seconds of fit and predict.
"""

import json
import sys
import time

import pandas as pd
import sklearn
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def described(words: list[str]) -> list[dict[str, object]]:
    """A dictionary a word."""
    around = ["<s>", *words, "</s>"]
    return [
        {
            "word": word.lower(),
            "before": around[place].lower(),
            "after": around[place + 2].lower(),
            "head": word[:3],
            "tail": word[-3:],
            "shape": "".join(
                "A"
                if each.isupper()
                else "a"
                if each.islower()
                else "0"
                if each.isdigit()
                else each
                for each in word
            )[:8],
            "title": word.istitle(),
            "title before": around[place].istitle(),
        }
        for place, word in enumerate(words)
    ]


def main(train_path: str, test_path: str, target: str, _: str, out: str) -> None:
    train, test = (pd.read_csv(each, keep_default_na=False) for each in (train_path, test_path))
    (column,) = set(train) - {target}
    model = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=300))
    start = time.perf_counter()
    model.fit(
        [each for words in train[column] for each in described(json.loads(words))],
        [tag for tags in train[target] for tag in json.loads(tags)],
    )
    fitted = time.perf_counter()
    tags = [
        json.dumps(model.predict(described(row)).tolist()) for row in test[column].map(json.loads)
    ]
    predicted = time.perf_counter()
    pd.DataFrame({f"{target}_prediction": tags}).to_csv(out, index=False)
    seconds = {"fit_s": round(fitted - start, 3), "predict_s": round(predicted - fitted, 3)}
    print(json.dumps({"version": sklearn.__version__, **seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
