"""Modules as text: what each imports and when, and which of ours are reached from some of them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

OWN = __name__.partition(".")[0]
HOUSE = Path(__file__).parents[1]

When = Literal["import", "call", "typing"]


@dataclass(frozen=True)
class Import:
    """One name of an import statement's.

    Attributes:
        module: Its absolute name.
        names: What is taken from it; none for `import a.b`.
        line: Where it stands.
        column: Likewise, in bytes.
        when: It is run when the module is imported, when a function is called, or by type checkers alone.
        alias: What `import a.b as c` calls it.
    """

    module: str
    names: tuple[str, ...]
    line: int
    column: int
    when: When
    alias: str | None = None


@dataclass(frozen=True)
class Module:
    """One file of Python.

    Attributes:
        name: Its absolute name.
        source: Its text.
        package: Whether it is the `__init__.py` of one.
        imports: All of them, in order.
        homes: Packages whose modules are imported by name: those of its registries.
    """

    name: str
    source: str = field(repr=False)
    package: bool = False
    imports: tuple[Import, ...] = field(default=(), repr=False)
    homes: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, source: str, *, package: bool = False) -> "Module":
        """Read a module's text."""
        tree = ast.parse(source)
        parent = name if package else name.rpartition(".")[0]
        return cls(
            name,
            source,
            package,
            tuple(_imports(tree, "import")),
            tuple(_homes(tree, parent)) if "Registry(" in source else (),
        )


def reached(roots: Iterable[str]) -> dict[str, Module]:
    """Our modules by name: some, all that they import at any time, and the packages that they lie in.

    Imports for type checkers alone reach nothing.
    """
    found: dict[str, Module] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        module = None if name in found else own(name)
        if module is None:
            continue
        found[name] = module
        waiting += targets(module)
        waiting.append(name.rpartition(".")[0])
    return dict(sorted(found.items()))


def targets(module: Module, *, eager: bool = False) -> Iterator[str]:
    """Names of our modules that one imports; with `eager` only what it does as soon as it is imported itself."""
    for each in module.imports:
        if each.when == "import" or (each.when == "call" and not eager):
            for name in (each.module, *(f"{each.module}.{taken}" for taken in each.names)):
                if own(name) is not None:
                    yield name
    for home in module.homes:
        yield home
        for path in sorted(_path(home).parent.glob("*.py")):
            if path.stem != "__init__":
                yield f"{home}.{path.stem}"


@cache
def own(name: str) -> Module | None:
    """One of our modules; None if it is none of ours. The root's own names are not looked into."""
    if name.partition(".")[0] != OWN or name == OWN:
        return None
    path = _path(name)
    if not path.is_file():
        return None
    source = path.read_text(encoding="utf-8")
    return Module.of(name, source, package=path.name == "__init__.py")


def _path(name: str) -> Path:
    path = HOUSE.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_name(f"{path.name}.py")


def _imports(node: ast.AST, when: When) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            names = tuple(each.name for each in child.names)
            module = "." * child.level + (child.module or "")
            yield Import(module, names, child.lineno, child.col_offset, when)
        elif isinstance(child, ast.Import):
            for each in child.names:
                yield Import(each.name, (), child.lineno, child.col_offset, when, each.asname)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for part in child.body:
                yield from _imports(ast.Module([part], []), "typing")
            for part in child.orelse:
                yield from _imports(ast.Module([part], []), when)
        elif not isinstance(child, ast.expr):  # none holds a statement, and most nodes are of one
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and when == "import"
            yield from _imports(child, "call" if later else when)


def _homes(tree: ast.Module, package: str) -> Iterator[str]:
    """`Registry(…, home=__package__)` or `home=f"{__package__}.readers"`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Registry"
        ):
            for each in node.keywords:
                if each.arg == "home":
                    yield (
                        ast.unparse(each.value)
                        .strip("f'\"")
                        .replace("{__package__}", package)
                        .replace("__package__", package)
                    )
