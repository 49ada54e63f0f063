"""The modules of a project, and what a name in one of them stands for."""

import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from crosstie import __version__
from crosstie.errors import Problem, ProjectError
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.canonical import CANON
from crosstie.project.fingerprint.mentions import Import
from crosstie.project.fingerprint.module import Module, Unit, digest
from crosstie.project.fingerprint.tree import BUILT, NO_TEXT, ROOTS, Tree, find


class Target(NamedTuple):
    """One of the things that a name stands for.

    Attributes:
        kind: `import`: a statement that hands the name on; `symbol`: something that a module defines; `module`: a module
            itself; `outside`: something that is not the project's; `hidden`: something of a module that cannot be found
            there without running it.
        path: The module's file, or its folder if that is all it has.
        name: The symbol's; the dotted name of what is outside; why it is hidden.
        rest: What is asked of a symbol, dotted.
        place: Which statement of the file an import is.
    """

    kind: Literal["import", "symbol", "module", "outside", "hidden"]
    path: str
    name: str = ""
    rest: str = ""
    place: int = 0


class Codebase:
    """The project's modules, each read once.

    Args:
        tree: Its files.
        cache: What is known of files by their text.
    """

    def __init__(self, tree: Tree, cache: Cache | None = None) -> None:
        self.tree = tree
        self._cache = cache or Cache()
        self._modules: dict[str, Module | None] = {}
        self._targets: dict[tuple[str, str, str], tuple[Target, ...]] = {}
        self.unreadable: set[str] = set()  # files whose text alone counts

    def module(self, path: str) -> Module | None:
        """A file; None if there is none.

        Raises:
            ProjectError: It is not Python.
        """
        if path not in self._modules:
            self._modules[path] = self._module(path)
        return self._modules[path]

    def _module(self, path: str) -> Module | None:
        text = self.tree.text(path)
        if text is None:
            return None
        if path.endswith(BUILT) or (text.startswith(NO_TEXT) and path in self.unreadable):
            return Module.unread(text)
        if text.startswith(NO_TEXT):
            said = text.removeprefix(NO_TEXT).partition("\n")[0].split(" ", 1)
            raise ProjectError(Problem(f"{path}:{said[0]}", said[1]))
        key = f"{digest(text)} {CANON} {__version__}"  # what is read out of a file may be more one day
        known = self._cache.get("modules", key)
        if known is not None:
            return Module.from_json(known)
        try:
            module = Module.of(text)
        except (SyntaxError, ValueError) as error:
            if path in self.unreadable:
                return Module.unread(text)
            line = getattr(error, "lineno", None) or 1
            what = getattr(error, "msg", None) or str(error)
            raise ProjectError(
                Problem(f"{path}:{line}", f"is not Python that can be read: {what}")
            ) from None
        self._cache.put("modules", key, module.to_json())
        return module

    def units(self, path: str, name: str) -> Iterator[tuple[int, Unit]]:
        """The statements of a module that bind a name."""
        module = self.module(path)
        if module is not None:
            for place in module.by_name.get(name, ()):
                yield place, module.units[place]

    def targets(self, path: str, base: str, attributes: str) -> tuple[Target, ...]:
        """What a mention in a module stands for.

        Args:
            path: The module's file.
            base: The mention's.
            attributes: Likewise.
        """
        key = path, base, attributes
        if key not in self._targets:
            rest = tuple(attributes.split(".")) if attributes else ()
            found = self._name(path, base, rest, set())
            self._targets[key] = tuple(dict.fromkeys(found))
        return self._targets[key]

    def runs(self, path: str, statement: Import) -> list[str] | None:
        """The files that an import statement runs; None if it is of something outside of the project."""
        found = self._find(path, statement.level, statement.module)
        if found is None:
            return None
        place, runs = found
        if statement.name not in ("", ".", "*") and not any(self.units(place, statement.name)):
            below = find(self.tree, _folder(place), (statement.name,)) if has_parts(place) else None
            runs = [*runs, *(below[1] if below else ())]
        return runs

    def _find(self, path: str, level: int, module: str) -> tuple[str, list[str]] | None:
        parts = tuple(module.split(".")) if module else ()
        if not level:
            for root in (*ROOTS, *self._beside(path, parts[0])):
                found = find(self.tree, root, parts)
                if found is not None and found[0] != path:
                    return found
            return None
        parents = PurePosixPath(path).parents
        if level > len(parents):
            return None
        folder = str(parents[level - 1]).removeprefix(".")
        if parts:
            return find(self.tree, folder, parts)
        package = f"{folder}/__init__.py" if folder else "__init__.py"
        return (package, [package]) if self.tree.text(package) is not None else (folder, [])

    def _beside(self, path: str, name: str) -> tuple[str, ...]:
        """The folder of a file that lies in no package: Python looks there when the file is run as a program."""
        folder = path.rpartition("/")[0]
        package = self.tree.text(f"{folder}/__init__.py") is not None
        return () if package or name in sys.stdlib_module_names else (folder,)

    def _name(
        self, path: str, base: str, rest: tuple[str, ...], seen: set[tuple[str, str]]
    ) -> Iterator[Target]:
        if base.startswith("%"):
            level, module, name = base[1:].split(":")
            yield from self._import(path, Import(int(level), module, name, "call"), rest, seen)
            return
        if (path, base) in seen:
            return
        seen.add((path, base))
        units = list(self.units(path, base))
        if not units:
            yield from self._stars(path, seen)
        for place, unit in units:
            if unit.kind == "import":
                yield Target("import", path, place=place)
                yield from self._import(path, unit.imports[0][0], rest, seen)
        if not units or any(unit.kind != "import" for _, unit in units):
            yield Target("symbol", path, base, ".".join(rest))

    def _stars(self, path: str, seen: set[tuple[str, str]]) -> Iterator[Target]:
        """What `from module import *` may bring: a name that the module does not bind itself, Python's own too."""
        for place, unit in self.units(path, "*"):
            yield Target("import", path, place=place)
            if unit.kind != "import":
                continue
            statement = unit.imports[0][0]
            found = self._find(path, statement.level, statement.module)
            if found is not None:
                where = f"{path}:{unit.lines[0]}"
                yield Target("hidden", found[0], f"{where} imports * from it")

    def _import(
        self, path: str, statement: Import, rest: tuple[str, ...], seen: set[tuple[str, str]]
    ) -> Iterator[Target]:
        level, module, name, _ = statement
        if name == ".":
            module = module.partition(".")[0]
        elif name:
            rest = (name, *rest)
        found = self._find(path, level, module)
        if found is not None:
            yield from self._attribute(found[0], rest, seen)
        elif not level:
            yield Target("outside", path, ".".join((module, *rest)))

    def _attribute(
        self, place: str, rest: tuple[str, ...], seen: set[tuple[str, str]]
    ) -> Iterator[Target]:
        if not rest:
            yield Target("module", place)
            return
        name = rest[0]
        if (place, name) not in seen and any(self.units(place, name)):
            yield from self._name(place, name, rest[1:], seen)
            return
        below = find(self.tree, _folder(place), (name,)) if has_parts(place) else None
        if below is not None:
            yield from self._attribute(below[0], rest[1:], seen)
        elif not (name.startswith("__") and name.endswith("__")):
            yield Target("symbol", place, name, ".".join(rest[1:]))
            if self.module(place) is not None:
                yield Target(
                    "hidden", place, f"it has no {name!r} that can be seen without running it"
                )


def has_parts(place: str) -> bool:
    """Whether a module's file, or its folder, is that of a package."""
    return not place.endswith((".py", *BUILT)) or place.endswith("__init__.py")


def _folder(place: str) -> str:
    return place.removesuffix("__init__.py").rstrip("/")
