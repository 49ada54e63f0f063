"""What has been trained: the runs, and the model that is built, each as it is when it is looked at."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, overload

from crosstie.data.notebook import notebook
from crosstie.errors import CrosstieError, ProjectError
from crosstie.pipeline.run import Run, list_runs, watched_value
from crosstie.project.build.workspace import Workspace
from crosstie.project.steps.read import MODEL

SHOWN = 20
HEAD = ("run", "exit", "learner", "watched", "validation")


class Runs(Sequence[Run]):
    """`runs`: every run of the project, oldest first, by place or by name.

    Args:
        folder: Of all runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @overload
    def __getitem__(self, which: int | str) -> Run: ...
    @overload
    def __getitem__(self, which: slice) -> list[Run]: ...
    def __getitem__(self, which: int | str | slice) -> Run | list[Run]:
        if isinstance(which, str):
            return Run.find(which, self._folder)
        return list_runs(self._folder)[which]

    def __len__(self) -> int:
        return len(list_runs(self._folder))

    def __repr__(self) -> str:
        rows = self._rows()
        if not rows:
            return f"no runs in {self._folder}"
        widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [HEAD, *rows]
        ]
        left = len(self) - len(rows)
        return "\n".join([*lines, f"and {left} older"] if left else lines)

    def _repr_html_(self) -> str:
        return notebook(f"runs in {self._folder}", HEAD, self._rows())

    def _rows(self) -> list[tuple[str, ...]]:
        """The newest ones, newest first."""
        return [_row(each) for each in list_runs(self._folder)[: -SHOWN - 1 : -1]]


def _row(run: Run) -> tuple[str, ...]:
    manifest = run.manifest
    watched = str(manifest.get("watched", ""))
    value = watched_value(run.metrics, watched)
    return (
        f"{run.path.parent.name}/{run.path.name}",
        run.exit,
        str(manifest.get("learner", "")),
        watched.removeprefix("validation/"),
        "" if value is None else f"{value:.4g}",
    )


class BuiltModel:
    """`model`: the model that is built, loaded when it is first used, and again once another is built.

    Args:
        workspace: Opens the project.
    """

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace
        self._path: Path | None = None
        self._model: Any = None

    def _loaded(self) -> Any:
        here = self._workspace()
        built = here.state.get(MODEL)
        path = None if built is None else here.project.root / built.file
        if path is None or not path.exists():
            raise ProjectError("no model is built here; build it: dag['model'].run()")
        if path != self._path:
            from crosstie import api  # 90 ms
            from crosstie.data.rowwise.function import look_in

            look_in(path / "features")  # the project's own code, as it was trained with
            self._model, self._path = api.load(path), path
        return self._model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what shells ask of everything that they show
            raise AttributeError(name)
        return getattr(self._loaded(), name)

    def __dir__(self) -> list[str]:
        from crosstie.serving.model import Model  # numpy, onnxruntime: 200 ms

        return [each for each in dir(Model) if not each.startswith("_")]

    def __repr__(self) -> str:
        try:
            return repr(self._loaded())
        except CrosstieError as error:
            return str(error)

    def _repr_html_(self) -> str:
        try:
            found: str = self._loaded()._repr_html_()
        except CrosstieError as error:
            return notebook(str(error), (), ())
        return found
