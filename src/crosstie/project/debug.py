"""A step run in this process, so that where it fails can be looked at: same code, same tables, same settings.

What it makes is thrown away: only a build keeps anything.
"""

import importlib
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, TracebackType
from typing import Any

from crosstie.errors import OWN, CrosstieError, ProjectError, nearest
from crosstie.pipeline.packages import others
from crosstie.pipeline.run import Run
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.build.workspace import Workspace
from crosstie.project.sharing.past import past
from crosstie.project.sharing.pull import pull, pulled_place, tell
from crosstie.project.steps import child
from crosstie.project.steps.read import MODEL
from crosstie.project.steps.step import Step

_BUILD = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}")  # names of builds, and of runs

Say = Callable[[str], None]


@dataclass(frozen=True)
class Failing:
    """Where a step failed.

    Attributes:
        error: What was raised.
        frames: From the first line of the project's own code on; None where it had no part in it.
        deeper: How many frames are below the last line of the project's own code.
    """

    error: BaseException
    frames: TracebackType | None
    deeper: int

    @property
    def why(self) -> str:
        """In words."""
        if isinstance(self.error, CrosstieError):
            return "; ".join(map(str, self.error.problems))
        return f"{type(self.error).__name__}: {self.error}"


def debug(
    here: Workspace, name: str | None = None, *, keep: bool = True, say: Say = print
) -> Failing | None:
    """Run a step, and open a debugger where it fails.

    Args:
        here: The project.
        name: The step, or a run of training, or a build that the store knows; None is the step that failed in the last build.
        keep: Whether what the step takes may be built first, which is kept.
        say: Called with each line worth showing.

    Returns:
        Where it failed; None if it did not.

    Raises:
        ProjectError: There is no such step, nothing failed, or what the step takes cannot be built.
    """
    found = failing(here, name, keep=keep, say=say)
    if found is None:
        return None
    say(f"failed: {found.why}")
    if found.frames is None:
        say(
            "None of the project's own Python had a part in it, so there is nothing to step into. Look at what it takes: crosstie console"
        )
        return found
    say("Here it was. p NAME shows a value, u and d go up and down, l lists the code, q ends")
    _open(found)
    return found


def failing(
    here: Workspace, name: str | None = None, *, keep: bool = True, say: Say = print
) -> Failing | None:
    """Run a step, and see where it fails; see `debug`."""
    if name is None:
        name = _last_failed(here)
    if _BUILD.fullmatch(name) and not Run.named(name, here.project.runs):
        return _of_a_build(here, name, say)
    if name not in here.steps:
        if Run.named(name, here.project.runs):
            run = Run.find(name, here.project.runs)
            if said := others(run):
                say(f"{name}: {said}")
            found = _caught(here, lambda: _train(here, run, say))
            if found is None:
                say(f"{name}: did not fail")
            return found
        raise ProjectError(f"{name!r} is no step here; {nearest(name, here.steps)}")
    step = here.steps[name]
    if step.kind == "source":
        raise ProjectError(f"{name}: is a table of the database, which nothing here makes")
    if step.kind == "sink":
        raise ProjectError(f"{name}: writes to a database, which is not to be tried; see what it takes: crosstie debug {step.upstreams[0]}")  # fmt: skip
    if keep and step.upstreams:
        outcome = build(here, step.upstreams, say=say)
        for first in outcome.failed:
            raise ProjectError(f"{name} needs {first}, which failed; see where: crosstie debug {first}")  # fmt: skip
    for each in step.upstreams:
        if here.steps[each].kind != "source" and not here.place(here.steps[each]).exists():
            raise ProjectError(f"{name} needs {each}, which is not built; build it: crosstie build {each}")  # fmt: skip
    say(f"{name}: running {here.where(step)} in this process")
    found = _caught(here, lambda: _run(here, step, say))
    if found is None:
        say(f"{name}: did not fail. Keep what it makes: crosstie build {name}")
    return found


