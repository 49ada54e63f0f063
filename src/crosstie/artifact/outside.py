"""Whether an ONNX file keeps numbers in other files: such a name may lead anywhere on the machine that opens it.

The few fields on the way to a tensor are read straight from the file's wire format (protocol buffers), so that serving
needs no package for it. Field numbers are those of `onnx.proto`, which never change.
"""

import re
from collections.abc import Iterator

_TENSOR = "tensor"
_EXTERNAL = (13, 14)  # of a tensor: `external_data` and `data_location`
_WAYS: dict[str, dict[int, str]] = {  # message, field → message
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: _TENSOR, 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: _TENSOR,
        6: "graph",
        10: _TENSOR,
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: _TENSOR, 2: _TENSOR},
}
# `floats` and `ints` of an attribute have a key before each number: 2 million fields for 10,000 trees
_NUMBERS = re.compile(rb"(?:\x3d.{4}|\x40[\x80-\xff]{0,9}[\x00-\x7f])++", re.DOTALL)


def keeps_outside(content: bytes) -> bool:
    """Whether any tensor of a model says that its numbers are in another file.

    Raises:
        ValueError: The bytes are no protocol buffer.
    """
    view = memoryview(content)
    waiting = [("model", view)]
    while waiting:
        kind, message = waiting.pop()
        for field, value in _fields(message, _NUMBERS if kind == "attribute" else None):
            if kind == _TENSOR:
                if field in _EXTERNAL and value != 0:
                    return True
            elif (way := _WAYS[kind].get(field)) is not None:
                if isinstance(value, int):
                    raise ValueError(f"field {field} of a {kind} is no message")
                waiting.append((way, value))
    return False


def _fields(
    message: memoryview, passed: re.Pattern[bytes] | None
) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of each field, an integer or bytes, but for those that are passed over."""
    at = 0
    while at < len(message):
        if passed is not None and (run := passed.match(message, at)):
            at = run.end()
            if at == len(message):
                break
        key, at = _integer(message, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _integer(message, at)
            yield field, value
            continue
        if wire == 2:
            size, at = _integer(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at + size > len(message):
            raise ValueError(f"ends before byte {at + size}")
        yield field, message[at : at + size]
        at += size


def _integer(message: memoryview, at: int) -> tuple[int, int]:
    """A variable-length integer, and where it ends."""
    found = 0
    for place in range(10):
        if at + place >= len(message):
            break
        byte = message[at + place]
        found |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return found, at + place + 1
    raise ValueError(f"no integer at byte {at}")
