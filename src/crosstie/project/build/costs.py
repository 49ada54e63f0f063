"""What the runs of each step took, machine by machine, so that one which takes more than it used to is seen.

.crosstie/costs/<environment>.json    the last twenty runs of each step that ended well
"""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosstie.data.files import write_text
from crosstie.gates.costs import Cost, Took, cost

KEPT = 20


class Costs:
    """Runs of steps, in one small file.

    Args:
        path: The file.
        machine: On which; None is this one.
    """

    def __init__(self, path: Path, machine: str | None = None) -> None:
        self._path = path
        self._machine = machine or this_machine()

    def add(self, step: str, key: str, took: Took) -> None:
        """Note a run that ended well.

        Args:
            step: Which.
            key: What it was made of.
            took: What that took.
        """
        found = self._read()
        runs = found.setdefault(self._machine, {}).setdefault(step, [])
        runs.append({"key": key, **asdict(took)})
        del runs[:-KEPT]
        write_text(self._path, json.dumps(found, indent=1) + "\n")

    def of(self, step: str, key: str) -> Cost | None:
        """What the last run took that was made of `key`, beside those before it; None if there was none here."""
        runs = self._read().get(self._machine, {}).get(step, [])
        places = [place for place, each in enumerate(runs) if each["key"] == key]
        if not places:
            return None
        *before, now = [_took(each) for each in runs[: places[-1] + 1]]
        return cost(now, before)

    def _read(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        try:
            found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(self._path.read_text(encoding="utf-8"))  # fmt: skip
        except (FileNotFoundError, ValueError):
            return {}
        return found


def this_machine() -> str:
    """What figures of time and memory can be compared on."""
    return f"{platform.machine()} {platform.system()} {os.cpu_count()} {platform.node()}"


def _took(value: dict[str, Any]) -> Took:
    return Took(**{name: each for name, each in value.items() if name != "key"})
