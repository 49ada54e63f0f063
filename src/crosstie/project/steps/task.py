"""One run of a step: what the process that runs it is told, and what it says back."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crosstie.project.steps.spent import Spent
from crosstie.project.steps.step import Step


@dataclass(frozen=True)
class Task:
    """A step and what it is to be run with.

    Attributes:
        root: The project's folder.
        step: Its name.
        path: Its file.
        kind: What runs it.
        tables: Of each table that it takes, the Parquet file.
        frames: Of a Python step, what each is given as.
        settings: Values of its parameters.
        hidden: Those of them that may be secrets, so that none is written down.
        database: Where a query runs, if not in DuckDB: `connection`, and `schema` and by table `digests`, or, where it is
            spoken to through ibis, `engine`. Of a sink, where rows go, as `run_sink` has it.
        foreign: Tables of that database that it reads.
        to: The Parquet file to write; beside it, what came of it as JSON.
    """

    root: str
    step: str
    path: str
    kind: str
    tables: Mapping[str, str]
    frames: Mapping[str, str]
    settings: Mapping[str, Any]
    hidden: tuple[str, ...]
    database: Mapping[str, Any] | None = field(repr=False)  # may hold a password
    foreign: tuple[str, ...]
    to: str

    @classmethod
    def of(
        cls,
        step: Step,
        root: Path,
        *,
        tables: Mapping[str, Path],
        settings: Mapping[str, Any],
        hidden: Collection[str],
        database: Mapping[str, Any] | None,
        foreign: Collection[str],
        to: Path,
    ) -> "Task":
        """The task of running a step."""
        return cls(
            str(root),
            step.name,
            str(step.path),
            step.kind,
            {name: str(path) for name, path in tables.items()},
            dict(step.frames),
            dict(settings),
            tuple(hidden),
            database,
            tuple(foreign),
            str(to),
        )

    def discreet(self, text: str) -> str:
        """A text without the values of settings that may be secrets. One of three letters hides nothing."""
        for name in self.hidden:
            value = str(self.settings.get(name, ""))
            text = text.replace(value, "…") if len(value) > 3 else text
        return text

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Made:
    """A table that a step made.

    Attributes:
        digest: Of its rows.
        rows: How many.
        columns: Names and Arrow types.
        spent: What it took, without starting the process.
        warnings: What whoever wrote the step should know.
    """

    digest: str
    rows: int
    columns: Mapping[str, str]
    spent: Spent
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why a step made none.

    Attributes:
        where: File and line of the project, as far down as its own code goes.
        why: Type and message.
        traceback: All of it, for the log.
    """

    where: str
    why: str
    traceback: str
