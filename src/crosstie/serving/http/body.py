"""The bytes of a request: no more than are allowed, and in time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from crosstie.serving.http.refused import Refused
from crosstie.serving.http.settings import Settings


async def read_body(request: Request, settings: Settings) -> bytes:
    """The body whole.

    Raises:
        Refused: It is too long (413), packed (415), or did not come in time (408).
        ClientDisconnect: Whoever sent it went away.
    """
    given = request.scope["given"]
    if given.get(b"content-encoding", b"identity") != b"identity":
        raise Refused(415, "packed bodies are not unpacked here. Leave out Content-Encoding")
    said = given.get(b"content-length", b"")
    if said.isdigit() and int(said) > settings.max_body:
        raise _too_long(settings)
    parts, length = [], 0
    try:
        async with asyncio.timeout(settings.timeout):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                part = message.get("body", b"")
                length += len(part)
                if length > settings.max_body:
                    raise _too_long(settings)
                parts.append(part)
                if not message.get("more_body", False):
                    break
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
