"""LightGBM's trees, from its own text to one ONNX operator.

The text holds every split exactly. Rows are float32, so a threshold is rounded down to float32: `x <= t` is then the
same question for every x that can be asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of `decision_type`
MISSING_IS_NONE, MISSING_IS_ZERO, MISSING_IS_NAN = 0, 1, 2  # bits 2 and 3 of `decision_type`
LESS_OR_EQUAL, MEMBER = 0, 6  # ONNX's node modes
ZERO = float(np.float32(1e-35))  # LightGBM takes smaller numbers for 0


@dataclass(frozen=True)
class Tree:
    """One tree. A child below 0 is the leaf `~child`.

    Attributes:
        feature: `[nodes]` column that each split asks.
        gain: `[nodes]` how much the split lowered the loss.
        threshold: `[nodes]`; of a categorical split the index of its set.
        decision: `[nodes]` bits: categorical, missing goes left, kind of missing.
        left: `[nodes]` child where the answer is yes.
        right: `[nodes]` child where it is no.
        leaf: `[nodes + 1]` values.
        sets: For each categorical split the codes that go left.
    """

    feature: NDArray[np.int64]
    gain: NDArray[np.float64]
    threshold: NDArray[np.float64]
    decision: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    leaf: NDArray[np.float64]
    sets: tuple[NDArray[np.int64], ...]


def read_trees(text: str) -> list[Tree]:
    """The trees of a model in LightGBM's text format, in order."""
    return [_read(dict(fields)) for fields in _blocks(text)]


def add_trees(
    graph: GraphWriter,
    trees: list[Tree],
    features: str,
    *,
    outputs: int,
    targets: Sequence[int] | None = None,
    dtype: type[np.floating[Any]] = np.float32,
) -> str:
    """The sums of the trees' leaves `[rows, outputs]`.

    Args:
        graph: Where to add it.
        trees: In rounds of one tree for each output, unless `targets` says otherwise.
        features: Name of the `[rows, columns]` that the trees ask. Where trees take 0 for missing, it holds
            NaN in its place.
        outputs: Values a row.
        targets: For each tree the output that it adds to.
        dtype: In which leaves are added up; `features` has it too.
    """
    parts = [_nodes(tree) for tree in trees]
    sizes = np.array([len(part.feature) for part in parts], np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    leaves = np.array([len(part.leaf) for part in parts], np.int64)
    first_leaf = np.concatenate([[0], np.cumsum(leaves)[:-1]]).astype(np.int64)

    def children(which: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        child = [getattr(part, which) for part in parts]
        is_leaf = np.concatenate([each < 0 for each in child])
        number = [
            np.where(each < 0, ~each + leaf, each + root)
            for each, leaf, root in zip(child, first_leaf, roots, strict=True)
        ]
        return is_leaf.astype(np.int64), np.concatenate(number)

    true_leaf, true_node = children("left")
    false_leaf, false_node = children("right")
    decision = np.concatenate([part.decision for part in parts])
    threshold = np.concatenate([part.threshold for part in parts])
    categorical = (decision & CATEGORICAL) > 0
    nan_is_missing = categorical | ((decision >> 2 & 3) != MISSING_IS_NONE)
    # where no training row was missing, LightGBM takes a missing number for 0
    missing_left = np.where(nan_is_missing, (decision & DEFAULT_LEFT) > 0, threshold >= 0)
    members = [np.append(codes, np.nan) for part in parts for codes in part.sets]
    of = np.arange(len(parts)) % outputs if targets is None else np.asarray(targets)
    extra = {"membership_values": graph.tensor(np.concatenate(members), dtype)} if members else {}
    return graph.add(
        "TreeEnsemble",
        features,
        domain="ai.onnx.ml",
        aggregate_function=1,  # sum
        n_targets=outputs,
        post_transform=0,
        tree_roots=roots.tolist(),
        nodes_featureids=np.concatenate([part.feature for part in parts]).tolist(),
        nodes_modes=graph.tensor(np.where(categorical, MEMBER, LESS_OR_EQUAL), np.uint8),
        nodes_splits=graph.tensor(np.where(categorical, 0.0, round_down(threshold)), dtype),
        nodes_truenodeids=true_node.tolist(),
        nodes_trueleafs=true_leaf.tolist(),
        nodes_falsenodeids=false_node.tolist(),
        nodes_falseleafs=false_leaf.tolist(),
        nodes_missing_value_tracks_true=missing_left.astype(int).tolist(),
        leaf_targetids=np.repeat(of, leaves).tolist(),
        leaf_weights=graph.tensor(np.concatenate([part.leaf for part in parts]), dtype),
        **extra,
    )


def gain(trees: list[Tree], names: list[str]) -> dict[str, float]:
    """Share of the loss that splits on each input took away, largest first."""
    total: dict[str, float] = {}
    for tree in trees:
        for column, gained in zip(tree.feature.tolist(), tree.gain.tolist(), strict=True):
            total[names[column]] = total.get(names[column], 0.0) + gained
    whole = sum(total.values()) or 1.0
    return {name: total[name] / whole for name in sorted(total, key=lambda name: -total[name])}


def round_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above each value, and below the one that parts zero from negative numbers."""
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
        down = np.nextafter(near, np.float32(-np.inf))
    return np.where((near > threshold) | (threshold == -ZERO), down, near)


def _blocks(text: str) -> Iterator[list[tuple[str, str]]]:
    fields: list[tuple[str, str]] | None = None
    for line in text.splitlines():
        if line.startswith("Tree="):
            fields = []
        elif line.startswith("end of trees"):
            break
        elif fields is not None and not line:
            if fields:
                yield fields
            fields = None
        elif fields is not None:
            name, _, value = line.partition("=")
            fields.append((name, value))


def _read(fields: dict[str, str]) -> Tree:
    def integers(name: str) -> NDArray[np.int64]:
        return np.array(fields.get(name, "").split(), np.int64)

    bounds, words = integers("cat_boundaries"), integers("cat_threshold")
    return Tree(
        feature=integers("split_feature"),
        gain=np.array(fields.get("split_gain", "").split(), np.float64),
        threshold=np.array(fields.get("threshold", "").split(), np.float64),
        decision=integers("decision_type"),
        left=integers("left_child"),
        right=integers("right_child"),
        leaf=np.array(fields["leaf_value"].split(), np.float64),
        sets=tuple(_members(words[a:b]) for a, b in pairwise(bounds)),
    )


def _members(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes whose bits are set in 32-bit words."""
    bits = (words[:, None] >> np.arange(32)) & 1
    return np.flatnonzero(bits)


def _nodes(tree: Tree) -> Tree:
    """The tree with its sets in the order of its nodes; one that never splits becomes a split of equals."""
    if not len(tree.feature):
        nothing = np.zeros(1, np.int64)
        return Tree(nothing, np.zeros(1), np.zeros(1), nothing, ~nothing, ~nothing, tree.leaf, ())
    which = tree.threshold[(tree.decision & CATEGORICAL) > 0].astype(np.int64)
    return Tree(
        tree.feature,
        tree.gain,
        tree.threshold,
        tree.decision,
        tree.left,
        tree.right,
        tree.leaf,
        tuple(tree.sets[i] for i in which),
    )
