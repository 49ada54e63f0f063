"""Publishing: `publish` writes the folder, `hub` takes it where it goes."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from crosstie.data.files import remove_old
from crosstie.errors import ConfigError, Problem
from crosstie.pipeline.hub import Place, is_on_hub, upload
from crosstie.pipeline.published import FOLDERS
from crosstie.pipeline.run import Run
from crosstie.shipping.publish import empty, publish, sizes

UNFINISHED = ".crosstie-push-"  # begins the name of what is being written


@dataclass(frozen=True)
class Pushed:
    """What was published.

    Attributes:
        model: What to type where a model is wanted; on the hub it is pinned to the commit.
        files: Bytes by name.
        url: Where a person looks at it; "" for a folder.
    """

    model: str
    files: dict[str, int] = field(repr=False)
    url: str = ""


def push(
    run: Run,
    to: str,
    *,
    private: bool = False,
    revision: str | None = None,
    message: str | None = None,
    licence: str | None = None,
    allow_private: bool = False,
    dry_run: bool = False,
    progress: bool = False,
) -> Pushed:
    """Publish a run; arguments and errors as for `crosstie.push`."""
    place = _place(to, revision)
    if place is None:
        _only_on_the_hub(to, private=private, revision=revision, message=message)
        empty(Path(to))
    called = f"hf://{place.name}" if place else Path(to).name  # no path of this machine
    # beside the target, so that it appears whole; the hub's copy lies where temporary files do
    beside = None if place or dry_run else Path(to).absolute().parent
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
        remove_old(beside, f"{UNFINISHED}*")
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=beside) as scratch:
        folder = Path(scratch) / "model"
        publish(run, folder, called=called, licence=licence, allow_private=allow_private)
        files = sizes(folder)
        if dry_run:
            return Pushed(str(place) if place else to, files)
        if place is None:
            folder.replace(to)
            return Pushed(to, files)
        done = upload(
            folder,
            place,
            private=private,
            message=message or f"Publish {run.name}",
            replaced=FOLDERS,
            progress=progress,
        )
    return Pushed(f"hf://{place.name}@{done.revision}", files, done.url)


def _place(to: str, revision: str | None) -> Place | None:
    """The place on the hub; None for a folder."""
    if not is_on_hub(to):
        if "://" in to:
            raise ConfigError(f"{to}: give a folder, or a place on the hub as hf://ORG/NAME")
        return None
    place = Place.of(to)
    if place.revision is not None and revision not in (None, place.revision):
        raise ConfigError(f"--revision {revision}: {to} names another")
    return Place(place.name, revision or place.revision)


def _only_on_the_hub(to: str, *, private: bool, revision: str | None, message: str | None) -> None:
    given = {"--private": private, "--revision": revision, "--message": message}
    problems = [
        Problem(flag, f"is for the hub; {to!r} is a folder. Did you mean hf://ORG/NAME?")
        for flag, value in given.items()
        if value
    ]
    if problems:
        raise ConfigError(problems)
