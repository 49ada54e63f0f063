"""`model.yaml` as a build sees it: what it says that bears on steps, with its lines for what is wrong."""

from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

from crosstie.config.yaml import Tree, read_yaml
from crosstie.data.built import FEATURES
from crosstie.errors import Problem, ProjectError, nearest


class ModelFile:
    """The model file of a project, which may not be there.

    Args:
        path: Where it lies.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_there(self) -> bool:
        """Whether there is one."""
        return self.path.is_file()

    @property
    def settings(self) -> dict[str, Any]:
        """All that it says but `data`; nothing where there is none."""
        value = self._tree.value if self.is_there else None
        return {name: each for name, each in value.items() if name != "data"} if isinstance(value, dict) else {}  # fmt: skip

    @property
    def model_type(self) -> str | None:
        """What kind of model it asks for; None where it does not say."""
        found = self.settings.get("model_type")
        return None if found is None else str(found)

    @property
    def key_columns(self) -> list[str]:
        """The columns that name a row, as its split has them."""
        split = self.settings.get("split")
        column = split.get("column") if isinstance(split, dict) else None
        return [column] if isinstance(column, str) else list(column or ())

    @property
    def features(self) -> Path | None:
        """The file with the row-wise features, as training finds it; None if there is none in the project."""
        if not self.is_there:
            return None
        root = self.path.parent
        named = self.settings.get("features", FEATURES)
        found = [root / each for each in ((named,) if isinstance(named, str) else named or ())]
        there = (each.resolve() for each in found if each.is_file())
        return next((each for each in there if each.is_relative_to(root.resolve())), None)

    def table(self, tables: Collection[str]) -> str:
        """The table that the model learns from.

        Args:
            tables: All of the project.

        Raises:
            ProjectError: `data` names none of them.
        """
        value = self._tree.value
        data = value.get("data") if isinstance(value, dict) else None
        line = f"model.yaml:{self._tree.lines.get(('data',), 1)}"
        if not isinstance(data, str):
            raise ProjectError(Problem(f"{line} data", "must name one table of the project: a file of data/ or a step. A step can put several together: SELECT * FROM a UNION ALL BY NAME SELECT * FROM b"))  # fmt: skip
        in_data = Path(data).parts[:1] == ("data",) and len(Path(data).parts) == 2
        name = Path(data).stem if in_data else data
        if name not in tables:
            raise ProjectError(Problem(f"{line} data", f"{data!r} is no table of the project; {nearest(name, tables)}"))  # fmt: skip
        return name

    @cached_property
    def _tree(self) -> Tree:
        return read_yaml(self.path.read_text(encoding="utf-8-sig"), "model.yaml")
