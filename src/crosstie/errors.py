"""Every exception that a user can cause, under one root.

    CrosstieError                 exit 2: the input is wrong; the message says where, what and what to do
    ├── ConfigError               the file: unknown options, wrong values, references to nothing
    ├── DataError                 the table: unreadable, no rows, a column that cannot be what it should be
    ├── ArtifactError             a model on disk: missing, truncated, of another format
    ├── RunError                  a run directory: taken, unknown, cannot be resumed
    ├── TrainingError             training went wrong: a loss that is not a number, memory
    ├── ProjectError              a project: a step that is not Python or not SQL, settings that cannot be
    ├── HubError                  the hub of published models says no, or cannot be reached
    └── MissingExtra              an optional package is absent; names the one command that installs it

An error holds all its problems, not the first: whoever reads it mends the file once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

OWN = __name__.partition(".")[0]  # whose extras: this code also lies in wheels of models
_CALLED = {"PIL": "pillow", "ruamel": "ruamel.yaml", "sklearn": "scikit-learn"}  # module: package


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, what it is, and what to do about it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class CrosstieError(Exception):
    """The root: a mistake that its reader can mend. Exit code 2, never a traceback."""

    def __init__(self, problems: str | Problem | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = [Problem("", problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ConfigError(CrosstieError):
    """The file, the command line or the Python call asks for something that cannot be."""


class DataError(CrosstieError):
    """A table cannot be read, or a column cannot be what the file says it is."""


class ArtifactError(CrosstieError):
    """A model on disk is missing, damaged or written in another format."""


class RunError(CrosstieError):
    """A run directory is taken, unknown, or cannot be resumed as asked."""


class TrainingError(CrosstieError):
    """Training cannot go on: the loss is not a number, or memory ran out."""


class ProjectError(CrosstieError):
    """Something of a project is wrong: a step, its settings, an environment."""


class HubError(CrosstieError):
    """The hub of published models says no, or cannot be reached."""


class MissingExtra(CrosstieError):
    """An optional package is absent."""

    def __init__(self, package: str, extra: str, *, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs {package}, which is not installed. "
            f"Type: pip install '{OWN}[{extra}]'"
        )

    @classmethod
    def of_module(cls, name: str | None, extra: str, *, needed_for: str) -> "MissingExtra":
        """For a module that is absent: what is said is the package that brings it, by the name one installs.

        Examples:
            >>> print(MissingExtra.of_module("prometheus_client.core", "serve", needed_for="serving"))
            serving needs prometheus-client, which is not installed. Type: pip install 'crosstie[serve]'
        """
        top = str(name).partition(".")[0]
        return cls(_CALLED.get(top, top.replace("_", "-")), extra, needed_for=needed_for)


def nearest(name: str, choices: Iterable[str]) -> str:
    """The closing half of an error on an unknown name: the nearest choice, or all of them.

    Examples:
        >>> nearest("epoch", ["epochs", "batch_size"])
        "did you mean 'epochs'?"
        >>> nearest("xyz", ["a", "b"])
        "choose one of 'a', 'b'"
    """
    choices = sorted(choices)
    close = get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "choose one of " + ", ".join(map(repr, choices)) if choices else "nothing fits here"
