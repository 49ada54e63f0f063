"""A lock: every distribution that a package needs, those of others too, with the hashes of its files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crosstie.errors import Problem
from crosstie.shipping.needs import installed
from crosstie.shipping.programs import Ended, find_uv, run

HOW = "with uv installed (pip install uv), the package would hold a lock with hashes"


@dataclass(frozen=True)
class Lock:
    """What was locked.

    Attributes:
        text: The file that `pip install --require-hashes -r` reads; "" where there is none.
        note: Why there is none, in one line.
    """

    text: str = ""
    note: str = ""


def lock(requirements: Sequence[str], *, python: str) -> Lock | Problem:
    """Resolve requirements for every system and all newer Pythons, in the versions installed here where that can be.

    So the same model locks to the same bytes later on, whatever is published meanwhile.

    Args:
        requirements: As `numpy==2.4.6`.
        python: The oldest one.

    Returns:
        The lock; without a text where uv is absent or no index can be reached. A problem if there is no answer.
    """
    uv = find_uv()
    if uv is None:
        return Lock(note=f"no lock: {HOW}")
    with TemporaryDirectory(prefix="crosstie-") as scratch:
        wanted, here = Path(scratch, "requirements.in"), Path(scratch, "here.txt")
        wanted.write_text("\n".join([*requirements, ""]), encoding="utf-8")
        here.write_text(
            "".join(f"{name}=={version}\n" for name, version in sorted(installed().items())),
            encoding="utf-8",
        )
        ended = _compile(uv, wanted, python, "--constraints", here)
        if ended.code and not ended.unreachable:
            ended = _compile(uv, wanted, python)
    if ended.unreachable:
        return Lock(note="no lock: the index of packages cannot be reached")
    if ended.code:
        return Problem("requirements", f"cannot be resolved together:\n{ended.said}")
    return Lock(ended.out)


def _compile(uv: str, wanted: Path, python: str, *more: str | Path) -> Ended:
    words: list[str | Path] = [uv, "pip", "compile", wanted, "--quiet", *more]
    words += ["--generate-hashes", "--universal", "--python-version", python]
    words += ["--python", sys.executable, "--no-python-downloads"]
    words += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    ended = run(words)
    if ended.unreachable:  # what it fetched earlier may do
        return _known(ended, run([*words, "--offline"]))
    return ended


def _known(before: Ended, offline: Ended) -> Ended:
    return before if offline.code else offline
