"""Development, test, production: where steps run, on how much, and where what they make is kept.

    environments/production.yaml
    engine: {connection: "postgresql://${PGUSER}:${PGPASSWORD}@db/shop", schema: churn}
    store: s3://team/churn

What the file leaves out stays as it comes. The model is the same everywhere, so no key may name anything of it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge

from crosstie.config import wording
from crosstie.config.document import Document, dotted
from crosstie.config.environment import REFERENCE, substitute
from crosstie.config.options import Section, build, check, options
from crosstie.config.yaml import Keys, read_yaml
from crosstie.data.built import environment_name
from crosstie.data.postgres import SCHEMES
from crosstie.errors import ConfigError, Problem, nearest
from crosstie.project.dotenv import use_dotenv
from crosstie.project.secrets import secrets_written

FOLDER = "environments"
DUCKDB = "duckdb"
USUAL_STORE = ".crosstie/store"
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "development": {},
    # a store of its own: it is wiped each time
    "test": {"store": ".crosstie/test", "sample": 500, "sinks": False},
    "production": {"libraries": "stale"},
}
SECTIONS = ("engine", "sources", "params", "limits")
ADDRESSED = ("engine", "sources")  # sections that may be no more than an address
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(\w+)")

Param = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Where `.sql` steps run.

    Attributes:
        connection: `duckdb`, inside this process, or the URL of a database.
        schema: Where in the database the tables of steps are made; null is its usual one.
    """

    connection: str = DUCKDB
    schema: str | None = None

    def __repr__(self) -> str:  # a connection may hold a password
        return f"Engine({self.connection.partition('://')[0]!r}, schema={self.schema!r})"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where tables are that queries name and nothing of the project makes, as `shop.orders`.

    Attributes:
        connection: The URL of a database that they are fetched from once, where queries run in DuckDB.
    """

    connection: str | None = None

    def __repr__(self) -> str:  # a connection may hold a password
        return f"Sources({(self.connection or '').partition('://')[0]!r})"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What steps may take.

    Attributes:
        workers: How many run at once; null is one a processor.
        memory: How much one of them may use, as in 4GB; null is no limit.
    """

    workers: Annotated[int, Ge(1)] | None = None
    memory: str | None = None

    @property
    def bytes(self) -> int | None:
        """`memory` in bytes."""
        return None if self.memory is None else size(self.memory)


class Explained(NamedTuple):
    """A value of an environment, as written, and where it is from: `environments/test.yaml:3`, or `default`."""

    key: str
    value: Any
    origin: str


class Environment:
    """One environment of a project, every key filled in.

    Args:
        name: What it is called.
        written: Every key with the value as the file has it, so with `${NAME}` where that stands.
        origins: `limits.workers` to `environments/production.yaml:3`, or to `default`.
        engine: Where `.sql` steps run: `duckdb`, or `{connection: URL, schema: NAME}`.
        store: Where products of steps are kept: a folder, relative to the project, or an fsspec URL that a team shares.
        sources: Where tables are that queries name and nothing makes, if not in the engine: `{connection: URL}`.
        sample: Rows of each raw table that are used; null is all.
        sinks: Whether what `sinks/` says is written to databases.
        params: What `:since` is in SQL, and what parameters with a default are in Python steps.
        backend: Where training runs; `local` is the only one.
        limits: How many steps run at once, and how much memory each may use.
        libraries: What another version of a library that a step imports does: `warn`, or make the step `stale`.
    """

    def __init__(
        self,
        name: str,
        written: Mapping[str, Any],
        origins: Mapping[str, str],
        *,
        engine: Annotated[dict[str, Any], Section(Engine)] = {},  # noqa: B006 - only ever read
        sources: Annotated[dict[str, Any], Section(Sources)] = {},  # noqa: B006 - only ever read
        store: str = USUAL_STORE,
        sample: Annotated[int, Ge(1)] | None = None,
        sinks: bool = True,
        params: dict[str, Param | list[Param]] = {},  # noqa: B006 - only ever read
        backend: Literal["local"] = "local",
        limits: Annotated[dict[str, Any], Section(Limits)] = {},  # noqa: B006 - only ever read
        libraries: Literal["warn", "stale"] = "warn",
    ) -> None:
        self.name = name
        self.written = written
        self.origins = origins
        self.engine = build(Engine, **engine)
        self.sources = build(Sources, **sources)
        self.store = store
        self.sample = sample
        self.sinks = sinks
        self.params = params
        self.backend = backend
        self.limits = build(Limits, **limits)
        self.libraries = libraries

    def explain(self) -> "list[Explained]":
        """Every key, its value as written, and where that is from."""
        return [
            Explained(dotted(path), value, self.origins[dotted(path)])
            for path, value in _leaves(self.written)
        ]

    def __repr__(self) -> str:
        return f"Environment({self.name!r})"


