"""Several processes: what a lost one was asked is asked of another, and a new model is taken by all at once."""

import asyncio
import json
import os
import re
import shutil
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from served import serve

from crosstie.errors import ArtifactError, ConfigError
from crosstie.serving.http.job import Job
from crosstie.serving.http.processes import Processes
from crosstie.serving.http.serve import serve as listen
from crosstie.serving.http.settings import Settings
from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}
JOB = Job(json.dumps(ROW).encode())
LARGE = Job(json.dumps([ROW] * 10_000).encode())


@pytest.fixture
def model(prices, tmp_path):
    """The model of prices, in a folder of its own."""
    shutil.copytree(prices, tmp_path / "model")
    return Model.load(tmp_path / "model")


@asynccontextmanager
async def opened(model, **settings):
    holder = Processes(model, Settings(workers=2, **settings))
    try:
        await holder.open()
        yield holder
    finally:
        holder.end()


def children():
    """The processes that this one has started."""
    of = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(map(int, of.read_text().split()))


async def until(holds):
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.slow
def test_requests_at_once_are_answered_as_in_this_process(model):
    rows = [{**ROW, "size": i / 8} for i in range(100)]

    async def body():
        async with opened(model) as holder:
            return await asyncio.gather(
                *(holder.answer(Job(json.dumps(each).encode())) for each in rows)
            )

    replies = asyncio.run(body())

    assert [each.status for each in replies] == [200] * 100
    assert [json.loads(each.body)["price_prediction"] for each in replies] == pytest.approx(
        [model.predict(each)["price_prediction"] for each in rows], rel=1e-5
    )


@pytest.mark.slow
def test_what_lost_processes_were_asked_is_asked_of_others(model, capsys):
    async def body():
        before = children()
        async with opened(model) as holder:
            workers = children() - before
            asked = [
                asyncio.create_task(holder.answer(each)) for each in [LARGE, LARGE, *[JOB] * 9]
            ]
            await asyncio.sleep(0)
            for each in workers:
                os.kill(each, signal.SIGKILL)
            replies = await asyncio.gather(*asked)
            await until(lambda: len(children() - before) == 2)
            again = children() - before
        return replies, workers, again

    replies, workers, again = asyncio.run(body())

    assert [each.status for each in replies] == [200] * 11
    assert [len(json.loads(each.body)) for each in replies[:2]] == [10_000] * 2
    assert {each.body for each in replies[2:]} == {json.dumps(model.predict(ROW), separators=(",", ":")).encode()}  # fmt: skip
    assert not workers & again
    lost = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {(each["event"], each["pid"], each["exit"]) for each in lost} == {
        ("a worker was lost and is replaced", each, -9) for each in workers
    }


@pytest.mark.slow
def test_a_request_that_no_process_survives_harms_no_other(model):
    async def body():
        async with opened(model) as holder:
            poison, other = holder.answer(LARGE), holder.answer(JOB)
            first, second = asyncio.create_task(poison), asyncio.create_task(other)
            await asyncio.sleep(0)
            while not first.done():
                for each in list(holder._all):
                    if each.batch and each.batch[0].job is LARGE:
                        os.kill(each.pid, signal.SIGKILL)
                await asyncio.sleep(0.001)
            return await first, await second

    lost, answered = asyncio.run(body())

    assert (lost.status, lost.fault) == (500, ["a process that answered it ended, twice"])
    assert answered.status == 200


@pytest.mark.slow
def test_one_that_answers_nobody_any_more_is_ended(model, capsys):
    async def body():
        before = children()
        async with opened(model) as holder:
            workers = children() - before
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await holder.answer(LARGE)
            await until(lambda: not workers <= children())
            await until(lambda: len(holder._team) == 2)
            return await holder.answer(JOB)

    assert asyncio.run(body()).status == 200
    assert "a worker was lost and is replaced" in capsys.readouterr().err


@pytest.mark.slow
def test_a_new_model_is_asked_once_all_have_it_and_one_that_some_cannot_have_is_not(
    model, tmp_path
):
    shutil.copytree(model.path, tmp_path / "new")
    new = Model.load(tmp_path / "new")

    async def body():
        before = children()
        async with opened(model) as holder:
            first = children() - before
            await holder.swap(new)
            await until(lambda: len(children() - before) == 2)
            second = children() - before
            (model.path / "features.json").write_text("{")
            with pytest.raises(ArtifactError) as error:
                await holder.swap(model)
            return first, second, children() - before, holder.model, str(error.value), await holder.answer(JOB)  # fmt: skip

    first, second, third, asked, why, reply = asyncio.run(body())

    assert not first & second
    assert second == third
    assert asked is new
    assert str(tmp_path / "model") in why
    assert reply.status == 200


@pytest.mark.slow
def test_a_server_with_workers_answers_through_a_lost_one_and_a_swap_and_ends_them(
    prices, tmp_path
):
    shutil.copytree(prices, tmp_path / "model")
    served = serve(tmp_path / "model", "--workers", "2", "--watch")
    expected = Model.load(prices).predict(ROW)
    main = served.process.pid
    of = Path(f"/proc/{main}/task/{main}/children")
    workers = list(map(int, of.read_text().split()))

    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:

        def ask():
            answer = client.post("/predict", json=ROW)
            assert (answer.status_code, answer.json()) == (200, expected)

        ask()
        os.kill(workers[0], signal.SIGKILL)
        for _ in range(20):
            ask()
        served.process.send_signal(signal.SIGHUP)
        while "swapped" not in (counted := client.get("/metrics").text):
            ask()
        last = list(map(int, of.read_text().split()))
    code, log = served.end(signal.SIGTERM)

    events = [json.loads(line).get("event") for line in log.splitlines()]
    assert "a worker was lost and is replaced" in events
    assert re.search(r'^crosstie_swaps_total{outcome="swapped"} 1.0$', counted, re.MULTILINE)
    assert (code, "Traceback" in log) == (0, False)
    assert not any(Path(f"/proc/{each}").exists() for each in [*workers, *last])


def test_a_model_that_lies_nowhere_cannot_have_workers(model):
    with pytest.raises(ConfigError) as error:
        listen(Model(model.artifact), Settings(workers=2))

    assert str(error.value) == "--workers: each loads the model, and this one lies nowhere"
