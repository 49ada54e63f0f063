"""The rows of a holdout beside what two models say of them, for gates of a project's own that look at single rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import hint
from crosstie.data.table import Table
from crosstie.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from crosstie.gates.answers import Answer

NOTHING_BEFORE = "nothing is in production to compare with"


class NotApplicable(ConfigError):
    """What a gate asks for is not there, and that is nobody's mistake."""


@dataclass(frozen=True)
class Said:
    """What was said of an output.

    Attributes:
        type: Its feature type.
        column: Where the truth stands.
        after: What the candidate says, one a row.
        before: What production says; None where it says nothing, or nothing comparable.
        known: bool `[rows]`: those with a true value.
    """

    type: str
    column: str
    after: list[Any]
    before: list[Any] | None
    known: NDArray[np.bool_]


class Predicted:
    """Rows, and what was said of them.

    Args:
        table: The rows.
        outputs: What was said of each, by name.
    """

    def __init__(self, table: Table, outputs: Mapping[str, Said]) -> None:
        self._table = table
        self._outputs = outputs

    def flips(self, output: str | None, where: Mapping[str, Any]) -> float:
        """The share of rows that hold these cells whose prediction became another; see `Comparison.flips`."""
        said = self._said(output)
        if said.before is None:
            raise NotApplicable(NOTHING_BEFORE)
        if said.type in {"number", "timeseries"}:
            raise ConfigError("flips: numbers move, they do not flip; see Comparison.frame")
        rows = said.known & self._holding(where)
        if not rows.any():
            told = " and ".join(f"{name} = {cell}" for name, cell in where.items())
            raise NotApplicable(f"no row of the holdout has {told or 'a true value'}")
        places = np.flatnonzero(rows).tolist()
        flipped = sum(bool(said.before[i] != said.after[i]) for i in places)
        return flipped / len(places)

    def frame(self, output: str | None) -> Any:
        """The rows as pandas has them; see `Comparison.frame`."""
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise MissingExtra("pandas", "frames", needed_for="the rows as a frame") from None
        said, table = self._said(output), self._table
        columns: dict[str, Any] = {name: self._cells(name) for name in table.columns}
        columns["true"] = columns.get(said.column)
        return pd.DataFrame({**columns, "before": said.before, "after": said.after})

    def _said(self, output: str | None) -> Said:
        if output is None and len(self._outputs) == 1:
            return next(iter(self._outputs.values()))
        if output is None:
            raise ConfigError(f"name the output; {hint('', self._outputs)}")
        if output not in self._outputs:
            raise ConfigError(f"there is no output {output!r}; {hint(output, self._outputs)}")
        return self._outputs[output]

    def _cells(self, name: str) -> Any:
        """Numbers where all that is there reads as one, else texts."""
        column = self._table.column(name, "number")
        plain = column.valid.any() and not column.unparsed
        return np.asarray(column.values) if plain else self._table.cells(name)

    def _holding(self, where: Mapping[str, Any]) -> NDArray[np.bool_]:
        found = np.ones(len(self._table), np.bool_)
        for name, cell in where.items():
            if name not in self._table.columns:
                raise ConfigError(f"the holdout has no column {name!r}; {hint(name, self._table.columns)}")  # fmt: skip
            wanted = None if cell is None else str(cell)
            found &= np.array([each == wanted for each in self._table.cells(name)], np.bool_)
        return found


def predicted(
    table: Table, after: "Mapping[str, Answer]", before: "Mapping[str, Answer]"
) -> Predicted:
    """What two models say of a table.

    Args:
        table: The rows.
        after: The candidate's answers, by output.
        before: Production's; none where nothing is in production.
    """
    found = {}
    for name, each in after.items():
        old = before.get(name)
        alike = old is not None and len(old.shown) == len(each.shown)
        found[name] = Said(
            each.feature.type,
            each.feature.column,
            each.shown,
            old.shown if old is not None and alike else None,
            each.usable | old.usable if old is not None and alike else each.usable,
        )
    return Predicted(table, found)
