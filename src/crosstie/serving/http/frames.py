"""What the server and the processes that predict for it say to each other: JSON, and bytes as they are.

A frame is the length of its JSON, the length of what follows, the JSON, and the bodies that the JSON tells apart.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from json import dumps, loads
from typing import Any

from crosstie.serving.http.job import Job, Reply

LENGTHS = struct.Struct("!QQ")

Said = list[tuple[dict[str, Any], bytes]]


def frame(said: Sequence[tuple[Mapping[str, Any], bytes]]) -> bytes:
    """Things to say, each with a body, as bytes."""
    head = dumps([{**each, "length": len(body)} for each, body in said]).encode()
    bodies = b"".join(body for _, body in said)
    return LENGTHS.pack(len(head), len(bodies)) + head + bodies


def parted(head: bytes, bodies: bytes) -> Said:
    """The same things again."""
    found, start = [], 0
    for each in loads(head):
        end = start + each.pop("length")
        found.append((each, bodies[start:end]))
        start = end
    return found


def read_frame(read: Callable[[int], bytes]) -> Said | None:
    """What is said next; None once the other has gone.

    Args:
        read: Waits for so many bytes; fewer are the last.
    """
    lengths = read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, bodies = LENGTHS.unpack(lengths)
    return parted(read(head), read(bodies))


class Frames:
    """Bytes that come in parts, as frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def add(self, part: bytes) -> list[Said]:
        """What is whole with this part."""
        self._held += part
        found = []
        while len(self._held) >= LENGTHS.size:
            head, bodies = LENGTHS.unpack_from(self._held)
            middle = LENGTHS.size + head
            end = middle + bodies
            if len(self._held) < end:
                break
            found.append(
                parted(bytes(self._held[LENGTHS.size : middle]), bytes(self._held[middle:end]))
            )
            del self._held[:end]
        return found


def of_jobs(jobs: Sequence[Job]) -> bytes:
    """Jobs as a frame."""
    return frame([({**asdict(each), "body": None}, each.body) for each in jobs])


def to_jobs(said: Said) -> list[Job]:
    """Jobs of a frame."""
    return [Job(**{**each, "body": body}) for each, body in said]


def of_replies(replies: Sequence[Reply]) -> bytes:
    """Replies as a frame."""
    return frame([({**asdict(each), "body": None}, each.body) for each in replies])


def to_replies(said: Said) -> list[Reply]:
    """Replies of a frame."""
    return [Reply(**{**each, "body": body}) for each, body in said]
