"""What a wheel of a model offers: the model in it, and a check of itself where it is installed."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import ClassVar

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.example import check_example, check_skew
from crosstie.artifact.loading import load, read_json
from crosstie.errors import Problem
from crosstie.serving.model import Model


class Packaged(Model):
    """The model that lies in a package.

    Args:
        artifact: Another model; None opens the package's own.
        path: Where that came from.
        threads: Processor threads for prediction.

    Raises:
        ArtifactError: The package's files are damaged.
    """

    folder: ClassVar[Path]

    def __init__(
        self,
        artifact: Artifact | None = None,
        path: Path | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        super().__init__(
            load(self.folder, threads=threads) if artifact is None else artifact,
            self.folder if artifact is None else path,
        )


@dataclass(frozen=True)
class Checked:
    """What a package says of itself.

    Attributes:
        rows: How many example rows were predicted.
        problems: What differs from where the model was trained.
        imports: Distributions that predicting them imported.
        unlisted: Those of them that the package does not list, nor what it lists: where others are installed, they
            may be taken up by what it lists.
    """

    rows: int
    problems: Sequence[Problem]
    imports: Sequence[str]
    unlisted: Sequence[str]


def check_package(model: Model, package: str) -> Checked:
    """Predict a package's example rows, compare, and look at what that imported.

    Args:
        model: The package's own.
        package: What `import` calls it.
    """
    folder = model.artifact.folder
    assert folder is not None
    problems = [*check_example(model.artifact), *check_skew(model.artifact)]
    owners = packages_distributions()
    own = {_normal(each) for each in owners.get(package, ())}
    tops = {name.partition(".")[0] for name in sys.modules}
    found = {_normal(each) for top in tops for each in owners.get(top, ())} - own
    listed = {each for name in own for each in _needed(name)}
    rows = len(read_json(folder / "example.json")["rows"])
    return Checked(rows, problems, sorted(found), sorted(found - listed))


def _needed(distribution: str) -> set[str]:
    """What a distribution lists, and what that lists, without extras."""
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        try:
            lines = requires(waiting.pop()) or ()
        except PackageNotFoundError:
            continue
        names = {
            _normal(re.split(r"[^\w.-]", line, maxsplit=1)[0])
            for line in lines
            if "extra ==" not in line
        }
        waiting += sorted(names - found)
        found |= names
    return found


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
