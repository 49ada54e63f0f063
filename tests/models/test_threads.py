"""How torch's threads wait, as its OpenMP says of itself when it is loaded."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # each loads torch in a process of its own

WAYS = {
    "network": "import crosstie.models.network",
    "registry": "from crosstie.pipeline.registries import registry; registry('encoder')",
    "learner": "from crosstie.learners.ecd import Ecd; Ecd.trainer_options()",
}


def spins(code, **chosen):
    plain = {
        name: each
        for name, each in os.environ.items()
        if name not in {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import os; print(os.environ.get('GOMP_SPINCOUNT'))"],
        env={**plain, "OMP_DISPLAY_ENV": "VERBOSE", **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if "GOMP_SPINCOUNT" in line]
    if not lines:
        pytest.skip("torch's OpenMP does not say how it waits here")
    return lines[0].split("=")[1].strip(" '"), done.stdout.strip()


@pytest.mark.parametrize("way", WAYS)
def test_threads_spin_shortly_and_no_other_library_is_told_so(way):
    assert spins(WAYS[way]) == ("2000", "None")


def test_a_count_that_somebody_chose_stands():
    assert spins(WAYS["network"], GOMP_SPINCOUNT="77") == ("77", "77")


def test_a_policy_that_somebody_chose_stands():
    found, left = spins(WAYS["network"], OMP_WAIT_POLICY="PASSIVE")
    assert (found, left) == ("0", "None")
