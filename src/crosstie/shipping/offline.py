"""Every wheel that a package needs, in a folder, for a host that reaches no index."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from crosstie.errors import Problem
from crosstie.shipping.programs import Ended, find_uv, run


def gather(folder: Path, wheel: Path, lock: Path | None) -> Problem | None:
    """Fill a folder with a wheel and all that it and its server need, for this system and this Python.

    Args:
        folder: Replaced if it is there.
        wheel: The package.
        lock: With the server's needs; None lets pip resolve what the wheel lists.

    Returns:
        Why it could not be; the folder is not there then.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        shutil.copy(wheel, part)
        wanted = (
            ["--require-hashes", "--requirement", lock] if lock else [f"{part / wheel.name}[serve]"]
        )
        ended = _download("--only-binary", ":all:", "--dest", part, *map(str, wanted))
        if ended.code:
            return Problem("--offline", f"not all wheels could be fetched:\n{ended.said}")
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return None


def _download(*words: str | Path) -> Ended:
    asked = ["download", "--quiet", "--disable-pip-version-check", *words]
    if find_spec("pip") is not None:
        return run([sys.executable, "-m", "pip", *asked])
    uv = find_uv()
    if uv is None:
        return Ended(1, "", "neither pip nor uv is installed here")
    with TemporaryDirectory(prefix="crosstie-") as scratch:  # uv itself downloads nothing
        made = run([uv, "venv", "--seed", "--quiet", "--python", sys.executable, scratch])
        return made if made.code else run([Path(scratch, "bin", "python"), "-m", "pip", *asked])