def _of_a_build(here: Workspace, name: str, say: Say) -> Failing | None:
    """The step that failed in a build that the store knows, of whomever, with the code and the tables that it had."""
    found = past(here.store, name)
    folder = None if found is None else pulled_place(here.project, found)
    if found is None or folder is None or not folder.is_dir():
        pulled = pull(here.store, name, None, beside=here.project, say=say)
        found, folder = pulled.past, pulled.folder
    else:
        tell(found, here.store, say)
    where = folder.relative_to(here.project.root)
    say(f"{name}: as it was built is in {where}")
    if not found.failed:
        raise ProjectError(f"{name}: nothing failed in it. To look at a step: cd {where} && crosstie debug STEP")  # fmt: skip
    return failing(opened(folder, found.environment), next(iter(found.failed)), keep=False, say=say)


def _last_failed(here: Workspace) -> str:
    failed = here.failed.read()
    for name in here.steps:
        if name in failed:
            return name
    raise ProjectError("no step failed in the last build; name one: crosstie debug STEP")


def _run(here: Workspace, step: Step, say: Say) -> None:
    if step.kind == "model":
        _train(here, None, say)
        return
    with TemporaryDirectory(prefix="crosstie-") as folder:
        to = Path(folder) / f"{step.name}.parquet"
        for each in child.run(here.task(step, to=to)):
            say(f"{step.name}: {each}")


def _train(here: Workspace, run: Run | None, say: Say) -> None:
    """Train as the model file says, or as a run did, into a folder that is thrown away."""
    from crosstie import api  # 90 ms

    with TemporaryDirectory(prefix="crosstie-") as folder:
        if run is not None:
            api.train(run.path / "config.yaml", runs=Path(folder), say=say)
            return
        api.train(here.project.model_file, data=here.training_data(here.steps[MODEL]), name=here.model_name, runs=Path(folder), say=say)  # fmt: skip


def _caught(here: Workspace, run: Callable[[], None]) -> Failing | None:
    with _as_a_step(here.project.root):
        try:
            run()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is what is looked for
            return _found(error, here.project.root)
    return None


@contextmanager
def _as_a_step(root: Path) -> Iterator[None]:
    """Stand where steps do: in the project's folder, whose modules are imported as they are now."""
    before, path = Path.cwd(), list(sys.path)
    own = {each.stem for each in root.iterdir() if each.suffix == ".py" or each.is_dir()}
    own.discard(OWN)
    imported = _modules(own)
    os.chdir(root)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        _modules(own)
        sys.modules.update(imported)


def _modules(tops: Collection[str]) -> dict[str, ModuleType]:
    """Take the modules of some packages out of those that are imported."""
    names = [each for each in sys.modules if each.partition(".")[0] in tops]
    return {each: sys.modules.pop(each) for each in names}


def _found(error: BaseException, root: Path) -> Failing:
    """Where the project's own code failed, of the error or of what caused it."""
    each: BaseException | None = error
    while each is not None:
        own = [_own(frames, root) for frames in _links(each.__traceback__)]
        if any(own):
            links = list(_links(each.__traceback__))
            last = len(own) - 1 - own[::-1].index(True)
            return Failing(error, links[own.index(True)], len(own) - 1 - last)
        each = each.__cause__ or each.__context__
    return Failing(error, None, 0)


def _links(frames: TracebackType | None) -> Iterator[TracebackType]:
    while frames is not None:
        yield frames
        frames = frames.tb_next


def _own(frames: TracebackType, root: Path) -> bool:
    path = Path(frames.tb_frame.f_code.co_filename)
    return path.is_relative_to(root) and ".venv" not in path.parts


def _open(found: Failing) -> None:
    """The debugger at the last line of the project's own code."""
    debugger = _debugger()
    debugger.reset()
    if found.deeper:
        debugger.cmdqueue.append(f"up {found.deeper}")
    debugger.interaction(None, found.frames)


def _debugger() -> Any:
    """IPython's within IPython, or on a terminal where it is installed; else Python's own."""
    import pdb  # noqa: T100 - it is what this is for; 10 ms that a build does not need

    try:
        from IPython.core.getipython import get_ipython  # 60 ms
    except ModuleNotFoundError:
        return pdb.Pdb()
    shell = get_ipython()
    if shell is not None:
        return shell.debugger_cls()
    if sys.stdin.isatty() and sys.stdout.isatty():
        from IPython.terminal.debugger import TerminalPdb

        return TerminalPdb()
    return pdb.Pdb()
