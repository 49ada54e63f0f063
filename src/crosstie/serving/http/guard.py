"""Around every request: who may ask, what it is called, one line of log, and a fault of ours told as one."""

import asyncio
import hmac
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crosstie.serving.http.log import places, write
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.responses import refusal

OPEN = frozenset({"/", "/docs", "/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"})
SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")
GONE = 499  # what nginx logs where nobody waited for the answer


class Fault(Exception):
    """A fault of ours while a model answered.

    Args:
        places: Where: type and places, no values.
    """

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__(places)
        self.places = places


@dataclass
class Seen:
    """What the log says of a request beside what HTTP says.

    Attributes:
        rows: That came; None where it was not about rows.
        fault: Where a fault of ours happened: type and places, no values.
    """

    rows: int | None = None
    fault: Sequence[str] | None = None


class Guard:
    """An application around another.

    Args:
        app: The other.
        token: What a request must carry, unless it asks how the server is.
        count: Told of each request: route, status, seconds.
    """

    def __init__(
        self, app: ASGIApp, token: str | None, count: Callable[[str, int, float], None]
    ) -> None:
        self._app = app
        self._count = count
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        begun, status = perf_counter(), 0
        seen = scope["seen"] = Seen()
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        scope["given"] = headers
        name = _name(headers.get(b"x-request-id", b""))

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        try:
            self._check(scope["path"], headers.get(b"authorization", b""))
            await self._app(scope, receive, send_named)
        except Refused as error:
            await refusal(error)(scope, receive, send_named)
        except ClientDisconnect:
            status = status or GONE
        except asyncio.CancelledError:  # the server ends, and has waited as long as it may
            if not status:
                await refusal(_ENDING)(scope, receive, send_named)
        except Exception as error:  # noqa: BLE001 - the edge: a fault of ours becomes an answer and a line of log
            seen.fault = error.places if isinstance(error, Fault) else places(error)
            if not status:
                why = (
                    f"a fault inside the server, not of the request; its log has it under {name!r}"
                )
                await refusal(Refused(500, why))(scope, receive, send_named)
        finally:
            seconds = perf_counter() - begun
            self._count(_route(scope), status or GONE, seconds)
            _log(scope, name, status, seen, seconds)

    def _check(self, path: str, said: bytes) -> None:
        """Raise unless who said that may ask."""
        if self._expected is None or path in OPEN:
            return
        if not hmac.compare_digest(said, self._expected):
            why = "send the header Authorization: Bearer TOKEN"
            raise Refused(401, why, headers={"WWW-Authenticate": "Bearer"})


_ENDING = Refused(503, "the server ends, and waited for this request as long as it may. Ask again")


def _route(scope: Scope) -> str:
    """The route that took a request, of which there are few; paths may be anything."""
    endpoint = scope.get("endpoint")
    return getattr(endpoint, "__name__", "none")


def _name(given: bytes) -> str:
    """What a request is called: as its sender says, unless that could upset a log."""
    text = given.decode("latin-1")
    return text if SANE.fullmatch(text) else os.urandom(8).hex()


def _log(scope: Scope, name: str, status: int, seen: Seen, seconds: float) -> None:
    line: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"][:200],
        "status": status or GONE,
        "rows": seen.rows,
        "ms": round(seconds * 1000, 2),
        "id": name,
    }
    if seen.fault is not None:
        line["fault"] = seen.fault
    write(line)
