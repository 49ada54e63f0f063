"""What an automatic search costs beside its fits: `python benchmarks/run.py --only searching`.

Of a search of 60 s: the part of its limit that went to no fit (comparing, averaging, keeping: `between_fits` in its plan), and
the most memory that it held, beside that of the largest fit of those it tried, each done alone.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from memory import peak
from process import CROSSTIE, ROOT
from table import CACHE
from tables import TABLES, prepared

TITLE = "What a search costs"
CASES = ("titanic", "california", "covertype", "adult")
LIMIT = 60  # seconds


def measure(name: str) -> dict[str, Any]:
    """Shares of the limit, and megabytes."""
    folder = CACHE / name / "searching"
    held, _ = trained(name, folder, f"--time-limit={LIMIT}s")
    plan = json.loads((folder / "plan.json").read_text())
    dearest = {each["model_type"]: each for each in sorted(plan["trials"], key=_seconds)}
    alone = {}
    for learner, trial in dearest.items():
        options = trial["trainer"].items()
        asked = [f"--set=trainer.{key}={value}" for key, value in options]
        where = CACHE / name / "alone"
        alone[learner], _ = trained(name, where, f"--set=model_type={learner}", *asked)
    largest = max(alone, key=lambda each: alone[each])
    return {
        "between_fits": round(plan["between_fits"] / LIMIT, 4),
        "fits": len(plan["trials"]),
        "search_mb": held,
        "largest": largest,
        "largest_mb": alone[largest],
    }


def trained(name: str, folder: Path, *asked: str) -> tuple[int, float]:
    """(MB at most, seconds) of one training."""
    table, (train, test) = TABLES[name], prepared(name)
    shutil.rmtree(folder, ignore_errors=True)
    types = [f"--type={column}={kind}" for column, kind in table.types.items()]
    command = (
        *CROSSTIE,
        "train",
        train,
        "--target",
        table.target,
        "--test",
        test,
        "-q",
        "-o",
        folder,
        *types,
        *asked,
    )
    return peak([str(word) for word in command], ROOT)


def markdown(answers: dict[str, dict[str, Any]]) -> str:
    """A line for each table."""
    lines = [
        f"Of {LIMIT} s each. Targets: under 5 % of them between fits, and under 1.5 times the memory of the largest fit alone.",
        "",
        "| table | models tried | between fits, of the limit | memory, MB | largest fit alone, MB | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for name, each in answers.items():
        ratio = each["search_mb"] / each["largest_mb"]
        lines.append(
            f"| {name} | {each['fits']} | {100 * each['between_fits']:.1f} % | {each['search_mb']} | "
            f"{each['largest_mb']} ({each['largest']}) | {ratio:.2f} |"
        )
    return "\n".join(lines)


def _seconds(trial: dict[str, Any]) -> float:
    return trial["seconds"]
