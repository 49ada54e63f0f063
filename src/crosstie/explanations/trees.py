"""Exact contributions of boosted trees, from the booster's own text that lies in a run.

They are LightGBM's (TreeSHAP), of the columns that trees see, added up by the table's. Columns of text and sets are sums
over tokens that the text does not hold: models of those are explained by sampling, as every other is.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import plain
from crosstie.data.read import Source
from crosstie.learners.booster import tree_contributions
from crosstie.learners.columns import Columns
from crosstie.serving.explain import SCALES, Explanation, place_of, scaled
from crosstie.serving.model import Model
from crosstie.serving.pieces import pieces

NEAR = 1e-3  # of the sum: the graph adds up float32
EXACT = ("number", "binary")
METHOD = "trees"


def by_trees(
    run: Path, model: Model, source: Source, *, rows: int | None = None
) -> list[Explanation] | None:
    """Why the model says what it says of rows, as `Model.explain`.

    Args:
        run: The run's directory.
        model: Its model; see `check_explained`.
        source: The rows, opened for it.
        rows: Only the first so many; None is all.

    Returns:
        None where the run has no booster, or what its trees add up to is not all of what the model says: an average of
        several models, classes, texts and sets among its columns or columns made of others, a target that was scaled
        by ranks.
    """
    text = run / "network" / "booster.txt"
    members = model.artifact.members
    if len(members) != 1 or len(model.artifact.outputs) != 1 or not text.is_file():
        return None
    [feature], layout = model.artifact.outputs, members[0].layout
    made = json.loads((text.parent / "columns.json").read_text(encoding="utf-8"))
    if feature.type not in EXACT or layout.tokens or "constructed" in made:
        return None
    table = source.table() if rows is None else next(pieces(source, model.artifact.columns, rows))
    encoded = model.artifact.encode(table)
    columns = Columns(layout)
    found = tree_contributions(text.read_text(encoding="utf-8"), columns.array(encoded[0].batch))
    if feature.type == "number":
        zero, one = np.asarray(feature.decode(np.array([0.0, 1.0]))["prediction"], np.float64)
        found *= one - zero
        found[:, -1] += zero
    else:
        found /= model.artifact.settings[feature.name].temperature
    raw = model.artifact.raw(encoded)
    values = scaled(model.artifact, raw)[feature.name][:, 0]
    if not np.allclose(
        found.sum(1), values, rtol=NEAR, atol=NEAR * max(np.abs(values).max(initial=0), 1)
    ):
        return None
    said = model.artifact.decode(raw, encoded[0])[f"{feature.name}_prediction"]
    called = {each.name: each.column for each in members[0].preprocessor.inputs}
    sources = [called[name] for name in columns.names]
    return [
        Explanation(
            row + 1,
            feature.name,
            plain(said[row]),
            SCALES[feature.type],
            place_of(feature, values[row : row + 1])[1],
            float(found[row, -1]),
            float(found[row].sum()),
            _by_column(sources, found[row]),
            None,
            METHOD,
        )
        for row in range(len(found))
    ]


def _by_column(sources: list[str], added: NDArray[np.float64]) -> dict[str, float]:
    """What the columns of the table add: several of the trees' may be of one."""
    total = dict.fromkeys(sources, 0.0)
    for name, value in zip(sources, added.tolist(), strict=False):  # the last is the mean
        total[name] += value
    return total
