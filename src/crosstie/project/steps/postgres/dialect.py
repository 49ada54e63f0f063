"""Queries of a project, which are written in DuckDB's SQL, as PostgreSQL or another engine has them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crosstie.data.sql_parameters import parameters
from crosstie.errors import DataError, Problem

WRITTEN, SPOKEN = "duckdb", "postgres"
_NAMED = re.compile(r'"([^"]+)"|function ([\w.]+)\(')


@dataclass(frozen=True)
class Query:
    """One statement of a step.

    Attributes:
        tree: As sqlglot reads it, names of columns as the tables have them.
        names: Its parameters, `$1` first.
        ordered: Whether it says in which order its rows come.
        text: Of the whole file.
        where: The file, as messages name it.
        spoken: The SQL it is put into, as sqlglot calls it.
        engine: What speaks it, for messages.
    """

    tree: Any
    names: tuple[str, ...]
    ordered: bool
    text: str
    where: str
    spoken: Any = SPOKEN
    engine: str = "PostgreSQL"

    def sql(self, types: Mapping[str, str] | None = None) -> str:
        """It in PostgreSQL's SQL.

        Args:
            types: Of parameters that are given as text, what they are to be.

        Raises:
            DataError: Something in it has no counterpart there.
        """
        return self._sql(self.tree, types or {})

    def literal(self, settings: Mapping[str, Any]) -> str:
        """It in the engine's SQL with its parameters as literals, and all names quoted.

        Args:
            settings: Their values.

        Raises:
            DataError: Something in it has no counterpart there.
        """
        from sqlglot import exp

        tree = self.tree.copy()
        for node in list(tree.find_all(exp.Placeholder)):
            node.replace(exp.convert(settings[node.name]))
        for node in tree.find_all(exp.Identifier):
            if _is_table(node):  # quoted, `Calls` is not `calls`
                node.set("this", node.this.lower())
        return self._said(tree, identify=True)

    @property
    def asked(self) -> str:
        """What of it can be prepared: of `CREATE TABLE … AS`, the query."""
        return self._sql(self.tree.expression if self.tree.key == "create" else self.tree, {})

    def line_of(self, said: str) -> str:
        """Where in the file what the server complains of stands, and what it is called there."""
        found = _NAMED.search(said)
        name = next(filter(None, found.groups()), "").lower() if found else ""
        for node, line, written in self._functions if found and found[2] else ():
            if name in {written.lower(), node.lower()}:
                has = f": {written}() has no counterpart there"
                return f"{self.where}:{line}: {self.engine}: {said}{has if written.lower() != name else ''}"  # fmt: skip
        from sqlglot import tokenize

        for token in tokenize(self.text, read=WRITTEN):
            if name and token.text.lower() == name.rpartition(".")[2]:
                return f"{self.where}:{token.line}: {self.engine}: {said}"
        return f"{self.where}: {self.engine}: {said}"

    @cached_property
    def _functions(self) -> list[tuple[str, int, str]]:
        """Functions: what they are called there, the line, what they are called here."""
        from sqlglot import exp

        found = []
        for node in self.tree.find_all(exp.Func):
            place = node.meta
            if "start" in place:
                there = node.sql(dialect=self.spoken).partition("(")[0]
                found.append((there, place["line"], self.text[place["start"] : place["end"] + 1]))
        return found

    def _sql(self, tree: Any, types: Mapping[str, str]) -> str:
        from sqlglot import exp

        tree = tree.copy()
        for node in list(tree.find_all(exp.Placeholder)):
            marked = f"${self.names.index(node.name) + 1}"
            wanted = types.get(node.name)
            marked = f"CAST(CAST({marked} AS TEXT) AS {wanted})" if wanted else marked
            node.replace(exp.Var(this=marked))
        return self._said(tree)

    def _said(self, tree: Any, *, identify: bool = False) -> str:
        from sqlglot import ErrorLevel
        from sqlglot.errors import UnsupportedError

        try:
            found: str = tree.sql(dialect=self.spoken, unsupported_level=ErrorLevel.RAISE, identify=identify)  # fmt: skip
        except UnsupportedError as error:
            what = "; ".join(str(error).splitlines())
            raise DataError(f"{self.where}: cannot be said in {self.engine}: {what}") from None
        return found


def queries(
    text: str,
    where: str,
    columns: Iterable[str],
    *,
    spoken: Any = SPOKEN,
    engine: str = "PostgreSQL",
) -> list[Query]:
    """The statements of a file.

    Args:
        text: The file's.
        where: What messages call it.
        columns: Of all tables that it reads. DuckDB does not tell `customerID` from `customerid` and PostgreSQL does, so
            that a name is written as a table has it.
        spoken: The SQL they are put into, as sqlglot calls it.
        engine: What speaks it, for messages.

    Raises:
        DataError: There is none, or one cannot be read.
    """
    import sqlglot  # 230 ms
    from sqlglot.errors import SqlglotError

    try:
        marked = _marked(text)
        trees = [each for each in sqlglot.parse(marked, read=WRITTEN) if each is not None]
    except SqlglotError as error:
        said = (getattr(error, "errors", None) or [{}])[0]
        line = f":{said['line']}" if said.get("line") else ""
        what = said.get("description") or str(error).partition("\n")[0]
        raise DataError(Problem(f"{where}{line}", f"cannot be put into {engine}'s SQL: {what}")) from None  # fmt: skip
    if any(each.key in {"transaction", "commit", "rollback"} for each in trees):
        raise DataError(f"{where}: the statements of a step are one transaction already; leave BEGIN, COMMIT and ROLLBACK out")  # fmt: skip
    if not trees:
        raise DataError(f"{where}: is empty. Write the SELECT that makes the table")
    found = [_query(tree, text, where, columns) for tree in trees]
    return [replace(each, spoken=spoken, engine=engine) for each in found]


def _marked(text: str) -> str:
    """The text with `$name` for `:name`: DuckDB also has names before a colon, as in `SELECT a: 1`."""
    from sqlglot import tokenize

    found = list(text)
    for colon, _ in parameters(tokenize(text, read=WRITTEN)):
        found[colon.start] = "$"
    return "".join(found)


def _query(tree: Any, text: str, where: str, columns: Iterable[str]) -> Query:
    from sqlglot import exp

    for node in list(tree.find_all(exp.Parameter)):  # $name is :name
        node.replace(exp.Placeholder(this=node.name))
    names = tuple(dict.fromkeys(node.name for node in tree.find_all(exp.Placeholder)))
    for select in tree.find_all(exp.Select):
        _group(select)
    own = [node for node in tree.find_all(exp.Identifier) if _is_column(node)]
    spelled: dict[str, dict[str, None]] = defaultdict(dict)
    made = [node.name for node in own if not isinstance(node.parent, exp.Column)]
    for name in [*columns, *made]:
        spelled[name.lower()][name] = None
    for node in own:
        known = list(spelled.get(node.name.lower(), ()))
        name = node.name if node.name in known or not known else known[0]
        if name != name.lower():
            node.replace(exp.to_identifier(name, quoted=True))
        elif name != node.name:
            node.replace(exp.to_identifier(name))
    return Query(tree, names, tree.args.get("order") is not None, text, where)


def _group(select: Any) -> None:
    """`GROUP BY ALL` as the columns that it stands for: all that no aggregate is in."""
    from sqlglot import exp

    group = select.args.get("group")
    if group is not None and group.args.get("all"):
        plain = [each.unalias() for each in select.expressions if each.find(exp.AggFunc) is None]
        select.set("group", exp.Group(expressions=[each.copy() for each in plain]) if plain else None)  # fmt: skip


def _is_table(node: Any) -> bool:
    """Whether a name is a table's, or of what it is in."""
    from sqlglot import exp

    parent, key = node.parent, node.arg_key
    within = isinstance(parent, exp.Column) and key != "this"
    return within or isinstance(parent, exp.Table) or (isinstance(parent, exp.TableAlias) and key == "this")  # fmt: skip


def _is_column(node: Any) -> bool:
    """Whether a name is a column's, or one that the query gives."""
    from sqlglot import exp

    parent, key = node.parent, node.arg_key
    if isinstance(parent, exp.Column):
        return bool(key == "this")
    return (isinstance(parent, exp.Alias) and key == "alias") or (
        isinstance(parent, exp.TableAlias) and key == "columns"
    )
