"""A process that serves a model, as tests start and end it."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Served:
    """A process that serves."""

    process: subprocess.Popen[str]
    url: str
    said: str

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal: the exit code, and what else stood on standard error."""
        self.process.send_signal(how)
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log


def serve(model: Path, *options: str, **environment: str) -> Served:
    """`crosstie serve MODEL --port 0 …`, once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crosstie.cli.main", "serve", str(model), "--port", "0", *options],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.search(r"http://\S+?:\d+", said)
    assert found, said + process.communicate()[1]
    return Served(process, found[0], said)
