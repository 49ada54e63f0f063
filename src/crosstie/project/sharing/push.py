"""A build from one store into another, with all that it needs to be pulled from there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crosstie.errors import ProjectError
from crosstie.pipeline.run import Run
from crosstie.project.build.workspace import Workspace
from crosstie.project.environment import USUAL_STORE
from crosstie.project.sharing.past import Past, past
from crosstie.project.store.place import place_of
from crosstie.project.store.store import Store


@dataclass(frozen=True)
class Shared:
    """A build that others may pull.

    Attributes:
        past: It.
        store: Where it is, as the environment or the command names it.
        files: How many files were not there yet.
    """

    past: Past
    store: str
    files: int


def push_build(here: Workspace, name: str | None, store: str | None) -> Shared:
    """Have a store know a build of this project.

    Args:
        here: The project.
        name: The build's name, or that of the run of its model; None is the last build.
        store: The store; None is that of the environment.

    Raises:
        ProjectError: There is no such build, or no store but the one that it is in.
    """
    to = store or here.environment.store
    if not store and not here.is_shared:
        raise ProjectError(
            f"{here.environment.name} keeps what builds give in {to}, which is this project's own. Say --store URL, or "
            f"store: URL in environments/{here.environment.name}.yaml; to publish a model, say where: crosstie push RUN TO"
        )
    base = Path.cwd() if store else here.project.root
    target, sources = Store(place_of(to, base)), [here.store]
    if here.environment.store != USUAL_STORE:
        sources.append(Store(place_of(USUAL_STORE, here.project.root)))
    if name is not None and Run.named(name, here.project.runs):
        name = Run.find(name, here.project.runs).path.name
    for source in sources:
        found = past(source, name)
        if found is not None:
            return Shared(found, to, transfer(found, source, target))
    which = (
        "nothing was built here yet" if name is None else f"{name}: is no build or run of one here"
    )
    raise ProjectError(f"{which}; see crosstie pull --list")


def transfer(found: Past, source: Store, target: Store) -> int:
    """Copy what is known of a build, and what it gave; how many files were not there yet."""
    copied = sum(source.copy(each, target) for each in dict.fromkeys(_files(found, source)))
    for name, step in found.steps.items():
        record = source.record(name, step.key) if step.key else None
        if record is not None:
            target.write(record)
    target.write_json(f"builds/{found.name}.json", found.to_json())
    return copied


def _files(found: Past, source: Store) -> Iterator[str]:
    yield from (found.code, found.packages, *filter(None, [found.lock]))
    for name, step in found.steps.items():
        yield from step.product.objects.values() if step.product else ()
        record = source.record(name, step.key) if step.key else None
        yield from record.product.objects.values() if record else ()
