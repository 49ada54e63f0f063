"""What a step is: a file that makes one table, named after it. A file of data is one too, and so is the model.

A table of the environment's database that queries read is a `source`, which nothing makes; one that is brought here first is
`fetched`. A `sink` has a database get the rows of a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["raw", "sql", "python", "notebook", "source", "fetched", "sink", "model"]
Frame = Literal["pandas", "polars", "arrow", "ibis"]


@dataclass(frozen=True)
class Step:
    """A file of `steps/`; or one of `data/`, which is read; or `model.yaml`, which is trained.

    Attributes:
        name: Of the step, its function and its table.
        path: The file.
        kind: What runs it.
        upstreams: The tables it takes, by name.
        frames: Of a Python step, by upstream, what it is given.
        settings: What a query's `:name` or a parameter with a default is, where nothing else is said.
    """

    name: str
    path: Path
    kind: Kind
    upstreams: tuple[str, ...]
    frames: Mapping[str, Frame] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
