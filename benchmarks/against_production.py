"""What the default gates say of an honest retrain, which must pass, and of corrupted training tables, which must not.

Production is trained on some rows, the candidate on as many others, both are judged on a holdout; five draws of each.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tables import TABLES, prepared

import crosstie
from crosstie.gates.compare import compare
from crosstie.serving.model import Model

TITLE = "Tests against production"
CASES = ("churn", "bike_sharing", "covertype")
LEARNERS = ("linear", "gbm")
SEEDS = range(5)
ROWS = 1500  # of each training table, and of the holdout

Frame = pd.DataFrame


def shuffled(frame: Frame, target: str, rng: np.random.Generator) -> Frame:
    return frame.assign(**{target: rng.permutation(frame[target].to_numpy())})


def zeroed(frame: Frame, target: str, rng: np.random.Generator) -> Frame:
    return frame.assign(**{some_number(frame, target, rng): 0})


def thousandfold(frame: Frame, target: str, rng: np.random.Generator) -> Frame:
    name = some_number(frame, target, rng)
    return frame.assign(**{name: frame[name] * 1000})


def fahrenheit(frame: Frame, target: str, rng: np.random.Generator) -> Frame:
    name = "temp" if "temp" in frame else some_number(frame, target, rng)
    return frame.assign(**{name: frame[name] * 1.8 + 32})


def duplicated(frame: Frame, target: str, rng: np.random.Generator) -> Frame:
    return pd.concat([frame, frame.iloc[rng.permutation(len(frame))[: int(0.3 * len(frame))]]])


def some_number(frame: Frame, target: str, rng: np.random.Generator) -> str:
    """A column of numbers that are not all the same, by chance."""
    numbers = frame.drop(columns=target).select_dtypes("number")
    return str(rng.choice([name for name in numbers if len(numbers[name].unique()) > 1]))


CORRUPTIONS: dict[str, Callable[[Frame, str, np.random.Generator], Frame]] = {
    each.__name__: each for each in (shuffled, zeroed, thousandfold, fahrenheit, duplicated)
}


def measure(name: str) -> dict[str, Any]:
    """Of each learner: how many honest retrains pass, how many of each corruption are caught, and by which gates."""
    target = TABLES[name].target
    pool = pd.concat([pd.read_csv(path) for path in prepared(name)])
    # whether a kind of soil is among some rows at all is chance, and so would be the columns of the model
    pool = pool.drop(columns=[f"c{i}" for i in range(14, 54)], errors="ignore")
    return {learner: _measured(pool, target, learner) for learner in LEARNERS}


def _measured(pool: Frame, target: str, learner: str) -> dict[str, Any]:
    found: dict[str, Any] = {"honest": 0, "alarms": []}
    found |= {each: {"caught": 0, "by": {}} for each in CORRUPTIONS}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        rows = pool.iloc[rng.permutation(len(pool))[: 3 * ROWS]]
        first, second, holdout = (rows.iloc[i * ROWS : (i + 1) * ROWS] for i in range(3))
        production = trained(first, target, learner)

        def failing(
            table: Frame, first: Frame = first, holdout: Frame = holdout, model: Model = production
        ) -> list[str]:
            candidate = trained(table, target, learner)
            tested = compare(candidate, model, holdout, training=(table, first))
            return [f"{each.gate}: {each.what}" for each in tested.failed]

        alarms = failing(second)
        found["honest"] += not alarms
        found["alarms"] += alarms
        for kind, corrupt in CORRUPTIONS.items():
            said = failing(corrupt(second, target, rng))
            found[kind]["caught"] += bool(said)
            for gate in (each.partition(":")[0] for each in said):
                found[kind]["by"][gate] = found[kind]["by"].get(gate, 0) + 1
    return found


def trained(table: Frame, target: str, learner: str) -> Model:
    """A model of a table, in this process."""
    folder = Path(tempfile.mkdtemp(prefix="crosstie-bench-"))
    return crosstie.load(
        crosstie.train(table, target=target, model_type=learner, output=folder / "run").path
    )


def markdown(answers: dict[str, dict[str, Any]]) -> str:
    """A line a table and learner."""
    kinds = list(CORRUPTIONS)
    what = (
        f"`gates.compare` with its default gates, {ROWS} training rows and {ROWS} in the holdout, {len(SEEDS)} draws: "
        "honest retrains that pass, corrupted training tables that are caught. Covertype without its forty kinds of soil, of "
        "which hardly any is among so few rows."
    )
    lines = [
        what,
        "",
        f"| table | learner | honest | {' | '.join(kinds)} |",
        f"|---|---|---|{'---|' * len(kinds)}",
    ]
    of = len(SEEDS)
    for name, learners in answers.items():
        for learner, found in learners.items():
            caught = " | ".join(f"{found[kind]['caught']} of {of}" for kind in kinds)
            lines.append(f"| {name} | {learner} | {found['honest']} of {of} | {caught} |")
    return "\n".join(lines)
