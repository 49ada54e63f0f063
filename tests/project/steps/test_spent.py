"""What work takes."""

import subprocess
import sys

import pytest

from crosstie.project.steps.spent import Meter


@pytest.mark.slow
def test_what_was_held_before_and_what_the_parent_holds_does_not_count():
    before = bytearray(200_000_000)
    del before
    held = bytearray(100_000_000)
    script = "from crosstie.project.steps.spent import Meter; print(Meter(children=True).read().peak_bytes)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    child = int(done.stdout)

    meter = Meter()
    alone = meter.read().peak_bytes
    more = bytearray(b"x") * 80_000_000
    spent = meter.read()

    assert 60e6 < spent.peak_bytes - alone < 120e6
    assert spent.cpu_seconds <= spent.seconds + 0.5
    assert child < len(held)
    del more
