"""`plan.json`: what a search tried, where it ended each fit, what it left out and why. It can be done again by it.

{"effort": "quick", "time_limit": 60.0, "folds": 5, "compared_by": "712 rows in 5 folds: …", "seconds": 57.1, "between_fits": 0.8,
 "trials": [{"name": "gbm", "model_type": "gbm", "trainer": {}, "combiner": {}, "cuts": [null],
             "seconds": 1.9, "score": 0.912}, …],
 "left_out": [{"name": "ecd", "why": "…"}]}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.data.files import write_json
from crosstie.errors import ConfigError, Problem
from crosstie.pipeline.auto import PLAN
from crosstie.search.portfolio import Trial


@dataclass(frozen=True)
class Done:
    """A trial of a search.

    Attributes:
        trial: What was fitted.
        cuts: Where the fit of each fold was ended; None where it ended by itself.
        seconds_a_row: What its graphs took for a row; None where nobody asked.
    """

    trial: Trial
    cuts: tuple[int | None, ...]
    seconds_a_row: float | None = None


class Record:
    """The plan of a run's search, written as it goes.

    Args:
        folder: Of the run.
        facts: What was asked for.
    """

    def __init__(self, folder: Path, **facts: Any) -> None:
        self.path = folder / PLAN
        self.facts = facts
        self.trials: list[dict[str, Any]] = []
        self.left_out: list[dict[str, str]] = []

    def tried(
        self,
        trial: Trial,
        cuts: Sequence[int | None],
        *,
        seconds: float,
        score: float | None,
        seconds_a_row: float | None,
    ) -> None:
        """Note a trial."""
        self.trials.append(
            {
                **vars(trial),
                "cuts": list(cuts),
                "seconds": round(seconds, 3),
                "score": score,
                "seconds_a_row": seconds_a_row,
            }
        )
        self.write()

    def omitted(self, name: str, why: str) -> None:
        """Note what is not tried."""
        self.left_out.append({"name": name, "why": why})

    def write(self, **facts: Any) -> None:
        """Write the file, with more facts."""
        self.facts |= facts
        write_json(self.path, {**self.facts, "trials": self.trials, "left_out": self.left_out})


def read_plan(run: Path, *, kept: bool = False) -> list[Done]:
    """What the search of a run tried.

    Args:
        run: Its folder.
        kept: Only what is in its model.

    Raises:
        ConfigError: It has no plan, or one that cannot be read.
    """
    path = run / PLAN
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        wanted = set(plan["kept"]) if kept else {each["name"] for each in plan["trials"]}
        return [
            Done(
                Trial(each["name"], each["model_type"], each["trainer"], each["combiner"]),
                tuple(each["cuts"]),
                each.get("seconds_a_row"),
            )
            for each in plan["trials"]
            if each["name"] in wanted
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = "there is none" if isinstance(error, OSError) else f"cannot be read: {error}"
        raise ConfigError(
            Problem("trainer.plan", f"{path}: {what}; name a run of model_type auto")
        ) from None
