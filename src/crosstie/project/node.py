"""One step of a project to look at: its source, what it takes and feeds, its rows, and its last run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.data.notebook import notebook
from crosstie.errors import ProjectError
from crosstie.pipeline.run import Run
from crosstie.project.build.judge import WORDS, Judged
from crosstie.project.build.workspace import Workspace
from crosstie.project.steps.frames import as_pandas

if TYPE_CHECKING:
    from crosstie.project.dag import Dag

HEAD = 5


class Source(str):
    """A file's text, which shows itself as its lines rather than as one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class LastRun:
    """What a step took and gave when what lies there of it was made.

    Attributes:
        made: When, in UTC.
        seconds: That it took; None of a table that was accepted.
        rows: That it gave; None of a model.
        peak_bytes: The most memory that its process held; None where that is not known.
        columns: Of its table, with Arrow types.
        run: Of the model.
        accepted: Whether the table was accepted rather than made.
    """

    made: str
    seconds: float | None
    rows: int | None
    peak_bytes: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None
    accepted: bool = False

    @property
    def took(self) -> str:
        """Rows and time in few words."""
        rows = "" if self.rows is None else f"{self.rows:,} rows"
        seconds = "accepted" if self.accepted else "" if self.seconds is None else f"{self.seconds:.1f} s"  # fmt: skip
        return "  ".join(filter(None, [rows, seconds]))

    def __repr__(self) -> str:
        peak = "" if self.peak_bytes is None else f"{self.peak_bytes / 1e6:,.0f} MB at most"
        run = "" if self.run is None else repr(self.run)
        columns = ", ".join(f"{name} ({kind})" for name, kind in self.columns.items())
        return "\n".join(filter(None, [", ".join(filter(None, [f"made {self.made}", *self.took.split("  "), peak])), columns, run]))  # fmt: skip


class Node:
    """A step of a `Dag`, as it stood when it was asked for.

    Args:
        dag: The steps it is one of.
        here: The project.
        judged: How it stands.
        downstream: Names of the steps that take what it gives.
        failed: Why it failed when it was last to be built; "" if it did not.
    """

    def __init__(
        self, dag: "Dag", here: Workspace, judged: Judged, downstream: tuple[str, ...], failed: str
    ) -> None:
        self._dag = dag
        self._here = here
        self._downstream = downstream
        self.judged = judged
        self.failed = failed if judged.standing in {"stale", "waiting"} else ""

    @property
    def name(self) -> str:
        """Of the step, and of its table."""
        return self.judged.step.name

    @property
    def kind(self) -> str:
        """`raw`, a file of data; `source`, a table of a database; `sql`, `python`, `notebook`; `model`."""
        return self.judged.step.kind

    @property
    def path(self) -> Path:
        """Its file."""
        return self.judged.step.path

    @property
    def where(self) -> str:
        """Its file, from the project's root."""
        return self._here.where(self.judged.step)

    @property
    def state(self) -> str:
        """What a build would do with it, in words."""
        return "failed" if self.failed else WORDS[self.judged.standing]

    @property
    def why(self) -> str:
        """Why it failed, or why a build would run or restore it."""
        return self.failed or self.judged.why

    @property
    def source(self) -> Source:
        """The text of its file; of a file of data, the first lines."""
        if self.kind != "raw":
            return Source(self.path.read_text(encoding="utf-8-sig"))
        if self.path.suffix.lower() not in {".csv", ".tsv", ".json", ".jsonl"}:
            raise ProjectError(f"{self.where}: is no text; look at its rows with dag[{self.name!r}].head()")  # fmt: skip
        with self.path.open(encoding="utf-8-sig", errors="replace") as file:
            return Source("".join(islice(file, HEAD)))

    @property
    def upstream(self) -> "list[Node]":
        """The steps whose tables it takes."""
        return [self._dag[each] for each in self.judged.step.upstreams]

    @property
    def downstream(self) -> "list[Node]":
        """The steps that take what it gives."""
        return [self._dag[each] for each in self._downstream]

    @property
    def last_run(self) -> LastRun | None:
        """When what lies there of it was made, and what that took; None if nothing was."""
        built = self._here.state.get(self.name)
        record = None if built is None else self._here.store.record(self.name, built.key)
        if built is None or record is None:
            return None
        cost = record.cost
        return LastRun(
            record.made,
            cost.get("seconds"),
            record.product.rows,
            cost.get("peak_bytes"),
            cost.get("columns", {}),
            Run(self._here.project.root / built.file) if self.kind == "model" else None,
            accepted=bool(cost.get("accepted")),
        )

    def head(self, rows: int = HEAD) -> Any:
        """The first rows of its table, as pandas has them.

        Raises:
            ProjectError: It is the model, or is not built.
            MissingExtra: pandas is not installed.
        """
        if self.kind == "model":
            raise ProjectError("the model is no table; see its last_run, and what it predicts: model.predict(rows)")  # fmt: skip
        if self.kind == "source":
            raise ProjectError(f"{self.name}: is a table of the database; make a step of what you want of it")  # fmt: skip
        place = self._here.place(self.judged.step)
        if not place.exists():
            raise ProjectError(f"{self.name}: is not built; build it: dag[{self.name!r}].run()")
        return as_pandas(place, rows)

    def run(self, *, force: bool = False, say: Callable[[str], None] = print) -> "Node":
        """Build it, and what it needs, and show how it stands then.

        Args:
            force: Even if nothing changed.
            say: Called with each line worth showing.

        Raises:
            ProjectError: It or what it needs failed; or the environment is read-only here.
        """
        from crosstie.project.build.build import build

        self._dag.may_write(f"crosstie build {self.name}")
        here = self._dag.workspace()
        outcome = build(here, [self.name], force=[self.name] if force else (), say=say)
        if outcome.failed:
            step = next(iter(outcome.failed))
            raise ProjectError(f"{step} failed; see where: dag[{step!r}].debug()")
        return self._dag[self.name]

    def accept(self) -> str:
        """Take the table that lies there for what it gives from now on, as `crosstie accept` does.

        Raises:
            ProjectError: There is nothing to accept; or the environment is read-only here.
        """
        from crosstie.project.build.accept import accept

        self._dag.may_write(f"crosstie accept {self.name}")
        return accept(self._dag.workspace(), self.name)

    def debug(self) -> None:
        """Run it in this process, and open a debugger where it fails; what it makes is thrown away."""
        from crosstie.project.debug import debug

        debug(self._dag.workspace(), self.name, keep=not self._dag.read_only)

    def __repr__(self) -> str:
        last = self.last_run
        takes = ", ".join(self.judged.step.upstreams)
        facts = [self.where, self.state, last.took if last else "", f"takes {takes}" if takes else ""]  # fmt: skip
        more = f": {self.why}" if self.why else ""
        return f"{self.name} ({', '.join(filter(None, facts))}){more}"

    def _repr_html_(self) -> str:
        last = self.last_run
        facts = {
            "file": self.where,
            "state": f"{self.state}{f': {self.why}' if self.why else ''}",
            "takes": ", ".join(self.judged.step.upstreams),
            "feeds": ", ".join(self._downstream),
            "last run": repr(last) if last else "",
        }
        return notebook(self.name, ["", ""], [each for each in facts.items() if each[1]])
