"""Whether a candidate sees a row alike wherever it comes: alone, in a batch, in training, in a process of its own."""

import numpy as np

from crosstie.artifact.artifact import plain
from crosstie.artifact.example import check_alone, check_example, check_skew, differences
from crosstie.data.table import Table
from crosstie.gates.alone import ask_alone
from crosstie.gates.comparison import Skew
from crosstie.serving.model import Model

ROWS = 50  # of the holdout, one by one


def skew_of(model: Model, holdout: Table, *, seed: int = 0) -> Skew:
    """Try the model's example rows and some of the holdout's.

    Rows whose cells are files, and windows of a long table, are tried in this process only.

    Args:
        model: The candidate.
        holdout: The rows that it was asked about.
        seed: Of which rows are tried.
    """
    artifact = model.artifact
    assert artifact.folder is not None, "a model is loaded from a folder"
    some = np.random.default_rng(seed).permutation(len(holdout))[:ROWS]
    columns = [each for each in artifact.columns if each in holdout.columns]
    table = holdout.take(np.sort(some)).select(columns)
    problems = [*check_example(artifact), *check_skew(artifact), *check_alone(artifact, table)]
    told = [str(each) for each in problems]
    plainly = artifact.windows is None and all(each.reads != "media" for each in artifact.inputs)
    rows = (
        [
            dict(zip(columns, cells, strict=True))
            for cells in zip(*map(table.cells, columns), strict=True)
        ]
        if plainly
        else []
    )
    said = ask_alone(artifact.folder, rows)
    told += [each for each in said.problems if each not in told]
    if said.predictions:
        encoded = artifact.encode(table)
        found = artifact.decode(artifact.raw(encoded), encoded[0])
        expected = [
            {key: plain(values[i]) for key, values in found.items()} for i in range(len(table))
        ]
        told += [
            f"in a process of its own: {each}" for each in differences(expected, said.predictions)
        ]
    return Skew(len(table), told)
