"""A build as a project of its own: code, lock and what the steps gave up to where one failed, out of a store."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosstie.data.files import remove_old
from crosstie.errors import ProjectError, nearest
from crosstie.pipeline.packages import differing
from crosstie.pipeline.run import Run
from crosstie.project.build.open import opened
from crosstie.project.build.state import Built
from crosstie.project.build.workspace import Workspace
from crosstie.project.fingerprint.content import Contents
from crosstie.project.place import Project
from crosstie.project.sharing.past import Past, Stepped, past, pasts
from crosstie.project.sharing.push import transfer
from crosstie.project.sharing.snapshot import Snapshot
from crosstie.project.store.store import Store

Say = Callable[[str], None]


@dataclass(frozen=True)
class Pulled:
    """A build that was pulled.

    Attributes:
        past: It.
        folder: The project as it was built.
    """

    past: Past
    folder: Path


def pull(
    store: Store, name: str, to: Path | None, *, beside: Project | None = None, say: Say
) -> Pulled:
    """Write a build into a new folder.

    Args:
        store: Where it is known.
        name: The build's name, or that of the run of its model.
        to: The folder; None is `.crosstie/pulled/<name>` of `beside`, or one that is called as the project.
        beside: A project whose files of `data/` may be taken where they are what the build read.
        say: Called with each line worth showing.

    Raises:
        ProjectError: There is no such build, or the folder is there.
        ConfigError: Something is wrong with the environment of the build: a variable that is not set here.
        RunError: What the build needs is no longer in the store.
    """
    found = past(store, name)
    if found is None:
        known = [each.name for each in pasts(store)]
        hint = nearest(name, known[-5:]) if known else "it knows of none at all"
        raise ProjectError(f"{name}: the store knows of no such build; {hint}")
    folder = to or (pulled_place(beside, found) if beside else Path(found.project))
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ProjectError(f"{folder}: is there already; give another folder with -o, or remove it")
    code = Snapshot.from_text(store.text(found.code))
    if (
        "pyproject.toml" not in code.files
    ):  # what is around the folder would be taken for the project
        raise ProjectError(f"{name}: its code is without pyproject.toml ({'; '.join(found.lacks)})")
    with _whole(folder) as part:
        code.write(part)
        here = opened(part, found.environment)
        transfer(found, store, here.store)
        for step, each in found.steps.items():
            _place(here, step, each, beside)
        here.failed.update(found.failed, well=())
    tell(found, store, say)
    return Pulled(found, folder)


def tell(found: Past, store: Store, say: Say) -> None:
    """Say what of a build is not as it was: files that its code is without, and packages that are others here."""
    for each in found.lacks:
        say(f"left out: {each}")
    lock = store.text(found.lock) if found.lock else ""
    if said := differing(store.text(found.packages), lock):
        say(f"{found.name}: {said}")


def pulled_place(project: Project, found: Past) -> Path:
    """Where a project keeps what it pulled of a build."""
    return project.own / "pulled" / found.name


def _place(here: Workspace, name: str, step: Stepped, beside: Project | None) -> None:
    """Put what a step gave where a build looks for it, as built."""
    if step.product is None:
        return
    if step.product.kind == "folder":
        to = here.project.root / step.file
        here.store.fetch(step.product, to)
        Run(to).make_latest()
    else:
        table = here.project.table(here.environment.name, name)
        here.store.fetch(step.product, table)
        for source, digest in step.sources.items():
            _place_raw(here.project.root, source, digest, table, beside)
    here.state.put(name, Built(step.key, step.product.digest, step.file))


def _place_raw(root: Path, source: str, digest: str, table: Path, beside: Project | None) -> None:
    """A file of `data/`: the one that was read where it is at hand, else its rows."""
    own = None if beside is None else beside.root / source
    to = root / source
    to.parent.mkdir(parents=True, exist_ok=True)
    if own is not None and own.is_file() and Contents().of(own) == digest:
        shutil.copyfile(own, to)
    else:
        shutil.copyfile(table, to.with_suffix(".parquet"))


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder that takes its place when the block ends well, and goes away when it does not."""
    remove_old(folder.parent, f".{folder.name}.*.part")
    part = folder.parent / f".{folder.name}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
