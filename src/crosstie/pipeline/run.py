"""A run's directory: where each file of it lies, how it is made, found, listed and removed.

    runs/<name>/<UTC time>-<short hash>/       and runs/<name>/latest, best, production: one-line text files

A run is never overwritten. `latest` and `best` are texts, not links: links would show every run three times
in TensorBoard, and object stores have none.
"""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from crosstie.data.files import write_json, write_text
from crosstie.data.notebook import notebook
from crosstie.errors import RunError, nearest
from crosstie.pipeline.process import is_gone

POINTERS = ("latest", "best", "production")  # texts beside runs that name one of them
EXITS = ("running", "done", "interrupted", "failed", "killed")


@dataclass(frozen=True)
class Run:
    """One run on disk. Truthy facts are read from its files when asked for.

    Attributes:
        path: Its directory.
    """

    path: Path

    @classmethod
    def create(cls, runs: Path, name: str, identity: str, *, at: Path | None = None) -> "Run":
        """A new, empty run directory.

        Args:
            runs: The folder of all runs.
            name: The model's name.
            identity: Anything that tells this run from another; its hash ends the directory's name.
            at: Use exactly this directory instead.

        Raises:
            RunError: `at` already holds something.
        """
        if at is not None:
            if at.is_file() or (at.is_dir() and any(at.iterdir())):
                what = "holds another run" if (at / "manifest.json").is_file() else "is not empty"
                raise RunError(
                    f"{at}: {what}; give -o a new directory, or remove this one yourself"
                )
            at.mkdir(parents=True, exist_ok=True)
            try:
                (at / "log.txt").touch(exist_ok=False)  # of two processes one makes it
            except FileExistsError:
                raise RunError(f"{at}: another run has just begun there; give -o another") from None
            return cls(at)
        for attempt in range(1000):
            stamp = datetime.now(UTC)
            digest = sha256(f"{identity}{stamp.isoformat()}{attempt}".encode()).hexdigest()[:6]
            # milliseconds: runs of one second must list in the order they began
            moment = f"{stamp:%Y%m%dT%H%M%S}.{stamp.microsecond // 1000:03d}Z"
            path = runs / name / f"{moment}-{digest}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            run = cls(path)
            run.make_latest()
            return run
        raise RunError(f"{runs / name}: cannot make a directory for this run")

    def make_latest(self) -> None:
        """Have `NAME/latest` be this run."""
        write_text(self.path.parent / "latest", self.path.name + "\n")

    @classmethod
    def find(cls, reference: str | Path, runs: Path = Path("runs")) -> "Run":
        """The run that `reference` names: a directory, `NAME/latest`, `NAME/best`, NAME, or a run's own name.

        Raises:
            RunError: There is none; the nearest name is offered.
        """
        for path in (Path(reference), runs / reference):
            if (path / "manifest.json").is_file() and (path / "config.yaml").is_file():
                return cls(path)
            if path.is_file() and path.name in POINTERS:
                return cls(path.parent / path.read_text(encoding="utf-8").strip())
            if (path / "latest").is_file():
                return cls(path / (path / "latest").read_text(encoding="utf-8").strip())
        found = {run.path.name: run for run in list_runs(runs)}
        if str(reference) in found:
            return found[str(reference)]
        raise RunError(f"{reference}: no such run; {_near(str(reference), found.values(), runs)}")

    @classmethod
    def named(cls, reference: str | Path, runs: Path = Path("runs")) -> bool:
        """Whether `reference` names a run, and nothing else that lies there."""
        path = Path(reference)
        own = path.name in POINTERS or (path / "manifest.json").is_file()
        if path.exists() and not own:
            return False
        try:
            cls.find(reference, runs)
        except RunError:
            return False
        return True

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.manifest.get("name", self.path.parent.name))

    @property
    def manifest(self) -> dict[str, Any]:
        """`manifest.json`."""
        return self._json("manifest.json")

    @property
    def exit(self) -> str:
        """One of `EXITS`; "" for a directory that holds no run yet.

        A run whose process is gone without a word was `killed`, whatever its manifest says.
        """
        said = str(self.manifest.get("exit", ""))
        gone = said == "running" and is_gone(self.manifest.get("process", {}))
        return "killed" if gone else said

    @property
    def metrics(self) -> dict[str, dict[str, dict[str, float]]]:
        """`metrics.json`: split → output → metric → number; empty until the run is done."""
        return self._json("metrics.json")

    @property
    def evaluation(self) -> dict[str, Any]:
        """`evaluation.json`: intervals, matrices, per class, the baseline and the linear model beside it."""
        return self._json("evaluation.json")

    @property
    def model(self) -> Path:
        """Where the artifact lies."""
        return self.path / "model"

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        if not path.is_file():
            return {}
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return value

    def write(self, name: str, value: Any) -> None:
        """Write a JSON file of the run, atomically."""
        write_json(self.path / name, value)

    def note(self, **facts: Any) -> None:
        """Add facts to the manifest."""
        self.write("manifest.json", {**self.manifest, **facts})

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.exit or 'empty'}{self._score()})"

    def _repr_html_(self) -> str:
        if not self.evaluation:
            return notebook(repr(self), [], [])
        from crosstie.reports.collect import collect  # numpy, 100 ms: lists of runs need none of it
        from crosstie.reports.page import pieces

        return pieces(collect(self.path), "outcome", "models", "importance")

    def _score(self) -> str:
        watched = str(self.manifest.get("watched", ""))
        score = watched_value(self.metrics, watched)
        return "" if score is None else f", {watched} {score:.4g}"


