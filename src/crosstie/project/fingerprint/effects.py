"""What importing a module may do to what a step reads, beyond binding names.

    TABLE["a"] = 1              writes to TABLE
    @register                   writes to a list that register holds
    def one(): ...
    pandas.set_option(...)      writes to something outside of the project

Nothing is run: a statement may change what it writes to, and what can change at all and comes into its hands.
"""

from collections.abc import Iterator
from typing import NamedTuple

from crosstie.project.fingerprint.codebase import Codebase
from crosstie.project.fingerprint.mentions import How, Mention

Symbol = tuple[str, str]  # the module's file and the name; "*" for any of its names

_READING = frozenset({"items", "keys", "values", "get", "copy", "index", "count"})
_WRITING = frozenset({"open", "setattr", "delattr", "exec", "input", "__import__"})
# of Python's own, what changes nothing that a step could see
_HARMLESS = frozenset(
    "__future__ abc bisect collections contextlib copy dataclasses datetime decimal enum fractions functools heapq itertools "
    "json math numbers operator pathlib re statistics string textwrap types typing typing_extensions uuid".split()
)
_INERT = frozenset(
    "abc.abstractmethod contextlib.asynccontextmanager contextlib.contextmanager dataclasses.dataclass enum.unique "
    "functools.cache functools.cached_property functools.lru_cache functools.total_ordering functools.wraps "
    "typing.final typing.overload typing.override typing.runtime_checkable typing_extensions.override attr.s attrs.define "
    "attrs.frozen numba.jit numba.njit numpy.vectorize tenacity.retry torch.inference_mode torch.no_grad".split()
)


class Touch(NamedTuple):
    """Something that a statement gets into its hands when it is run."""

    symbol: Symbol
    how: How
    rest: str


class Reach(NamedTuple):
    """All that a statement and what it may call get into their hands.

    Attributes:
        touches: Of the project.
        outside: Whether anything outside of the project that could be changed is among it.
    """

    touches: frozenset[Touch]
    outside: bool


class Effects:
    """What the statements of a project do on import.

    Args:
        codebase: The modules.
    """

    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._reached: dict[tuple[str, int], Reach] = {}
        self._decorated: dict[tuple[str, int], bool] = {}

    def reach(self, path: str, place: int) -> Reach:
        """What running a statement of a module gets into its hands."""
        key = path, place
        if key not in self._reached:
            self._reached[key] = self._follow(path, place)
        return self._reached[key]

    def writes(self, path: str) -> Iterator[Symbol]:
        """What is written to anywhere in a module, also within functions that are not called."""
        module = self._codebase.module(path)
        for unit in module.units if module else ():
            for mention, _ in unit.mentions:
                if mention.how == "store":
                    for touch in self._touches(path, mention):
                        yield touch.symbol

    def changes(self, touch: Touch, written: set[Symbol]) -> bool:
        """Whether a touch may change what is touched.

        Args:
            touch: The touch.
            written: All that is written to anywhere.
        """
        if touch.how == "store":
            return True
        units = [
            (place, unit)
            for place, unit in self._codebase.units(*touch.symbol)
            if unit.kind != "import"
        ]
        if not units or touch.how in ("text", "table"):
            return False
        if touch.symbol in written or len(units) > 1:
            return True
        place, unit = units[0]
        if unit.kind == "function":
            asked = bool(touch.rest) and not touch.rest.startswith("__")
            return asked or not unit.fixed or self.is_seen(touch.symbol[0], place)
        if unit.kind == "class" and touch.how == "touch" and not touch.rest:
            return True  # handed on, to be written to elsewhere
        if unit.fixed == 1:
            reads = touch.how == "copy" or (touch.how == "call" and touch.rest in _READING)
            return not reads
        return not unit.fixed

    def is_seen(self, path: str, place: int) -> bool:
        """Whether a decorator that is not known may read annotations and docstrings, or give something else instead."""
        key = path, place
        if key not in self._decorated:
            module = self._codebase.module(path)
            assert module is not None
            decorators = module.units[place].decorators
            self._decorated[key] = not all(self._is_inert(path, *each) for each in decorators)
        return self._decorated[key]

    def _is_inert(self, path: str, base: str, chain: str) -> bool:
        if chain in {"setter", "getter", "deleter"}:
            return True
        for target in self._codebase.targets(path, base, chain):
            if target.kind == "outside" and target.name not in _INERT:
                return False
            if target.kind in ("module", "hidden"):
                return False
            if target.kind == "symbol":
                units = list(self._codebase.units(target.path, target.name))
                known = target.name in {"property", "staticmethod", "classmethod"}
                if not units and not known:
                    return False
                if target.rest or any(unit.kind not in ("function", "class") for _, unit in units):
                    return False
        return True

    def _follow(self, path: str, place: int) -> Reach:
        module = self._codebase.module(path)
        assert module is not None
        waiting = [
            (path, each) for each, _ in module.units[place].mentions if each.when == "import"
        ]
        visited = {(path, place)}
        touches: set[Touch] = set()
        outside = False
        while waiting:
            at, mention = waiting.pop()
            outside = outside or self._leaves(at, mention)
            for touch in self._touches(at, mention):
                touches.add(touch)
                for below, unit in self._codebase.units(*touch.symbol):
                    if unit.kind != "import" and (touch.symbol[0], below) not in visited:
                        visited.add((touch.symbol[0], below))
                        waiting += [(touch.symbol[0], each) for each, _ in unit.mentions]
        return Reach(frozenset(touches), outside)

    def _touches(self, path: str, mention: Mention) -> Iterator[Touch]:
        if mention.where != "code" or mention.how in ("text", "table"):
            return
        for target in self._codebase.targets(path, mention.base, mention.attributes):
            if target.kind == "symbol":
                yield Touch((target.path, target.name), mention.how, target.rest)
            elif target.kind in ("module", "hidden"):
                yield Touch((target.path, "*"), "store", "")

    def _leaves(self, path: str, mention: Mention) -> bool:
        if mention.where != "code":
            return False
        for target in self._codebase.targets(path, mention.base, mention.attributes):
            if target.kind == "outside" and target.name.partition(".")[0] not in _HARMLESS:
                return True
            if (
                target.kind == "symbol"
                and target.name in _WRITING
                and not any(self._codebase.units(target.path, target.name))
            ):
                return True
        return False
