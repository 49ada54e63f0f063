"""CatBoost's trees, from its own JSON to one ONNX operator.

A tree asks every row the same few questions, `value > border`, and their answers are the bits of its leaf's number. Most
combinations of answers cannot be (more than 5 is more than 3) or hold no row, so a tree is written as branches without
those: of 64 leaves 39 are left (California housing), and a row alone takes 18 µs for 1,000 trees where comparing all
borders at once takes 70. Borders are float32, as rows are, so the graph asks exactly what CatBoost does. A missing value
is above no border.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter
from crosstie.learners.trees import DEFAULT_LEFT, MISSING_IS_NAN, Tree, add_trees

Floats = NDArray[np.float64]

MOST_VALUES = (
    1 << 12
)  # of a row: leaves by classes that are gathered at once; 16 MB for a graph's 512 rows


@dataclass(frozen=True)
class Oblivious:
    """One tree.

    Attributes:
        feature: `[depth]` column that each level asks.
        border: `[depth]` above which the answer is 1.
        leaf: `[2 ** depth, outputs]` values; level `i` is bit `i` of a leaf's number.
    """

    feature: tuple[int, ...]
    border: tuple[float, ...]
    leaf: Floats


def read_oblivious(text: str) -> tuple[list[Oblivious], Floats]:
    """The trees of a model in CatBoost's JSON format, in order, and what is added to their sum `[outputs]`."""
    model = json.loads(text)
    scale, bias = model["scale_and_bias"]
    trees = []
    for each in model["oblivious_trees"]:
        splits = each["splits"]
        trees.append(
            Oblivious(
                tuple(split["float_feature_index"] for split in splits),
                tuple(float(np.float32(split["border"])) for split in splits),
                scale * np.array(each["leaf_values"]).reshape(1 << len(splits), -1),
            )
        )
    return trees, np.asarray(bias, np.float64)


def add_oblivious(
    graph: GraphWriter, trees: Sequence[Oblivious], bias: Floats, features: str
) -> str:
    """The sums of the trees' leaves float32 `[rows, outputs]`, added up in float64.

    Args:
        graph: Where to add it.
        trees: At least one.
        bias: `[outputs]`, added to the sums.
        features: Name of the float32 `[rows, columns]` that the trees ask.
    """
    start = graph.constant(bias[None], np.float64)
    if len(bias) == 1:
        whole = [_branches(each, each.leaf[:, 0]) for each in trees]
        wide = graph.cast(features, np.float64)
        sums = add_trees(graph, whole, wide, outputs=1, dtype=np.float64)
        return graph.cast(graph.add("Add", sums, start), np.float32)
    total = start
    step = max(1, MOST_VALUES // len(bias))
    for first in range(0, len(trees), step):
        part = _gathered(graph, trees[first : first + step], features)
        total = graph.add("Add", total, part)
    return graph.cast(total, np.float32)


def _gathered(graph: GraphWriter, trees: Sequence[Oblivious], features: str) -> str:
    """Sums of several outputs `[rows, outputs]`: a leaf of the operator holds one number, its place in a table of all."""
    written, tables, places = [], [], 0
    for each in trees:
        table, numbers = np.unique(each.leaf, axis=0, return_inverse=True)
        written.append(_branches(each, places + numbers.reshape(-1).astype(np.float64)))
        tables.append(table)
        places += len(table)
    found = graph.cast(add_trees(graph, written, features, outputs=len(trees)), np.int64)
    values = graph.add("Gather", graph.constant(np.concatenate(tables), np.float64), found)
    return graph.add("ReduceSum", values, graph.constant([1], np.int64), keepdims=0)


@dataclass
class _Branches:
    """A tree in the making; a child below 0 is the leaf `~child`."""

    feature: list[int] = field(default_factory=list)
    border: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    leaf: list[float] = field(default_factory=list)


def _branches(tree: Oblivious, values: Floats) -> Tree:
    """The tree, node by node, without questions whose answer is known or changes nothing.

    Args:
        tree: Whose.
        values: `[2 ** depth]` one number a leaf, in place of its own.
    """
    made = _Branches()

    def grow(level: int, leaves: list[float], known: dict[int, tuple[float, float]]) -> int:
        """The number of the node, or leaf, where all that is below a level is decided.

        `leaves` are those that can still be reached, and `known` by column the highest border that the value is
        above, and the lowest that it is not above.
        """
        if len(set(leaves)) == 1:
            made.leaf.append(leaves[0])
            return ~(len(made.leaf) - 1)
        column, border = tree.feature[level], tree.border[level]
        above, below = known.get(column, (-np.inf, np.inf))
        if border <= above:
            return grow(level + 1, leaves[1::2], known)
        if border >= below or leaves[0::2] == leaves[1::2]:
            return grow(level + 1, leaves[0::2], known)
        node = len(made.feature)
        made.feature.append(column)
        made.border.append(border)
        made.left.append(0)
        made.right.append(0)
        made.left[node] = grow(level + 1, leaves[0::2], known | {column: (above, border)})
        made.right[node] = grow(level + 1, leaves[1::2], known | {column: (border, below)})
        return node

    grow(0, values.tolist(), {})
    nodes = len(made.feature)
    return Tree(
        feature=np.array(made.feature, np.int64),
        gain=np.zeros(nodes),
        threshold=np.array(made.border, np.float64),
        decision=np.full(nodes, DEFAULT_LEFT | MISSING_IS_NAN << 2, np.int64),
        left=np.array(made.left, np.int64),
        right=np.array(made.right, np.int64),
        leaf=np.array(made.leaf, np.float64),
        sets=(),
    )
