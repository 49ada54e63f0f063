"""A model that is asked only if it says what it said where it was made."""

from pathlib import Path

from crosstie.errors import ArtifactError, Problem
from crosstie.serving.model import Model


def tried(folder: Path, *, threads: int | None = None) -> Model:
    """A model that says of its example rows what it said where it was made.

    Raises:
        ArtifactError: It cannot be loaded, or says something else.
    """
    model = Model.load(folder, threads=threads)
    problems = model.check_example()
    if problems:
        raise ArtifactError([Problem(f"{folder}: {each.where}", each.what) for each in problems])
    return model
