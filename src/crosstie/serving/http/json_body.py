"""JSON as it is meant: what other parsers would read otherwise, or not at all, is refused with its place."""

import json
from typing import Any

from crosstie.serving.http.refused import Refused


def read_json(body: bytes) -> Any:
    """The value that a body holds.

    Raises:
        Refused: It is no UTF-8, no JSON, nested too deeply, has a key twice in an object, or NaN, Infinity or half
            a surrogate pair, which JSON has not.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            400, f"byte {error.start} of the body is no UTF-8. Send JSON in UTF-8"
        ) from None
    if not text.strip():
        raise Refused(
            400, 'the body is empty. Send a row as JSON, {"column": value, …}, or a list of rows'
        )
    try:
        found = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(400, f"the body is no JSON: {error.msg} at {where}") from None
    except _NotJson as error:
        raise Refused(400, f"the body is no JSON that can be relied on: {error}") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deeply. Rows are objects of cells") from None
    except UnicodeEncodeError:
        raise Refused(
            400, "the body has half a surrogate pair (\\ud800 to \\udfff), which is no text"
        ) from None
    except ValueError:  # more digits than Python turns into a number
        raise Refused(400, "the body has a number of thousands of digits") from None
    return found


class _NotJson(Exception):
    """Something that Python's parser would let pass."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotJson(f"the key {twice!r} stands twice in an object")
    return found


def _constant(word: str) -> float:
    raise _NotJson(f"{word} is no JSON. Write null for a missing number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
