"""A folder for readable copies: of what is compressed, remote, in another encoding or in need of repair.

Nothing is ever written beside a user's data. The folder goes when the last reader of it does.
"""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """Makes names of files that vanish with this object."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def path(self, name: str) -> Path:
        """A new path whose name ends in `name`."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="crosstie-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._count += 1
        return self._folder / f"{self._count}-{name}"
