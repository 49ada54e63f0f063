"""How many processors a process may use."""

import subprocess
import sys

import pytest

from crosstie.data.processors import limit_processors
from crosstie.errors import ConfigError

LIMITED = """
import os
from crosstie.data.processors import limit_processors, processors
limit_processors(1)
print(processors(), os.environ["OMP_NUM_THREADS"])
"""


def test_a_limit_is_seen_by_everything_that_asks() -> None:
    # in a process of its own: this one would stay limited
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[1] == "1"
    if sys.platform == "linux":
        assert done.stdout.split()[0] == "1"


def test_none_at_all_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        limit_processors(0)
    assert str(refused.value) == "--threads: must be at least 1, got 0"
