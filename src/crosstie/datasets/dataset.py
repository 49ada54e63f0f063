"""A dataset: tables, and what is usually asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstie.data.notebook import notebook
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import DataError, nearest


@dataclass(frozen=True, repr=False)
class Dataset:
    """Tables by part, and the question that goes with them.

    Attributes:
        name: What it is called.
        data: Part (`train`, `validation`, `test`) to a path or paths, as `data:` of a model file takes them.
        target: The column that is usually predicted; "" if nobody said.
        task: What kind of question that is.
        metric: What answers are compared by; "" is the usual one of the target's type.
        split: How one table comes apart, as `split:` of a model file; empty where its parts are tables of their own.
        about: What it is, in a sentence.
        licence: Under which it may be used.
        source: Who made it.
        reference: What a file calls it wherever it is installed: `dataset:penguins`; "" is the paths of `data`.
    """

    name: str
    data: Mapping[str, Any]
    target: str = ""
    task: str = ""
    metric: str = ""
    split: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    licence: str = ""
    source: str = ""
    reference: str = ""

    def read(self, part: str = "train") -> Table:
        """The rows of a part.

        Args:
            part: `train`; `validation` and `test` where they are tables of their own.

        Raises:
            DataError: There is no such part.

        Example:
            >>> import crosstie.datasets
            >>> len(crosstie.datasets.load("penguins").read())
            344
        """
        if part not in self.data:
            raise DataError(f"{self.name}: has no part {part!r}; {nearest(part, self.data)}")
        return open_source(self.data[part]).table()

    def tables(self) -> Any:
        """What `data:` of a model file says: a path, or paths by part."""
        return self.data["train"] if set(self.data) == {"train"} else dict(self.data)

    def file(self, *, target: str | None = None) -> dict[str, Any]:
        """The model file that asks the usual question, or the one of another target.

        Raises:
            DataError: It has no usual question, so a target must be given.
        """
        wanted = target or self.target
        if not wanted:
            raise DataError(
                f"{self.name}: nobody said what is usually predicted; say it: --target COLUMN"
            )
        metric = {"metric": self.metric} if self.metric and wanted == self.target else {}
        return {
            "name": self.name.rpartition("/")[2].partition(":")[0],
            "data": self.reference or self.tables(),
            "target": wanted,
            "output_features": [{"name": wanted, **metric}],
            **({"split": dict(self.split)} if self.split else {}),
        }

    def __repr__(self) -> str:
        asked = f": {self.task} of {self.target!r}" if self.target else ""
        return f"Dataset({self.name!r}{asked})"

    def _repr_html_(self) -> str:
        facts = ("about", "task", "target", "metric", "licence", "source")
        rows = [(name, str(getattr(self, name))) for name in facts if getattr(self, name)]
        return notebook(repr(self), ["", ""], rows)
