"""How long a model takes for a row alone, so that what is chosen is quick enough to serve."""

import time
from collections.abc import Sequence
from statistics import median

from crosstie.artifact.runtime import Graph
from crosstie.pipeline.candidate import Candidate
from crosstie.pipeline.prepare import Prepared

ENCODING = 6e-5  # seconds that a row of an ordinary table takes to be read and encoded, for each fold's features
WARM_UP, TIMES = 3, 15


def seconds_a_row(candidate: Candidate, data: Sequence[Prepared]) -> float:
    """Seconds for one row by itself, on one processor: the features of each fold, and every graph in turn.

    Args:
        candidate: A fitted model.
        data: Of each fold, in the order of its members.
    """
    total = 0.0
    for (_, path), prepared in zip(candidate.members, data, strict=False):
        graph = Graph(path, threads=1)
        first = {name: array[:1] for name, array in prepared.batches["train"].inputs.items()}
        took = []
        for _ in range(WARM_UP + TIMES):
            began = time.perf_counter()
            graph.run(first)
            took.append(time.perf_counter() - began)
        total += ENCODING + median(took[WARM_UP:])
    return total
