"""Which names a function, a class or a comprehension binds itself."""

import ast
from collections.abc import Iterable, Iterator
from typing import Literal


class Scope:
    """What a function, a class or a comprehension binds.

    Args:
        kind: Which of them it is.
        parent: What it stands in; None for the module.

    Attributes:
        bound: Names that it binds.
        imports: Names that it binds by importing, each with what `Mention.base` says of them.
        module: Names that `global` makes the module's.
    """

    def __init__(
        self, kind: Literal["function", "class", "comprehension"], parent: "Scope | None"
    ) -> None:
        self.kind = kind
        self.parent = parent
        self.bound: set[str] = set()
        self.imports: dict[str, list[str]] = {}
        self.module: set[str] = set()  # by `global`

    def binds(self, name: str) -> bool:
        """Whether an assignment to a name here makes an attribute of a class."""
        return self.kind == "class" and name not in self.module

    @classmethod
    def of(
        cls, body: Iterable[ast.AST], kind: Literal["function", "class"], parent: "Scope | None"
    ) -> "Scope":
        """What a body binds."""
        scope = cls(kind, parent)
        outer: set[str] = set()
        for node in here(body):
            if isinstance(node, ast.Global):
                scope.module |= {*node.names}
            elif isinstance(node, ast.Nonlocal):
                outer |= {*node.names}
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for level, module, name, bound in imported(node):
                    inner = f"%{level}:{module}:{name}"
                    scope.imports.setdefault(bound, []).append(inner)
            scope.bound |= set(_binds(node))
        scope.bound -= scope.module | outer
        for name in scope.module & {*scope.imports}:
            del scope.imports[name]
        return scope


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, str, str, str]]:
    """Level, module, name in it and what it is called here. `import a.b` has the name `.`, for it binds `a`."""
    for each in node.names:
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", each.name, each.asname or each.name
        elif each.asname is None:
            yield 0, each.name, ".", each.name.partition(".")[0]
        else:
            yield 0, each.name, "", each.asname


def here(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that belong to a body itself, not to functions or classes in it; of comprehensions only `:=`."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            waiting += (each for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
            continue
        waiting += ast.iter_child_nodes(node)


def bound(body: Iterable[ast.AST]) -> set[str]:
    """Names that a body binds, without those of its imports."""
    return {name for node in here(body) for name in _binds(node)}


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            yield node.id
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def targets(node: ast.AST) -> Iterator[str]:
    """Names that a target of an assignment binds."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
