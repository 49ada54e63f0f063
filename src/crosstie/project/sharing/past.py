"""What a build did and what it did it from, kept in the store, so that another can stand where it stood.

    builds/<name>.json     of each step what came of it and what it gave; the code, the packages and the lock by their hashes

Nothing is written of a build in which nothing ran. What a build needs that is a secret is not in it: `.env` stays where it is.
"""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from crosstie import __version__
from crosstie.errors import RunError
from crosstie.project.build.origin import packages
from crosstie.project.git import commit
from crosstie.project.place import Project
from crosstie.project.sharing.snapshot import Snapshot
from crosstie.project.store.store import Product, Store

FORMAT = 1
LOCK = "uv.lock"


@dataclass(frozen=True)
class Stepped:
    """What came of a step.

    Attributes:
        state: Whether it was run, was as it should be, failed, or was left out as it needs one that failed.
        key: What it was made of; "" if nothing was made.
        product: What it gave.
        file: As `Built.file`.
        sources: Of a raw table the file of `data/` that it was read from, and the digest of that.
        why: It failed.
    """

    state: Literal["ran", "cached", "failed", "skipped"]
    key: str = ""
    product: Product | None = None
    file: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Stepped":
        """Of what the store holds."""
        product = value["product"]
        return cls(**{**value, "product": product and Product(**product)})


@dataclass(frozen=True)
class Past:
    """A build that was.

    Attributes:
        name: When it ended and a few letters, as a run is called.
        project: Whose.
        environment: In which.
        steps: What came of each that was asked for, in order.
        code: The object that holds the code, as `Snapshot.text`.
        lacks: Files that the code is without, and why.
        packages: The object that lists every package that was installed.
        lock: The digest of the project's lock; "" if it had none.
        by: Versions of Crosstie and Python, git commit, system.
    """

    name: str
    project: str
    environment: str
    steps: Mapping[str, Stepped]
    code: str
    lacks: tuple[str, ...]
    packages: str
    lock: str
    by: Mapping[str, Any]
    format: int = FORMAT

    @property
    def failed(self) -> dict[str, str]:
        """Steps that failed, and why."""
        return {name: each.why for name, each in self.steps.items() if each.state == "failed"}

    @property
    def run(self) -> str:
        """The folder of the run that trained its model, from the project's root; "" if there is none."""
        return next((each.file for each in self.steps.values() if each.product and each.product.kind == "folder"), "")  # fmt: skip

    def answers_to(self, name: str) -> bool:
        """Whether this is the build that a name means: its own, or that of its run."""
        return name == self.name or (bool(self.run) and name in {self.run, Path(self.run).name})

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Past":
        """The same again.

        Raises:
            RunError: A later Crosstie has written it.
        """
        if value["format"] > FORMAT:
            raise RunError(f"{value['name']}: a later Crosstie has written it; upgrade to read it")
        steps = {name: Stepped.from_json(each) for name, each in value["steps"].items()}
        return cls(**{**value, "steps": steps, "lacks": tuple(value["lacks"])})


def keep(store: Store, project: Project, environment: str, steps: Mapping[str, Stepped]) -> Past:
    """Note in the store what a build did.

    Args:
        store: Where.
        project: What was built, as it lies there now.
        environment: In which.
        steps: What came of each.
    """
    code, lock = Snapshot.of(project.root), project.root / LOCK
    stamp = datetime.now(UTC)
    past = Past(
        # milliseconds: those of one second must list in their order
        f"{stamp:%Y%m%dT%H%M%S}.{stamp.microsecond // 1000:03d}Z-{uuid4().hex[:6]}",
        project.name,
        environment,
        steps,
        store.keep_text(code.text()),
        tuple(map(str, code.lacks)),
        store.keep_text(packages()),
        store.keep_file(lock) if lock.is_file() else "",
        {
            "crosstie": __version__,
            "python": platform.python_version(),
            "system": platform.platform(),
            "commit": commit(project.root),
        },
    )
    store.write_json(f"builds/{past.name}.json", past.to_json())
    return past


def pasts(store: Store) -> list[Past]:
    """The builds that a store knows of, oldest first."""
    found = (store.read_json(each) for each in store.names("builds"))
    return [Past.from_json(each) for each in found if each is not None]


def past(store: Store, name: str | None = None) -> Past | None:
    """A build by its name or that of its run; the last one for None. None if the store knows of none such."""
    if name is not None and (found := store.read_json(f"builds/{name}.json")) is not None:
        return Past.from_json(found)
    for each in reversed(store.names("builds")):
        found = store.read_json(each)
        if found is not None and (name is None or Past.from_json(found).answers_to(name)):
            return Past.from_json(found)
    return None
