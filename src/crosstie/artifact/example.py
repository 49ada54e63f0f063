"""Rows that lie in a model with its answer to them: what every later load, wheel and server is checked against.

Three things are said of each row: its cells, what the model predicts, and digests of the arrays that the training
process made of it. So a model is known to predict what it did, and to see rows as training saw them.
"""

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from crosstie.artifact.artifact import Artifact, plain
from crosstie.artifact.loading import load, read_json
from crosstie.data.files import write_json
from crosstie.data.table import Table
from crosstie.errors import Problem
from crosstie.features.preprocessor import Encoded, Preprocessor

Rows = Sequence[Mapping[str, Any]]

ROWS = 4  # with values, and one more without those that may be missing
NEAR = (
    1e-5  # relative or absolute: sizes of batches and processors change the last bits of a product
)
CROWD = 40  # times that the rows stand beside each other in the batch that they are compared in


def made_rows(artifact: Artifact, *, seed: int, most: int = ROWS) -> list[dict[str, Any]]:
    """Rows that no user ever had; in the last one, behind as many as were asked for, nothing stands where nothing may.

    Args:
        artifact: The model.
        most: How many rows with values.
        seed: Of what is made up. Cells of private columns stay empty: even made-up ones would show levels.
    """
    rng = np.random.default_rng(seed)
    preprocessor = artifact.members[0].preprocessor
    cells: dict[str, list[Any]] = {}
    for column, feature in artifact.direct:
        made = list(feature.example(rng, most + 1))
        if preprocessor.nullable(feature):
            made[-1] = None
        cells[column] = [None] * len(made) if column in artifact.private else made
    raw = {} if artifact.rowwise is None else artifact.rowwise.inputs
    for column, each in raw.items():
        if column not in cells:
            made = each.example(rng, most + 1)
            if each.nullable:
                made[-1] = None
            cells[column] = [None] * len(made) if column in artifact.private else made
    for column, known in artifact.groups.items():  # never private
        values = [each for each in known if each is not None]
        made = [values[int(i)] for i in rng.integers(len(values), size=most + 1)]
        cells[column] = [*made[:-1], None] if None in known else made
    return [{key: plain(values[i]) for key, values in cells.items()} for i in range(most + 1)]


def write_example(
    folder: Path, artifact: Artifact, rows: Rows, preprocessors: Sequence[Preprocessor]
) -> None:
    """Write a model's `example.json`: `{"rows": […], "predictions": […], "encoded": […]}`.

    Args:
        folder: The model's.
        artifact: The same, loaded.
        rows: What stands in the columns that it reads.
        preprocessors: Of the process that trained it, or that wants to be compared with.
    """
    raw = Table.from_rows(rows, missing=artifact.missing)
    table = artifact.seen(raw)
    encoded = artifact.with_thresholds(raw, [each.encode(table) for each in preprocessors])
    write_json(
        folder / "example.json",
        {
            "rows": list(rows),
            "predictions": _answers(artifact, encoded, len(rows)),
            "encoded": _digests(encoded, len(rows)),
        },
    )


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
    artifact, stored = _opened(model)
    rows, expected = stored["rows"], stored["predictions"]
    found = _answers(artifact, _encoded(artifact, rows), len(rows))
    return _differences("example row", expected, found)


def check_skew(model: Path | Artifact) -> list[Problem]:
    """See that a row is one and the same alone, in a batch, and in the process that trained the model.

    Encoded arrays must be equal to the byte and predictions to 1e-5. To the byte holds for one machine and the
    versions that the manifest names; elsewhere a Fourier transform or a picture's size may end in other bits.

    Args:
        model: A model's folder, or a model loaded from one.

    Returns:
        One problem for each array and each value of the example rows that differs.

    Raises:
        ArtifactError: The model, or its example, cannot be read.
    """
    artifact, stored = _opened(model)
    rows, trained = stored["rows"], stored.get("encoded")
    if trained is None:
        where = f"{artifact.folder}/example.json"
        return [Problem(where, "has no digests of what training made of its rows; train it again")]
    many = [*rows] * CROWD
    crowd = _encoded(artifact, many)
    together = _digests(crowd, len(many))[-len(rows) :]
    apart = [_encoded(artifact, [row]) for row in rows]
    alone = [_digests(each, 1)[0] for each in apart]
    problems = []
    for other, digests in (("where it was trained", trained), ("in a batch", together)):
        problems += [
            Problem(f"example row {i + 1}", f"{array} is encoded alone as other bytes than {other}")
            for i, (one, its) in enumerate(zip(alone, digests, strict=True))
            for array in one
            if one[array] != its.get(array)
        ]
    said = [_answers(artifact, each, 1)[0] for each in apart]
    batch = _answers(artifact, crowd, len(many))[-len(rows) :]
    return [
        *problems,
        *_differences("example row", stored["predictions"], said, " alone"),
        *_differences("example row", stored["predictions"], batch, " in a batch"),
    ]


