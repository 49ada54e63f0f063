"""How good the models are: every table x learner and the script one writes without Crosstie, on the same rows.

`crosstie train train.csv --target Y --test test.csv --model-type M`, all else default; `crosstie predict` on the
test file; scikit-learn judges its CSV. Seconds are of the whole `train` process: reading, fitting, evaluation with
intervals, the graph, its check. The other's script fits and predicts, nothing more.

Below 3,000 training rows the part that one seed happens to hold out for validation decides much, so there the mean
of five seeds is taken. The script has no such part and no seed to vary.
"""

import shutil
import sys
from statistics import fmean
from typing import Any

import pandas as pd
from process import Failed, crosstie, peer
from scores import SHOWN, SMALLER_IS_BETTER, score
from table import CACHE
from tables import TABLES, prepared

TITLE = "Quality"
CASES = tuple(name for name, table in TABLES.items() if not table.media)
LEARNERS = ("linear", "gbm", "ecd")
FEW_ROWS = 3_000
SEEDS = (42, 0, 1, 2, 3)  # the default first
Cell = dict[str, Any]  # metrics, train_s, predict_s; or error


def measure(name: str) -> dict[str, Cell]:
    """Every learner, and the script, one process at a time."""
    return {who: over_seeds(name, who) for who in LEARNERS} | {"peer": beside(name)}


def over_seeds(name: str, learner: str, seeds: tuple[int, ...] = SEEDS) -> Cell:
    """One run, or of a small table the mean of several."""
    seeds = seeds if rows_of(name) < FEW_ROWS else seeds[:1]
    cells = [ours(name, learner, "--seed", str(seed)) for seed in seeds]
    failed = [cell for cell in cells if "error" in cell]
    return failed[0] if failed else {key: fmean(cell[key] for cell in cells) for key in cells[0]}


def rows_of(name: str) -> int:
    """Training rows."""
    return len(pd.read_csv(prepared(name)[0], usecols=[0], keep_default_na=False))


def ours(name: str, learner: str, *extra: str) -> Cell:
    """One of our learners with its defaults (and `extra` words on the command line)."""
    table, (train, test) = TABLES[name], prepared(name)
    run, out = CACHE / name / f"run-{learner}", CACHE / name / f"{learner}.csv"
    shutil.rmtree(run, ignore_errors=True)
    types = [f"--type={column}={kind}" for column, kind in table.types.items()]
    try:
        trained = crosstie(
            "train", train, "--target", table.target, "--test", test, "--model-type", learner,
            "-o", run, "--json", "--quiet", *types, *extra,
        )  # fmt: skip
        predicted = crosstie("predict", run, test, "-o", out, "--quiet")
    except Failed as error:
        print(error, file=sys.stderr)
        return {"error": str(error).strip().splitlines()[-1]}
    return {
        **score(test, out, target=table.target, task=table.task),
        "train_s": round(trained.seconds, 2),
        "predict_s": round(predicted.seconds, 2),
    }


def beside(name: str) -> Cell:
    """The script that one writes without Crosstie."""
    table, (train, test) = TABLES[name], prepared(name)
    out = CACHE / name / "peer.csv"
    script, *more = table.script
    done = peer(script, train, test, table.target, table.task, out, *more)
    return {
        **score(test, out, target=table.target, task=table.task),
        "train_s": round(done.seconds, 2),
    }


def shown(cell: Cell, task: str) -> str:
    """`.9317 / .2710 · 1.7 s`."""
    if "error" in cell:
        return "cannot" if " cannot predict " in cell["error"] else "failed"
    return (
        " / ".join(number(cell[metric]) for metric in SHOWN[task]) + f" · {cell['train_s']:.1f} s"
    )


def number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.4f}".replace("0.", ".", 1)


def markdown(done: dict[str, dict[str, Cell]]) -> str:
    """The table for the docs, and how often each is at least as good as the script."""
    lines = [
        "| table | rows | judged by | linear | gbm | ecd | script |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cells in done.items():
        task = TABLES[name].task
        row = [shown(cells[who], task) if who in cells else "" for who in (*LEARNERS, "peer")]
        lines.append(
            f"| {name} | {rows_of(name):,} | {' / '.join(SHOWN[task])} | {' | '.join(row)} |"
        )
    tables = [name for name in done if not TABLES[name].text]
    texts = [name for name in done if TABLES[name].text]
    lines += [""]
    for learner in LEARNERS:
        for kind, names in (("tables", tables), ("texts", texts)):
            won = sum(better(done[name], learner, TABLES[name].task) for name in names)
            lines.append(
                f"- {learner} at least as good as the script on {won} of {len(names)} {kind}"
            )
    return "\n".join(lines)


def better(cells: dict[str, Cell], learner: str, task: str) -> bool:
    """By the first of the metrics shown."""
    metric = SHOWN[task][0]
    if metric not in cells.get(learner, {}):
        return False
    ours, theirs = cells[learner][metric], cells["peer"][metric]
    return ours <= theirs if metric in SMALLER_IS_BETTER else ours >= theirs
