"""Jobs that wait go together; nobody's job or absence harms another's."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from crosstie.serving.http.batcher import Batcher


class Halving:
    """Halves numbers in a thread, beginning only when it is let; odd ones it refuses."""

    def __init__(self, **options):
        self.batches, self.begun, self.go = [], Event(), Event()
        self.batcher = Batcher(self.work, ThreadPoolExecutor(1), **options)

    def work(self, jobs):
        self.begun.set()
        self.go.wait(10)
        self.batches.append(list(jobs))
        return [ValueError(f"{each} is odd") if each % 2 else each // 2 for each in jobs]

    async def ask_while_busy(self, *asked):
        """Ask for 0, and for the others while that is worked on."""
        first = asyncio.create_task(self.batcher.ask(0, kind="first"))
        await asyncio.to_thread(self.begun.wait, 10)
        others = [asyncio.create_task(self.batcher.ask(job, **how)) for job, how in asked]
        await asyncio.sleep(0)
        return [first, *others]


def test_a_job_that_comes_alone_is_begun_at_once():
    async def body():
        halving = Halving()
        halving.go.set()
        return [await halving.batcher.ask(4, kind="a"), await halving.batcher.ask(6, kind="a")], (
            halving.batches
        )

    assert asyncio.run(body()) == ([2, 3], [[4], [6]])


def test_jobs_of_one_kind_that_wait_go_together():
    async def body():
        halving = Halving()
        a, b = {"kind": "a"}, {"kind": "b"}
        tasks = await halving.ask_while_busy((2, a), (4, b), (6, a), (8, {}), (10, {}), (12, b))
        halving.go.set()
        return await asyncio.gather(*tasks), halving.batches

    found, batches = asyncio.run(body())

    assert found == [0, 1, 2, 3, 4, 5, 6]
    assert batches == [[0], [2, 6], [4, 12], [8], [10]]


def test_no_more_go_together_than_may_and_a_large_one_goes_alone():
    async def body():
        halving = Halving(most=4)
        sizes = [(2, 2), (4, 9), (6, 1), (8, 1), (10, 1)]
        tasks = await halving.ask_while_busy(*((job, {"kind": "a", "size": n}) for job, n in sizes))
        halving.go.set()
        return await asyncio.gather(*tasks), halving.batches

    found, batches = asyncio.run(body())

    assert found == [0, 1, 2, 3, 4, 5]
    assert batches == [[0], [2, 6, 8], [4], [10]]


def test_a_refused_job_leaves_those_beside_it_alone():
    async def body():
        halving = Halving()
        tasks = await halving.ask_while_busy(*((job, {"kind": "a"}) for job in (2, 3, 4)))
        halving.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    zero, one, refused, two = asyncio.run(body())

    assert (zero, one, two) == (0, 1, 2)
    assert str(refused) == "3 is odd"


def test_work_that_fails_fails_for_those_in_it_only():
    async def body():
        halving = Halving()
        tasks = await halving.ask_while_busy((2, {"kind": "a"}), ("x", {"kind": "b"}))
        halving.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    zero, one, failed = asyncio.run(body())

    assert (zero, one) == (0, 1)
    assert isinstance(failed, TypeError)


def test_a_job_that_nobody_waits_for_is_not_done():
    async def body():
        halving = Halving()
        first, gone, other = await halving.ask_while_busy((2, {"kind": "a"}), (4, {"kind": "a"}))
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
