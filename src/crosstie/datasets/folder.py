"""A folder of one's own as a dataset.

my_data/train.csv  test.csv      or one table
my_data/dataset.yaml             if it is there: target, task, metric, split, about, licence, source
"""

from pathlib import Path
from typing import Any

from crosstie.config.options import fill
from crosstie.config.source import load as load_document
from crosstie.data.reader import readers
from crosstie.datasets.dataset import Dataset
from crosstie.errors import DataError

PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
CARD = "dataset.yaml"


class Card:
    """What `dataset.yaml` says of the tables beside it.

    Args:
        target: The column that is usually predicted.
        task: What kind of question that is.
        metric: What answers are compared by.
        split: How one table comes apart.
        about: What it is.
        licence: Under which it may be used.
        source: Who made it.
    """

    def __init__(
        self,
        *,
        target: str = "",
        task: str = "",
        metric: str = "",
        split: dict[str, Any] | None = None,
        about: str = "",
        licence: str = "",
        source: str = "",
    ) -> None: ...


def of_folder(folder: Path) -> Dataset:
    """The tables in a folder, and its card if it has one.

    Raises:
        DataError: It holds no table, or several that are no parts of one.
        ConfigError: Its card is wrong.
    """
    kinds = tuple(f".{kind}" for kind in readers.names())
    tables = [
        each
        for each in sorted(folder.iterdir())
        if _plain(each.name).endswith(kinds) and each.is_file() and each.name != CARD
    ]
    parts: dict[str, Any] = {}
    for each in tables:
        part = PARTS.get(each.name.split(".")[0].lower())
        if part is not None:
            parts.setdefault(part, str(each.resolve()))
    if "train" not in parts and len(tables) == 1:
        parts = {"train": str(tables[0].resolve())}
    if "train" not in parts:
        found = ", ".join(repr(each.name) for each in tables[:5]) or "no table"
        raise DataError(
            f"{folder}: holds {found}. Give a folder with one table, or with tables called train, validation, test"
        )
    card: dict[str, Any] = {}
    if (folder / CARD).is_file():
        document = load_document(folder / CARD)
        card = fill(Card, document.value, document.at())
    split = card.pop("split", None) or {}
    return Dataset(folder.resolve().name, parts, split=split, **card)


def _plain(name: str) -> str:
    """A file's name without what it is packed with."""
    return name.lower().removesuffix(".gz").removesuffix(".zst")
