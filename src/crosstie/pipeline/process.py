"""Which process a run belongs to, and whether it is still alive: one that was killed had no time to say so."""

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_IMPORTED = time.monotonic()


def this_process() -> dict[str, Any]:
    """This process as a manifest keeps it: `{"pid", "started", "host"}`."""
    return {"pid": os.getpid(), "started": _started(os.getpid()), "host": platform.node()}


def is_gone(process: Mapping[str, Any]) -> bool:
    """Whether a process that a manifest keeps has ended; False where that cannot be told from here.

    Process numbers are given anew, so the moment at which it began has to be the same too. Of a process on
    another machine nothing is known.
    """
    pid = process.get("pid")
    if not isinstance(pid, int) or process.get("host") != platform.node():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's, but alive
    return _started(pid) != process.get("started")


def process_began() -> float:
    """When this process began, on the monotonic clock; where the system does not tell, when this was imported."""
    with suppress(OSError, AttributeError, KeyError):  # what other systems lack
        ticks = int(_started(os.getpid()).split()[1])
        up = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return time.monotonic() - (up - ticks / os.sysconf("SC_CLK_TCK"))
    return _IMPORTED


def _started(pid: int) -> str:
    """When a process began, in whatever way the system tells it; "" if it does not."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # after the name, which may hold anything: the state, then 18 fields, then ticks since the start
        state, *fields = stat.rpartition(")")[2].split()
        return f"{boot} {fields[18]}" if state != "Z" else "ended"
    with suppress(OSError):
        done = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - as the PATH has it
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()
    return ""
