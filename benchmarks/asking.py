"""Clients of a server that check every answer: raw sockets in one event loop, for a client must not be the slow one."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Asked:
    """What came of it: seconds of each answer, the statuses, and answers that were wrong."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    took: float = 0.0

    def at(self, share: float) -> float:
        """The time that such a share of the answers was within, in ms."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took


def ask(
    url: str,
    bodies: list[bytes],
    right: Callable[[int, dict], bool],
    *,
    clients: int = 1,
    seconds: float = 5.0,
    meanwhile: Callable[[], None] | None = None,
) -> Asked:
    """Ask for so many seconds.

    Args:
        url: Of the server.
        bodies: Sent in turn.
        right: Whether an answer is right: the number of the body, and the JSON.
        clients: How many ask at once, each on a connection of its own.
        meanwhile: Called in a thread while they do.
    """
    return asyncio.run(_ask(url, bodies, right, clients, seconds, meanwhile))


async def _ask(url, bodies, right, clients, seconds, meanwhile) -> Asked:
    found, host = Asked(), url.removeprefix("http://")
    head = "POST /predict HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    requests = [head.format(host, len(each)).encode() + each for each in bodies]
    begun = time.perf_counter()
    jobs = [
        _client(host, requests, right, begun + seconds, place, found) for place in range(clients)
    ]
    if meanwhile is not None:
        jobs.append(asyncio.to_thread(meanwhile))
    await asyncio.gather(*jobs)
    found.took = time.perf_counter() - begun
    return found


async def _client(host, requests, right, until, place, found) -> None:
    """Ask one by one. A connection that ends before a byte of the answer came is counted as lost and asked again."""
    streams = None
    while time.perf_counter() < until:
        place = (place + 1) % len(requests)
        begun = time.perf_counter()
        try:
            if streams is None:
                streams = await asyncio.open_connection(*host.split(":"))
            reader, writer = streams
            writer.write(requests[place])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            answer = json.loads(await reader.readexactly(length))
        except (ConnectionError, asyncio.IncompleteReadError):
            found.lost, streams = found.lost + 1, None
            continue
        found.seconds.append(time.perf_counter() - begun)
        status = int(head.split(b" ")[1])
        found.statuses[status] = found.statuses.get(status, 0) + 1
        if status == 200 and not right(place, answer):
            found.wrong.append(f"{place}: {answer}"[:200])
        if b"connection: close" in head:
            writer.close()
            streams = None
    if streams is not None:
        streams[1].close()
