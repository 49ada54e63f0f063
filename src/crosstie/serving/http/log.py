"""What a server says of itself while it runs: a line of JSON each on standard error, as for each request."""

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any


def note(event: str, **more: Any) -> None:
    """Write a line: when, what happened, and more about it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with suppress(OSError):  # nobody reads the log; requests are answered all the same
        sys.stderr.write(json.dumps({"time": now, "event": event, **more}) + "\n")
        sys.stderr.flush()


class Lines(logging.Handler):
    """Warnings of the HTTP library as such lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        note(record.getMessage())
