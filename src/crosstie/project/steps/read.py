"""All steps of a project, and the order they go in."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from crosstie.data.built import step_name
from crosstie.errors import Problem, ProjectError, nearest
from crosstie.project.place import Project
from crosstie.project.steps.notebook import is_percent, read_notebook
from crosstie.project.steps.python import makes, read_python
from crosstie.project.steps.step import Step

SUFFIXES = (".sql", ".py", ".ipynb")
MODEL = "model"  # the name of the last step

ReadSql = Callable[[str, str], tuple[Sequence[str], Sequence[str]]]


def read_steps(project: Project, read_sql: ReadSql, *, engine: str = "") -> dict[str, Step]:
    """The steps by name, each behind those that it needs.

    Args:
        project: Whose.
        read_sql: Of a query and the place it stands at, the tables and the parameters that it names.
        engine: The database that queries may name tables of, as `shop.orders`, since they run there or these are fetched
            from there; "" is none.

    Raises:
        ProjectError: All that is wrong with any of them.
    """
    problems: list[Problem] = []
    raw = project.raw_tables()
    steps: dict[str, Step] = {}
    for path in sorted((project.root / "steps").glob("*")):
        where = path.relative_to(project.root).as_posix()
        name = step_name(path)
        if path.suffix not in SUFFIXES or path.name.startswith((".", "_")):
            continue
        if not name.isidentifier():
            problems.append(Problem(where, f"{name!r} cannot be the name of a table; use letters, digits and _"))  # fmt: skip
        elif name == MODEL:
            problems.append(Problem(where, f"{MODEL!r} is what model.yaml makes; rename it"))
        elif name in steps:
            problems.append(Problem(where, f"makes the table {name!r}, and so does {steps[name].path.name}; rename one"))  # fmt: skip
        elif name in raw:
            problems.append(Problem(where, f"makes the table {name!r}, which is data/{raw[name].name} already; rename one"))  # fmt: skip
        else:
            try:
                steps[name] = _read(name, path, where, read_sql)
            except ProjectError as error:
                problems += error.problems
    problems += _lacking(steps, {*raw, *steps}, project, engine)
    if problems:
        raise ProjectError(problems)
    return _in_order(steps)


def _lacking(
    steps: Mapping[str, Step], known: Collection[str], project: Project, engine: str
) -> list[Problem]:
    """Tables that steps need and that nothing makes."""
    problems = []
    for step in steps.values():
        where = step.path.relative_to(project.root).as_posix()
        for each in step.upstreams:
            foreign = each not in known and "." in each and step.kind == "sql"
            if each == step.name:
                problems.append(Problem(where, f"needs the table {each!r}, which it makes itself"))
            elif foreign and not engine:
                problems.append(Problem(where, f"needs the table {each!r} of a database, and queries run in DuckDB here; name a database as the environment's engine or sources"))  # fmt: skip
            elif each not in known and not foreign:
                problems.append(Problem(where, f"needs the table {each!r}, which no file of data/ or steps/ makes; {nearest(each, known)}"))  # fmt: skip
    return problems


def _in_order(steps: Mapping[str, Step]) -> dict[str, Step]:
    """Each step behind those that it needs, else as the files are numbered.

    Raises:
        ProjectError: Some need each other.
    """
    needs = {name: [each for each in step.upstreams if each in steps] for name, step in steps.items()}  # fmt: skip
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ProjectError(f"steps need each other in a circle: {' needs '.join(reversed(error.args[1]))}") from None  # fmt: skip
    order: list[str] = []
    places = {name: place for place, name in enumerate(steps)}
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=places.__getitem__)
        order += ready
        sorter.done(*ready)
    return {name: steps[name] for name in order}


def upstream(steps: Mapping[str, Step], names: Iterable[str]) -> set[str]:
    """These, and all that they need."""
    found = set(names)
    for name, step in reversed(list(steps.items())):
        if name in found:
            found |= {each for each in step.upstreams if each in steps}
    return found


def _read(name: str, path: Path, where: str, read_sql: ReadSql) -> Step:
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".ipynb":
            return read_notebook(name, path, text, where)
        case ".py":
            percent = is_percent(text) and not makes(name, text)
            return (read_notebook if percent else read_python)(name, path, text, where)
        case _:
            tables, parameters = read_sql(text, where)
            return Step(name, path, "sql", tuple(tables), settings=dict.fromkeys(parameters))
