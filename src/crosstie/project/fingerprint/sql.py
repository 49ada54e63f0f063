"""The SQL of a step: what it does, and the tables, files and parameters that it names."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from crosstie import __version__
from crosstie.errors import MissingExtra, Problem, ProjectError, nearest
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.environment import version_of
from crosstie.project.fingerprint.module import digest

CANON = "1"  # raise it with every change of what counts


@dataclass(frozen=True)
class Sql:
    """The SQL of a step.

    Attributes:
        where: Its file, as errors call it.
        text: As it is written.
        dialect: As sqlglot calls it.
        schema: The environment's schema, whose name is no part of a table's.
        digest: Of all that it does.
        parts: The digest of each statement, with the lines that it stands on.
        tables: Tables that it reads and does not make, by their logical names, in order of appearance.
        files: Files that it reads, as written: they may be patterns.
        parameters: Names of its parameters, in order; `?` for those without.
        warnings: What could not be parsed, each with its line and column.
        canon: Under which rules, and by which sqlglot, the digests were made.
    """

    where: str
    text: str = field(repr=False)
    dialect: str
    schema: str | None
    digest: str
    parts: Mapping[str, tuple[str, int, int]] = field(repr=False)
    tables: tuple[str, ...]
    files: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    canon: str = CANON

    def source(self, name: str) -> str:
        """A statement as it is written."""
        _, first, last = self.parts[name]
        return "\n".join(self.text.split("\n")[first - 1 : last])

    def renewed(self, cache: Cache | None = None) -> "Sql":
        """The same SQL under the rules of today and the sqlglot of here."""
        if self.canon == canon():
            return self
        return Sqls(cache, schema=self.schema).of(self.text, self.dialect, self.where)

    def to_json(self) -> dict[str, Any]:
        """As JSON, without the text."""
        return {name: value for name, value in asdict(self).items() if name != "text"}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], text: str) -> "Sql":
        """Back from JSON and the text."""
        return cls(
            value["where"],
            text,
            value["dialect"],
            value["schema"],
            value["digest"],
            {name: (part[0], part[1], part[2]) for name, part in value["parts"].items()},
            tuple(value["tables"]),
            tuple(value["files"]),
            tuple(value["parameters"]),
            tuple(value["warnings"]),
            value["canon"],
        )


def canon() -> str:
    """Under which rules SQL is read here: ours, and the version of sqlglot, which writes it."""
    version = version_of("sqlglot")
    if version is None:
        raise MissingExtra("sqlglot", "train", needed_for="a step in SQL")
    return f"{CANON} sqlglot {version}"


class Sqls:
    """The SQL of the steps of a project.

    Args:
        cache: What is known of texts: one that has not changed is not read again, and sqlglot not imported for it.
        schema: The schema of the environment: `analytics.customers` is `customers` then. With a database: `db.schema`.
    """

    def __init__(self, cache: Cache | None = None, *, schema: str | None = None) -> None:
        self._cache = cache or Cache()
        self._schema = schema

    def of(self, text: str, dialect: str = "duckdb", where: str = "the query") -> Sql:
        """The SQL of a step.

        Args:
            text: One or more statements.
            dialect: Of the engine that runs it, as sqlglot calls it.
            where: Its file, as errors call it.

        Raises:
            ProjectError: The dialect is unknown, there is no statement, or a text or a comment in it does not end.
            MissingExtra: sqlglot is absent.
        """
        rules = canon()
        text = text.replace("\r\n", "\n").removeprefix("\ufeff")
        key = digest(json.dumps([__version__, rules, dialect, self._schema, where, text]))
        known = self._cache.get("sql", key)
        if known is None:
            known = _read(where, text, dialect, self._schema, rules).to_json()
            self._cache.put("sql", key, known)
        return Sql.from_json(known, text)


def sql_of(
    text: str, dialect: str = "duckdb", where: str = "the query", *, schema: str | None = None
) -> Sql:
    """The SQL of one step, as `Sqls.of` tells it."""
    return Sqls(schema=schema).of(text, dialect, where)


def _read(where: str, text: str, dialect: str, schema: str | None, rules: str) -> Sql:
    from sqlglot.dialects.dialect import Dialect  # 230 ms
    from sqlglot.errors import SqlglotError

    from crosstie.project.fingerprint.statement import Statement, statements

    try:
        Dialect.get_or_raise(dialect)
    except ValueError:
        known = [name for name in Dialect.classes if name]
        raise ProjectError(
            f"{where}: unknown dialect {dialect!r}; {nearest(dialect, known)}"
        ) from None
    parts: dict[str, tuple[str, int, int]] = {}
    found: list[Statement] = []
    warnings = []
    try:
        with _quiet():
            for begin, end, each in statements(text, dialect, schema):
                line = text.count("\n", 0, begin) + 1
                last = line + text.count("\n", begin, end)
                found.append(each)
                parts[f"statement {len(found)}"] = (digest(each.canonical), line, last)
                if each.refused:
                    warnings.append(f"{where}:{each.refused}; its words count as they stand")
    except SqlglotError:
        place = f"{where}:{_unended(text, dialect)}"
        raise ProjectError(
            Problem(place, "a text, a name or a comment that begins here does not end")
        ) from None
    if not found:
        raise ProjectError(
            Problem(where, "holds no statement. Write the SELECT that makes its table.")
        )
    made = {name for each in found for name in each.makes}
    return Sql(
        where,
        text,
        dialect,
        schema,
        digest("\n".join(hashed for hashed, *_ in parts.values())),
        parts,
        tuple(dict.fromkeys(name for each in found for name in each.tables if name not in made)),
        tuple(sorted({name for each in found for name in each.files})),
        tuple(dict.fromkeys(name for each in found for name in each.parameters)),
        tuple(warnings),
        rules,
    )


def _unended(text: str, dialect: str) -> int:
    """The line on which something begins that does not end: those above it can be read."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    lines = text.split("\n")
    for size in range(len(lines) - 1, 0, -1):
        try:
            Dialect.get_or_raise(dialect).tokenize("\n".join(lines[:size]))
        except SqlglotError:
            continue
        return size + 1
    return 1


@contextmanager
def _quiet() -> Iterator[None]:
    """What cannot be parsed sqlglot logs; we say it ourselves, with its place."""
    import logging  # 10 ms

    logger = logging.getLogger("sqlglot")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
