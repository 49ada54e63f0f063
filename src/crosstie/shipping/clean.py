"""An environment of its own that is thrown away: what a package needs is in it, or it fails in it."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from crosstie.errors import RunError
from crosstie.shipping.programs import Ended, find_uv, run

_OWN_SETTINGS = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV")  # of the environment: not to be seen there


@dataclass(frozen=True)
class CleanEnvironment:
    """A new environment.

    Attributes:
        folder: Where it lies.
        uv: What installs into it; None for pip.
    """

    folder: Path
    uv: str | None

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / (
            Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
        )

    def install(self, *words: str | Path) -> Ended:
        """Install, with the words that `pip install` takes."""
        if self.uv is None:
            return run([sys.executable, "-m", "pip", "--python", self.python, "install", *words])
        base: list[str | Path] = [self.uv, "pip", "install", "--python", self.python, "--quiet"]
        ended = run([*base, *words])
        if not ended.unreachable:
            return ended
        again = run([*base, *words, "--offline"])  # what it fetched earlier may do
        return ended if again.code else again

    def install_from(self, folder: Path, *words: str | Path) -> Ended:
        """Install from the wheels in a folder and nothing else: no index, no settings of this machine."""
        only: list[str | Path] = ["--no-index", "--find-links", folder.resolve(), *words]
        if self.uv is None:
            base: list[str | Path] = [
                sys.executable,
                "-m",
                "pip",
                "--isolated",
                "--python",
                self.python,
                "install",
            ]
        else:
            base = [self.uv, "pip", "install", "--no-config", "--python", self.python, "--quiet"]
        return run([*base, *only], environment=plain_environment())

    def run(self, *words: str | Path) -> Ended:
        """Run its Python in an empty folder, seeing nothing of ours."""
        with TemporaryDirectory(prefix="crosstie-") as empty:
            return run(
                [self.python, "-I", *words], folder=Path(empty), environment=plain_environment()
            )

    @property
    def size(self) -> int:
        """Bytes of what is installed in it."""
        return folder_size(self.folder / "lib") + folder_size(self.folder / "Lib")


@contextmanager
def clean_environment() -> Iterator[CleanEnvironment]:
    """A new environment, for as long as the block lasts.

    Raises:
        RunError: There is nothing to make one with.
    """
    uv = find_uv()
    if uv is None and find_spec("pip") is None:
        raise RunError(
            "neither uv nor pip is installed here, so no package can be tried in an environment of its own. "
            "Type: pip install uv"
        )
    with TemporaryDirectory(prefix="crosstie-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "env"
        made = (
            run([sys.executable, "-m", "venv", "--without-pip", folder])
            if uv is None
            else run([uv, "venv", "--quiet", "--python", sys.executable, folder])
        )
        if made.code:
            raise RunError(f"cannot make an environment to try the package in:\n{made.said}")
        yield CleanEnvironment(folder, uv)


def plain_environment() -> dict[str, str]:
    """Our environment without what changes how Python, pip and uv work."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}


def training_size() -> int:
    """Bytes of what is installed where we run."""
    return sum(
        folder_size(Path(each))
        for each in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    )


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder, at any depth; 0 where there is none."""
    found, waiting = 0, [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for each in entries:
                if each.is_dir(follow_symlinks=False):
                    waiting.append(each.path)
                else:
                    found += each.stat(follow_symlinks=False).st_size
    return found
