"""`crosstie new`: a project that works before a file of it is edited.

It is made under another name beside its place and renamed when it is whole, so that there is never half of one.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie import __version__, api
from crosstie.data.files import write_text
from crosstie.data.locate import locate
from crosstie.data.scratch import Scratch
from crosstie.datasets.dataset import Dataset
from crosstie.datasets.load import load as load_dataset
from crosstie.datasets.load import named
from crosstie.errors import ConfigError, DataError, Problem, ProjectError, nearest
from crosstie.features.infer import ID_TAIL
from crosstie.pipeline.initial import initial
from crosstie.pipeline.plan import Plan
from crosstie.project.place import TABLES, Project
from crosstie.project.scaffold.files import Draft, write
from crosstie.project.scaffold.names import usable, wrong_name

SAMPLE = "dataset:telco_churn"
MADE_WITH = ".".join(__version__.split(".")[:2])


@dataclass(frozen=True)
class Made:
    """A new project.

    Attributes:
        project: It.
        files: Its files, relative to it.
        key: The column by which rows are held out; None for all columns together.
    """

    project: Project
    files: tuple[str, ...]
    key: str | None


def new(
    name: str | Path,
    *,
    data: str | Path | None = None,
    target: str | None = None,
    key: str | None = None,
    set: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
) -> Made:
    """Make a project: `crosstie new` in Python.

    Args:
        name: Its folder, which must not be there; the last part is its name.
        data: A table's file, which is copied, or `dataset:NAME`; None is a small real table to begin with.
        target: The column to predict; a dataset has one of its own.
        key: The column that says which rows are the same thing over time (a customer's number): it decides who is held
            out for good. None finds one, or takes all columns together.
        set: Options of the model file as text: `["data.header=false"]`.
        types: Column to feature type, where inference is wrong.

    Returns:
        What was made.

    Raises:
        ProjectError: The name is none, the folder is there, or the data is no file.
        ConfigError: What `init` says of the table and the target.

    Example:
        >>> import crosstie
        >>> crosstie.new("leaving", data="customers.csv", target="Churn").files[:3]
        ('.gitignore', 'README.md', 'data/customers.csv')
    """
    root = Path(name)
    problems = wrong_name(root.name, where="NAME")
    if root.name in sys.stdlib_module_names:  # its wheel would hide it
        what = f"{root.name!r} is a module of Python itself; did you mean 'my_{root.name}'?"
        problems.append(Problem("NAME", what))
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        problems.append(Problem(str(root), "is there already; choose another name"))
    if problems:
        raise ProjectError(problems)
    dataset, source = _source(SAMPLE if data is None else data)
    target = target or (dataset.target if dataset else None)
    plan = api.check(source, target=target, set=set, types=types)
    key = _known(key, plan) if key is not None else _key(plan)
    split = (
        []
        if any(each.startswith(("split", "preprocessing.split")) for each in set)
        else [_split(key)]
    )
    with _whole(root) as folder:
        copy = _copy(source, folder / "data")
        plan = _checked(
            copy, target=target, name=root.name, set=[*set, *split], types=types, seen=plan
        )
        write_text(folder / "model.yaml", initial(plan, folder=folder, file="model.yaml"))
        drafts = _drafts(root.name, plan, f"data/{copy.name}", dataset)
        write(drafts, folder)
    files = sorted(["model.yaml", f"data/{copy.name}", *(each.path for each in drafts)])
    return Made(Project(root.resolve()), tuple(files), key if split else None)


def _source(data: str | Path) -> tuple[Dataset | None, Path]:
    """The dataset that is named, if one is, and the table's file."""
    if named(data):
        dataset = load_dataset(data)
        path = Path(str(dataset.data.get("train")))
        if {*dataset.data} != {"train"} or not path.is_file():
            raise ProjectError(f"{data}: is more than one file; save it as one, and give that")
        return dataset, path
    path = Path(data).expanduser()
    if str(data) == "-" or "://" in str(data):
        raise ProjectError(f"{data}: is no file of this machine; save it as one, and give that")
    if path.is_dir():
        raise ProjectError(
            f"{data}: is a folder; give the table, and copy what it names into data/"
        )
    if not path.is_file():
        raise ProjectError(f"{data}: there is no such file")
    (found,) = locate(path, Path(), Scratch())
    if f".{found.format}" not in TABLES:
        kinds = ", ".join(each.removeprefix(".") for each in TABLES)
        raise ProjectError(
            f"{data}: steps cannot read such a file; save the table as one of {kinds}"
        )
    return None, path


def _checked(copy: Path, *, seen: Plan, **asked: Any) -> Plan:
    """The plan of the copied table, which may miss what the table named beside it."""
    try:
        return api.check(copy, **asked)
    except DataError as error:
        beside = [each.column for each in seen.inputs if each.type in {"image", "audio"}]
        what = (
            f"names files of {', '.join(map(repr, beside))} beside the table, which alone is copied. Write whole paths "
            "into it, or stay where it is: crosstie init makes a model file there"
        )
        raise DataError(
            [Problem("--data", what), *error.problems] if beside else error.problems
        ) from None


def _known(key: str, plan: Plan) -> str:
    if key not in plan.profile:
        raise ProjectError(
            f"--key {key}: the table has no such column; {nearest(key, plan.profile)}"
        )
    if key in {each.column for each in plan.outputs}:
        raise ProjectError(
            f"--key {key}: is what is predicted; name the column that tells whose row it is"
        )
    return key


def _key(plan: Plan) -> str | None:
    """The column that tells rows apart and is a name of something; None if there is none."""
    ids = {each.column for each in plan.excluded if each.why.startswith("an id, different")}
    return next(
        (
            name
            for name, looks in plan.profile.items()
            if looks.unique and not looks.missing and (name in ids or ID_TAIL.search(name))
        ),
        None,
    )


def _split(key: str | None) -> str:
    section = {"type": "hash"} if key is None else {"type": "hash", "column": key}
    return f"split={json.dumps(section)}"


@contextmanager
def _whole(root: Path) -> Iterator[Path]:
    """A folder that takes its place when the block ends well, and goes away when it does not."""
    folder = root.parent / f".{root.name}.{os.getpid()}.part"
    folder.mkdir(parents=True)
    try:
        yield folder
        folder.replace(root)
    except (ConfigError, DataError) as error:  # told of the place that it would have had
        raise type(error)(
            [
                Problem(*(text.replace(str(folder), str(root)) for text in (each.where, each.what)))
                for each in error.problems
            ]
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, to: Path) -> Path:
    """A table's file, unpacked, under a name that steps can call."""
    scratch = Scratch()
    (found,) = locate(source, Path(), scratch)
    copy = to / f"{usable(source.name.partition('.')[0])}.{found.format}"
    to.mkdir()
    shutil.copyfile(found.path, copy)
    return copy


def _drafts(name: str, plan: Plan, data: str, dataset: Dataset | None) -> list[Draft]:
    """The files beside the model and its table."""
    features = (*plan.inputs, *plan.outputs)
    columns = [f"    {_quoted(each.column)}: {_quoted(each.type)}," for each in features]
    targets = ", ".join(each.column for each in plan.outputs)
    values = {"name": name, "version": MADE_WITH, "data": data, "target": targets}
    drafts = [
        Draft(".gitignore", "gitignore"),
        Draft("README.md", "README.md", values),
        Draft("environments/development.yaml", "development.yaml"),
        Draft("environments/test.yaml", "test.yaml"),
        Draft("environments/production.yaml", "production.yaml", values),
        Draft("gates.yaml", "gates.yaml"),
        Draft("pyproject.toml", "pyproject.toml", values),
        Draft("tests/test_model.py", "test_model.py", {"columns": "\n".join(columns)}),
    ]
    if dataset is not None:
        facts = {
            key: str(getattr(dataset, key)) for key in ("about", "source", "licence", "reference")
        }
        drafts.append(Draft("data/README.md", "data.md", {"file": Path(data).name, **facts}))
    return drafts


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
