"""Which words an ONNX graph knows of each column of text that it reads.

Words are followed from the graph's inputs through nodes that only move them, to nodes that compare them with words of
their own (OneHotEncoder, LabelEncoder, Equal, …). Where a node's way with columns is not known, all that go in are
taken to come out: a column may then be said to know too many words, and never too few.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crosstie.errors import ArtifactError

_MOVES = {
    "ArrayFeatureExtractor",
    "Cast",
    "Concat",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
}
_COMPARES = {"CategoryMapper", "Equal", "LabelEncoder", "OneHotEncoder"}
Columns = tuple[
    frozenset[int], ...
]  # of a tensor, at each place of a row: which inputs' words it may hold


def words_of(
    graph: Any, inputs: Mapping[str, int], constants: Mapping[str, Any], where: str
) -> dict[int, tuple[str, ...]]:
    """By input the words that nodes of the graph compare it with.

    Args:
        graph: An `onnx.GraphProto`.
        inputs: Names of its string inputs `[rows, width]`, and how wide each is.
        constants: Its constant tensors as arrays, by name.
        where: What messages call the graph.

    Returns:
        By place of a column among all columns of `inputs`, in order.

    Raises:
        ArtifactError: A node reads words in another way: cuts, changes or joins them.
    """
    held: dict[str, Columns] = {}
    start = 0
    for name, width in inputs.items():
        held[name] = tuple(frozenset([start + i]) for i in range(width))
        start += width
    found: dict[int, dict[str, None]] = {i: {} for i in range(start)}
    for node in graph.node:
        read = [held[name] for name in node.input if name in held]
        if not read:
            continue
        if node.op_type in _MOVES:
            moved = _moved(node, held, constants)
            held |= dict.fromkeys(node.output, moved)
        elif node.op_type in _COMPARES:
            words = dict.fromkeys(_words(node, constants))
            for columns in read:
                for column in frozenset().union(*columns):
                    found[column] |= words
        else:
            raise ArtifactError(
                f"{where}: reads words by {node.op_type}, and only words that are compared as a whole can be read here "
                "(one-hot, ordinal, label encoders). Texts that are cut into words cannot"
            )
    return {column: tuple(words) for column, words in found.items()}


def _moved(node: Any, held: Mapping[str, Columns], constants: Mapping[str, Any]) -> Columns:
    """What stands in each place of a row after a node that moves words."""
    first = held.get(node.input[0], ())
    places = constants.get(node.input[1]) if len(node.input) > 1 else None
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    if node.op_type == "Concat" and axis in (1, -1):
        return tuple(each for name in node.input for each in held.get(name, (frozenset(),)))
    chosen = node.op_type == "ArrayFeatureExtractor" or (node.op_type == "Gather" and axis == 1)
    if chosen and places is not None:
        return tuple(first[int(i)] for i in places.ravel())
    if node.op_type in ("Cast", "Identity"):
        return first
    every: frozenset[int] = frozenset().union(
        *(each for name in node.input for each in held.get(name, ()))
    )
    return (every,) * max(len(first), 1)


def _words(node: Any, constants: Mapping[str, Any]) -> Iterator[str]:
    """The words that a node has of its own."""
    for each in node.attribute:
        if each.name in ("cats_strings", "keys_strings"):
            yield from (word.decode() for word in each.strings)
        elif each.name == "keys_tensor" and each.t.string_data:
            yield from (word.decode() for word in each.t.string_data)
    for name in node.input:
        if name in constants and constants[name].dtype == object:
            yield from _decoded(constants[name].ravel().tolist())


def _decoded(words: Sequence[Any]) -> Iterator[str]:
    for word in words:
        yield word.decode() if isinstance(word, bytes) else str(word)
