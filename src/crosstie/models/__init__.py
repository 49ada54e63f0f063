"""Networks. This file is read before torch is first imported, and says how its threads wait for each other.

By default they spin, which is a little quicker where every processor is free and ruinous where one is not: with
two threads on two processors that one other process shares, a step of the default network (8 members, 256 rows)
took 364 ms; waiting asleep 16 ms, and with one thread 16 ms. What is computed stays the same to the last bit.
"""

import os
import sys


def _import_torch() -> None:
    """Import torch with threads that wait asleep, unless somebody chose or torch is there; leave no trace."""
    if "torch" in sys.modules or {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
        return
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # read once, when torch loads its OpenMP
    try:
        import torch  # noqa: F401 - 1.5 s; whoever imports this package needs it anyway
    finally:
        del os.environ["OMP_WAIT_POLICY"]


_import_torch()
