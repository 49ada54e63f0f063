"""That a wheel does what its model did: it is installed where nothing else is, and asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.errors import Problem
from crosstie.shipping.clean import CleanEnvironment, clean_environment
from crosstie.shipping.naming import Names
from crosstie.shipping.programs import Ended


@dataclass(frozen=True)
class Proof:
    """What came of trying a wheel.

    Attributes:
        problems: What is wrong with it; none where it does what it should.
        unproved: Why it could not be tried, in one line; "" where it was.
        rows: How many example rows it predicted.
        imports: Distributions that it imported.
        size: Bytes of what is installed with it.
    """

    problems: Sequence[Problem] = ()
    unproved: str = ""
    rows: int = 0
    imports: Sequence[str] = field(default=())
    size: int = 0


def prove(wheel: Path, names: Names, lock: Path | None) -> Proof:
    """Install a wheel in an environment of its own, from its own lock, and let it check itself.

    Args:
        wheel: The wheel.
        names: Of the package.
        lock: Its lock; None lets the installer resolve what the wheel lists.
    """
    with clean_environment() as room:
        if lock is not None:
            ended = room.install("--require-hashes", "-r", lock)
            if ended.code == 0:
                ended = room.install("--no-deps", wheel)
        else:
            ended = room.install(wheel)
        if ended.unreachable:
            return Proof(
                unproved="the index of packages cannot be reached, so it was not tried in an environment of its own"
            )
        if ended.code:
            return Proof((Problem(wheel.name, f"cannot be installed:\n{ended.said}"),))
        return checked(room, names, alone=True)


def prove_offline(wheel: Path, names: Names, version: str, folder: Path) -> list[Problem]:
    """Install a wheel from a folder of wheels without an index, its server too, and let it check itself."""
    with clean_environment() as room:
        ended = room.install_from(folder, f"{names.distribution}[serve]=={version}")
        if ended.code:
            return [
                Problem(str(folder), f"{wheel.name} cannot be installed from it:\n{ended.said}")
            ]
        return list(checked(room, names, alone=False).problems)


def checked(room: CleanEnvironment, names: Names, *, alone: bool) -> Proof:
    """What a package that is installed says of itself.

    Args:
        room: Where it is installed.
        names: Of the package.
        alone: Whether only what it lists is installed there, so that nothing else can be imported.
    """
    said = answer(room.run("-m", names.module, "check", "--json"), names)
    if isinstance(said, Problem):
        return Proof((said,), size=room.size)
    problems = [Problem(each["where"], each["what"]) for each in said["problems"]]
    if alone:
        problems += [
            Problem(names.module, f"imports {each}, which it does not list")
            for each in said["unlisted"]
        ]
    return Proof(tuple(problems), rows=said["rows"], imports=said["imports"], size=room.size)


def answer(ended: Ended, names: Names) -> dict[str, Any] | Problem:
    """What `check --json` printed; a problem if it printed none."""
    try:
        found: dict[str, Any] = json.loads(ended.out)
    except ValueError:
        return Problem(
            f"python -m {names.module} check", f"failed where it is alone:\n{ended.said}"
        )
    return found
