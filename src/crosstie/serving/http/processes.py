"""A model that is asked in processes of its own, several at once, none of which a request is lost with.

The server takes requests and hands them on: small ones that wait go together to the first process that is free. One
that ends while it answers, for lack of memory or by a fault of a library, is replaced, and what it was asked is asked
again of another, each request alone, so that one that no process survives harms no other. One that nobody waits for
any more, because all it was asked has taken too long, is ended.

Each is a fresh process, not a fork: the threads of the library that runs graphs would not live through one.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any

from crosstie.config.registry import own_folders
from crosstie.data.rowwise.function import feature_folders
from crosstie.errors import ArtifactError
from crosstie.serving.http import worker
from crosstie.serving.http.frames import Frames, Said, of_jobs, to_replies
from crosstie.serving.http.holder import Holder
from crosstie.serving.http.in_process import TOGETHER
from crosstie.serving.http.job import Job, Reply
from crosstie.serving.http.log import note
from crosstie.serving.http.settings import Settings
from crosstie.serving.model import Model

SOON = 1.0  # seconds: one that was lost younger is replaced only after as many
SELDOM = 30.0  # seconds between tries to replace one where that fails
LOST_WITH = ["a process that answered it ended, twice"]


@dataclass
class _Waiting:
    """A job, who waits for the reply, and how many processes ended over it."""

    job: Job
    found: "asyncio.Future[Reply]"
    lost: int = 0


class Processes(Holder):
    """A model in `settings.workers` processes.

    Args:
        model: What answers; it lies in a folder.
        settings: How many, and what each is told.
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        super().__init__(model)
        self._settings = settings
        self._waiting: deque[_Waiting] = deque()
        self._team: list[_Process] = []  # that have the model
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether requests may come, and there is a process for them."""
        return super().ready and bool(self._team)

    async def open(self) -> None:
        """Return once all have the model.

        Raises:
            ArtifactError: One cannot have it.
        """
        self._take(await self._start_all(self.model))

    async def answer(self, job: Job) -> Reply:
        """What the model says in the first process that is free."""
        waiting = _Waiting(job, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._hand_out()
        return await waiting.found

    async def swap(self, model: Model) -> None:
        """Ask processes with another model once all have it; the old ones end when they have answered.

        Raises:
            ArtifactError: One cannot have it; the old ones go on.
        """
        new, old = await self._start_all(model), self._team
        self.model = model
        self._idle = []
        self._take(new)
        for each in old:
            if each.batch is None:
                self._let_go(each)

    def end(self) -> None:
        """End all."""
        for task in self._tasks:
            task.cancel()
        for each in list(self._all):
            self._let_go(each)

    def _take(self, team: "list[_Process]") -> None:
        self._team = [each for each in team if each in self._all]
        self._idle = list(self._team)
        if len(self._team) < len(team):  # lost while it waited for the others
            self._later(self._replace(SOON))
        self._hand_out()

    async def _start_all(self, model: Model) -> "list[_Process]":
        started = [self._start(model) for _ in range(self._settings.workers)]
        found = await asyncio.gather(*started, return_exceptions=True)
        wrong = [each for each in found if isinstance(each, BaseException)]
        team = [each for each in found if isinstance(each, _Process)]
        if wrong:
            for each in team:
                self._let_go(each)
            raise wrong[0]
        return team

    async def _start(self, model: Model) -> "_Process":
        assert model.path is not None, "processes load the model where it lies"
        one = _Process(self._settings, str(model.path.resolve()), self._replied, self._lost)
        self._all.add(one)
        try:
            await one.open()
        except BaseException:
            self._let_go(one)
            raise
        return one

    def _hand_out(self) -> None:
        while self._idle and (batch := self._next()):
            self._idle.pop().ask(batch)

    def _next(self) -> list[_Waiting]:
        """Jobs for one process: small ones shared out among those that are free, or one alone."""
        share = min(ceil(len(self._waiting) / len(self._idle)), TOGETHER)
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < share:
            first = self._waiting[0]
            alone = first.lost or not first.job.small
            if not first.found.done():
                if alone and batch:
                    break
                batch.append(first)
            self._waiting.popleft()
            if alone and batch:
                break
        return batch

    def _replied(self, one: "_Process") -> None:
        """It is free again."""
        if one in self._team:
            self._idle.append(one)
            self._hand_out()
        else:
            self._let_go(one)

    def _lost(self, one: "_Process") -> None:
        """It has ended by itself: another takes its place, and others what it was asked."""
        batch, pid, code = one.batch or [], one.pid, self._let_go(one)
        for each in reversed([each for each in batch if not each.found.done()]):
            each.lost += 1
            if each.lost > 1:
                each.found.set_result(Reply(500, fault=LOST_WITH))
            else:
                self._waiting.appendleft(each)
        if one not in self._team:
            return
        self._team.remove(one)
        if one in self._idle:
            self._idle.remove(one)
        note("a worker was lost and is replaced", pid=pid, exit=code)
        self._later(self._replace(0.0 if one.age > SOON else SOON))
        self._hand_out()

    async def _replace(self, delay: float) -> None:
        while len(self._team) < self._settings.workers:
            await asyncio.sleep(delay)
            model = self.model
            try:
                one = await self._start(model)
            except ArtifactError as error:
                delay = min(max(2 * delay, SOON), SELDOM)
                note(f"a worker cannot serve and is tried again in {delay:g} s: {error}")
                continue
            if model is not self.model or len(self._team) >= self._settings.workers:
                self._let_go(one)  # another model came meanwhile, with its own
                continue
            self._team.append(one)
            self._idle.append(one)
            self._hand_out()

    def _let_go(self, one: "_Process") -> int:
        self._all.discard(one)
        return one.end()

    def _later(self, doing: Any) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Process(asyncio.Protocol):
    """The server's end of one process.

    Args:
        settings: What it is told.
        model: The folder that it loads.
        replied: Called once it has answered what it was asked.
        lost: Called when it ends by itself after it could answer.
    """

    def __init__(
        self,
        settings: Settings,
        model: str,
        replied: "Callable[[_Process], None]",
        lost: "Callable[[_Process], None]",
    ) -> None:
        self.batch: list[_Waiting] | None = None
        self._replied, self._lost = replied, lost
        self._frames = Frames()
        self._since = monotonic()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line, theirs = socket.socketpair()
        self._transport: asyncio.WriteTransport | None = None
        told = {
            "socket": theirs.fileno(),
            "model": model,
            "threads": settings.threads,
            "max_rows": settings.max_rows,
            "components": [str(each) for each in own_folders()],
            "features": [str(each) for each in feature_folders()],
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", worker.__name__],
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the server, which lets it answer first
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        assert self._process.stdin is not None
        with self._process.stdin as file:
            file.write(json.dumps(told).encode())

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return monotonic() - self._since

    async def open(self) -> None:
        """Return once it has the model.

        Raises:
            ArtifactError: It cannot have it.
        """
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, sock=self._line)
        await self._opened

    def ask(self, batch: list[_Waiting]) -> None:
        """Have it answer."""
        assert self._transport is not None
        self.batch = batch
        for each in batch:
            each.found.add_done_callback(lambda _: self._given_up(batch))
        self._transport.write(of_jobs([each.job for each in batch]))

    def end(self) -> int:
        """Have it end: its exit code."""
        self._lost = lambda _: None
        if self._process.poll() is None:
            self._process.kill()
        if self._transport is not None:
            self._transport.abort()
        else:
            self._line.close()
        return self._process.wait()

    def data_received(self, data: bytes) -> None:
        """It said something."""
        for said in self._frames.add(data):
            if not self._opened.done():
                self._open(said)
                continue
            batch, self.batch = self.batch or [], None
            for each, reply in zip(batch, to_replies(said), strict=True):
                if not each.found.done():
                    each.found.set_result(reply)
            self._replied(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended."""
        if not self._opened.done():
            self._opened.set_exception(
                ArtifactError("a worker ended before it could answer; the lines above may say why")
            )
        else:
            self._lost(self)

    def _open(self, said: Said) -> None:
        why = said[0][0]["error"]
        if why is None:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(ArtifactError(why))

    def _given_up(self, batch: Sequence[_Waiting]) -> None:
        """End it if nobody waits for what it does."""
        if self.batch is batch and all(each.found.cancelled() for each in batch):
            self._process.kill()
