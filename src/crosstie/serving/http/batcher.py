"""Work asked for from an event loop, where it is quick, else from a thread; what waits meanwhile goes together next.

Nothing waits on purpose: a job that comes alone is begun behind those that have come already, so that an idle server
is as quick as one that knows no batches, and one that is asked more than it can do has ever larger batches. A thread
keeps the loop free, but going there and back takes longer than most models take for a row.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

QUICK = 0.004  # seconds that all other requests may wait for a batch

Job = TypeVar("Job")
Found = TypeVar("Found")


class Batcher(Generic[Job, Found]):
    """Jobs done together.

    Args:
        work: Called with jobs: what was found, for each in order.
        most: How many go together.
        quick: Seconds that a batch may take on the loop's thread; those before it say how long the next one takes.
    """

    def __init__(
        self, work: Callable[[Sequence[Job]], Sequence[Found]], *, most: int, quick: float = QUICK
    ) -> None:
        self._work = work
        self._most = most
        self._quick = quick
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._waiting: deque[tuple[Job, asyncio.Future[Found]]] = deque()
        self._busy = False
        self._seconds = math.inf  # of a batch; unknown before the first

    async def ask(self, job: Job) -> Found:
        """Have a job done.

        Raises:
            Exception: What `work` raised.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Found] = loop.create_future()
        self._waiting.append((job, found))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin)
        return await found

    def end(self) -> None:
        """Let go of the thread; what it does is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        batch = self._next()
        if not batch:
            self._busy = False
            return
        jobs = [job for job, _ in batch]
        if self._seconds > self._quick:
            done = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, jobs)
            done.add_done_callback(partial(self._end, batch))
            return
        done = asyncio.get_running_loop().create_future()
        try:
            done.set_result(self._timed(jobs))
        except Exception as error:  # noqa: BLE001 - it is raised where each job was asked for
            done.set_exception(error)
        self._end(batch, done)

    def _next(self) -> list[tuple[Job, "asyncio.Future[Found]"]]:
        """The jobs that wait longest; those that nobody waits for are dropped."""
        batch: list[tuple[Job, asyncio.Future[Found]]] = []
        while self._waiting and len(batch) < self._most:
            job, found = self._waiting.popleft()
            if not found.done():
                batch.append((job, found))
        return batch

    def _timed(self, jobs: Sequence[Job]) -> Sequence[Found]:
        begun = perf_counter()
        try:
            return self._work(jobs)
        finally:
            took = perf_counter() - begun
            # one slow batch sends the next ones to the thread, until some were quick
            self._seconds = took if math.isinf(self._seconds) else max(took, self._seconds * 0.8)

    def _end(
        self,
        batch: Sequence[tuple[Job, "asyncio.Future[Found]"]],
        done: "asyncio.Future[Sequence[Found]]",
    ) -> None:
        error = done.exception()
        answers = [None] * len(batch) if error is not None else done.result()
        for (_, found), answer in zip(batch, answers, strict=True):
            if found.done():  # whoever asked went away
                continue
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(answer)  # type: ignore[arg-type] # None is for errors only
        asyncio.get_running_loop().call_soon(self._begin)
