"""The files of a run that a report is made of. What is not there is empty: a run may be of an earlier version, or failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crosstie.config.yaml import read_yaml
from crosstie.errors import RunError
from crosstie.reports.numbers import count


@dataclass(frozen=True)
class Folder:
    """A run on disk, read when asked.

    Attributes:
        path: Its directory.
    """

    path: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Versions, seed, data, exit."""
        return self._dict("manifest.json")

    @cached_property
    def evaluation(self) -> Mapping[str, Any]:
        """What was measured."""
        return self._dict("evaluation.json")

    @cached_property
    def groups(self) -> Mapping[str, Any]:
        """Groups that rows were parted into, of a run that did that."""
        return self._dict("groups.json")

    @cached_property
    def profile(self) -> Mapping[str, Any]:
        """What each column looked like."""
        return self._dict("profile.json")

    @cached_property
    def plan(self) -> Mapping[str, Any]:
        """What a search tried."""
        return self._dict("plan.json")

    @cached_property
    def top_losses(self) -> list[dict[str, Any]]:
        """The rows that the model is most wrong about."""
        found = self.read("top_losses.json")
        return found if isinstance(found, list) else []

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The filled model file."""
        path = self.path / "config.yaml"
        if not path.is_file():
            return {}
        found = read_yaml(path.read_text(encoding="utf-8"), str(path)).value
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def progress(self) -> list[dict[str, Any]]:
        """One entry for each time it was measured while training; a line cut short by the end of a process is none."""
        path = self.path / "metrics.jsonl"
        if not path.is_file():
            return []
        found = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.manifest.get("name", self.path.parent.name))

    @property
    def label(self) -> str:
        """What the run is called beside others, by which commands find it too; of one that `-o` placed its folder's name."""
        beside = (self.path.parent / "latest").is_file()
        return f"{self.path.parent.name}/{self.path.name}" if beside else self.path.name

    @property
    def tables(self) -> dict[str, str]:
        """By part, the table and its rows: by its own name and not by where it lies, for pages are given away."""
        return {
            part: f"{str(each['source']).rsplit('/', 1)[-1]}, {count(each['rows'], 'row')}"
            for part, each in self.manifest.get("data", {}).items()
        }

    def without_places(self, text: str) -> str:
        """A sentence in which tables have their own names, not where they lie: pages are given away."""
        for each in self.manifest.get("data", {}).values():
            source = str(each["source"])
            text = text.replace(source, source.rsplit("/", 1)[-1])
        return text

    @property
    def judged(self) -> str:
        """The part of the data that the figures are of."""
        return str(self.evaluation.get("judged_on", ""))

    def read(self, name: str) -> Any:
        """A JSON file of the run; None where there is none.

        Raises:
            RunError: It is damaged.
        """
        path = self.path / name
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(
                f"{path}: cannot be read as JSON, {error}; restore or remove it"
            ) from None

    def _dict(self, name: str) -> Mapping[str, Any]:
        found = self.read(name)
        if found is not None and not isinstance(found, Mapping):
            raise RunError(f"{self.path / name}: holds no JSON object; restore or remove it")
        return found or {}
