"""What work takes of a machine: time, processors, memory."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Spent:
    """What some work took.

    Attributes:
        seconds: From its begin to its end.
        cpu_seconds: Of all processors, those of its children too that have ended.
        peak_bytes: The most memory that its process held, or any one child; None where the system does not say.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int | None


class Meter:
    """Begins to measure where it is made.

    Args:
        children: Whether processes that this one starts meanwhile belong to the work.
    """

    def __init__(self, *, children: bool = False) -> None:
        self._children = children
        with suppress(OSError):  # then what it held before counts too
            CLEAR.write_text("5")  # the most from now on, not since the process began (Linux 4.0)
        self._begun = perf_counter(), self._cpu()

    def read(self) -> Spent:
        """What was taken so far."""
        seconds, cpu = perf_counter() - self._begun[0], self._cpu() - self._begun[1]
        return Spent(round(seconds, 3), round(cpu, 3), self._peak())

    def _cpu(self) -> float:
        now = os.times()
        return now.user + now.system + (now.children_user + now.children_system) * self._children

    def _peak(self) -> int | None:
        try:
            import resource
        except ModuleNotFoundError:  # Windows
            return None
        unit = 1 if sys.platform == "darwin" else 1024
        held = _high_water() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        if not self._children:
            return held
        # of a child's, what this process held when it forked is a part: never more than it held itself
        return max(held, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)


def _high_water() -> int | None:
    """The most that this process held, as Linux counts it; `ru_maxrss` counts what its parent held at the fork too."""
    try:
        lines = STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None
