"""The scripts that one writes without Crosstie for rows of one text, picture or sound: logistic regression on plain features.

logistic.py TRAIN TEST TARGET TASK OUT KIND

KIND is `texts` (TF-IDF of words and pairs), `pictures` (32 x 32 grey pixels) or `sounds` (mean and spread of 40 mel
bands' logarithms). Several labels at once are one regression each. One line of JSON: seconds of fit and predict.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer, StandardScaler

BANDS, PIECE, SHIFT = 40, 512, 256


def pixels(paths: pd.Series) -> np.ndarray:
    from PIL import Image

    pictures = [Image.open(path).convert("L").resize((32, 32)) for path in paths]
    return np.stack([np.asarray(each, np.float32).ravel() / 255 for each in pictures])


def spectra(paths: pd.Series) -> np.ndarray:
    return np.stack([_spectrum(path) for path in paths])


def _spectrum(path: str) -> np.ndarray:
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32")
    samples = np.pad(samples, (0, max(PIECE - len(samples), 0)))
    pieces = np.lib.stride_tricks.sliding_window_view(samples, PIECE)[::SHIFT]
    power = np.abs(np.fft.rfft(pieces * np.hanning(PIECE))) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 1400), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.fft.rfftfreq(PIECE, 1 / rate)
    low, middle, high = (edges[i : BANDS + i, None] for i in range(3))
    bank = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, 1)
    bands = np.log(power @ bank.T + 1e-8)
    return np.concatenate([bands.mean(0), bands.std(0)])


FEATURES = {
    "texts": lambda: [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)],
    "pictures": lambda: [FunctionTransformer(pixels), StandardScaler()],
    "sounds": lambda: [FunctionTransformer(spectra), StandardScaler()],
}


def main(train_path: str, test_path: str, target: str, task: str, out: str, kind: str) -> None:
    read = {"keep_default_na": False, "na_values": [""]}
    train, test = pd.read_csv(train_path, **read), pd.read_csv(test_path, **read)
    (column,) = set(train) - {target}
    truth = train[target]
    classifier = LogisticRegression(max_iter=1000)
    if task == "multilabel":
        binarizer = MultiLabelBinarizer()
        truth = binarizer.fit_transform(truth.str.split(","))
        classifier = OneVsRestClassifier(classifier)
    model = make_pipeline(*FEATURES[kind](), classifier)
    start = time.perf_counter()
    model.fit(train[column], truth)
    fitted = time.perf_counter()
    probabilities = model.predict_proba(test[column])
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
