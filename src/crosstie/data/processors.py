"""How many processors this process may use."""

import os


def processors() -> int:
    """Processors that the system lets this process use; all of them where it cannot say.

    Examples:
        >>> processors() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
