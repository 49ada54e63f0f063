"""A file of Python as its statements: what each binds, what it mentions, what it does when the file is imported.

This is all that following a step's code needs, it depends on the file's text alone, and it goes through JSON: a file
that has not changed is not parsed again.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from crosstie.project.fingerprint.canonical import canonical
from crosstie.project.fingerprint.mentions import Import, Mention, Mentions, Unseen
from crosstie.project.fingerprint.scope import bound, here, imported

DEEPEST = (
    20_000  # calls: what the parser lets through is 3,000 nodes deep, and one takes four of ours
)

Kind = Literal["function", "class", "value", "import", "effect"]

# what these give cannot be changed afterwards
_FIXED_CALLS = frozenset(
    "Decimal Fraction NewType ParamSpec Path PurePath TypeVar UUID bool bytes compile complex date datetime environ.get "
    "field float frozenset getLogger getenv int namedtuple str time timedelta timezone tuple".split()
)
# a value that is assigned from one of these is made for what it does beside
_SETS = re.compile(
    r"_*(?:set|seed|reg|conf|init|patch|use|enable|disable|install|add|append|option|filter|simplefilter|setup)"
)


@dataclass(frozen=True)
class Unit:
    """A statement at the top of a module; of `import a, b` each name is one.

    Attributes:
        names: What it binds; `*` for everything of another module.
        kind: `effect` is what does more than bind names.
        lines: The first and the last, with decorators.
        forms: Digests of its canonical forms: plain, own, full.
        fixed: 2 when what it binds cannot change afterwards, 1 when it is a container of such, 0 otherwise.
        mentions: What it mentions, with lines.
        imports: What its import statements run, with lines.
        unseen: What cannot be followed.
        decorators: All that its functions and classes are decorated with: a name and what is asked of it.
        flags: What it reads that is otherwise left out: `annotations`, `source`, `place`, `subclasses`; `enters` if a
            decorator writes it down somewhere.
        paths: Texts in it that may be paths.
    """

    names: tuple[str, ...]
    kind: Kind
    lines: tuple[int, int]
    forms: tuple[str, str, str]
    fixed: int = 0
    mentions: tuple[tuple[Mention, int], ...] = ()
    imports: tuple[tuple[Import, int], ...] = ()
    unseen: tuple[Unseen, ...] = ()
    decorators: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @cached_property
    def runs(self) -> bool:
        """Whether importing the module runs something of it whose order could matter."""
        return self.kind == "effect" or (
            self.kind != "import"
            and any(each.when == "import" and each.where == "code" for each, _ in self.mentions)
        )

    def to_json(self) -> list[Any]:
        """As lists."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @classmethod
    def from_json(cls, value: list[Any]) -> "Unit":
        """Back from lists."""
        names, kind, lines, forms, fixed, mentions, imports, unseen, decorators, flags, paths = (
            value
        )
        return cls(
            tuple(names),
            kind,
            (lines[0], lines[1]),
            (forms[0], forms[1], forms[2]),
            fixed,
            tuple((Mention(*each), line) for each, line in mentions),
            tuple((Import(*each), line) for each, line in imports),
            tuple(Unseen(*each) for each in unseen),
            tuple((name, chain) for name, chain in decorators),
            tuple(flags),
            tuple(paths),
        )


@dataclass(frozen=True)
class Module:
    """A file of Python.

    Attributes:
        units: Its statements, in order.
    """

    units: tuple[Unit, ...]
    by_name: dict[str, list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, list[int]] = {}
        for place, unit in enumerate(self.units):
            for name in unit.names:
                found.setdefault(name, []).append(place)
        object.__setattr__(self, "by_name", found)

    @property
    def hidden(self) -> bool:
        """Whether it may define names that cannot be seen."""
        return any(each.when == "import" for unit in self.units for each in unit.unseen)

    @classmethod
    def of(cls, text: str) -> "Module":
        """Read a file's text.

        Raises:
            SyntaxError: It is not Python.
        """
        try:
            tree = ast.parse(text)  # under the usual limit: it recurses in C
            with _deep():
                return cls(tuple(_units(tree.body)))
        except (RecursionError, MemoryError):
            return cls.unread(text)

    @classmethod
    def unread(cls, text: str) -> "Module":
        """A file of which nothing is known but its text: not Python, or nested too deeply to follow."""
        hashed = digest(text)
        lines = (1, text.count("\n") + 1)
        unseen = Unseen("namespace", "what cannot be read", 1, "import")
        return cls((Unit((), "effect", lines, (hashed, hashed, hashed), unseen=(unseen,)),))

    def to_json(self) -> list[Any]:
        """As lists."""
        return [each.to_json() for each in self.units]

    @classmethod
    def from_json(cls, value: list[Any]) -> "Module":
        """Back from lists."""
        return cls(tuple(map(Unit.from_json, value)))


