"""A process that serves a model, as tests start and end it."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread


@dataclass
class Served:
    """A process that serves."""

    process: subprocess.Popen[str]
    url: str
    said: str
    _lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reading = Thread(
            target=self._read
        )  # all the while: a full pipe would hold the server
        self._reading.start()

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal: the exit code, and what else stood on standard error."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for its end: the exit code, and what else stood on standard error."""
        self.process.wait(60)
        self._reading.join()
        return self.process.returncode, "".join(self._lines)

    def _read(self) -> None:
        with self.process.stderr as file:
            self._lines.extend(file)


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
