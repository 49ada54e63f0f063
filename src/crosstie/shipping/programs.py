"""Other programs that we start: what they are called here, and what they say when they fail."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LINES = 12  # of what a program said: the last ones
UNREACHABLE = (
    "error sending request",
    "failed to fetch",
    "dns error",
    "network connectivity is disabled",
    "connection refused",
    "connection error",
    "newconnectionerror",
    "name resolution",
    "network is unreachable",
    "timed out",
    "no route to host",
    "proxyerror",
)


@dataclass(frozen=True)
class Ended:
    """A program that has ended.

    Attributes:
        code: 0 is well.
        out: What it printed.
        said: The end of what it told beside that.
        told: All of that.
    """

    code: int
    out: str
    said: str
    told: str = ""

    @property
    def unreachable(self) -> bool:
        """Whether it failed because no index of packages could be reached."""
        text = self.said.lower()
        return self.code != 0 and any(each in text for each in UNREACHABLE)


def run(
    words: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Ended:
    """Run a program to its end.

    Args:
        words: The program and its arguments.
        folder: Where it stands.
        environment: Its whole environment; None hands ours on.
        seconds: After so many it counts as failed.
    """
    try:
        done = subprocess.run(
            list(map(str, words)),
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return Ended(1, "", f"{words[0]} did not answer within {seconds:g} s")
    except OSError as error:
        return Ended(1, "", str(error))
    lines = [each.rstrip() for each in (done.stderr + done.stdout).splitlines() if each.strip()]
    return Ended(done.returncode, done.stdout, "\n".join(lines[-LINES:]), "\n".join(lines))


def find_uv() -> str | None:
    """Where `uv` is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")
