"""The bytes of a request: no more than are allowed, and in time."""

import asyncio

from starlette.requests import Request

from crosstie.serving.http.refused import Refused
from crosstie.serving.http.settings import Settings


async def read_body(request: Request, settings: Settings) -> bytes:
    """The body whole.

    Raises:
        Refused: It is too long (413), packed (415), or did not come in time (408).
        ClientDisconnect: Whoever sent it went away.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "packed bodies are not unpacked here. Leave out Content-Encoding")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > settings.max_body:
        raise _too_long(settings)
    parts, length = [], 0
    try:
        async with asyncio.timeout(settings.timeout):
            async for part in request.stream():
                length += len(part)
                if length > settings.max_body:
                    raise _too_long(settings)
                parts.append(part)
    except TimeoutError:
        raise Refused(
            408,
            f"the body did not arrive within {settings.timeout:g} s",
            headers={"Connection": "close"},
        ) from None
    return b"".join(parts)


def _too_long(settings: Settings) -> Refused:
    return Refused(
        413,
        f"the body has more than the {settings.max_body} bytes that a request may have. Send the rows in parts",
        headers={"Connection": "close"},
    )
