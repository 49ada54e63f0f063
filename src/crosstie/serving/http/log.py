"""What a server says of itself while it runs: a line of JSON each on standard error, never with what a cell holds."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any


def write(facts: Mapping[str, Any]) -> None:
    """Write a line, with the time in front."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with suppress(OSError):  # nobody reads the log; requests are answered all the same
        sys.stderr.write(json.dumps({"time": now, **facts}) + "\n")
        sys.stderr.flush()


def note(event: str, **more: Any) -> None:
    """Write a line: when, what happened, and more about it."""
    write({"event": event, **more})


def places(error: BaseException) -> list[str]:
    """Where a fault happened; without its message, which may quote a cell."""
    frames = traceback.extract_tb(error.__traceback__)
    return [type(error).__name__, *(f"{each.filename}:{each.lineno}" for each in frames)]


class Lines(logging.Handler):
    """Warnings of the HTTP library as such lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        error = record.exc_info[1] if record.exc_info else None
        fault = {} if error is None else {"fault": places(error)}
        note(record.getMessage(), **fault)