def known(root: Path, name: str | None = None) -> str:
    """The name of an environment that there is; what its file says is not looked at.

    Args:
        root: The project's folder.
        name: As for `load`.

    Raises:
        ConfigError: There is no such environment.
    """
    name = environment_name(name)
    there = {each.stem for each in (root / FOLDER).glob("*.yaml")} | DEFAULTS.keys()
    if name not in there:
        raise ConfigError(f"{name!r} is no environment; {nearest(name, there)}")
    return name


def load(root: Path, name: str | None = None) -> Environment:
    """An environment of a project.

    Args:
        root: The project's folder. Its `.env` is read first.
        name: `development`, `test`, `production`, or another that has a file; None is as `environment_name` says.

    Raises:
        ConfigError: There is no such environment; or everything that is wrong with its file, each with its line:
            unknown keys, wrong values, variables that are not set, secrets.
    """
    use_dotenv(root)
    name = environment_name(name)
    document, problems = _read(root, name)
    problems += secrets_written(document)
    unset = {document.where(path) for path, text in document.written.items() if _unset(text)}
    given, foreign = _apart(document)
    filled, wrong = check(Environment, _merged(DEFAULTS.get(name, {}), given), document.at())
    wrong += [*foreign, *_within(filled, document)]
    problems += [_masked(each, document) for each in wrong if each.where not in unset]
    if problems:
        raise ConfigError(sorted(dict.fromkeys(problems), key=_line))
    origins = {dotted(path): _origin(path, document) for path, _ in _leaves(filled)}
    written = _as_written(filled, (), document)
    return build(Environment, name, written, origins, **filled)


def _read(root: Path, name: str) -> tuple[Document, list[Problem]]:
    """The file of an environment, and which of its variables are not set."""
    path = root / FOLDER / f"{name}.yaml"
    shown = f"{FOLDER}/{name}.yaml"
    if path.with_suffix(".yml").is_file():
        raise ConfigError(Problem(f"{FOLDER}/{name}.yml", f"is not read; call it {name}.yaml"))
    if not path.is_file() and known(root, name) in DEFAULTS:
        return Document({}, shown), []
    try:
        tree = read_yaml(path.read_text(encoding="utf-8-sig"), shown)
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise ConfigError(Problem(shown, what)) from None
    tree.value = {} if tree.value is None else tree.value
    if not isinstance(tree.value, dict):
        what = f"must be a section of options, got {wording.show(tree.value)}"
        raise ConfigError(Problem(f"{shown}:{tree.lines[()]}", what))
    for key in ADDRESSED:
        if isinstance(tree.value.get(key), str):  # short for its connection
            short, whole = (key,), (key, "connection")
            tree.value[key] = {"connection": tree.value[key]}
            tree.lines[whole] = tree.lines[short]
            if short in tree.plain:
                tree.plain.add(whole)
    document = Document(tree.value, shown, path.parent, tree.lines, tree.written)
    try:
        substitute(tree, document.where)
    except ConfigError as error:
        return replace(document, value=tree.value), list(error.problems)
    return replace(document, value=tree.value), []


