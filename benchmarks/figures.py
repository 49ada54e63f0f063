"""The figures of time: whole processes from the command line, each beside its peer in the same run.

A figure is a function that measures and gives rows: (what, ours, peer, ratio, note). Figures of Ludwig are quoted from
measurements on another machine of the same size, for it does not install beside this Python; they are marked so.
"""

import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from adult import TRAINED, booster, run_of
from folder import folder
from images import images
from one_row import one_row
from process import CROSSTIE, PEERS, ROOT, crosstie, median_seconds, peer, run
from scores import SHOWN, score
from tables import TABLES, prepared

TITLE = "Time"
Row = dict[str, Any]
LUDWIG = {"titanic": (25.6, 0.826), "adult": (167.0, 0.914)}  # seconds, AUC: Ludwig 0.17.8
LUDWIG_PREDICT = 18.1


def start_up() -> list[Row]:
    """`--help` and `import crosstie`, against the interpreter alone."""
    bare = median_seconds(sys.executable, "-c", "pass", times=9)
    helped = median_seconds(Path(sys.executable).with_name("crosstie"), "--help", times=9)
    imported = median_seconds(sys.executable, "-c", "import crosstie", times=9)
    return [
        _row("`crosstie --help`", helped, bare, "python -c pass; target 0.25 s"),
        _row("`import crosstie`", imported, bare, "python -c pass; target 0.05 s above it"),
    ]


def train_titanic() -> list[Row]:
    """The default on Titanic, name and ticket included."""
    return [*_train("titanic", "auto", times=3), *_train("titanic", "gbm", times=3)]


def train_adult() -> list[Row]:
    """The default network and boosting on Adult."""
    return [*_train("adult", "ecd", times=1), *_train("adult", "gbm", times=3)]


def train_diamonds() -> list[Row]:
    """The default network and boosting on Diamonds."""
    return [*_train("diamonds", "ecd", times=1), *_train("diamonds", "gbm", times=3)]


def _train(name: str, learner: str, *, times: int) -> list[Row]:
    table, (train, test) = TABLES[name], prepared(name)
    where, out = TRAINED / f"{name}-{learner}", TRAINED / f"{name}-{learner}.csv"
    types = [f"--type={column}={kind}" for column, kind in table.types.items()]
    words = ("train", train, "--target", table.target, "--test", test, "--model-type", learner,
             *types, "--quiet", "-o", where)  # fmt: skip
    seconds, beside = [], []
    script = (train, test, table.target, table.task, TRAINED / "peer.csv")
    for _ in range(times):
        shutil.rmtree(where, ignore_errors=True)
        seconds.append(crosstie(*words).seconds)
        beside.append(peer("lightgbm_defaults.py", *script).seconds)
    crosstie("predict", where, test, "-o", out, "--quiet")
    found = score(test, out, target=table.target, task=table.task)
    theirs = score(test, TRAINED / "peer.csv", target=table.target, task=table.task)
    metric = SHOWN[table.task][0]
    note = f"{metric} {found[metric]:.4g}; LightGBM script {theirs[metric]:.4g}"
    if name in LUDWIG and learner != "gbm":
        quoted, auc = LUDWIG[name]
        share = statistics.median(seconds) / quoted
        note += f"; Ludwig {quoted} s, {auc} (quoted): {share:.2f} of its time"
    what = f"train {name}, {learner}"
    return [_row(what, statistics.median(seconds), statistics.median(beside), note)]


def predict_adult() -> list[Row]:
    """Predictions for Adult's 9,769 test rows, a whole process."""
    _, test = prepared("adult")
    model, out = booster(), TRAINED / "p.csv"
    script = (sys.executable, PEERS / "lightgbm_predict.py", "predict", model, test, out)
    theirs = median_seconds(*script, times=5)
    rows = []
    for learner in ("ecd", "gbm"):
        words = (*CROSSTIE, "predict", run_of(learner), test, "-o", out, "--quiet")
        seconds = median_seconds(*words, times=5)
        share = seconds / LUDWIG_PREDICT
        note = f"LightGBM script; Ludwig {LUDWIG_PREDICT} s (quoted): {share:.3f} of its time, target 0.1"
        rows.append(_row(f"predict adult, 9,769 rows, {learner}", seconds, theirs, note))
    return rows


