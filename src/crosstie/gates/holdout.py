"""The rows that both models are judged on, and how they may be told about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from crosstie.data.column import Column
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.features.feature import Feature

HIDDEN = "(private)"


@dataclass(frozen=True)
class Holdout:
    """The rows.

    Attributes:
        table: As the candidate reads them.
        inputs: Of the candidate, by whose columns rows are told apart.
        key: Columns that name a row.
        private: Columns whose cells are not shown.
        styles: How columns write numbers.
    """

    table: Table
    inputs: Sequence[Feature]
    key: Sequence[str] = ()
    private: Collection[str] = ()
    styles: Mapping[str, Style] = field(default_factory=dict)

    def column(self, feature: Feature) -> Column:
        """The column of an input."""
        style = self.styles.get(feature.column, PLAIN)
        return self.table.column(feature.column, feature.reads, style=style)
