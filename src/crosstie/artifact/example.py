"""Rows that lie in a model with its answer to them: what every later load, wheel and server is checked against."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosstie.artifact.artifact import Artifact, plain
from crosstie.artifact.loading import load, read_json
from crosstie.data.table import Table
from crosstie.errors import Problem

ROWS = 3
NEAR = (
    1e-5  # relative or absolute: sizes of batches and processors change the last bits of a product
)


def example(artifact: Artifact, *, seed: int) -> dict[str, Any]:
    """What `example.json` holds: rows that no user ever had, and this model's answer.

    Args:
        artifact: The model.
        seed: Of what is made up. Cells of private columns stay empty: even made-up ones would show levels.
    """
    rng = np.random.default_rng(seed)
    cells = {feature.column: feature.example(rng, ROWS) for feature in artifact.inputs}
    cells |= {column: [None] * ROWS for column in cells if column in artifact.private}
    rows = [{key: plain(values[i]) for key, values in cells.items()} for i in range(ROWS)]
    return {"rows": rows, "predictions": answers(artifact, rows)}


def answers(artifact: Artifact, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a model says of rows, each as JSON holds it."""
    table = Table.from_rows(rows, missing=artifact.missing)
    encoded = artifact.encode(table)
    found = artifact.decode(artifact.raw(encoded), encoded[0].tokens)
    return [{key: plain(values[i]) for key, values in found.items()} for i in range(len(rows))]


def check_example(model: Path | Artifact) -> list[Problem]:
    """Predict the rows in a model's `example.json` and compare with the answer beside them.

    Args:
        model: A model's folder, or a model loaded from one.

    Returns:
        One problem for each value that is another: numbers by more than 1e-5, relative and absolute, or anything
        else at all. None where the model says here what it said where it was made.

    Raises:
        ArtifactError: The model, or its example, cannot be read.
    """
    artifact = model if isinstance(model, Artifact) else load(model)
    assert artifact.folder is not None, "a model made in memory has no example"
    stored = read_json(artifact.folder / "example.json")
    found = answers(artifact, stored["rows"])
    return [
        Problem(f"example row {row + 1}, {key}", f"expected {expected[key]!r}, got {said[key]!r}")
        for row, (expected, said) in enumerate(zip(stored["predictions"], found, strict=True))
        for key in expected
        if key not in said or not same(expected[key], said[key])
    ]


def same(expected: Any, found: Any) -> bool:
    """Whether two values of predictions are equal, numbers nearly.

    Examples:
        >>> same(0.25, 0.250001), same(["a", None], ["a", None]), same("yes", "no"), same(1e6, 1e6 + 5)
        (True, True, False, True)
    """
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    if _is_number(expected) and _is_number(found):
        return math.isclose(expected, found, rel_tol=NEAR, abs_tol=NEAR)
    return bool(expected == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
