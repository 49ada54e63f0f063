"""What a caller asks for, as a plan: a model file, a run to do again, a table or a dataset, and what is said beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.errors import ConfigError, CrosstieError, Problem, RunError
from crosstie.pipeline.hub import is_on_hub
from crosstie.pipeline.run import Run

if TYPE_CHECKING:
    from crosstie.config.document import Document
    from crosstie.pipeline.cluster_plan import Clustering
    from crosstie.pipeline.plan import Plan
    from crosstie.pipeline.tables import Opened


@dataclass(frozen=True)
class Request:
    """What was asked for, before any of it is checked.

    Attributes:
        document: The file, with what was said beside it.
        given: Tables by part that go before those that the file names; None for none.
        target: The column to predict, where it was said beside the file.
        types: Of columns, likewise.
        overrides: Options of the file, as `--set` has them.
    """

    document: "Document"
    given: Mapping[str, Any] | None = None
    target: str | None = None
    types: Mapping[str, str] | None = None
    overrides: Sequence[str] = ()

    def plan(self, opened: "Opened | None" = None) -> "Plan":
        """What a run would do; see `make_plan`."""
        from crosstie.pipeline.check import make_plan  # pydantic, numpy, pyarrow: 400 ms

        return make_plan(
            self.document,
            source=self.given,
            target=self.target,
            types=self.types,
            overrides=self.overrides,
            opened=opened,
        )


def request_for(
    source: Any,
    *,
    target: str | None = None,
    data: Any = None,
    validation: Any = None,
    test: Any = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    start_from: str | Path | None = None,
    runs: str | Path = "runs",
    **sections: Any,
) -> Request:
    """What a caller asks for.

    Args:
        source: As for `crosstie.train`.
        target: As for `crosstie.train`.
        data: As for `crosstie.train`.
        validation: As for `crosstie.train`.
        test: As for `crosstie.train`.
        set: As for `crosstie.train`.
        types: As for `crosstie.train`.
        start_from: As for `crosstie.train`.
        runs: The folder of all runs, for names.
        sections: Sections of the file that are said beside it, None where they are not.

    Raises:
        ConfigError: All that is wrong with the file or with what is said beside it.
        DataError: A table cannot be read.
    """
    from crosstie.config.source import load as load_document
    from crosstie.datasets.dataset import Dataset
    from crosstie.datasets.load import load as load_dataset
    from crosstie.datasets.load import named

    tables = {"train": data, "validation": validation, "test": test}
    given = {part: table_of(each) for part, each in tables.items() if each is not None}
    if named(source):
        source = load_dataset(source)
    if isinstance(source, Dataset):
        source = source.file(target=target)
    if isinstance(source, str | Path) and Run.named(source, Path(runs)):
        source = Run.find(source, Path(runs)).path / "config.yaml"
    if _is_file(source):
        document = load_document(source)
    elif source is None:
        raise ConfigError("nothing to train on: give a model file, or a table and its target")
    else:
        from crosstie.data.read import open_source, own_target

        target = target or own_target(source)
        if target is None and _is_absent(source):
            raise ConfigError(f"{source}: there is no such file, table or run")
        if target is None and isinstance(source, str | Path) and Path(source).is_dir():
            open_source(source)  # which says why the folder is no table
        if target is None:
            called = str(source) if isinstance(source, str | Path) else type(source).__name__
            raise ConfigError(
                f"{called}: is a table, so say which column to predict: --target COLUMN"
            )
        document = load_document({})
        given = {"train": source} | given
    sections["start_from"] = _where_network_lies(start_from, Path(runs))
    for key, value in sections.items():
        if value is not None:
            document.value[key] = value
            document.replaced.add((key,))
    return Request(document, given or None, target, types, set)


def plan_to_cluster(
    source: Any,
    *,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    runs: str | Path = "runs",
    **said: Any,
) -> tuple["Plan", "Clustering"]:
    """What grouping rows would do.

    Args:
        source: As for `crosstie.cluster`.
        set: As for `crosstie.cluster`.
        types: As for `crosstie.cluster`.
        runs: The folder of all runs, for names.
        said: As for `make_cluster_plan`.

    Raises:
        ConfigError: All that is wrong with the file or with what is said beside it.
        DataError: The table cannot be read.
    """
    from crosstie.config.source import load as load_document
    from crosstie.pipeline.cluster_plan import make_cluster_plan  # pydantic, numpy, pyarrow: 400 ms

    table = table_of(source)
    if isinstance(source, str | Path) and Run.named(source, Path(runs)):
        document, table = load_document(Run.find(source, Path(runs)).path / "config.yaml"), None
    elif _is_file(source):
        document, table = load_document(source), None
    elif _is_absent(table):
        raise ConfigError(f"{source}: there is no such file, table or run")
    else:
        document = load_document({})
    return make_cluster_plan(document, source=table, types=types, overrides=set, said=said)


def plan_to_resume(reference: str | Path, runs: Path, data: Any) -> tuple[Run, "Plan"]:
    """A run that was cut short and the plan it began with.

    Args:
        reference: What `Run.find` takes.
        runs: The folder of all runs, for names.
        data: The table, where the run's file names none.

    Raises:
        RunError: There is no such run, it is done or still running, or its data or first weights are others now.
    """
    run = Run.find(reference, runs)
    if (run.path / "tune.json").is_file():
        raise RunError(f"{run.path}: is a search; go on with it: crosstie tune --resume {run.path}")
    if run.exit == "done":
        raise RunError(f"{run.path}: is done; nothing is left to resume. Train anew instead")
    if run.exit == "running" and run.manifest.get("process"):
        process = run.manifest["process"]
        raise RunError(
            f"{run.path}: is still running, as process {process['pid']} on {process['host']}; "
            "wait for it, or stop it first"
        )
    plan = request_for(run.path / "config.yaml", data=data).plan()
    problems = []
    start = run.manifest.get("start")
    if plan.earlier is not None and start and start["weights"] != plan.earlier.fingerprint():
        problems.append(
            f"{run.path}: began with the weights in {start['from']}, which are others now. Train anew, or bring "
            "the old ones back"
        )
    for part, source in plan.sources.items():
        then = run.manifest["data"].get(part, {})
        if then.get("fingerprint") != source.fingerprint:
            problems.append(
                f"{run.path}: the {part} data is not what the run began with: {then.get('source')} had "
                f"{then.get('rows')} rows and hash {str(then.get('fingerprint'))[:12]}, {source.name} has "
                f"{source.rows} and {source.fingerprint[:12]}. Train anew, or bring the old data back"
            )
    if problems:
        raise RunError([Problem("", each) for each in problems])
    return run, plan


def table_of(data: Any) -> Any:
    """The table itself; where a dataset is named, its first part."""
    from crosstie.datasets.load import load as load_dataset  # numpy: 100 ms
    from crosstie.datasets.load import named

    return load_dataset(data).data["train"] if named(data) else data


def _where_network_lies(start_from: str | Path | None, runs: Path) -> str | None:
    """The folder of the network that is named from where one stands; the name itself if there is none."""
    from crosstie.pipeline.start import find_network  # numpy: 100 ms

    if start_from is None or is_on_hub(start_from):
        return start_from if start_from is None else str(start_from)
    try:
        return str(find_network(str(start_from), Path(), runs))
    except CrosstieError:
        return str(start_from)  # which is told with all that is wrong


def _is_file(source: Any) -> bool:
    """Whether `source` is a model file (or a dict of its shape) rather than a table."""
    if isinstance(source, Mapping):
        return bool(source.keys() & {"target", "input_features", "output_features"}) and not all(
            isinstance(each, list) and each and not isinstance(each[0], Mapping)
            for each in source.values()
        )
    if not isinstance(source, str | Path):
        return False
    path = Path(source)
    if path.suffix in {".yaml", ".yml"}:
        return True
    return path.suffix == ".json" and path.is_file() and _reads_as_file(path)


def _reads_as_file(path: Path) -> bool:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return False
    return isinstance(value, dict) and _is_file(value)


def _is_absent(source: Any) -> bool:
    """Whether `source` is the path of nothing; a pattern or an address may be of something."""
    if not isinstance(source, str | Path) or {"*", "?", "[", ":"} & {*str(source)}:
        return False
    return str(source) != "-" and not Path(source).exists()
