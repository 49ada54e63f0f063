"""Row-wise features: one step from a table's columns to a model's, the same in training and on each request.

Its result for a row depends on nothing but that row. `sql` and `python` are the two ways to write it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from crosstie.data.column import Column
from crosstie.data.rowwise.function import Function
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.table import Table


class Rowwise(Protocol):
    """What makes a model's columns of a table's."""

    @property
    def file(self) -> str:
        """What it was read from, without its folder."""

    @property
    def inputs(self) -> Mapping[str, RawColumn]:
        """Columns of the table that are worked with, typed, by name."""

    @property
    def passed(self) -> Mapping[str, str]:
        """Columns that are handed on as they are: the name that the model knows, to the table's."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all that it makes."""

    @property
    def requires(self) -> tuple[str, ...]:
        """Distributions that it needs where the model predicts."""

    @property
    def function(self) -> Function | None:
        """The code that it is, if it is code."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of the table that it needs."""

    @property
    def fingerprint(self) -> str:
        """Changes when what it makes of a row may."""

    def of(self, table: Table, *, strict: bool = False) -> tuple[Table, dict[str, Column]]:
        """What it makes of a table, and of each of `inputs` (and of what failed) the column as it was read.

        Args:
            table: Any rows. A column that is not there counts as missing.
            strict: Whether a row for which something cannot be worked out is an error; a missing value otherwise.

        Raises:
            DataError: The rows cannot be taken.
        """

    def only(self, columns: Collection[str]) -> "Rowwise":
        """The same for a model that reads these of its columns and no other."""

    def sources(self, column: str) -> tuple[str, ...]:
        """The columns of the table that one of its columns is made from."""

    def state(self) -> dict[str, Any]:
        """As JSON values."""


def reads(passed: Mapping[str, str], inputs: Collection[str]) -> tuple[str, ...]:
    """Columns of the table that are handed on or worked with, each once."""
    return tuple(dict.fromkeys((*passed.values(), *inputs)))
