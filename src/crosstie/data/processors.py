"""How many processors this process may use, asked and said in one place."""

import os

from crosstie.errors import ConfigError


def processors() -> int:
    """Processors that the system lets this process use; all of them where it cannot say.

    Examples:
        >>> processors() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_processors(count: int) -> None:
    """Let everything that asks the system how many processors it may use see at most so many.

    Raises:
        ConfigError: It is less than 1.
    """
    if count < 1:
        raise ConfigError(f"--threads: must be at least 1, got {count}")
    os.environ["OMP_NUM_THREADS"] = str(count)
    if hasattr(os, "sched_setaffinity"):
        own = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, own[:count])
