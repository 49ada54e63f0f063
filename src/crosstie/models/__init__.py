"""Networks. This file is read before torch is first imported, and says how its threads wait and keep memory.

Threads: by default they spin while they wait for each other, which is ruinous where another process shares a
processor; asleep, they take long to wake. A step of the default network (8 members, 512 rows, two threads on two
processors) took, alone and beside one busy process: 9.6 and 41 ms spinning, 12.0 and 16 ms asleep, 10.2 and 23 ms
with the short spin chosen here.

Memory: by default freed arrays of a megabyte go back to the system and are fetched again page by page, at each
operation; kept, a step took 10.1 ms instead of 12.1. What is computed stays the same to the last bit.
"""

import ctypes
import os
import sys

SPINS = "2000"  # some microseconds
TRIM, MMAP = (-1, 512 << 20), (-3, 32 << 20)  # parameters of glibc's mallopt, and bytes


def _keep_memory() -> None:
    """Let the allocator keep what is freed, where it is glibc's and nobody chose."""
    chosen = any(
        name.startswith(("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")) for name in os.environ
    )
    mallopt = None if sys.platform != "linux" else getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and not chosen:
        for parameter, size in (TRIM, MMAP):
            mallopt(parameter, size)


def _import_torch() -> None:
    """Import torch with threads that spin shortly, unless somebody chose or torch is there; leave no trace."""
    if "torch" in sys.modules or {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        return
    os.environ["GOMP_SPINCOUNT"] = SPINS  # read once, when torch loads its OpenMP
    try:
        import torch  # noqa: F401 - 1.5 s; whoever imports this package needs it anyway
    finally:
        del os.environ["GOMP_SPINCOUNT"]


_keep_memory()
_import_torch()
