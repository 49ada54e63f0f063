"""Where things lie beside a model's file that it need not name: tables that a project's build made, row-wise features."""

import os
import re
from pathlib import Path

VARIABLE = "CROSSTIE_ENV"
USUAL = "development"
NUMBER = re.compile(r"^(\d+)_")  # of a step, before the name of its table
FEATURES = ("features.sql", "features.py")  # row-wise features, where the model's file names none
OWN = ".crosstie"  # what Crosstie keeps in a project for itself


def environment_name(name: str | None = None) -> str:
    """The environment's name: what is given, else CROSSTIE_ENV, else development."""
    return name or os.environ.get(VARIABLE) or USUAL


def built_table(root: Path, environment: str, name: str) -> Path:
    """Where the table of a step lies."""
    return root / OWN / "tables" / environment / f"{name}.parquet"


def step_name(path: Path) -> str:
    """The table that a step's file makes: `shaped` of `steps/20_shaped.py`."""
    return NUMBER.sub("", path.stem)


def is_step(root: Path, name: str) -> bool:
    """Whether a step of the project in a folder makes a table of this name."""
    return name in map(step_name, (root / "steps").glob("*"))
