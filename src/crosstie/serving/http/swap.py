"""A new model in the place of the one that is served: loaded beside it, tried out, and only then asked.

Requests that are being predicted are answered by the old one. One that cannot be loaded, or says of its example rows what it did
not say where it was made, is refused, and the old one stays.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crosstie.errors import ArtifactError, CrosstieError
from crosstie.serving.http.holder import Holder
from crosstie.serving.http.log import note
from crosstie.serving.http.tried import tried
from crosstie.serving.model import Model


@dataclass(frozen=True)
class Place:
    """Where a model lies, and where its successor will.

    Attributes:
        folder: The model's.
        pointer: A file beside runs that names one of them, as `runs/NAME/latest`; its model is meant, then.
    """

    folder: Path
    pointer: Path | None = None

    def now(self) -> Path:
        """The folder of the model that is to be served now.

        Raises:
            ArtifactError: The pointer cannot be read.
        """
        if self.pointer is None:
            return self.folder
        try:
            return self.pointer.parent / self.pointer.read_text(encoding="utf-8").strip() / "model"
        except OSError as error:
            raise ArtifactError(f"{self.pointer}: cannot be read ({error.strerror})") from None


class Swap:
    """Looks for a new model, and puts it in the place of the old one.

    Args:
        holder: Where it is put.
        place: Where to look.
        count: Called with `swapped` or `refused`.
        threads: For the model.
    """

    def __init__(
        self,
        holder: Holder,
        place: Place,
        count: Callable[[str], None],
        *,
        threads: int | None = None,
    ) -> None:
        self._holder = holder
        self._place = place
        self._count = count
        self._threads = threads
        self._seen = _seen(place.folder)
        self._looking: asyncio.Task[None] | None = None

    def look(self, *, asked: bool = False) -> None:
        """Begin to look, unless that is under way.

        Args:
            asked: Take what is there even if it is what was there.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.swap(asked=asked))

    async def swap(self, *, asked: bool = False) -> None:
        """Look, and swap if there is something new."""
        try:
            model = await asyncio.to_thread(self._found, asked)
            if model is None:
                return
            await self._holder.swap(model)
        except (CrosstieError, OSError) as error:
            self._count("refused")
            note(f"the new model is not served, the old one is: {error}")
            return
        self._count("swapped")
        note(f"{model!r} is served from now on", path=str(model.path))

    def _found(self, asked: bool) -> Model | None:
        """The model that is new, if one is, and whole."""
        folder = self._place.now()
        seen = _seen(folder)
        there = (folder / "manifest.json").is_file()  # a run that still trains has no model yet
        if not asked and (seen == self._seen or not there):
            return None
        self._seen = seen
        return tried(folder, threads=self._threads)


def _seen(folder: Path) -> object:
    """What changes when a model is written."""
    there = folder.resolve()
    states = [(str(path), path.stat()) for path in sorted(there.rglob("*"))]
    return there, [(path, one.st_ino, one.st_size, one.st_mtime_ns) for path, one in states]
