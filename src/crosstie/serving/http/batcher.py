"""Work for a thread, asked for from an event loop: what waits while other work is done goes together in the next go.

Nothing waits on purpose: a job that comes alone is begun at once, so that an idle server is as quick as one that
knows no batches, and one that is asked more than it can do has ever larger batches.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

Job = TypeVar("Job")
Found = TypeVar("Found")


@dataclass(frozen=True)
class _Waiting(Generic[Job, Found]):
    """A job, and who waits for what is found."""

    job: Job
    kind: Hashable
    size: int
    found: "asyncio.Future[Found]"


class Batcher(Generic[Job, Found]):
    """Jobs done together.

    Args:
        work: Called in a thread with jobs of one kind: for each in order what was found, or why nothing was.
        pool: The threads.
        threads: How many of them to use.
        most: The size of jobs that go together; a job that is larger goes alone.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], Sequence[Found | Exception]],
        pool: Executor,
        *,
        threads: int = 1,
        most: int = 256,
    ) -> None:
        self._work = work
        self._pool = pool
        self._free = threads
        self._most = most
        self._waiting: deque[_Waiting[Job, Found]] = deque()

    async def ask(self, job: Job, *, kind: Hashable = None, size: int = 1) -> Found:
        """Have a job done.

        Args:
            job: What `work` takes.
            kind: Jobs of one kind may go together; one of the kind None goes alone.
            size: How much of `most` it takes.

        Raises:
            Exception: What `work` found in place of an answer, or raised.
        """
        found: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(job, kind, size, found))
        self._begin()
        return await found

    def _begin(self) -> None:
        while self._free and (batch := self._next()):
            self._free -= 1
            jobs = [each.job for each in batch]
            done = asyncio.get_running_loop().run_in_executor(self._pool, self._work, jobs)
            done.add_done_callback(partial(self._end, batch))

    def _next(self) -> list[_Waiting[Job, Found]]:
        """The job that waits longest, and those that may go with it; jobs that nobody waits for are dropped."""
        batch: list[_Waiting[Job, Found]] = []
        size, later = 0, deque[_Waiting[Job, Found]]()
        for each in self._waiting:
            if each.found.done():
                continue
            if not batch or (
                each.kind is not None
                and each.kind == batch[0].kind
                and size + each.size <= self._most
            ):
                batch.append(each)
                size += each.size
            else:
                later.append(each)
        self._waiting = later
        return batch

    def _end(
        self,
        batch: Sequence[_Waiting[Job, Found]],
        done: "asyncio.Future[Sequence[Found | Exception]]",
    ) -> None:
        self._free += 1
        error = done.exception()
        answers = [error] * len(batch) if error is not None else done.result()
        for each, answer in zip(batch, answers, strict=True):
            if each.found.done():  # whoever asked went away
                continue
            if isinstance(answer, BaseException):
                each.found.set_exception(answer)
            else:
                each.found.set_result(answer)
        self._begin()
