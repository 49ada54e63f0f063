"""A model file, trained by a whole `crosstie train` process."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process import crosstie


@dataclass(frozen=True)
class Trained:
    """A run: its seconds, its folder, and what it says of itself."""

    seconds: float
    run: Path
    metrics: dict[str, Any]  # of the test part, by output

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """The same of the model and of all that stand beside it, by name."""
        said = json.loads((self.run / "evaluation.json").read_text())["models"]
        return {each["model"]: each["metrics"]["test"] for each in said}


def trained(file: dict[str, Any], folder: Path, *words: str, limit: float = 1800) -> Trained:
    """Write the file into the emptied folder and train it there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "model.yaml"
    path.write_text(json.dumps(file))
    done = crosstie("train", path, "-o", folder / "run", "--json", "-q", *words, limit=limit)
    return Trained(done.seconds, folder / "run", done.json["metrics"]["test"])