def _near(reference: str, found: Collection[Run], folder: Path) -> str:
    """The nearest of all names that a run answers to; the models there are if none is near."""
    if not found:
        return f"there are no runs in {folder}"
    models = sorted({run.path.parent.name for run in found})
    ways = [f"{model}/{way}" for model in models for way in POINTERS]
    hint = nearest(reference, [*models, *ways, *(run.path.name for run in found)])
    if hint.startswith("did you mean"):
        return hint
    more = f" and {len(models) - 8} more" if len(models) > 8 else ""
    return f"{folder} has those of {', '.join(map(repr, models[:8]))}{more}"


def list_runs(runs: Path) -> list[Run]:
    """Every run below `runs`, oldest first."""
    found = sorted(runs.glob("*/*/manifest.json"), key=_started)
    # a run that -o placed here has a model/manifest.json at that depth, which is none of a run
    return [Run(path.parent) for path in found if (path.parent / "config.yaml").is_file()]


def _started(manifest: Path) -> tuple[str, str]:
    return manifest.parent.name, str(manifest)


def mark_best(run: Run, *, metric: str, greater_is_better: bool) -> None:
    """Let `best` beside the run name whichever of its siblings has the best validation score so far.

    A run in a directory that the user named has no siblings: nothing is written beside it.
    """
    if not (run.path.parent / "latest").is_file():
        return
    marker = run.path.parent / "best"
    while True:  # a sibling may end meanwhile: whoever looks last has seen both
        best = _best(run, metric=metric, greater_is_better=greater_is_better)
        named = marker.read_text(encoding="utf-8").strip() if marker.is_file() else None
        if best is None or best == named:
            return
        write_text(marker, best + "\n")


def _best(run: Run, *, metric: str, greater_is_better: bool) -> str | None:
    """The name of the sibling with the best validation score."""
    scores = {}
    for sibling in (Run(path.parent) for path in run.path.parent.glob("*/metrics.json")):
        value = watched_value(sibling.metrics, metric)
        if value is not None and sibling.manifest.get("watched") == metric:
            scores[sibling.path.name] = value if greater_is_better else -value
    return max(sorted(scores), key=lambda name: scores[name]) if scores else None


def watched_value(metrics: Mapping[str, Any], watched: str) -> float | None:
    """The number that `split/output/metric` names, if it is there."""
    value: Any = metrics
    for key in watched.split("/", 2):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, float | int) else None


def prune(runs: Path, *, keep: int, name: str | None = None) -> list[Path]:
    """Remove all but the newest `keep` runs of each model; `best`, `latest` and running ones stay.

    Returns:
        The directories removed.
    """
    removed = []
    for folder in _models(runs, name):
        marked = {
            (folder / each).read_text(encoding="utf-8").strip()
            for each in POINTERS
            if (folder / each).is_file()
        }
        own = [run for run in list_runs(runs) if run.path.parent == folder]
        for run in own[: max(len(own) - keep, 0)]:
            if run.path.name in marked or run.exit == "running":
                continue
            shutil.rmtree(run.path)
            removed.append(run.path)
    return removed


def _models(runs: Path, name: str | None) -> Iterator[Path]:
    found = sorted({run.path.parent for run in list_runs(runs)})
    if name is None:
        yield from found
        return
    matching = [folder for folder in found if folder.name == name]
    if not matching:
        raise RunError(f"{runs / name}: no runs; {nearest(name, [each.name for each in found])}")
    yield from matching
