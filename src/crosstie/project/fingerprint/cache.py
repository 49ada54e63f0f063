"""What was worked out before, by what it was worked out from, in one small file. Never needed for correctness."""

import json
from pathlib import Path
from typing import Any

from crosstie.data.files import write_text

FORMAT = 1
LIMIT = 1_000  # entries of a section that nobody asked for since the file was read: older ones go


class Cache:
    """A JSON file of sections, read when first asked.

    Args:
        file: Where it lies; None keeps everything in memory alone. One that cannot be read is begun anew.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._sections: dict[str, dict[str, Any]] | None = None
        self._asked: set[tuple[str, str]] = set()
        self._changed = False

    def __repr__(self) -> str:
        held = ", ".join(f"{len(held)} {name}" for name, held in self._read().items())
        return f"Cache({held or 'empty'})"

    def get(self, section: str, key: str) -> Any:
        """What was put there; None if nothing was."""
        self._asked.add((section, key))
        return self._read().get(section, {}).get(key)

    def put(self, section: str, key: str, value: Any) -> None:
        """Keep something that is JSON."""
        held = self._read().setdefault(section, {})
        held.pop(key, None)  # to the end
        held[key] = value
        self._asked.add((section, key))
        self._changed = True

    def save(self) -> None:
        """Write the file if anything changed. Of two programs that write at once one loses what it found."""
        if self._file is None or not self._changed:
            return
        for section, held in self._read().items():
            idle = [key for key in held if (section, key) not in self._asked]
            for key in idle[:-LIMIT]:
                del held[key]
        write_text(self._file, json.dumps({"format": FORMAT, "sections": self._sections}))
        self._changed = False

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._sections is None:
            self._sections = {} if self._file is None else _sections(self._file)
        return self._sections


def _sections(file: Path) -> dict[str, dict[str, Any]]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if value["format"] == FORMAT:
            return {name: dict(held) for name, held in value["sections"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # absent, or not ours: it only saves time
    return {}
