"""Trials in several processes: each is a worker on the same study, which this one watches and ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crosstie.data.processors import processors
from crosstie.errors import TrainingError

LOOK = 0.5  # seconds between two looks at what other processes do
GRACE = 20.0  # seconds that they have for ending by themselves


def at_once(asked: int | str, total: int | None) -> int:
    """How many processes there are to be.

    Args:
        asked: As the file has it.
        total: Of the trials; None for as many as there is time for.
    """
    count = max(processors() // 4, 1) if asked == "auto" else int(asked)
    return count if total is None else min(count, total)


def run_beside(run: Path, count: int, *, deadline: float | None, seen: Callable[[], None]) -> bool:
    """Run trials in so many processes, until there are no more.

    Args:
        run: Of the search.
        count: Processes.
        deadline: On the monotonic clock; None for no limit.
        seen: Called now and then.

    Returns:
        Whether all came to an end; the trial of one that did not is left behind.

    Raises:
        KeyboardInterrupt: After Ctrl-C; the processes have left their trials by then.
        TrainingError: None of them could begin.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = max((int(asked) if asked.isdecimal() else processors()) // count, 1)
    until = "" if deadline is None else str(time.time() + deadline - time.monotonic())
    logs = [run / f"process-{number}.txt" for number in range(count)]
    started = []
    for log in logs:
        with log.open("w", encoding="utf-8") as file:
            started.append(
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "crosstie.search.tune_worker",
                        str(run.resolve()),
                        until,
                    ],
                    env={**os.environ, "OMP_NUM_THREADS": str(threads)},
                    stdout=file,
                    stderr=file,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C reaches this process, which tells them
                )
            )
    try:
        while any(each.poll() is None for each in started):
            seen()
            time.sleep(LOOK)
        seen()
    finally:
        _end(started)
        told = {log: log.read_text(encoding="utf-8").strip() for log in logs}
        for log in [log for log in logs if not told[log]]:
            log.unlink()
    if all(each.returncode == 2 for each in started):
        raise TrainingError(told[logs[0]])
    return all(each.returncode == 0 for each in started)


def _end(started: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Interrupt what still runs, and wait for it."""
    for each in started:
        if each.poll() is None:
            each.send_signal(signal.SIGINT)
    until = time.monotonic() + GRACE
    for each in started:
        try:
            each.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()
