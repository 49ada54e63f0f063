"""Whole processes by the clock: what a user waits for, imports included."""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CROSSTIE = (str(Path(sys.executable).with_name("crosstie")),)
PEERS = ROOT / "benchmarks" / "peers"


@dataclass(frozen=True)
class Done:
    """A process that ended well: its seconds and what it printed."""

    seconds: float
    stdout: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line of standard output."""
        return json.loads(self.stdout.strip().splitlines()[-1])


class Failed(Exception):
    """A process ended badly; holds the end of what it said."""


def crosstie(*words: str | Path, limit: float = 1800) -> Done:
    return run(*CROSSTIE, *words, limit=limit)


def peer(script: str, *words: str | Path, limit: float = 1800) -> Done:
    return run(sys.executable, PEERS / script, *words, limit=limit)


def run(*words: str | Path, limit: float = 1800) -> Done:
    """Run it and wait.

    Raises:
        Failed: Its exit code is not 0, or it took longer than `limit` seconds.
    """
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{' '.join(map(str, words))}: not done in {limit:.0f} s") from error
    seconds = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr or done.stdout)[-2000:]
        raise Failed(f"{' '.join(map(str, words))}: exit {done.returncode}\n{said}")
    return Done(seconds, done.stdout)


def median_seconds(*words: str | Path, times: int, warm_up: bool = True) -> float:
    """The median of `times` runs; one before them fills the caches of the disk."""
    if warm_up:
        run(*words)
    return statistics.median(run(*words).seconds for _ in range(times))
