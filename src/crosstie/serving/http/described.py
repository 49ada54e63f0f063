"""What a model says of itself: what its rows and predictions look like, and an example of both."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from crosstie.artifact.loading import read_json
from crosstie.artifact.schema import row_schema
from crosstie.serving.model import Model

_PYTHON: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "null": (),
}


@dataclass(frozen=True)
class Described:
    """A model as its askers see it.

    Attributes:
        name: What it is called.
        version: Its own.
        made_by: The version of the program that made it.
        schema: As `artifact.schema.row_schema`.
        example: `{"rows": […], "predictions": […]}`.
        kinds: By input column, the Python types that its cells in JSON may have beside None.
    """

    name: str
    version: str
    made_by: str
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    kinds: Mapping[str, frozenset[type]]

    @cached_property
    def plain(self) -> Mapping[str, AbstractSet[type]]:
        """By input column, the types of cells that can be taken without a look inside."""
        return {name: (kinds | {type(None)}) - {list} for name, kinds in self.kinds.items()}

    @property
    def wanted(self) -> Mapping[str, str]:
        """By input column, what is wanted in words."""
        rows = self.schema["input"]["properties"]
        return {name: each["description"] for name, each in rows.items()}


@lru_cache(maxsize=2)  # a model and the one that takes its place
def described(model: Model) -> Described:
    """What there is to say of a model."""
    artifact = model.artifact
    schema = row_schema(artifact.members[0].preprocessor)
    example: Mapping[str, Any] = {"rows": [], "predictions": []}
    if artifact.folder is not None and (artifact.folder / "example.json").is_file():
        example = read_json(artifact.folder / "example.json")
    return Described(
        str(artifact.manifest["name"]),
        str(artifact.manifest.get("version") or ""),
        str(artifact.manifest.get("crosstie") or ""),
        schema,
        example,
        {
            name: frozenset(kind for each in cell["type"] for kind in _PYTHON[each])
            for name, cell in schema["input"]["properties"].items()
        },
    )
