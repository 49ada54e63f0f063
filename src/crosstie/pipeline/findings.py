"""What checking a file finds: problems, collected so that all are told at once, and warnings."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from crosstie.config import options, wording
from crosstie.config.document import Document, Place
from crosstie.config.options import ComponentOf, Filled
from crosstie.config.yaml import Keys
from crosstie.errors import Problem


@dataclass
class Findings:
    """Grows while a document is checked.

    Attributes:
        document: What is checked.
        problems: What must be mended.
        warnings: What may be as it should, and may not.
        broken: Paths of sections with a wrong value, whose filled options are therefore not all there.
    """

    document: Document
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    broken: set[Keys] = field(default_factory=set)

    def wrong(self, place: Place | str, what: str) -> None:
        """Note a problem."""
        problem = Problem(str(place), what)
        if problem not in self.problems:
            self.problems.append(problem)

    def section(
        self, cls: type, given: Any, place: Place, *, wiring: tuple[str, ...] = ()
    ) -> Filled:
        """The options of `cls` filled from `given`; what is wrong with them is noted.

        Args:
            cls: Whose constructor is the section's schema.
            given: The section.
            place: Where it stands.
            wiring: Parameters that are no options.
        """
        filled, problems = options.check(cls, given, place, wiring=wiring)
        if problems and (
            {} in filled.values() or options.check(cls, filled, place, wiring=wiring)[1]
        ):
            self.broken.add(place.path)
        self._note(problems)
        return filled

    def component(
        self, marker: ComponentOf, given: Any, place: Place, *, default: Filled | None = None
    ) -> Filled:
        """A component's section filled, its `type` included; empty when that cannot be told."""
        filled, problems = options.check_component(marker, given, place, default=default)
        if problems and (not filled or options.check_component(marker, filled, place)[1]):
            self.broken.add(place.path)
        self._note(problems)
        return filled

    def known(self, name: str, choices: Collection[str], place: Place | str, what: str) -> bool:
        """Whether `name` is among the choices; a problem if not."""
        if name in choices:
            return True
        self.wrong(place, f"{what} {name!r}; {wording.hint(name, choices)}")
        return False

    def _note(self, problems: list[Problem]) -> None:
        self.problems += [each for each in problems if each not in self.problems]
