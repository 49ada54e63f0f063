"""`report.json` and `report.html` of a run, and the page of several beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.data.files import write_json, write_text
from crosstie.errors import RunError
from crosstie.reports.collect import collect
from crosstie.reports.compare import compare
from crosstie.reports.page import page, pieces

NAME = "report.html"


@dataclass(frozen=True)
class Written:
    """A report on disk.

    Attributes:
        path: The page.
        content: The dict that it was drawn from, which lies beside it as JSON.
        card: The model card, where one was asked for.
    """

    path: Path
    content: Mapping[str, Any] = field(repr=False)
    card: Path | None = None

    def _repr_html_(self) -> str:
        return pieces(self.content, "")


def write_report(runs: Sequence[Path], file: Path | None = None) -> Written:
    """Write the report of one run, or of several beside each other.

    Args:
        runs: Their directories.
        file: Where; None is `report.html` of the run, and of several in the current folder. The dict goes
            beside it, as `.json`.

    Raises:
        RunError: A file of a run is damaged, or there is a folder where the page is to go.
    """
    if file is not None and file.is_dir():
        raise RunError(f"{file}: is a folder; give the file to write, such as {file / NAME}")
    target = file or (runs[0] / NAME if len(runs) == 1 else Path(NAME))
    content = collect(runs[0]) if len(runs) == 1 else compare(runs)
    write_json(target.with_suffix(".json"), content)
    write_text(target, page(content))
    return Written(target, content)
