"""What is asked of a model that was made elsewhere, whatever tool wrote it: which columns it reads and what it says.

A reader of one file format gives a `Foreign`; everything after that is the same for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Layout, Output

Task = Literal["binary", "category", "number"]
Place = tuple[Literal["numbers", "categories"], int]  # an array of the batch, and a column of it


@dataclass(frozen=True)
class Asked:
    """A column that a model reads.

    Attributes:
        name: What the file calls it; "" where it has no names of its own.
        kind: `number`, or `category` for one of several words.
        levels: Of a category: the words that the model knows, in the order of its codes.
    """

    name: str
    kind: Literal["number", "category"] = "number"
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fed:
    """What the graph of a `Foreign` is fed with in an artifact.

    Attributes:
        layout: The arrays of a batch.
        places: Of each asked column, in order: where in those arrays it lies.
        levels: Of each asked column, in order: the levels that its codes stand for, from the third code on; nothing
            of a number.
    """

    layout: Layout
    places: Sequence[Place]
    levels: Sequence[Sequence[str]]


class Foreign(Protocol):
    """A model made elsewhere, read from its file."""

    @property
    def tool(self) -> str:
        """What made it."""

    @property
    def version(self) -> str:
        """Of that tool, as the file has it; "" where it does not say."""

    @property
    def columns(self) -> tuple[Asked, ...]:
        """What it reads, in its own order."""

    @property
    def task(self) -> Task | None:
        """What it says it predicts; None where it does not say."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes in its own order; none where it does not say."""

    @property
    def classes(self) -> int | None:
        """How many classes: 1 of a number; None where it does not say."""

    def write(self, path: Path, fed: Fed) -> None:
        """Write the graph that predicts as it does, from the arrays of a batch."""

    def says(
        self,
        cells: Sequence[NDArray[np.float64]],
        absent: Sequence[NDArray[np.bool_]],
        output: Output,
    ) -> NDArray[np.float64] | None:
        """What the tool itself says of some rows; None where it is not installed.

        Args:
            cells: By asked column: the numbers as the table has them, a category's codes in the model's own order;
                NaN where missing or unknown.
            absent: By asked column: which cells are missing.
            output: What is predicted.

        Returns:
            number and binary `[rows]`, category `[rows, classes]`.
        """
