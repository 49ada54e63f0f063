"""The features of a file before their options are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstie.config.document import Place
from crosstie.features.feature import Feature, feature_types
from crosstie.pipeline.plan import Excluded, Inferred

FeatureClass = type[Feature]


@dataclass
class Entry:
    """A feature before its options are looked at.

    Attributes:
        name: Its name.
        column: Its column.
        place: Where it is written; the `target:` or the file for one that is not listed.
        section: What is written of it, filled to every key of its grammar.
        written: What is written of it, as it stands.
        type: Its type; "" where it cannot be told.
        index: Its index in the list of the file; None for one that is not listed.
        spelled: Whether its cells are single words, nearly each another one.
    """

    name: str
    column: str
    place: Place
    section: dict[str, Any]
    written: Mapping[str, Any] = field(default_factory=dict)
    type: str = ""
    index: int | None = None
    spelled: bool = False

    @property
    def cls(self) -> FeatureClass:
        """The class of its type."""
        return feature_types.get(self.type)


@dataclass
class Columns:
    """All that is said or inferred of columns."""

    inputs: list[Entry] = field(default_factory=list)
    outputs: list[Entry] = field(default_factory=list)
    inferred: list[Inferred] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
