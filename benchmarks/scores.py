"""Scores of a table of predictions by scikit-learn's metrics, never by Crosstie's: one judge for every peer.

A table of predictions has the columns that `crosstie predict` writes, `<target>_prediction` and
`<target>_probability_<class>`, one row for each row of the test file. Tags are a list in JSON a row.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

SHOWN = {  # the first decides who is better
    "binary": ("roc_auc", "log_loss"),
    "multiclass": ("accuracy", "log_loss"),
    "regression": ("rmse", "r2"),
    "multilabel": ("average_precision", "log_loss"),
    "tags": ("span_f1", "token_accuracy"),
}
SMALLER_IS_BETTER = ("rmse", "log_loss")


def read(path: Path) -> pd.DataFrame:
    """Empty is missing and nothing else is: a class may be called None."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def score(test: Path, predictions: Path, *, target: str, task: str) -> dict[str, float]:
    """The metrics of `SHOWN` on the test rows."""
    truth, given = read(test)[target], read(predictions)
    assert len(truth) == len(given), f"{len(given)} predictions for {len(truth)} rows"
    if task == "regression":
        predicted = given[f"{target}_prediction"]
        return {
            "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
            "r2": float(metrics.r2_score(truth, predicted)),
        }
    if task == "tags":
        return _tags(truth, given[f"{target}_prediction"])
    head = f"{target}_probability_"
    classes = [name.removeprefix(head) for name in given if name.startswith(head)]
    probabilities = given[[head + name for name in classes]].to_numpy(float)
    if task == "multilabel":
        return _multilabel(truth, probabilities, classes)
    return _classes(truth.astype(str), probabilities, classes, binary=task == "binary")


def _classes(
    truth: pd.Series, probabilities: np.ndarray, classes: list[str], *, binary: bool
) -> dict[str, float]:
    """A class that no training row had counts with probability 0."""
    for unseen in sorted(set(truth) - set(classes)):
        classes = [*classes, unseen]
        probabilities = np.c_[probabilities, np.zeros(len(truth))]
    order = np.argsort(classes)
    labels, probabilities = np.asarray(classes)[order], probabilities[:, order]
    probabilities = probabilities / probabilities.sum(1, keepdims=True)
    found = {
        "accuracy": float((labels[probabilities.argmax(1)] == truth.to_numpy()).mean()),
        "log_loss": float(metrics.log_loss(truth, probabilities, labels=list(labels))),
    }
    if binary:
        found["roc_auc"] = float(metrics.roc_auc_score(truth == labels[1], probabilities[:, 1]))
    return found


def _multilabel(truth: pd.Series, probabilities: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Mean over labels of the area under precision and recall, and of log loss."""
    rows = truth.str.split(",")
    told = np.stack([rows.map(lambda row, each=each: each in row) for each in labels], axis=1)
    clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
    return {
        "average_precision": float(metrics.average_precision_score(told, probabilities)),
        "log_loss": float(-np.where(told, np.log(clipped), np.log1p(-clipped)).mean()),
    }


def _tags(truth: pd.Series, predicted: pd.Series) -> dict[str, float]:
    """F1 of spans that are right from end to end, and the share of tags that are; a token without a tag has O."""
    true = [json.loads(row) for row in truth]
    said = [[tag or "O" for tag in json.loads(row)] for row in predicted]
    assert all(len(a) == len(b) for a, b in zip(true, said, strict=True)), "not a tag a token"
    spans = [
        {(row, *span) for row, tags in enumerate(all_) for span in _spans(tags)}
        for all_ in (true, said)
    ]
    equal = [a == b for row in zip(true, said, strict=True) for a, b in zip(*row, strict=True)]
    right, both = len(spans[0] & spans[1]), len(spans[0]) + len(spans[1])
    return {"span_f1": 2 * right / both if both else 0.0, "token_accuracy": float(np.mean(equal))}


def _spans(tags: list[str]) -> list[tuple[int, int, str]]:
    """(first, behind the last, type) of BIO tags; an I- that continues nothing begins a span, as in CoNLL-2000."""
    found, start, kind = [], 0, ""
    for place, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if kind and not (mark == "I" and name == kind):
            found.append((start, place, kind))
            kind = ""
        if mark != "O" and not kind:
            start, kind = place, name
    return found