def encode() -> list[Row]:
    """1 M rows x 14 columns of CSV to arrays, against DuckDB's typed read of the same file."""
    path = TRAINED / "million.csv"
    if not path.is_file():
        _million(path)
    script = ROOT / "benchmarks" / "encode.py"
    pairs = [
        (
            run(sys.executable, script, path, "ours").json["seconds"],
            run(sys.executable, script, path, "duckdb").json["seconds"],
        )
        for _ in range(3)
    ]
    ours, duckdb = (statistics.median(each) for each in zip(*pairs, strict=True))
    return [_row("read and encode 1 M x 14", ours, duckdb, "DuckDB's typed read; target 2 x")]


def loop() -> list[Row]:
    """Rows a second of the training loop, against a loop by hand with the same network."""
    train, _ = prepared("adult")
    rows = []
    for batch in (128, 512):
        found = run(sys.executable, PEERS / "torch_loop.py", train, "income", str(batch), "7").json
        rows.append(
            {
                "what": f"training loop, batch {batch}",
                "ours": f"{found['ours_rows_s']:,} rows/s",
                "peer": f"{found['hand_rows_s']:,} rows/s",
                "ratio": f"{found['ratio']:.2f}",
                "note": "by hand, same network; target 0.95",
            }
        )
    return rows


def fine_tuning() -> list[Row]:
    """Tokens a second of training all layers of MiniLM on messages, against a loop by hand with the same network."""
    train, _ = prepared("sms_spam")
    found = peer("torch_texts.py", train, "text", "label", "480", "32", "3").json
    return [
        {
            "what": "training loop, MiniLM on messages, batch 32",
            "ours": f"{found['ours_tokens_s']:,} tokens/s",
            "peer": f"{found['hand_tokens_s']:,} tokens/s",
            "ratio": f"{found['ratio']:.2f}",
            "note": "by hand, same network and lengths; target 0.9",
        }
    ]


def _million(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    words = [f"level{i}" for i in range(40)]
    with path.open("w") as file:
        file.write(
            ",".join([*(f"n{i}" for i in range(6)), *(f"c{i}" for i in range(7)), "y"]) + "\n"
        )
        for _ in range(10):
            numbers = rng.normal(size=(100_000, 6)).round(4)
            codes = rng.integers(0, 40, (100_000, 7))
            for row, code in zip(numbers.tolist(), codes.tolist(), strict=True):
                cells = [*map(str, row), *(words[i] for i in code), "yes" if row[0] > 0 else "no"]
                file.write(",".join(cells) + "\n")


def _row(what: str, ours: float, other: float, note: str) -> Row:
    return {
        "what": what,
        "ours": f"{ours:.2f} s",
        "peer": f"{other:.2f} s",
        "ratio": f"{ours / other:.2f}",
        "note": note,
    }


CASES: dict[str, Callable[[], list[Row]]] = {
    each.__name__: each
    for each in (
        start_up,
        train_titanic,
        train_adult,
        train_diamonds,
        predict_adult,
        one_row,
        encode,
        loop,
        fine_tuning,
        images,
        folder,
    )
}


def measure(name: str) -> list[Row]:
    """The rows of one figure."""
    return CASES[name]()


def markdown(done: dict[str, list[Row]]) -> str:
    """The table for the docs."""
    lines = ["| figure | ours | peer | ours / peer | peer and note |", "|---|---|---|---|---|"]
    for name in CASES:
        lines += [
            f"| {row['what']} | {row['ours']} | {row['peer']} | {row['ratio']} | {row['note']} |"
            for row in done.get(name, [])
        ]
    return "\n".join(lines)
