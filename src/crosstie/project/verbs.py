"""What a project can be asked to do, in Python: the commands of the same names call these."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crosstie.errors import ProjectError
from crosstie.project.build import build as building
from crosstie.project.build.accept import accept as accept_table
from crosstie.project.build.build import Outcome
from crosstie.project.build.judge import Judged
from crosstie.project.build.open import opened
from crosstie.project.dag import READ_ONLY, Dag
from crosstie.project.dotenv import use_dotenv
from crosstie.project.environment import known
from crosstie.project.place import Project

if TYPE_CHECKING:
    from crosstie.project.candidate import Tested
    from crosstie.project.debug import Failing
    from crosstie.project.install import Synced
    from crosstie.project.production import Promoted
    from crosstie.project.retrain import Retrained
    from crosstie.project.sharing.past import Past
    from crosstie.project.sharing.pull import Pulled
    from crosstie.project.sharing.push import Shared
    from crosstie.project.store.store import Store

Say = Callable[[str], None]


def build(
    *steps: str,
    env: str | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    say: Say | None = None,
) -> Outcome:
    """Make what changed: `crosstie build` in Python.

    Args:
        steps: Only these and what they need; all if none are named.
        env: The environment; None is CROSSTIE_ENV, else development.
        folder: In the project; the current one if none is given.
        force: Run these steps, or all, even if nothing changed.
        say: Called with each line worth showing.

    Raises:
        ProjectError: There is no project or step, something is wrong with some, or another process builds here.
        ConfigError: Something is wrong with the environment.
        KeyboardInterrupt: What is done is kept.
    """
    here = opened(folder, env)
    told = say or (lambda _: None)
    forced = (steps or here.steps) if force else ()
    for each in here.warnings:
        told(f"note: {each}")
    return building.build(here, steps, force=forced, say=told)


def status(
    *, env: str | None = None, folder: str | Path | None = None, say: Say | None = None
) -> list[Judged]:
    """What a build would do with each step, and why: `crosstie status` in Python. Nothing is run.

    Args:
        env: As for `build`.
        folder: As for `build`.
        say: As for `build`.

    Raises:
        ProjectError: As for `build`.
        ConfigError: As for `build`.
    """
    here = opened(folder, env)
    found = building.standing(here)
    for each in here.warnings:
        (say or (lambda _: None))(f"note: {each}")
    return found


def graph(*, env: str | None = None, folder: str | Path | None = None) -> Dag:
    """The steps, how they hang together and how each stands: `crosstie graph` in Python.

    Args:
        env: As for `build`. In production nothing can be built or accepted through it.
        folder: As for `build`.

    Raises:
        ProjectError: There is no project.
        ConfigError: As for `build`.
    """
    here = opened(folder, env)
    name = here.environment.name
    return Dag(partial(opened, here.project.root, name), read_only=name == READ_ONLY)


def debug(
    step: str | None = None,
    *,
    env: str | None = None,
    folder: str | Path | None = None,
    say: Say = print,
) -> "Failing | None":
    """Run a step in this process, and open a debugger where it fails: `crosstie debug` in Python.

    Args:
        step: Which, or a run of training, or a build that the store knows; None is the one that failed in the last build.
        env: As for `build`.
        folder: As for `build`.
        say: Called with each line worth showing.

    Returns:
        Where it failed; None if it did not.

    Raises:
        ProjectError: There is no such step, nothing failed, or what the step takes cannot be built.
    """
    from crosstie.project import debug as debugging

    return debugging.debug(opened(folder, env), step, say=say)


def install(
    *,
    env: str | None = None,
    folder: str | Path | None = None,
    check: bool = False,
    say: Say | None = None,
) -> "Synced":
    """Lock the packages that the project asks for, and install them into `.venv`: `crosstie install` in Python.

    Args:
        env: As for `build`. In production only what `[project]` lists is installed.
        folder: As for `build`.
        check: Change nothing, and say whether all agrees.
        say: As for `build`.

    Raises:
        MissingExtra: uv is not installed.
        ProjectError: There is no project, or what it asks for cannot be had.
        ConfigError: There is no such environment.
    """
    from crosstie.project import install as installing  # 40 ms

    root = Project.find(None if folder is None else Path(folder)).root
    use_dotenv(root)  # it may hold the password of an index
    name = known(root, env)
    if check:
        return installing.look(root, name)
    return installing.install(root, name, say=say or (lambda _: None))


def pull(
    run: str,
    *,
    to: str | Path | None = None,
    store: str | None = None,
    env: str | None = None,
    folder: str | Path | None = None,
    say: Say | None = None,
) -> "Pulled":
    """Write a build that a store knows into a new folder: `crosstie pull` in Python.

    Args:
        run: The build's name, or that of the run of its model.
        to: The folder; None is `.crosstie/pulled/<name>` in a project, elsewhere one that is called as the project.
        store: A folder or a URL; None is the store of the environment.
        env: As for `build`.
        folder: As for `build`.
        say: As for `build`.

    Raises:
        ProjectError: There is no such build, or neither a store nor a project, or the folder is there already.
        ConfigError: Something is wrong with the environment of the build, such as a variable that is not set.
        RunError: What it needs is no longer in the store.
    """
    from crosstie.project.sharing import pull as pulling

    around = Project.around(None if folder is None else Path(folder))
    told = say or (lambda _: None)
    place = None if to is None else Path(to)
    return pulling.pull(_store(store, env, folder), run, place, beside=around, say=told)


def builds(
    *, store: str | None = None, env: str | None = None, folder: str | Path | None = None
) -> "list[Past]":
    """The builds that a store knows, oldest first: `crosstie pull --list` in Python.

    Args:
        store: As for `pull`.
        env: As for `build`.
        folder: As for `build`.

    Raises:
        ProjectError: There is neither a store nor a project.
    """
    from crosstie.project.sharing.past import pasts

    return pasts(_store(store, env, folder))


def _store(store: str | None, env: str | None, folder: str | Path | None) -> "Store":
    from crosstie.project.store.place import place_of
    from crosstie.project.store.store import Store

    if store is None and Project.around(None if folder is None else Path(folder)) is None:
        raise ProjectError(f"{folder or Path.cwd()} is in no project; say --store, the folder or URL where builds are known")  # fmt: skip
    if store is None:
        return opened(folder, env).store
    if "://" not in store and not Path(store).is_dir():
        raise ProjectError(f"--store: {store}: there is no such folder")
    return Store(place_of(store, Path.cwd()))


def push_build(
    run: str | None = None,
    *,
    store: str | None = None,
    env: str | None = None,
    folder: str | Path | None = None,
) -> "Shared":
    """Have a store that others reach know a build: `crosstie push --store` in Python.

    Args:
        run: The build's name, or that of the run of its model; None is the last build.
        store: A folder or a URL; None is the store of the environment.
        env: As for `build`.
        folder: As for `build`.

    Raises:
        ProjectError: There is no project or no such build, or the store is the project's own.
    """
    from crosstie.project.sharing import push as pushing

    return pushing.push_build(opened(folder, env), run, store)


def retrain(
    *,
    promote: bool = False,
    env: str | None = None,
    folder: str | Path | None = None,
    say: Say | None = None,
) -> "Retrained":
    """Build with the data as it is now, and hold the model against production: `crosstie retrain` in Python.

    Args:
        promote: Put the model into production if it passes.
        env: As for `build`.
        folder: As for `build`.
        say: As for `build`.

    Raises:
        ProjectError: There is no model file, something is wrong with the steps, or another retrains here.
    """
    from crosstie.project import retrain as retraining  # 100 ms, with what compares models

    return retraining.retrain(opened(folder, env), promote=promote, say=say)


def accept(step: str, *, env: str | None = None, folder: str | Path | None = None) -> str:
    """Take the table that lies there for what a step gives now: `crosstie accept` in Python. What was done, in words.

    Args:
        step: Which.
        env: As for `build`.
        folder: As for `build`.

    Raises:
        ProjectError: There is no such step, nothing lies there, or what it needs is not built.
    """
    return accept_table(opened(folder, env), step)


def test(
    *,
    env: str | None = None,
    folder: str | Path | None = None,
    junit: str | Path | None = None,
) -> "Tested":
    """Hold the model that was built last against the one in production: `crosstie test` in Python.

    Args:
        env: As for `build`.
        folder: As for `build`.
        junit: A file to write for a build server.

    Raises:
        ProjectError: The model is not built, or not as its code and data are now.
    """
    from crosstie.project import candidate  # 100 ms

    here = opened(folder, env)
    return candidate.judge_candidate(here, junit=None if junit is None else Path(junit))


def promote(
    *,
    env: str | None = None,
    folder: str | Path | None = None,
    anyway: bool = False,
    rollback: bool = False,
) -> "Promoted":
    """Put the model that was built last into production: `crosstie promote` in Python.

    Args:
        env: As for `build`.
        folder: As for `build`.
        anyway: Although it was not tested, or failed.
        rollback: Put back what was there before instead.

    Raises:
        ProjectError: It did not pass `test`, or is in production already; or there was nothing before.
    """
    from crosstie.project import production  # 100 ms

    here = opened(folder, env)
    return production.roll_back(here) if rollback else production.promote(here, anyway=anyway)


def promoted(*, env: str | None = None, folder: str | Path | None = None) -> "list[Promoted]":
    """The models that were in production, the present one first: `crosstie promote --history` in Python.

    Args:
        env: As for `build`.
        folder: As for `build`.
    """
    from crosstie.project import production  # 100 ms

    return production.history(opened(folder, env))
