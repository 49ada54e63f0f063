"""What all routes share: the model, the limits, and asking the one within the other."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.guard import Fault
from crosstie.serving.http.holder import Holder
from crosstie.serving.http.job import Job
from crosstie.serving.http.metrics import Metrics
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.settings import Settings


class Service:
    """A model within its limits.

    Args:
        holder: The model.
        settings: The limits.
    """

    def __init__(self, holder: Holder, settings: Settings) -> None:
        self.holder = holder
        self.settings = settings
        self.metrics = Metrics()
        self._in_flight = 0
        self.metrics.watch_flight(lambda: self._in_flight)

    async def answer(self, request: Request, job: Job) -> Response:
        """Have the model answer a request.

        Raises:
            Refused: Too many requests are being answered (503), or it takes too long (504).
            Fault: Ours.
        """
        if self._in_flight >= self.settings.concurrency:
            raise Refused(
                503,
                f"{self._in_flight} requests are being answered, as many as may be at once. Ask again",
                headers={"Retry-After": "1"},
            )
        self._in_flight += 1
        try:
            async with asyncio.timeout(self.settings.timeout):
                reply = await self.holder.answer(job)
        except TimeoutError:
            raise Refused(
                504,
                f"the rows were not predicted within {self.settings.timeout:g} s. Send fewer at once",
            ) from None
        finally:
            self._in_flight -= 1
        request.scope["seen"].rows = reply.rows
        if reply.fault is not None:
            raise Fault(reply.fault)
        if reply.status == 200:
            self.metrics.rows(reply.rows or 0, reply.odd)
        return Response(reply.body, reply.status, reply.headers, reply.media)
