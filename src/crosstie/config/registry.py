"""Names in the file to classes: one registry for each kind of component.

A component is a class with a decorator. Looking up a name imports the module of that name in the
registry's home package, so that `gbm` never pays for `ecd`; if that does not register the name, the whole
home is imported, then installed entry points (`crosstie.components`), then the project's `components/`.
Import order therefore never matters. This is the one dynamic import of the house.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, Generic, TypeVar

from crosstie.config.words import squashed
from crosstie.errors import ConfigError, Problem, nearest

T = TypeVar("T")
OWN = __name__.partition(".")[0]  # this code also lies in wheels of models, under their names
ENTRY_POINTS = (
    f"{OWN}.components"  # the group by which installed packages say which modules hold components
)
_project_folders: list[Path] = []
_names: dict[type[Any], str] = {}


class Registry(Generic[T]):
    """Classes of one kind, by the name they have in the file and the feature types they serve.

    Args:
        kind: What it holds, as a user would say it: `encoder`.
        home: The package whose modules register the built-in ones.
    """

    def __init__(self, kind: str, *, home: str) -> None:
        self.kind = kind
        self.home = home
        self._classes: dict[tuple[str, str], type[T]] = {}
        self._elsewhere: dict[tuple[str, str], str] = {}
        self._presets: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
        self._complete = False

    def __call__(
        self,
        name: str,
        *,
        of: tuple[str, ...] = ("",),
        elsewhere: tuple[str, ...] = (),
        presets: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Callable[[type[T]], type[T]]:
        """The decorator: `@encoders("dense", of=("number", "binary"))`.

        Args:
            name: What the file calls it.
            of: The feature types it serves.
            elsewhere: What other tools call it; their words are answered with ours.
            presets: Names that stand for it with some options set: `bert` for one model of many.
        """

        def register(cls: type[T]) -> type[T]:
            for each in of:
                self._classes[each, name] = cls
                self._elsewhere |= {(each, squashed(word)): name for word in elsewhere}
                for word, given in (presets or {}).items():
                    self._presets[each, word] = name, given
            _names.setdefault(cls, name)
            return cls

        return register

    def get(self, name: str, *, of: str = "") -> type[T]:
        """The class called `name` (for feature type `of`, where the kind distinguishes them).

        Raises:
            ConfigError: No such name; the message offers the nearest one.
        """
        if (of, name) not in self._classes and name.isidentifier():
            _import_if_there(f"{self.home}.{name}")
        if (of, name) not in self._classes:
            self._import_all()
        if (of, name) not in self._classes:
            article = "an" if of and of[0] in "aeio" else "a"
            what = f"{self.kind} of {article} {of} feature" if of else self.kind
            raise ConfigError(f"{name!r} is no {what}; {self.hint(name, of=of)}")
        return self._classes[of, name]

    def preset(self, name: str, *, of: str = "") -> tuple[str, Mapping[str, Any]]:
        """The component that a name stands for, and the options that it sets: none where it is one itself."""
        if (of, name) not in self._classes and not self._complete and not _there(self.home, name):
            self._import_all()
        return self._presets.get((of, name), (name, {}))

    def presets(self, *, of: str = "") -> list[str]:
        """Names that stand for a component with some options set, sorted."""
        self._import_all()
        return sorted(name for each, name in self._presets if each == of)

    def names(self, *, of: str = "") -> list[str]:
        """All names (for feature type `of`), sorted."""
        self._import_all()
        return sorted(name for each, name in self._classes if each == of)

    def items(self) -> Iterator[tuple[str, str, type[T]]]:
        """(feature type or "", name, class) of everything registered, sorted."""
        self._import_all()
        for (each, name), cls in sorted(self._classes.items(), key=lambda item: item[0]):
            yield each, name, cls

    def is_own(self, cls: type[T]) -> bool:
        """Whether a class did not come with Crosstie."""
        return not cls.__module__.startswith(f"{self.home}.")

    def elsewhere(self, name: str, *, of: str = "") -> tuple[str, ...]:
        """What other tools call `name`."""
        return tuple(w for (each, w), ours in self._elsewhere.items() if (each, ours) == (of, name))

    def hint(self, name: str, *, of: str = "", also: tuple[str, ...] = ()) -> str:
        """What is said of a name that is none: ours for another tool's, else the nearest of these and of `also`."""
        names = [*self.names(of=of), *self.presets(of=of), *also]
        same = {squashed(each): each for each in names}
        ours = self._elsewhere.get((of, squashed(name))) or same.get(squashed(name))
        return f"it is called {ours!r} here" if ours else nearest(name, names)

    def _import_all(self) -> None:
        if not self._complete:
            home = importlib.import_module(self.home)
            for module in pkgutil.iter_modules(home.__path__):
                importlib.import_module(f"{self.home}.{module.name}")
            for point in entry_points(group=ENTRY_POINTS):
                point.load()
            self._complete = True
        for folder in _project_folders:
            for path in sorted(folder.glob("*.py")):
                import_file(path)


def name_of(cls: type[Any]) -> str:
    """The (first) name that a component class is registered by.

    Raises:
        ConfigError: It is not registered.
    """
    if cls not in _names:
        raise ConfigError(f"{cls.__name__}: is not registered as a component; give it a decorator")
    return _names[cls]


def use_components(folder: Path) -> None:
    """Make the classes in `folder/*.py` options of the file."""
    components = folder.resolve()
    if components not in _project_folders:
        _project_folders.append(components)


def own_folders() -> list[Path]:
    """The folders that `use_components` was told of."""
    return list(_project_folders)


def _import_if_there(name: str) -> None:
    if importlib.util.find_spec(name) is not None:
        importlib.import_module(name)


def _there(home: str, name: str) -> bool:
    return name.isidentifier() and importlib.util.find_spec(f"{home}.{name}") is not None


def import_file(path: Path, *, version: str = "") -> ModuleType:
    """A Python file of a project as a module, imported once.

    Args:
        path: The file.
        version: Another one is imported anew, for a file that may be edited meanwhile.

    Raises:
        ConfigError: It cannot be; told with the line.
    """
    place = sha256(f"{path}{version}".encode()).hexdigest()[
        :8
    ]  # two projects may have files of one name
    name = f"crosstie_components.{place}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        where, what = f"{path}{_line(error, path)}", f"{type(error).__name__}: {error}"
        raise ConfigError(Problem(where, f"cannot be imported: {what}")) from error
    return module


def _line(error: Exception, path: Path) -> str:
    """`:12` of the line of a file at which an error came up; "" where it came up elsewhere."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}" if error.filename == str(path) else ""
    lines = [each.lineno for each in extract_tb(error.__traceback__) if each.filename == str(path)]
    return f":{lines[-1]}" if lines else ""
