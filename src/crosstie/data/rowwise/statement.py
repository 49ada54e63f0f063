"""A `features.sql` read and checked: one SELECT over `input`, of functions that see nothing but the row.

It is read by the parser that will run it, so that what is checked is what is run; what is kept of it is written out
from the checked tree, never the text that somebody gave. A model of a stranger goes the same way when it is opened.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from crosstie.data.rowwise.engine import literal, parsed, quoted, written
from crosstie.data.rowwise.functions import ALLOWED, WHY
from crosstie.errors import DataError, Problem, nearest

TABLE = "input"
WRITE = "write one `SELECT … FROM input`"
_TYPES = """
BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT HUGEINT FLOAT DOUBLE DECIMAL VARCHAR DATE
TIMESTAMP INTERVAL LIST NULL SQLNULL INTEGER_LITERAL STRING_LITERAL
"""
_KINDS = """
COLUMN_REF CONSTANT FUNCTION CAST CASE COMPARISON CONJUNCTION BETWEEN OPERATOR
"""
_OPERATORS = """
OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_NOT OPERATOR_COALESCE OPERATOR_NULLIF OPERATOR_TRY COMPARE_IN
COMPARE_NOT_IN ARRAY_EXTRACT ARRAY_SLICE
"""
TYPES, KINDS, OPERATORS = (frozenset(each.split()) for each in (_TYPES, _KINDS, _OPERATORS))
_REFUSED = {
    "SUBQUERY": "a query within the query is not row-wise; work it out in a step",
    "WINDOW": "looks at other rows; a request is one row. Work it out in a step, or learn it in training",
    "LAMBDA": "functions of one's own (x -> …) are not part of this version; write it in features.py",
    "PARAMETER": "there is nobody to give a parameter; write the value",
    "STAR": "stands for all columns only by itself: `SELECT *`, `* EXCLUDE (…)`, `* REPLACE (…)`; name the columns",
    "POSITIONAL_REFERENCE": "name the column",
    "COLLATE": "collations are not part of this version; compare lower(…)",
    "DEFAULT": "there is no default; write the value",
}
_PARTS = {
    "where_clause": "WHERE leaves rows out, and a request must get an answer; leave rows out in a step",
    "having": "HAVING is for groups, and features are row by row; take it out",
    "qualify": "QUALIFY leaves rows out, and a request must get an answer; take it out",
    "sample": "SAMPLE leaves rows out, and a request must get an answer; take it out",
    "group_expressions": "GROUP BY makes one row of many, and a request is one row; group in a step",
}
_MODIFIERS = {
    "DISTINCT_MODIFIER": "DISTINCT leaves rows out; take it out",
    "LIMIT_MODIFIER": "LIMIT leaves rows out; take it out",
    "LIMIT_PERCENT_MODIFIER": "LIMIT leaves rows out; take it out",
    "ORDER_MODIFIER": "ORDER BY moves rows, and a request is one row; take it out",
}
Node = dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """What a SELECT makes of a row.

    Attributes:
        columns: Names of what it makes, in order.
        passed: Of those that are columns as they are, which.
        expressions: Of those that are worked out, the SQL.
        reads: The columns of `input` that each expression reads.
        lines: The line on which each stands.
    """

    columns: tuple[str, ...]
    passed: Mapping[str, str]
    expressions: Mapping[str, str]
    reads: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, int]


def read_statement(
    text: str, columns: Sequence[str], *, where: str, hidden: Mapping[str, str] | None = None
) -> Statement:
    """Read and check.

    Args:
        text: What is in the file.
        columns: Those that `input` has.
        where: What messages call the file.
        hidden: Columns of the table that `input` does not have, by why.

    Raises:
        DataError: Everything that is wrong with it, each with its line.

    Examples:
        >>> found = read_statement("SELECT age, fare / 2 AS half FROM input", ["age", "fare"], where="features.sql")
        >>> found.passed, found.expressions
        ({'age': 'age'}, {'half': '(fare / 2)'})
    """
    reading = _Reading(text, tuple(columns), where, dict(hidden or {}))
    found = reading.statement()
    if reading.problems or found is None:
        raise DataError(sorted(reading.problems, key=reading.place))
    return found


def composed(expressions: Mapping[str, str]) -> str:
    """The SELECT of some expressions alone."""
    made = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in expressions.items())
    return f"SELECT {made} FROM {TABLE}"  # noqa: S608 - checked before it is run


class _Reading:
    """One text on its way to a `Statement`; what is wrong is collected."""

    def __init__(
        self, text: str, columns: tuple[str, ...], where: str, hidden: Mapping[str, str]
    ) -> None:
        self.text, self.columns, self.where, self.hidden = text, columns, where, hidden
        self.problems: list[Problem] = []
        self._lower: dict[str, list[str]] = {}
        for name in columns:
            self._lower.setdefault(name.lower(), []).append(name)
        self._made: dict[str, Node] = {}  # by name in lower case, for those behind that use it
        self._reads: dict[str, None] = {}

    def statement(self) -> Statement | None:
        node = self._select()
        if node is None:
            return None
        passed: dict[str, str] = {}
        trees: dict[str, Node] = {}
        reads: dict[str, tuple[str, ...]] = {}
        lines: dict[str, int] = {}
        for name, column, tree, at in self._outputs(node):
            twice = next((each for each in lines if each.lower() == name.lower()), None)
            if twice is not None:
                remedy = f"write `* REPLACE (… AS {name})` or `* EXCLUDE ({name})`"
                self.wrong(at, f"makes the column {name!r} twice (also on line {lines[twice]}); {remedy} or call it otherwise")  # fmt: skip
                continue
            lines[name] = self.line(at)
            if column is not None:
                passed[name] = column
                if name.lower() not in self._lower:
                    self._made.setdefault(name.lower(), _column_of(column))
                continue
            assert tree is not None
            self._reads = {}
            trees[name] = self._checked(tree)
            reads[name] = tuple(self._reads)
            self._made.setdefault(name.lower(), trees[name])
        if not lines and not self.problems:
            self.wrong(0, "makes no column")
        if self.problems:
            return None
        expressions = {name: self._written(tree) for name, tree in trees.items()}
        return Statement(tuple(lines), passed, expressions, reads, lines)

    def _select(self) -> Node | None:
        """The tree of the one SELECT over `input` that the text should be; what is wrong about it is noted."""
        if "\0" in self.text:
            self.wrong(0, "holds a zero byte; save it as text")
            return None
        found = parsed(self.text)
        if found.get("error"):
            at = int(found.get("position") or 0)
            what = str(found.get("error_message", ""))
            if found.get("error_type") == "not implemented" and "Only SELECT" in what:
                what = f"only a SELECT works row by row; {WRITE}"
            self.wrong(at, what)
            return None
        statements = found["statements"]
        if len(statements) != 1:
            what = "holds no statement" if not statements else f"holds {len(statements)} statements"
            self.wrong(0, f"{what}; {WRITE}")
            return None
        node: Node = statements[0]["node"]
        if node["type"] != "SELECT_NODE":
            self.wrong(0, "joins the rows of several SELECTs (UNION and the like); write one")
            return None
        for part, why in _PARTS.items():
            if node.get(part):
                given = node[part] if isinstance(node[part], dict) else node[part][0]
                self.wrong(_at(given) or self._word(part), why)
        if node.get("aggregate_handling") == "FORCE_AGGREGATES" or node.get("group_sets"):
            self.wrong(self._word("group"), _PARTS["group_expressions"])
        for each in node.get("modifiers", ()):
            self.wrong(self._word(each["type"].partition("_")[0]), _MODIFIERS.get(each["type"], f"{each['type']} is not part of this version"))  # fmt: skip
        if node.get("cte_map", {}).get("map"):
            self.wrong(0, "WITH is not part of this version; write the expressions in one SELECT")
        self._check_table(node["from_table"])
        return node

    def _check_table(self, table: Node) -> None:
        name = table.get("table_name", "")
        own = table.get("type") == "BASE_TABLE" and name.lower() == TABLE
        if own and not any(table.get(each) for each in ("schema_name", "catalog_name", "at_clause")):  # fmt: skip
            if table.get("sample"):
                self.wrong(_at(table), _PARTS["sample"])
            alias = table.get("alias")
            if (alias and alias.lower() != TABLE) or table.get("column_name_alias"):
                self.wrong(_at(table), "`input` keeps its name; write `FROM input`")
            return
        if table.get("type") == "JOIN":
            self.wrong(_at(table["right"]) or 0, "a join needs other rows; a request is one row. Join in a step")  # fmt: skip
        elif table.get("type") == "EMPTY":
            self.wrong(0, f"has no FROM; {WRITE}")
        elif table.get("type") == "BASE_TABLE":
            self.wrong(
                _at(table), f"reads {name!r}; the row is called `{TABLE}`: write `FROM {TABLE}`"
            )
        else:
            self.wrong(_at(table) or 0, "reads something other than `input`; write `FROM input`")

    def _outputs(self, node: Node) -> Iterator[tuple[str, str | None, Node | None, int]]:
        """(name, the column that it is or None, its tree or None, where) of each column that is made."""
        for tree in node["select_list"]:
            at = _at(tree) or _first(tree)
            if tree["class"] == "STAR":
                yield from self._star(tree, at)
                continue
            name = tree.get("alias", "")
            if tree["class"] == "COLUMN_REF":
                column = self._column(tree)
                if column is not None and column in self.columns:
                    yield name or column, column, None, at
                    continue
                if column is None:
                    continue  # was noted
            if not name:
                shown = self._written_or(tree)
                self.wrong(at, f"{shown} has no name; write `{shown} AS name`")
                continue
            yield name, None, tree, at

    def _star(self, tree: Node, at: int) -> Iterator[tuple[str, str | None, Node | None, int]]:
        relation = tree.get("relation_name", "")
        if tree.get("columns") or tree.get("expr") or (relation and relation.lower() != TABLE):
            self.wrong(at, "COLUMNS(…) is not part of this version; name the columns")
            return
        left = [*tree.get("exclude_list", ()), *(each["column"] for each in tree.get("qualified_exclude_list", ()))]  # fmt: skip
        out = {self._known(each, at) for each in left}
        other = {self._known(each["key"], at): each["value"] for each in tree.get("replace_list", ())}  # fmt: skip
        called = {self._known(each["key"]["column"], at): each["value"] for each in tree.get("rename_list", ())}  # fmt: skip
        for column in self.columns:
            if column in out:
                continue
            if column in other:
                made = {**other[column], "alias": ""}
                yield column, None, made, _at(made) or _first(made) or at
            else:
                yield called.get(column, column), column, None, at

    def _known(self, name: str, at: int) -> str:
        found = self._lower.get(name.lower(), [])
        if name in found or len(found) == 1:
            return name if name in found else found[0]
        self._no_column(name, at)
        return name

    def _column(self, tree: Node) -> str | None:
        """The column, or earlier result, that a reference is to; None if it is to nothing, which is noted."""
        names = tree["column_names"]
        if len(names) == 2 and names[0].lower() == TABLE:
            names = names[1:]
        if len(names) > 1:
            self.wrong(_at(tree), f"{'.'.join(names)}: there is no other table than `input`")
            return None
        name = names[0]
        found = self._lower.get(name.lower(), [])
        if name in found:
            return str(name)
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            self.wrong(_at(tree), f"{name!r} may be {' or '.join(map(repr, found))}; write it as the table does, in double quotes")  # fmt: skip
            return None
        if name.lower() in self._made:
            return str(name)
        self._no_column(name, _at(tree))
        return None

    def _no_column(self, name: str, at: int) -> None:
        if name.lower() in WHY:
            self.wrong(at, f"{name}: {WHY[name.lower()]}")
            return
        out = {each.lower(): f"{each!r} {why}" for each, why in self.hidden.items()}
        if name.lower() in out:
            self.wrong(at, out[name.lower()])
            return
        own = {each.lower(): each for each in (*self.columns, *self._made)}
        near = get_close_matches(name.lower(), own, n=1, cutoff=0.6)
        hint = f"did you mean {own[near[0]]!r}?" if near else nearest(name, self.columns)
        self.wrong(at, f"the table has no column {name!r}; {hint}")

    def _checked(self, tree: Node) -> Node:
        """The tree with columns named as the table does and earlier results in place; what is not allowed is noted."""
        kind = tree["class"]
        at = _at(tree) or _first(tree)
        if kind == "COLUMN_REF":
            column = self._column(tree)
            if column is None:
                return tree
            if column not in self.columns:
                self._reads |= dict.fromkeys(_reads(self._made[column.lower()]))
                return deepcopy(self._made[column.lower()])
            same = self._lower[column.lower()]
            if len(same) > 1:
                self.wrong(at, f"{' and '.join(map(repr, same))} differ in nothing but capitals, which SQL does not tell apart; rename one in a step")  # fmt: skip
            self._reads[column] = None
            return {**tree, "alias": "", "column_names": [column]}
        if kind not in KINDS or (kind == "OPERATOR" and tree["type"] not in OPERATORS):
            self.wrong(at, _REFUSED.get(kind, f"{tree['type'].lower().replace('_', ' ')} is not part of this version"))  # fmt: skip
            return tree
        if kind == "FUNCTION":
            self._check_function(tree, at)
        if kind == "CAST":
            self._check_type(tree["cast_type"], at)
        if kind == "CONSTANT":
            self._check_type(tree["value"]["type"], at)
            if tree["value"]["type"]["id"] == "DOUBLE" and not tree["value"]["is_null"]:
                return _double(tree)  # 1e0 would be written as 1.0, which is a decimal
        return {key: "" if key == "alias" else self._branch(each) for key, each in tree.items()}

    def _branch(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._branch(each) for each in value]
        if isinstance(value, dict):
            if "class" in value:
                return self._checked(value)
            return {key: self._branch(each) for key, each in value.items()}
        return value

    def _check_function(self, tree: Node, at: int) -> None:
        name = tree["function_name"].lower()
        own = tree.get("schema", "") in ("", "main") and not tree.get("catalog")
        if not own or name not in ALLOWED:
            hint = WHY.get(name) or f"is no function that row-wise features may call; {_near(name)}"
            self.wrong(at, f"{tree['function_name']}: {hint}")
        elif tree.get("filter") or tree.get("distinct") or tree.get("order_bys", {}).get("orders"):
            self.wrong(at, f"{name}: FILTER, DISTINCT and ORDER BY are for aggregates; take them out")  # fmt: skip

    def _check_type(self, kind: Node, at: int) -> None:
        inner = (kind.get("type_info") or {}).get("child_type")
        if kind["id"] not in TYPES:
            why = "depends on time zones" if "ZONE" in kind["id"] else "is no type of row-wise features"  # fmt: skip
            self.wrong(at, f"the type {kind['id']} {why}; use BOOLEAN, BIGINT, DOUBLE, VARCHAR, DATE or TIMESTAMP")  # fmt: skip
        elif isinstance(inner, dict) and "id" in inner:
            self._check_type(inner, at)

    def _written(self, tree: Node) -> str:
        """The SQL of a checked tree."""
        whole = parsed("SELECT 1 FROM input")
        whole["statements"][0]["node"]["select_list"] = [tree]
        text = written(whole)
        head, tail = "SELECT ", f" FROM {quoted(TABLE)}"
        assert text.startswith(head), text
        assert text.endswith(tail), text
        return text[len(head) : -len(tail)]

    def _written_or(self, tree: Node) -> str:
        text = self._written({**tree, "alias": ""})
        return text if len(text) < 40 else "an expression"

    def _word(self, part: str) -> int:
        """Where a word of the statement stands, for what the parser gives no place of."""
        word = {"group_expressions": "group", "where_clause": "where"}.get(part, part).lower()
        return max(self.text.lower().rfind(word), 0)

    def line(self, at: int) -> int:
        """The line of a byte."""
        return self.text.encode()[:at].count(b"\n") + 1

    def wrong(self, at: int, what: str) -> None:
        """Note a problem."""
        problem = Problem(f"{self.where}:{self.line(at)}", what)
        if problem not in self.problems:
            self.problems.append(problem)

    def place(self, problem: Problem) -> int:
        """The line of a problem."""
        return int(problem.where.rpartition(":")[2])


def _column_of(name: str) -> Node:
    """The tree of a column."""
    found = parsed(f"SELECT {quoted(name)}")
    node: Node = found["statements"][0]["node"]["select_list"][0]
    return node


def _at(node: Node) -> int:
    """Where a node stands, in bytes; 0 where the parser does not say."""
    at = node.get("query_location", 1 << 63)
    return int(at) if isinstance(at, int) and at < 1 << 62 else 0


def _first(value: Any) -> int:
    """Where the first of the nodes below stands."""
    if isinstance(value, list):
        found = [each for each in map(_first, value) if each]
    elif isinstance(value, dict):
        found = [each for each in (_at(value), *map(_first, value.values())) if each]
    else:
        return 0
    return min(found, default=0)


def _reads(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _reads(each)
    elif isinstance(value, dict):
        if value.get("class") == "COLUMN_REF":
            yield value["column_names"][0]
        for each in value.values():
            yield from _reads(each)


def _double(tree: Node) -> Node:
    """A constant that is read as a double again."""
    text = repr(float(tree["value"]["value"]))
    found = parsed(f"SELECT CAST({literal(text)} AS DOUBLE)")
    node: Node = found["statements"][0]["node"]["select_list"][0]
    return node


def _near(name: str) -> str:
    words = [each for each in ALLOWED if each[0].isalpha()]
    hint = nearest(name, words)
    return hint if hint.startswith("did you") else "see the list in docs/rowwise.md"
