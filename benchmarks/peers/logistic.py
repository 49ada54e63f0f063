"""The script that one writes for texts without Crosstie: TF-IDF of words and pairs, logistic regression.

logistic.py TRAIN TEST TARGET TASK OUT TEXT_COLUMN

Several labels at once are one regression each. One line of JSON: seconds of fit and predict.
"""

import json
import sys
import time

import pandas as pd
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer


def main(train_path: str, test_path: str, target: str, task: str, out: str, text: str) -> None:
    read = {"keep_default_na": False, "na_values": [""]}
    train, test = pd.read_csv(train_path, **read), pd.read_csv(test_path, **read)
    truth = train[target]
    classifier = LogisticRegression(max_iter=1000)
    if task == "multilabel":
        binarizer = MultiLabelBinarizer()
        truth = binarizer.fit_transform(truth.str.split(","))
        classifier = OneVsRestClassifier(classifier)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), classifier)
    start = time.perf_counter()
    model.fit(train[text], truth)
    fitted = time.perf_counter()
    probabilities = model.predict_proba(test[text])
    predicted = time.perf_counter()
    classes = binarizer.classes_ if task == "multilabel" else model.classes_
    found = {
        f"{target}_probability_{name}": probabilities[:, place]
        for place, name in enumerate(classes)
    }
    pd.DataFrame(found).to_csv(out, index=False)
    seconds = {"fit_s": round(fitted - start, 3), "predict_s": round(predicted - fitted, 3)}
    print(json.dumps({"version": sklearn.__version__, **seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
