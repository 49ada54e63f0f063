"""From a name to a dataset: one that is shipped, one of the hub, or a folder of one's own."""

from pathlib import Path

from crosstie.datasets.dataset import Dataset
from crosstie.datasets.folder import of_folder
from crosstie.datasets.hub import HUB, of_hub
from crosstie.datasets.shipped import SHIPPED, names
from crosstie.errors import DataError, nearest

PREFIX = "dataset:"


def load(name: str | Path, *, cache: Path = Path(".crosstie")) -> Dataset:
    """A dataset by name.

    Args:
        name: `penguins`, `sms_spam` or `telco_churn`; `hf://OWNER/NAME` or `hf://OWNER/NAME:SUBSET` of the Hugging
            Face hub; or a folder that holds a table, or tables called `train`, `validation` and `test`.
        cache: Where the files of the hub are kept.

    Raises:
        DataError: There is none of that name, or it cannot be fetched.

    Example:
        >>> import crosstie
        >>> crosstie.datasets.load("penguins")
        Dataset('penguins': classification, 3 classes of 'species')
    """
    name = str(name).removeprefix(PREFIX)
    for each in SHIPPED:
        if each.name == name.replace("-", "_"):
            return each
    if name.startswith(HUB):
        return of_hub(name, cache)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return of_folder(folder)
    hint = nearest(name, names())
    owner = f"; for one of the hub write {HUB}{name}" if name.count("/") == 1 else ""
    raise DataError(f"{name}: no dataset of that name, and no folder; {hint}{owner}")


def named(value: object) -> bool:
    """Whether a value names a dataset rather than a file: `dataset:penguins`."""
    return isinstance(value, str) and value.startswith(PREFIX)
