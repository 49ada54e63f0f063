"""A process's end of the line: takes connections, lets no slow one stay for ever, and ends without dropping a request."""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from crosstie.serving.http.holder import Holder
from crosstie.serving.http.log import Lines
from crosstie.serving.http.settings import Settings
from crosstie.serving.http.swap import Swap

IDLE = 75  # seconds; longer than the 60 after which proxies close, so that none sends into a closed connection


class Listener(uvicorn.Server):
    """An application that answers until SIGTERM or SIGINT.

    On the first signal it takes no more connections, says on `/readyz` that it is not ready, and answers what has
    come, for at most `settings.drain` seconds. A second SIGINT ends it at once.

    Args:
        app: The application.
        holder: The model in it.
        settings: How long to wait for slow requests, and for the last ones.
        ready: Called once requests may come.
        swap: Told to look for a new model each second if `settings.watch` says so, and on SIGHUP.
    """

    def __init__(
        self,
        app: ASGIApp,
        holder: Holder,
        settings: Settings,
        *,
        ready: Callable[[], None],
        swap: Swap | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=settings.drain,  # type: ignore[arg-type] # parts of seconds do
            )
        )
        self.interrupted = False
        self._holder = holder
        self._ready = ready
        self._swap = swap
        self._watch = settings.watch
        self._hung_up = False
        self._timeout = max(settings.timeout, IDLE)
        self._since: dict[Any, tuple[Any, float]] = {}

    def answer(self, listening: socket.socket) -> None:
        """Answer requests until a signal.

        Raises:
            ArtifactError: The model cannot be asked.
            KeyboardInterrupt: It was SIGINT.
        """
        log = logging.getLogger("uvicorn.error")
        log.handlers, log.propagate = [Lines(logging.WARNING)], False
        allow_connections()
        own = threading.current_thread() is threading.main_thread()  # only there are signals taken
        if own and sys.platform != "win32":
            signal.signal(signal.SIGHUP, self._hang_up)
        self.run(sockets=[listening])
        if self.interrupted:
            raise KeyboardInterrupt

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer once the model can be asked."""
        try:
            await self._holder.open()
            self._ready()
            await super().serve(sockets)
        finally:
            self._holder.end()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self._holder.close()
        if sig == signal.SIGINT:
            self.force_exit = self.interrupted
            self.interrupted = True
        self.should_exit = True

    def _hang_up(self, sig: int, frame: FrameType | None) -> None:
        self._hung_up = True

    async def on_tick(self, counter: int) -> bool:
        """Each tenth of a second."""
        if counter % 10 == 0:
            self._close_slow()
        if self._swap is not None and (self._hung_up or (self._watch and counter % 10 == 0)):
            self._swap.look(asked=self._hung_up)
            self._hung_up = False
        return await super().on_tick(counter)

    def _close_slow(self) -> None:
        """Close connections on which no request has begun for long, a few letters at a time or none.

        The library times idle connections after an answer only.
        """
        now, still = monotonic(), {}
        for each in self.server_state.connections:
            cycle = each.cycle  # type: ignore[union-attr] # of both HTTP protocols; no other is spoken
            if cycle is not None and not cycle.response_complete:
                continue
            last, since = self._since.get(each, (cycle, now))
            still[each] = (cycle, since if last is cycle else now)
            if now - still[each][1] > self._timeout:
                each.transport.close()
        self._since = still


def allow_connections() -> None:
    """As many open files as the system lets this process have: each connection is one."""
    if sys.platform == "win32":  # has no such limit
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(most, 1 << 16) if most != resource.RLIM_INFINITY else 1 << 16
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
