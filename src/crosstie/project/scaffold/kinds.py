"""What can be generated: of each kind, the files, and what may not be called so."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crosstie.data.built import NUMBER, step_name
from crosstie.errors import Problem, ProjectError
from crosstie.project.place import Project
from crosstie.project.scaffold.files import Draft
from crosstie.project.scaffold.names import wrong_name

Language = Literal["sql", "python"]
SUFFIXES: Mapping[Language, str] = {"sql": ".sql", "python": ".py"}


@dataclass(frozen=True)
class Generated:
    """What belongs to one thing of a kind.

    Attributes:
        drafts: Its files.
        next: How it is used, in a line.
    """

    drafts: tuple[Draft, ...]
    next: str


def step(project: Project, name: str, language: Language | None) -> Generated:
    """A file of `steps/`, numbered behind the others, that reads the table before it.

    Raises:
        ProjectError: The name is none or taken, or there is no table that Python could take.
    """
    raw, files = project.raw_tables(), _step_files(project)
    own = files.get(name)
    suffix = SUFFIXES[language] if language else own.suffix if own else ".sql"
    if own is not None and (own.suffix != suffix or suffix not in SUFFIXES.values()):
        where = _near(own, project)
        raise ProjectError(f"{where}: makes the table {name!r} already; choose another name")
    _check_name("step", name, taken={*raw})
    number = (max(map(_number, files.values()), default=0) // 10 + 1) * 10
    path = own or project.root / "steps" / f"{number}_{name}{suffix}"
    before = [table for table, file in files.items() if _number(file) < _number(path)]
    tables = [each for each in (*reversed(before), *raw) if not wrong_name(each, where="")]
    if not tables and suffix == ".py":
        raise ProjectError(
            "there is no table that a step could take; put a CSV or Parquet file into data/, its name of a-z, 0-9 and _"
        )
    values = {"name": name, "upstream": tables[0] if tables else "(SELECT 1 AS one)"}
    draft = Draft(_near(path, project), f"step{suffix}", values, free=("upstream",))
    return Generated((draft,), f"Its table is {name}, which steps behind it can read")


def feature(project: Project, name: str, language: Language | None) -> Generated:
    """A file of `components/` with a feature type.

    Raises:
        ProjectError: The name is none, or that of a type that comes with Crosstie.
    """
    from crosstie.features.feature import feature_types  # numpy: 100 ms

    builtin = {each for _, each, cls in feature_types.items() if not feature_types.is_own(cls)}
    _check_name("feature", name, taken=builtin, language=language)
    return Generated(
        (_component("feature", name),),
        f"Take it for a column: crosstie train model.yaml --type COLUMN={name}",
    )


def features(project: Project, name: str, language: Language | None) -> Generated:
    """The file with the model's row-wise features, beside the model's own.

    Raises:
        ProjectError: It has a name, or is there in the other language.
    """
    if name:
        raise ProjectError(
            f"features: a model has one file of them, so they have no name; got {name!r}"
        )
    path = f"features{SUFFIXES[language or 'sql']}"
    other = next((each for each in SUFFIXES.values() if each != Path(path).suffix), "")
    if (project.root / f"features{other}").exists():
        raise ProjectError(
            f"features{other}: is there already, and a model has one file of features; remove it first"
        )
    draft = Draft(path, path, {})
    return Generated((draft,), f"Work columns out in {path}; training and every request run it")


def encoder(project: Project, name: str, language: Language | None) -> Generated:
    """A file of `components/` with an encoder of numbers.

    Raises:
        ProjectError: The name is none, or that of an encoder that comes with Crosstie.
    """
    from crosstie.models.encoders.encoder import encoders  # torch: 2 s

    builtin = {each for _, each, cls in encoders.items() if not encoders.is_own(cls)}
    _check_name("encoder", name, taken=builtin, language=language)
    return Generated(
        (_component("encoder", name),),
        "Take it for all numbers, in model.yaml: model_type: ecd, and "
        f"defaults: {{number: {{encoder: {name}}}}}",
    )


def gate(project: Project, name: str, language: Language | None) -> Generated:
    """A file of `tests/` with a gate.

    Raises:
        ProjectError: The name is none, or that of a gate that comes with Crosstie.
    """
    from crosstie.gates.gate import gates  # numpy: 100 ms

    builtin = {each for _, each, cls in gates.items() if not gates.is_own(cls)}
    _check_name("gate", name, taken=builtin, language=language)
    draft = Draft(f"tests/gate_{name}.py", "gate.py", {"name": name})
    return Generated(
        (draft,),
        f"It holds from now on; its options stand in gates.yaml: {name}: {{least: 100}}",
    )


KINDS: Mapping[str, Callable[[Project, str, Language | None], Generated]] = {
    "step": step,
    "feature": feature,
    "features": features,
    "encoder": encoder,
    "gate": gate,
}


def _component(kind: str, name: str) -> Draft:
    called = "".join(each.capitalize() for each in name.split("_"))
    return Draft(f"components/{name}.py", f"{kind}.py", {"name": name, "cls": called})


def _check_name(
    kind: str, name: str, *, taken: Collection[str], language: Language | None = None
) -> None:
    """Raise for a name that cannot be, and for the language of what has none but Python."""
    problems = wrong_name(name, where=kind, taken=taken)
    if language and kind != "step":
        problems.append(Problem(f"--{language}", f"is for steps; {kind}s are Python always"))
    if problems:
        raise ProjectError(problems)


def _step_files(project: Project) -> dict[str, Path]:
    """Table to the file that makes it, in the order of their numbers."""
    found = [
        each
        for each in (project.root / "steps").glob("*")
        if each.suffix in (".sql", ".py", ".ipynb") and not each.name.startswith((".", "_"))
    ]
    return {
        step_name(each): each for each in sorted(found, key=lambda each: (_number(each), each.name))
    }


def _number(file: Path) -> int:
    """What a step's file name begins with; 0 where that is no number."""
    found = NUMBER.match(file.name)
    return int(found[1]) if found else 0


def _near(path: Path, project: Project) -> str:
    return path.relative_to(project.root).as_posix()
