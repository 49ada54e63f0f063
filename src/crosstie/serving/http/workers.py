"""Several processes that answer on one socket, and the one that starts them, passes signals on and replaces the lost.

Each is a fresh process, not a fork: the threads of the library that runs graphs would not live through one. They share
the socket and not only the port, so that connections which a killed one had not taken yet are taken by the others.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import FrameType

from prometheus_client import multiprocess

from crosstie.config.registry import own_folders
from crosstie.errors import ConfigError
from crosstie.serving.http import worker
from crosstie.serving.http.log import note
from crosstie.serving.http.metrics import SHARED
from crosstie.serving.http.settings import Settings
from crosstie.serving.http.swap import Place

SOON = 1.0  # seconds: one that was lost younger is replaced only after as many
AFTER = 5.0  # seconds that workers have to end beyond `Settings.drain`


class Workers:
    """Processes that answer.

    Args:
        settings: How, and how many.
        place: Where their model lies.
        listener: The socket.
        state: A folder for what they share: counters, and which model they have taken in since.
    """

    def __init__(
        self, settings: Settings, place: Place, listener: socket.socket, state: Path
    ) -> None:
        self._listener = listener
        self._state = state
        self._told = {
            "settings": asdict(settings),
            "folder": str(place.folder.resolve()),
            "pointer": str(place.pointer.resolve()) if place.pointer is not None else None,
            "components": [str(each) for each in own_folders()],
            "socket": listener.fileno(),
            "state": str(state),
        }
        self._drain = settings.drain
        self._lost: list[float] = []
        self._running: dict[subprocess.Popen[bytes], float] = {}
        for _ in range(settings.workers):
            self._start()

    def wait(self) -> None:
        """Return once all can answer.

        Raises:
            ConfigError: One cannot.
        """
        for each in self._running:
            assert each.stdout is not None
            if each.stdout.readline() != b"ready\n":
                raise ConfigError("a worker ended before it could answer; the line above says why")

    def replace(self) -> float | None:
        """Start others for those that were lost: the seconds until there is more to do, or None."""
        now = monotonic()
        for each, since in list(self._running.items()):
            if each.poll() is None:
                continue
            multiprocess.mark_process_dead(each.pid, str(self._state))  # type: ignore[no-untyped-call]
            self._forget(each)
            note("a worker was lost and is replaced", pid=each.pid, exit=each.returncode)
            self._lost.append(now if now - since > SOON else now + SOON)
        due = [each for each in self._lost if each <= now]
        self._lost = [each for each in self._lost if each > now]
        for _ in due:
            self._start()
        return min(self._lost) - now if self._lost else None

    def send(self, how: signal.Signals) -> None:
        """Send all a signal."""
        for each in self._running:
            each.send_signal(how)

    def end(self, again: Callable[[float], bool]) -> None:
        """Have all end, those that take too long by force.

        Args:
            again: Waits so many seconds for a signal, and says whether it was Ctrl-C.
        """
        self.send(signal.SIGTERM)
        until = monotonic() + self._drain + AFTER
        while any(each.poll() is None for each in self._running):
            left = until - monotonic()
            if left <= 0:
                self.send(signal.SIGKILL)
                break
            if again(left):
                self.send(signal.SIGINT)
        for each in list(self._running):
            self._forget(each)

    def _start(self) -> None:
        # blocked where it starts, so that one that comes before it listens for it waits and does not kill it
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
        one = subprocess.Popen(
            [sys.executable, "-P", "-m", worker.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._listener.fileno()],
            start_new_session=True,  # Ctrl-C is for the one that started it, which lets it end in peace
            env={
                **os.environ,
                SHARED: str(self._state),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        assert one.stdin is not None
        one.stdin.write(
            json.dumps(self._told).encode() + b"\n"
        )  # not its arguments: others see those
        one.stdin.flush()
        self._running[one] = monotonic()

    def _forget(self, one: subprocess.Popen[bytes]) -> None:
        one.wait()
        for pipe in (one.stdin, one.stdout):
            assert pipe is not None
            pipe.close()
        del self._running[one]


def supervise(
    settings: Settings, place: Place, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """Answer with several processes until SIGTERM or SIGINT.

    Args:
        settings: How.
        place: Where the model lies.
        listener: Where requests come from.
        ready: Called once all can answer.

    Raises:
        ConfigError: They cannot.
        KeyboardInterrupt: SIGINT ended it.
    """
    with TemporaryDirectory(prefix="serve-") as state, _signals() as told:
        workers = Workers(settings, place, listener, Path(state))
        try:
            workers.wait()
            ready()
            got = None
            while got not in (signal.SIGTERM, signal.SIGINT):
                got = told(workers.replace())
                if got == signal.SIGHUP:
                    workers.send(signal.SIGHUP)
        finally:
            listener.close()
            workers.end(lambda seconds: told(seconds) == signal.SIGINT)
    if got == signal.SIGINT:
        raise KeyboardInterrupt


@contextmanager
def _signals() -> Iterator[Callable[[float | None], int | None]]:
    """Take signals one by one: what waits for the next, at most so many seconds, or None for ever."""
    kinds = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    reading, writing = socket.socketpair()
    writing.setblocking(False)  # noqa: FBT003 - the socket's own
    before = {each: signal.signal(each, _nothing) for each in kinds}
    waker = signal.set_wakeup_fd(writing.fileno())

    def told(seconds: float | None) -> int | None:
        there, _, _ = select.select([reading], [], [], seconds)
        return reading.recv(1)[0] if there else None

    try:
        yield told
    finally:
        signal.set_wakeup_fd(waker)
        for kind, handler in before.items():
            signal.signal(kind, handler)
        reading.close()
        writing.close()


def _nothing(sig: int, frame: FrameType | None) -> None:
    """It is read where it was written."""
