"""All that a step's function reaches in its project, found by reading and never by running.

It begins at one name and goes on until nothing new comes: statements that bind what is mentioned, statements that may
change that when their module is imported, and, where something cannot be followed, whole modules.
"""

import sys
from collections.abc import Iterator

from crosstie.project.fingerprint.codebase import Codebase, has_parts
from crosstie.project.fingerprint.effects import Effects, Symbol, Touch
from crosstie.project.fingerprint.mentions import Import, Mention, Unseen
from crosstie.project.fingerprint.module import Unit

# calls that may bring code of the project in without naming it
_ANYTHING = frozenset(
    "cloudpickle.load cloudpickle.loads dill.load dill.loads importlib.import_module importlib.util.module_from_spec "
    "importlib.util.spec_from_file_location joblib.load pandas.read_pickle pickle.Unpickler pickle.load pickle.loads "
    "pkgutil.iter_modules pkgutil.walk_packages runpy.run_module runpy.run_path shelve.open sys.meta_path sys.modules sys.path_hooks torch.load".split()
)
_PLACES = ("sys.path", "site.addsitedir")


class Closure:
    """What one function, or a whole file, reaches.

    Args:
        codebase: The project's modules.
        effects: What they do on import.
        full: Whether annotations count everywhere: something reached reads them.

    Attributes:
        units: The statements reached: file and place.
        loaded: The files that are imported on the way.
        outside: Modules that are not the project's, with where each is first imported.
        wholes: Files taken whole, each with the reason.
        flags: What the statements read that is otherwise left out.
        paths: Texts that may be paths of files, with the files that hold them.
    """

    def __init__(self, codebase: Codebase, effects: Effects, *, full: bool = False) -> None:
        self.units: set[tuple[str, int]] = set()
        self.loaded: dict[str, None] = {}
        self.outside: dict[str, str] = {}
        self.wholes: dict[str, str] = {}
        self.flags: set[str] = set()
        self.paths: set[tuple[str, str]] = set()
        self._codebase = codebase
        self._effects = effects
        self._full = full
        self._own: set[tuple[str, int]] = set()
        self._symbols: set[Symbol] = set()
        self._written: set[Symbol] = set()
        self._waiting: list[tuple[str, int]] = []
        self._elsewhere = ""  # where the list of places is changed that modules are looked for in

    def begin(self, path: str, function: str | None) -> None:
        """Go from a function of a file, or from all of the file, to the end."""
        self._load(path)
        if function is None:
            for place, _ in self._of(path):
                self._add(path, place)
        else:
            self._symbols.add((path, function))
            for place, _ in self._codebase.units(path, function):
                self._own.add((path, place))
                self._add(path, place)
        self._settle()

    def form(self, path: str, place: int) -> str:
        """The digest of a statement in the form that counts here."""
        module = self._codebase.module(path)
        assert module is not None
        plain, own, full = module.units[place].forms
        if self._is_full(path, place):
            return full
        return own if (path, place) in self._own else plain

    def _settle(self) -> None:
        while True:
            while self._waiting:
                self._process(*self._waiting.pop())
            if "subclasses" in self.flags:  # classes are found by their base, not by their name
                for path in list(self.loaded):
                    self._whole(path, "something asks for all subclasses of a class")
            if self._elsewhere:
                self._look_everywhere()
            for path, place in self._changing():
                self._add(path, place)
            if not self._waiting:
                return

    def _look_everywhere(self) -> None:
        """Take whole what an import that leads out of the project may mean, wherever in the project it lies."""
        for path in self._codebase.tree.every(""):
            names = path.removesuffix(".py").split("/")
            if self.outside.keys() & {*names}:
                self._whole(path, f"{self._elsewhere} changes where modules are looked for")

    def _process(self, path: str, place: int) -> None:
        module = self._codebase.module(path)
        assert module is not None
        unit = module.units[place]
        self._symbols |= {(path, name) for name in unit.names}
        self.flags |= {*unit.flags}
        self.paths |= {(each, path) for each in unit.paths}
        for name in (
            "__annotations__",
            "*",
        ):  # `from __future__ import annotations`; whatever a star brings
            for below, _ in self._codebase.units(path, name):
                self._add(path, below)
        for mention, line in unit.mentions:
            if self._counts(mention, path, place):
                self._follow(path, unit, mention, line)
        for statement, line in unit.imports:
            self._import(path, statement, line)
        for unseen in unit.unseen:
            self._unseen(path, unseen)

    def _counts(self, mention: Mention, path: str, place: int) -> bool:
        if mention.where == "code" or self._is_full(path, place):
            return True
        return mention.where == "parameter" and (path, place) in self._own

    def _is_full(self, path: str, place: int) -> bool:
        return self._full or self._effects.is_seen(path, place)

    def _follow(self, path: str, unit: Unit, mention: Mention, line: int) -> None:
        if mention.how in ("text", "table") and not self._is_named(path, mention):
            return
        where = f"{path}:{line}"
        for target in self._codebase.targets(path, mention.base, mention.attributes):
            match target.kind:
                case "import":
                    self._add(target.path, target.place)
                case "symbol":
                    self._symbols.add((target.path, target.name))
                    for place, _ in self._codebase.units(target.path, target.name):
                        self._add(target.path, place)
                case "module":
                    self._whole(target.path, f"{where} uses it as a value")
                case "hidden":
                    self._whole(target.path, target.name)
                case "outside" if target.name in _ANYTHING:
                    self._anything(path, unit, target.name, where)
                case "outside" if target.name.startswith(_PLACES):
                    self._elsewhere = self._elsewhere or where

    def _is_named(self, path: str, mention: Mention) -> bool:
        """Whether a word of a text is a variable of the module; `@word` may be a function too."""
        kinds = {unit.kind for _, unit in self._codebase.units(path, mention.base)}
        return bool(
            kinds
            & ({"value", "effect"} if mention.how == "table" else {"value", "effect", "function"})
        )

    def _anything(self, path: str, unit: Unit, name: str, where: str) -> None:
        if name == "importlib.import_module" and unit.unseen:
            return  # the call itself says more
        if name == "sys.modules" and "place" in unit.flags:
            self._whole(path, f"{where} changes it through sys.modules")
            return
        self._everything("", f"{where} calls {name}, which can bring in any of them")

    def _import(self, path: str, statement: Import, line: int) -> None:
        """Note what a statement imports that is not the project's, and load what is."""
        runs = self._codebase.runs(path, statement)
        if runs is None:
            if not statement.level:
                self.outside.setdefault(statement.module.partition(".")[0], f"{path}:{line}")
            return
        for each in runs:
            self._load(each)
        if statement.name == "*" and runs:
            self._whole(runs[-1], f"{path}:{line} imports * from it")

    def _load(self, path: str) -> None:
        """Take note of a module that is imported on the way, and of all that it imports."""
        waiting = [path]
        while waiting:
            at = waiting.pop()
            if at in self.loaded or self._codebase.module(at) is None:
                continue
            self.loaded[at] = None
            self._written |= {*self._effects.writes(at)}
            for place, unit in self._of(at):
                for statement, _ in unit.imports:
                    if statement.when == "import":
                        waiting += self._codebase.runs(at, statement) or ()
                if any(each.when == "import" for each in unit.unseen) or self._is_unused(at, unit):
                    self._add(at, place)

    def _is_unused(self, path: str, unit: Unit) -> bool:
        """Whether an import of something outside is never mentioned: it is there for what it does."""
        statement = unit.imports[0][0] if unit.kind == "import" else None
        if statement is None or statement.level or statement.when != "import":
            return False
        aliased = statement.name not in (".", unit.names[0])  # who gives it a name means to use it
        if aliased or statement.module.partition(".")[0] in sys.stdlib_module_names:
            return False
        if path.endswith("__init__.py") or self._codebase.runs(path, statement) is not None:
            return False
        return not any(
            mention.base == unit.names[0]
            for _, each in self._of(path)
            for mention, _ in each.mentions
        )

    def _changing(self) -> Iterator[tuple[str, int]]:
        """Statements of loaded modules that may change what has been reached."""
        touched = {path for path, _ in self._symbols}
        for path in self.loaded:
            for place, unit in self._of(path):
                if (path, place) in self.units or not unit.runs:
                    continue
                reach = self._effects.reach(path, place)
                acts = unit.kind == "effect" or "enters" in unit.flags
                if (acts and reach.outside) or any(
                    self._changes(each, touched) for each in reach.touches
                ):
                    yield path, place

    def _changes(self, touch: Touch, touched: set[str]) -> bool:
        path, name = touch.symbol
        if name == "*":
            return path in touched
        return touch.symbol in self._symbols and self._effects.changes(touch, self._written)

    def _unseen(self, path: str, unseen: Unseen) -> None:
        where = f"{path}:{unseen.line}"
        if unseen.what == "namespace":
            if not any(
                self._codebase.units(path, unseen.text)
            ):  # else it is a function of its own of that name
                self._whole(path, f"{where} uses {unseen.text}")
            return
        name, star, _ = unseen.text.partition("*")
        if star:
            name = name.rpartition(".")[0]
        if not name or name.startswith("."):
            self._everything("", f"{where} imports a module whose name is made when it runs")
            return
        statement = Import(0, name, "", "call")
        runs = self._codebase.runs(path, statement)
        if runs is None:
            self.outside.setdefault(name.partition(".")[0], where)
        elif star:
            self._everything(name.replace(".", "/"), f"{where} imports one of its modules by name")
        else:
            for each in runs:
                self._whole(each, f"{where} imports it by name")

    def _everything(self, folder: str, reason: str) -> None:
        for path in self._codebase.tree.every(folder):
            self._codebase.unreadable.add(path)
            self._whole(path, reason)

    def _whole(self, path: str, reason: str) -> None:
        """Take all of a module, and of the modules that it hands on."""
        inside = [path]
        if has_parts(path):  # a package has its modules as attributes
            inside = list(self._codebase.tree.every(path.removesuffix("__init__.py").rstrip("/")))
        for each in inside:
            if each in self.wholes:
                continue
            self.wholes[each] = reason
            self._load(each)
            for place, unit in self._of(each):
                self._add(each, place)
                if unit.kind == "import" and unit.names != ("*",):
                    self._hand_on(each, unit, reason)

    def _hand_on(self, path: str, unit: Unit, reason: str) -> None:
        for target in self._codebase.targets(path, unit.names[0], ""):
            if target.kind in ("module", "hidden"):
                self._whole(target.path, reason)
            elif target.kind == "symbol":
                for place, _ in self._codebase.units(target.path, target.name):
                    self._add(target.path, place)

    def _of(self, path: str) -> Iterator[tuple[int, Unit]]:
        module = self._codebase.module(path)
        return enumerate(module.units) if module is not None else iter(())

    def _add(self, path: str, place: int) -> None:
        if (path, place) not in self.units:
            self.units.add((path, place))
            self._waiting.append((path, place))
