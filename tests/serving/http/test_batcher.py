"""Jobs that wait go together; nobody's job or absence harms another's."""

import asyncio
from threading import Event, get_ident

import pytest

from crosstie.serving.http.batcher import Batcher


class Halving:
    """Halves numbers, beginning only when it is let."""

    def __init__(self, *, most=64, quick=0.0):
        self.batches, self.threads, self.begun, self.go = [], [], Event(), Event()
        self.batcher = Batcher(self.work, most=most, quick=quick)

    def work(self, jobs):
        self.begun.set()
        self.go.wait(10)
        self.threads.append(get_ident())
        self.batches.append(list(jobs))
        return [each // 2 for each in jobs]

    async def ask_while_busy(self, *jobs):
        """Ask for 0, and for the others while that is worked on."""
        first = asyncio.create_task(self.batcher.ask(0))
        await asyncio.to_thread(self.begun.wait, 10)
        others = [asyncio.create_task(self.batcher.ask(job)) for job in jobs]
        await asyncio.sleep(0)
        return [first, *others]


def test_a_job_that_comes_alone_is_begun_at_once():
    async def body():
        halving = Halving()
        halving.go.set()
        return [await halving.batcher.ask(4), await halving.batcher.ask(6)], halving.batches

    assert asyncio.run(body()) == ([2, 3], [[4], [6]])


def test_jobs_that_come_at_once_or_wait_go_together_as_many_as_may():
    async def body():
        halving = Halving(most=2)
        tasks = await halving.ask_while_busy(2, 4, 6)
        halving.go.set()
        found = await asyncio.gather(*tasks)
        found += await asyncio.gather(*map(halving.batcher.ask, (8, 10)))
        return found, halving.batches

    assert asyncio.run(body()) == ([0, 1, 2, 3, 4, 5], [[0], [2, 4], [6], [8, 10]])


def test_quick_work_is_done_on_the_loops_thread_once_it_is_known_to_be():
    async def body():
        quick, slow = Halving(quick=60), Halving(quick=0)
        for each in (quick, slow):
            each.go.set()
            for job in (2, 4, 6):
                await each.batcher.ask(job)
        here = get_ident()
        return [[each == here for each in one.threads] for one in (quick, slow)]

    assert asyncio.run(body()) == [[False, True, True], [False, False, False]]


@pytest.mark.parametrize("quick", [0, 60])
def test_work_that_fails_fails_for_those_in_it_only(quick):
    async def body():
        halving = Halving(quick=quick)
        halving.go.set()
        found = [await halving.batcher.ask(2)]
        with pytest.raises(TypeError):
            await halving.batcher.ask("x")
        return [*found, await halving.batcher.ask(4)]

    assert asyncio.run(body()) == [1, 2]


def test_a_job_that_nobody_waits_for_is_not_done():
    async def body():
        halving = Halving()
        first, gone, other = await halving.ask_while_busy(2, 4)
        gone.cancel()
        await asyncio.sleep(0)
        halving.go.set()
        found = [await first, await other]
        with pytest.raises(asyncio.CancelledError):
            await gone
        return found, halving.batches

    assert asyncio.run(body()) == ([0, 2], [[0], [4]])


def test_who_goes_away_while_the_job_is_done_holds_nobody():
    async def body():
        halving = Halving()
        (first,) = await halving.ask_while_busy()
        other = asyncio.create_task(halving.batcher.ask(2))
        await asyncio.sleep(0)
        first.cancel()
        halving.go.set()
        return await other, halving.batches

    assert asyncio.run(body()) == (1, [[0], [2]])
