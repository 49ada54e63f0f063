"""Whether a dict is one row or holds columns: lists and arrays may be either, and only the model's features can tell."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.errors import DataError, Problem
from crosstie.features.nested import nested

REMEDY = "Give a list of rows, [{…}, …], or a dict in which each holds a list of cells"

_SIMPLE = frozenset({str, int, float, bool, type(None)})


def is_row(artifact: Artifact, data: Mapping[str, Any]) -> bool:
    """Whether a dict is one row of a model's table.

    Raises:
        DataError: Its values contradict each other, or each of them may be one cell as well as a column.
    """
    if data and _SIMPLE.issuperset(map(type, data.values())):
        return True  # as requests are: no need to ask each feature
    features = {each.column: each for each in artifact.outputs} | dict(artifact.direct)
    scalars = {
        *(artifact.windows.columns if artifact.windows is not None else ()),
        *(artifact.rowwise.inputs if artifact.rowwise is not None else ()),
        *artifact.groups,
    }
    votes: dict[str, float] = {}
    for name, value in data.items():
        if not _is_many(value):
            votes[name] = 1.0
        elif name in features:
            votes[name] = features[name].one_cell(value)
        elif name in scalars:
            votes[name] = 0.0
    cell = next((name for name, vote in votes.items() if vote == 1), None)
    column = next((name for name, vote in votes.items() if vote == 0), None)
    if cell is not None and column is not None:
        raise DataError(
            f"{cell!r} holds one cell and {column!r} a column of {len(data[column])}. {REMEDY}"
        )
    if cell is not None or column is not None or not votes:
        return cell is not None
    name, vote = max(votes.items(), key=lambda each: abs(each[1] - 0.5))
    if vote == 0.5:
        raise DataError(
            Problem(
                f"column {name!r}",
                f"an array of {'x'.join(map(str, nested(data[name])))} may be one cell or {len(data[name])}. {REMEDY}",
            )
        )
    return vote > 0.5


def _is_many(value: Any) -> bool:
    """Whether a value has elements: a list, an array, a column of a frame."""
    one = isinstance(value, str | bytes | bytearray | Mapping | AbstractSet)
    return hasattr(value, "__len__") and not one and getattr(value, "ndim", 1) > 0