def _apart(document: Document) -> tuple[dict[str, Any], list[Problem]]:
    """What is asked of the environment, and what of the file belongs to the model."""
    known = options(Environment)
    given = {
        key: value
        for key, value in document.value.items()
        if not (value is None and key in SECTIONS)  # a heading whose lines are all comments
    }
    if given.keys() <= known.keys():
        return given, []
    from crosstie.pipeline.grammar import File  # 200 ms, so only where a key is unknown

    model = (options(File).keys() | File.answers.keys()) - known.keys()
    foreign = [
        Problem(
            document.where((key,)),
            "belongs to the model, which is the same everywhere; write it in model.yaml",
        )
        for key in given
        if key in model
    ]
    return {key: value for key, value in given.items() if key not in model}, foreign


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two sections as one, all the way down; `above` wins."""
    found = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping):
            found[key] = _merged(below[key], above[key])
    return found


def _within(filled: Mapping[str, Any], document: Document) -> list[Problem]:
    """What no type says: a connection is known or a URL, memory a size, a parameter has a name that SQL can call."""
    found = []
    connection = filled.get("engine", {}).get("connection") or DUCKDB
    if connection != DUCKDB and "://" not in connection:
        close = nearest(connection, [DUCKDB])
        hint = f"; {close}" if close.startswith("did") else ", as in postgresql://host/shop"
        what = f"must be {DUCKDB!r} or the URL of a database{hint}"
        found.append(Problem(document.where(("engine", "connection")), what))
    scheme = connection.partition("://")[0]
    if scheme == DUCKDB and connection != DUCKDB:
        what = f"is {DUCKDB!r} alone, which keeps nothing; a file of it that queries are to read is one of sources"
        found.append(Problem(document.where(("engine", "connection")), what))
    if filled.get("engine", {}).get("schema") is not None and scheme not in (DUCKDB, *SCHEMES):
        what = f"is PostgreSQL's; {scheme} has it in its address"
        found.append(Problem(document.where(("engine", "schema")), what))
    source = filled.get("sources", {}).get("connection")
    if source is not None and source.partition("://")[0] not in (DUCKDB, *SCHEMES):
        what = "must be the URL of a PostgreSQL or a DuckDB, as in postgresql://host/shop"
        found.append(Problem(document.where(("sources", "connection")), what))
    elif source is not None and connection != DUCKDB:
        what = f"is for queries that run in {DUCKDB}; here the engine has its tables itself"
        found.append(Problem(document.where(("sources", "connection")), what))
    memory = filled.get("limits", {}).get("memory")
    if memory is not None and size(memory) is None:
        what = f"must be a size, as in 4GB or 512MB, got {wording.show(memory)}"
        found.append(Problem(document.where(("limits", "memory")), what))
    for name in filled.get("params") or {}:
        if not name.isidentifier():
            what = "is no name that SQL and Python can call; it has letters, digits and _"
            found.append(Problem(document.where(("params", name)), what))
    return found


def size(text: str) -> int | None:
    """A size in bytes; None if it is none.

    Examples:
        >>> size("4GB"), size("1.5 GiB"), size("much")
        (4000000000, 1610612736, None)
    """
    found = _SIZE.fullmatch(text.strip())
    unit = found and _BYTES.get(found[2])
    return round(float(found[1]) * unit) if found and unit else None


def _unset(text: str) -> bool:
    return any(not escaped and name not in os.environ for escaped, name in REFERENCE.findall(text))


def _masked(problem: Problem, document: Document) -> Problem:
    """The same with `${NAME}` where a message would show what that stands for."""
    before, got, after = problem.what.rpartition(", got ")
    for path, text in document.written.items():
        value: Any = document.value
        for key in path:
            value = value[key]
        after = after.replace(wording.show(value), text)
        if problem.where == document.where(path):
            before = before.replace(wording.show(value), text)
    return Problem(problem.where, f"{before}{got}{after}")


def _line(problem: Problem) -> int:
    found = re.search(r":(\d+)", problem.where)
    return int(found[1]) if found else 0


def _leaves(filled: Mapping[str, Any], path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for key, value in filled.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _as_written(value: Any, path: Keys, document: Document) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_written(each, (*path, key), document) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_written(each, (*path, i), document) for i, each in enumerate(value)]
    return document.written.get(path, value)


def _origin(path: Keys, document: Document) -> str:
    line = document.lines.get(path)
    return "default" if line is None else f"{document.name}:{line}"
