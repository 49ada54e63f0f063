"""Fitted features beside a network's weights: without them its codes and scales would mean nothing.

features.json, arrays.safetensors      as in a model, of one member
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from crosstie.artifact.loading import read_json
from crosstie.data.files import atomic, write_json
from crosstie.features.preprocessor import Preprocessor


def save_fitted(folder: Path, preprocessor: Preprocessor) -> None:
    """Write fitted features."""
    state, arrays = preprocessor.state()
    write_json(folder / "features.json", state)
    with atomic(folder / "arrays.safetensors") as temporary:
        save_file({key: np.ascontiguousarray(each) for key, each in arrays.items()}, temporary)


def load_fitted(folder: Path) -> Preprocessor:
    """The features that `save_fitted` wrote.

    Raises:
        ArtifactError: A file is absent or damaged.
        ConfigError: A feature is of a type of somebody's own that is not here.
    """
    state = read_json(folder / "features.json")
    return Preprocessor.from_state(state, load_file(folder / "arrays.safetensors"))
