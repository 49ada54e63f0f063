"""Which run is meant, and what only a run knows of its model: its own classes, and real rows."""

from pathlib import Path
from typing import Any

from crosstie.config.yaml import read_yaml
from crosstie.errors import RunError
from crosstie.pipeline.run import Run, list_runs
from crosstie.pipeline.sample import sample_rows


def chosen(runs: Path) -> Run:
    """The newest finished run of the only model there is.

    Raises:
        RunError: There is none, or there are several models.
    """
    done = [run for run in list_runs(runs) if run.exit == "done" and run.model.is_dir()]
    if not done:
        raise RunError(f"{runs}: holds no finished run; train a model first, or say where one is")
    models = sorted({run.path.parent.name for run in done})
    if len(models) > 1:
        named = ", ".join(f"{each}/latest" for each in models[:8])
        more = f" and {len(models) - 8} more" if len(models) > 8 else ""
        raise RunError(f"{runs}: holds several models; say which one: {named}{more}")
    return done[-1]


def own_folder(model: str | Path, runs: Path) -> Path | None:
    """The folder of own classes that a run was trained with, if it had one that is still there."""
    given = _named(model, runs, "components")
    return given if given is not None and given.is_dir() else None


def own_features(model: str | Path, runs: Path) -> Path | None:
    """The code of row-wise features that a run was trained with, if it had some that is still there."""
    given = _named(model, runs, "features")
    if given is None or given.suffix != ".py":
        return None
    kept = Run.find(model, runs).path / "features" / given.name
    return next((each for each in (kept, given) if each.is_file()), None)


def _named(model: str | Path, runs: Path, key: str) -> Path | None:
    """A path that a run's file names."""
    if not Run.named(model, runs):
        return None
    path = Run.find(model, runs).path / "config.yaml"
    given = read_yaml(path.read_text(encoding="utf-8"), str(path)).value.get(key)
    return Path(given) if isinstance(given, str) else None


def real_rows(model: str | Path, runs: Path) -> list[dict[str, Any]]:
    """Training rows of a run.

    Raises:
        RunError: It is no run, or its table is another one now.
    """
    if not Run.named(model, runs):
        raise RunError(f"--with-sample: {model} is no run; only a run knows its training rows")
    return sample_rows(Run.find(model, runs))
