"""What a benchmark's table is, and where its files lie."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("CROSSTIE_BENCH", ROOT / ".crosstie" / "bench"))


@dataclass(frozen=True)
class Table:
    """A real table and what is to be predicted of it.

    Attributes:
        target: The column.
        task: binary, multiclass, regression, multilabel or tags.
        make: The folder of originals to a frame, or to (train, test) where the publisher split it.
        types: Column types that a reader of the publisher's notes would state.
        text: The column that holds the text, of a table that is little else.
        media: The column that holds names of pictures or sounds, or words with a tag each.
        script: What one writes without Crosstie: a file of `peers/`, and the words behind the common ones.
    """

    target: str
    task: str
    make: Callable[[Path], pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]]
    types: dict[str, str] = field(default_factory=dict)
    text: str = ""
    media: str = ""
    script: tuple[str, ...] = ("lightgbm_defaults.py",)

    def parts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(train, test): the publisher's own, or 80 % and 20 %, seed 0, stratified (a number on its deciles)."""
        made = self.make(originals())
        if isinstance(made, tuple):
            return made
        by = made[self.target]
        if self.task == "regression":
            by = pd.qcut(by.rank(method="first"), 10, labels=False)
        else:  # a class of one row cannot be stratified
            by = by.where(by.map(by.value_counts()) > 1, by.mode()[0])
        return tuple(train_test_split(made, test_size=0.2, random_state=0, stratify=by))


def originals() -> Path:
    """The folder of published files."""
    folder = Path(os.environ.get("CROSSTIE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"{folder}: the folder of real datasets is absent. Name it: CROSSTIE_DATA=/path")
    return folder