def digest(text: str) -> str:
    """Hash of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _deep() -> Iterator[None]:
    """Room for chains of a few hundred calls, sums or elifs, each of which takes some calls of ours."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _units(body: Iterable[ast.stmt]) -> Iterator[Unit]:
    for statement in body:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Import() | ast.ImportFrom():
                yield from _imports(statement)
            case ast.If(test=test) if _is_main(test):
                yield from _units(statement.orelse)
            case ast.If(test=test) if _is_typing(test):
                for each in here(statement.body):
                    if isinstance(each, ast.Import | ast.ImportFrom):
                        yield from _imports(each, typing=True)
                yield from _units(statement.orelse)
            case _:
                for each in here([statement]):
                    if isinstance(each, ast.Import | ast.ImportFrom) and not _defines(statement):
                        yield from _imports(each)
                yield _unit(statement)


def _unit(statement: ast.stmt) -> Unit:
    found = Mentions(statement)
    first = min(
        [statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))]
    )
    plain = digest(canonical(statement))
    full = digest(canonical(statement, "full"))
    own = digest(canonical(statement, "own")) if _is_function(statement) else plain
    names = bound([statement]) | {
        alias
        for each in here([statement])
        if isinstance(each, ast.Import | ast.ImportFrom)
        for *_, alias in imported(each)
    }
    return Unit(
        tuple(sorted(names)),
        _kind(statement),
        (first, statement.end_lineno or first),
        (plain, own, full),
        _fixed(statement),
        tuple(sorted(found.names.items())),
        tuple(sorted(found.imports.items())),
        tuple(found.unseen),
        tuple(sorted(found.decorators)),
        tuple(sorted(found.flags)),
        tuple(sorted(found.paths)),
    )


def _imports(statement: ast.Import | ast.ImportFrom, *, typing: bool = False) -> Iterator[Unit]:
    lines = (statement.lineno, statement.end_lineno or statement.lineno)
    for level, module, name, alias in imported(statement):
        hashed = digest(f"import {level} {module} {name} {alias}")
        if module == "__future__":
            # evaluates the annotations of classes otherwise, so it counts with whatever else of the module does
            if name == "annotations":
                yield Unit(("__annotations__",), "value", lines, (hashed, hashed, hashed), 2)
            continue
        run = Import(level, module, name, "call" if typing else "import")
        yield Unit(
            (alias,),
            "import",
            lines,
            (hashed, hashed, hashed),
            imports=((run, statement.lineno),),
        )


def _kind(statement: ast.stmt) -> Kind:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "function"
        case ast.ClassDef():
            return "class"
        case ast.Assign(value=ast.Call(func=func), targets=targets):
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            discarded = all(isinstance(each, ast.Name) and each.id == "_" for each in targets)
            if discarded or _SETS.match(name):
                return "effect"
    return "effect" if any(map(_does, here([statement]))) else "value"


def _does(node: ast.AST) -> bool:
    """Whether something that runs on import does more than bind a name."""
    match node:
        case ast.Expr():
            return not isinstance(node.value, ast.Constant)
        case (
            ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del())
        ):
            return True
    return isinstance(node, ast.With | ast.AsyncWith | ast.Delete)


def _fixed(statement: ast.stmt) -> int:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            arguments = statement.args
            defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
            return 2 if all(_fixedness(each) == 2 for each in defaults) else 0
        case ast.ClassDef():
            return _fixed_class(statement)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _fixedness(value)
    return 0


def _fixed_class(statement: ast.ClassDef) -> int:
    for each in statement.body:
        match each:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if _fixedness(value) != 2:
                    return 0
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if not _fixed(each):
                    return 0
            case ast.AnnAssign() | ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case _:
                return 0
    return 0 if any(map(_writes_beyond_self, ast.walk(statement))) else 2


def _writes_beyond_self(node: ast.AST) -> bool:
    """`cls.count += 1`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    )


def _fixedness(value: ast.expr) -> int:
    match value:
        case ast.Constant() | ast.Lambda() | ast.JoinedStr():
            return 2
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return 2 if all(_fixedness(each) == 2 for each in parts) else 0
        case ast.UnaryOp(operand=operand):
            return 2 if _fixedness(operand) == 2 else 0
        case ast.BinOp(left=left, right=right):
            return 2 if _fixedness(left) == 2 and _fixedness(right) == 2 else 0
        case ast.List(elts=parts) | ast.Set(elts=parts):
            return 1 if all(_fixedness(each) == 2 for each in parts) else 0
        case ast.Dict(keys=keys, values=values):
            parts = [each for each in (*keys, *values) if each is not None]
            plain = None not in keys and all(_fixedness(each) == 2 for each in parts)
            return 1 if plain else 0
        case ast.Call(func=func):
            called = f".{ast.unparse(func)}"
            return 2 if any(called.endswith(f".{name}") for name in _FIXED_CALLS) else 0
    return 0


def _is_function(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)


def _defines(statement: ast.stmt) -> bool:
    return _is_function(statement) or isinstance(statement, ast.ClassDef)


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`: what stands below is not run by an import."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            pair = {ast.unparse(left), ast.unparse(right)}
            return pair == {"__name__", "'__main__'"}
    return False


def _is_typing(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
