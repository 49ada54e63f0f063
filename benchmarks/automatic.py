"""How good an automatic search is for its seconds: `crosstie train --time-limit` beside those of others, on the same rows.

A case is a table and a limit, as `adult@60`. Ours is given the limit for the whole process, from its start to its
end; the others for their fits, to which reading, importing and predicting come. All are asked for the metric by
which they are judged here, by scikit-learn on the test rows. Peers that need an environment of their own are run by the
interpreters that $CROSSTIE_PEERS_PYTHON (mljar, flaml, catboost) and $CROSSTIE_AUTOGLUON_PYTHON name.
"""

import os
import shutil
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from process import PEERS, Failed, crosstie, run
from quality import number
from scores import SHOWN, SMALLER_IS_BETTER, score
from table import CACHE
from tables import TABLES, prepared

TITLE = "Automatic search"
NAMES = (
    "titanic",
    "german_credit",
    "churn",
    "bike_sharing",
    "california",
    "covertype",
    "adult",
    "diamonds",
)
LIMITS = (60, 300)
CASES = tuple(f"{name}@{limit}" for limit in LIMITS for name in NAMES)
PEERS_OF = {
    60: ("autogluon-medium", "mljar", "flaml", "catboost", "lightgbm"),
    300: ("autogluon-best", "mljar", "flaml"),
}
Cell = dict[str, Any]


def measure(case: str) -> dict[str, Cell]:
    """Ours, and every peer, one process at a time."""
    name, limit = case.split("@")
    found = {}
    for who in ("crosstie", *PEERS_OF[int(limit)]):
        try:
            found[who] = (
                ours(name, int(limit)) if who == "crosstie" else beside(name, who, int(limit))
            )
        except Failed as error:
            print(error, file=sys.stderr)
            found[who] = {"error": str(error).strip().splitlines()[-1]}
    return found


def ours(name: str, limit: int) -> Cell:
    """A search of ours."""
    table, (train, test) = TABLES[name], prepared(name)
    folder, out = CACHE / name / "run-auto", CACHE / name / "auto.csv"
    shutil.rmtree(folder, ignore_errors=True)
    types = [f"--type={column}={kind}" for column, kind in table.types.items()]
    done = crosstie(
        "train", train, "--target", table.target, "--test", test, "--time-limit", f"{limit}s",
        "-o", folder, "--json", "--quiet", *types,
        f"--set=trainer.validation_metric={SHOWN[table.task][0]}",
    )  # fmt: skip
    crosstie("predict", folder, test, "-o", out, "--quiet")
    return {
        **score(test, out, target=table.target, task=table.task),
        "wall_s": round(done.seconds, 1),
    }


def beside(name: str, who: str, limit: int) -> Cell:
    """A peer's."""
    table, (train, test) = TABLES[name], prepared(name)
    out = CACHE / name / f"{who}.csv"
    words: list[str | Path] = [train, test, table.target, table.task, out]
    if who == "lightgbm":
        done = run(sys.executable, PEERS / "lightgbm_defaults.py", *words)
    else:
        of = "CROSSTIE_AUTOGLUON_PYTHON" if who.startswith("autogluon") else "CROSSTIE_PEERS_PYTHON"
        python = os.environ.get(of, sys.executable)
        done = run(python, PEERS / "search.py", *words, who, str(limit))
    return {
        **score(test, out, target=table.target, task=table.task),
        "wall_s": round(done.seconds, 1),
        "fit_s": done.json["fit_s"],
    }


def markdown(done: dict[str, dict[str, Cell]]) -> str:
    """A table for each limit, with the mean of ranks in its last row."""
    lines = []
    for limit in LIMITS:
        cases = {name: done[f"{name}@{limit}"] for name in NAMES if f"{name}@{limit}" in done}
        if not cases:
            continue
        asked = ("crosstie", *PEERS_OF[limit])
        columns = [who for who in asked if any(who in cells for cells in cases.values())]
        lines += [f"Within {limit} s:", "", f"| table | judged by | {' | '.join(columns)} |"]
        lines += ["|---|---|" + "---|" * len(columns)]
        ranks: dict[str, list[float]] = {who: [] for who in columns}
        for name, cells in cases.items():
            metric = SHOWN[TABLES[name].task][0]
            found = ranked(cells, metric)
            for who in cells:  # what failed is the last; what was not measured has no rank
                ranks[who].append(found.get(who, float(len(cells))))
            shown = " | ".join(cell_of(cells.get(who), metric) for who in columns)
            lines.append(f"| {name} | {metric} | {shown} |")
        means = " | ".join(f"{fmean(ranks[who]):.2f}" for who in columns)
        walls = " | ".join(
            used([each[who] for each in cases.values() if who in each], limit) for who in columns
        )
        lines += [f"| mean rank | | {means} |", f"| whole process / limit | | {walls} |", ""]
    return "\n".join(lines[:-1])


def ranked(cells: dict[str, Cell], metric: str) -> dict[str, float]:
    """1 for the best; what has the same score shares the mean of its places."""
    sign = 1 if metric in SMALLER_IS_BETTER else -1
    scores = {who: sign * cell[metric] for who, cell in cells.items() if "error" not in cell}
    return {
        who: fmean(
            place for place, other in enumerate(sorted(scores.values()), 1) if other == score
        )
        for who, score in scores.items()
    }


def cell_of(cell: Cell | None, metric: str) -> str:
    """`.9317 · 61 s`, of the whole process."""
    if cell is None:
        return ""
    return "failed" if "error" in cell else f"{number(cell[metric])} · {cell['wall_s']:.0f} s"


def used(cells: list[Cell], limit: int) -> str:
    """`0.97-1.02`."""
    walls = sorted(cell["wall_s"] / limit for cell in cells if "error" not in cell)
    return f"{walls[0]:.2f}-{walls[-1]:.2f}" if walls else ""
