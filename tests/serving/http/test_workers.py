"""Several processes: lost ones are replaced, counted together, swapped together, ended together."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import httpx
import pytest
from served import serve

from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}


def until(served, what):
    """The log up to the line that says it."""
    return next(json.loads(line) for line in served.process.stderr if what in line)


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_counts_are_kept(prices, tmp_path):
    shutil.copytree(prices, tmp_path / "model")
    served = serve(tmp_path / "model", "--workers", "2", "--watch")
    expected = Model.load(prices).predict(ROW)
    main = served.process.pid
    workers = list(map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split()))

    def ask(times):
        for _ in range(times):  # a connection each, so that both take some
            with httpx.Client(base_url=served.url, trust_env=False) as client:
                answer = client.post("/predict", json=ROW)
                assert (answer.status_code, answer.json()) == (200, expected)

    ask(10)
    os.kill(workers[0], signal.SIGKILL)
    lost = until(served, "a worker was lost")
    ask(10)
    served.process.send_signal(signal.SIGHUP)
    for _ in range(2):
        until(served, "is served from now on")
    counted = httpx.get(f"{served.url}/metrics", trust_env=False).text
    code, log = served.end(signal.SIGTERM)

    assert (lost["pid"], lost["exit"]) == (workers[0], -9)
    assert re.search(r"^crosstie_rows_total 20.0$", counted, re.MULTILINE)
    assert re.search(r"^crosstie_in_flight 0.0$", counted, re.MULTILINE)
    assert (code, "Traceback" in log) == (0, False)
