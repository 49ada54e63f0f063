"""The `crosstie` command: names of commands, and what a mistake, Ctrl-C and a fault of ours end in.

Commands are imported when they are called, so that `crosstie --help` answers at once. Exit codes: 0 done,
1 a check said no, 2 the input is wrong, 3 an internal fault, 130 after Ctrl-C.
"""

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path
from typing import NoReturn

from cyclopts import App, CycloptsError

from crosstie import __version__
from crosstie.cli.types import hide_stdin
from crosstie.errors import CrosstieError, MissingExtra

COMMANDS = {
    "new": "Start a project that works before a file of it is edited.",
    "generate": "Write a step, a feature type, an encoder or a gate to begin with.",
    "destroy": "Remove what generate wrote.",
    "init": "Write a short commented model file for a table.",
    "check": "Validate a model file and its data together, without training.",
    "show": "Print a model file, or an environment of the project, with every default filled in.",
    "schema": "Print the JSON Schema of the model file.",
    "train": "Train a model from a file or straight from a table.",
    "tune": "Try values of options, and train with the best of them.",
    "evaluate": "Measure a model on data that has the true values.",
    "explain": "Say what a model goes by.",
    "audit": "Say whether a model treats groups of people alike, and how sure that is.",
    "predict": "Predict with a model.",
    "serve": "Answer requests over HTTP with a model.",
    "package": "Make a wheel of a model, with all that predicts and nothing that trains.",
    "push": "Publish a model with its card, or a build of a project for others to pull.",
    "pull": "Write a build that a store knows into a new folder, up to where it failed.",
    "export": "Write only the graph of a model, or only its weights.",
    "import": "Make a model of one that was trained elsewhere.",
    "embed": "Turn texts into vectors.",
    "cluster": "Group rows without a target, and say what makes each group different.",
    "install": "Lock the packages that a project asks for, and put them in place.",
    "build": "Make what changed in a project: its tables, then its model.",
    "status": "Say what a build would do, and why.",
    "why": "Say what moved since a step was built, line by line.",
    "graph": "Show the steps of a project, how they hang together and how each stands.",
    "test": "Hold the model that was built last against the one in production.",
    "promote": "Put the model that was built last into production, or the one before back.",
    "retrain": "Build with the data as it is now, test against production, and promote what passes.",
    "accept": "Take the table that lies there for what a step gives.",
    "runs": "List, show, compare and prune runs.",
    "report": "Write a run, or several beside each other, as a page to read.",
    "console": "Open IPython with the project at hand.",
    "notebook": "Open a step as a notebook, with what it takes loaded.",
    "debug": "Run a step, and open a debugger where it fails.",
    "datasets": "List data to try things on.",
    "doctor": "Say what is installed, what is missing, and what to type.",
}

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}

app = App(
    name="crosstie",
    version=f"crosstie {__version__}",
    help="Rails for machine learning: from a table to a trained, tested, predicting model.",
)
for _name, _help in COMMANDS.items():
    _called = f"{_name}_" if iskeyword(_name) else _name
    app.command(f"crosstie.cli.{_called}:{_called}", name=_name, help=_help)


def main() -> None:
    """Run the command line and exit."""
    try:
        _use_dotenv(sys.argv[1:])
        code = app(hide_stdin(sys.argv[1:]), exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(2)
    except CrosstieError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except ModuleNotFoundError as error:
        from crosstie.pipeline.installation import extra_for

        extra = extra_for(error.name or "")
        if extra is None:
            _fault(error)
        missing = MissingExtra.of_module(error.name, extra, needed_for="this")
        print(f"error: {missing}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except KeyboardInterrupt as stop:
        bar = "\n" if str(stop) and sys.stderr.isatty() else ""  # which the line would stand behind
        print(f"{bar}interrupted{f': {stop}' if str(stop) else ''}", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in FULL | FORBIDDEN:
            _fault(error)
        print(f"error: {_told(error)}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the edge: whatever went wrong inside becomes one line
        _fault(error)
    sys.exit(code if isinstance(code, int) else 0)


def _use_dotenv(words: Sequence[str]) -> None:
    """Before a command: set what `.env` of the project around here says, if there is one."""
    if not words or words[0].startswith("-") or "--help" in words:
        return
    from crosstie.project.dotenv import use_dotenv  # 10 ms, with the next
    from crosstie.project.place import Project

    project = Project.around()
    if project is not None:
        use_dotenv(project.root)


def _told(error: OSError) -> str:
    """What the computer would not do, and what to do about it."""
    where = f"{error.filename}: " if error.filename else ""
    what = os.strerror(error.errno or 0).lower()
    if error.errno in FULL:
        return (
            f"{where}cannot write, {what}. Make room, or write elsewhere (-o, --runs); a run that was cut short goes on "
            "with --resume"
        )
    return f"{where}{what}. Allow it, or choose another place (-o, --runs)"


def _fault(error: Exception) -> NoReturn:
    """One line, the traceback in a file, and exit code 3."""
    log = _log()
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    print(f"fault inside crosstie: {what}. The traceback is in {log}", file=sys.stderr)  # noqa: T201
    sys.exit(3)


def _log() -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="crosstie-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
        return Path(file.name)


if __name__ == "__main__":
    main()