def check_alone(artifact: Artifact, table: Table) -> list[Problem]:
    """See that each of some rows is one and the same alone and in the batch of them.

    As `check_skew`, of rows that somebody has rather than of those in the model.

    Args:
        artifact: The model.
        table: The rows, as its preprocessor takes them; a long table cut into windows.

    Returns:
        One problem for each array and each value that differs.
    """
    batch = artifact.encode(table)
    apart = [artifact.encode(table.take(np.array([row]))) for row in range(len(table))]
    together = _digests(batch, len(table))
    problems = [
        Problem(f"row {row + 1}", f"{array} is encoded alone as other bytes than in a batch")
        for row, each in enumerate(apart)
        for array, digest in _digests(each, 1)[0].items()
        if digest != together[row].get(array)
    ]
    said = [_answers(artifact, each, 1)[0] for each in apart]
    return [*problems, *differences(_answers(artifact, batch, len(table)), said, " alone")]


def differences(expected: Rows, found: Rows, where: str = "") -> list[Problem]:
    """One problem for each value of predictions that is another.

    Numbers may differ by 1e-5 of the largest of their column: one near 0 is the difference of larger ones, and as
    exact as they are.

    Args:
        expected: Predictions, one a row.
        found: Others for the same rows.
        where: What is said of the place of the others.
    """
    scales = {
        key: max([1.0, *(abs(row[key]) for row in expected if _is_number(row[key]))])
        for key in (expected[0] if expected else ())
    }
    return [
        Problem(f"row {row + 1}{where}, {key}", f"expected {wanted[key]!r}, got {said.get(key)!r}")
        for row, (wanted, said) in enumerate(zip(expected, found, strict=True))
        for key in wanted
        if key not in said or not same(wanted[key], said[key], scale=scales[key])
    ]


def same(expected: Any, found: Any, *, scale: float = 1.0) -> bool:
    """Whether two values of predictions are equal, numbers nearly: by 1e-5 of themselves or of `scale`.

    Examples:
        >>> same(0.25, 0.250001), same(["a", None], ["a", None]), same("yes", "no"), same(1e6, 1e6 + 5)
        (True, True, False, True)
    """
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    if _is_number(expected) and _is_number(found):
        return math.isclose(expected, found, rel_tol=NEAR, abs_tol=NEAR * scale)
    return bool(expected == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _opened(model: Path | Artifact) -> tuple[Artifact, dict[str, Any]]:
    artifact = model if isinstance(model, Artifact) else load(model)
    assert artifact.folder is not None, "a model made in memory has no example"
    return artifact, read_json(artifact.folder / "example.json")


def _encoded(artifact: Artifact, rows: Rows) -> list[Encoded]:
    return artifact.encode(Table.from_rows(rows, missing=artifact.missing))


def _answers(artifact: Artifact, encoded: Sequence[Encoded], rows: int) -> list[dict[str, Any]]:
    """What a model says of rows, each as JSON holds it."""
    found = artifact.decode(artifact.raw(encoded), encoded[0])
    return [{key: plain(values[i]) for key, values in found.items()} for i in range(rows)]


def _digests(encoded: Sequence[Encoded], rows: int) -> list[dict[str, str]]:
    """Of each row, by member and array, a digest of the bytes that it is encoded as."""
    return [
        {
            f"{member}.{name}": sha256(np.ascontiguousarray(array[row]).tobytes()).hexdigest()[:16]
            for member, each in enumerate(encoded)
            for name, array in each.batch.inputs.items()
        }
        for row in range(rows)
    ]


def _differences(what: str, expected: Rows, found: Rows, where: str = "") -> list[Problem]:
    return [
        Problem(
            f"{what} {row + 1}{where}, {key}", f"expected {wanted[key]!r}, got {said.get(key)!r}"
        )
        for row, (wanted, said) in enumerate(zip(expected, found, strict=True))
        for key in wanted
        if key not in said or not same(wanted[key], said[key])
    ]
