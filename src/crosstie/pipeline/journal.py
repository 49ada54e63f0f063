"""What a run tells: one line at a time to whoever watches, and all of it to the run's `log.txt`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

Say = Callable[[str], None]


class Journal:
    """Tells and keeps.

    Args:
        path: The run's `log.txt`; None keeps nothing.
        say: Shows a line to a person; None shows nothing.
    """

    def __init__(self, path: Path | None = None, say: Say | None = None) -> None:
        self.path = path
        self._say = say

    def say(self, line: str) -> None:
        """Show a line and keep it."""
        if self._say is not None:
            self._say(line)
        self.keep(line)

    def keep(self, line: str) -> None:
        """Keep a line without showing it."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
