"""What a server does with more than it can take: in process, so that a test decides when what happens."""

import asyncio
import json

import httpx
import pytest

import crosstie
from crosstie.serving.http.app import make_app
from crosstie.serving.http.in_process import InProcess
from crosstie.serving.http.job import Reply
from crosstie.serving.http.service import Service
from crosstie.serving.http.settings import Settings

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}


@pytest.fixture(scope="module")
def model(prices):
    return crosstie.load(prices)


class Waiting(InProcess):
    """Predicts when told to."""

    def __init__(self, model):
        super().__init__(model)
        self.asked = asyncio.Event()
        self.told = asyncio.Event()

    async def answer(self, job):
        self.asked.set()
        await self.told.wait()
        return await super().answer(job)


def client_of(holder, **settings):
    app = make_app(Service(holder, Settings(**settings)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://model")


def error(answer):
    return answer.status_code, answer.json()["error"]


def test_requests_beyond_those_that_may_be_at_once_are_told_when_to_ask_again(model):
    async def play():
        holder = Waiting(model)
        async with client_of(holder, concurrency=1) as client:
            first = asyncio.create_task(client.post("/predict", json=ROW))
            await holder.asked.wait()
            second = await client.post("/predict", json=ROW)
            health = await client.get("/healthz")
            metrics = await client.get("/metrics")
            holder.told.set()
            return await first, second, health, metrics

    first, second, health, metrics = asyncio.run(play())

    assert first.json() == model.predict(ROW)
    assert error(second) == (
        503,
        "1 requests are being answered, as many as may be at once. Ask again",
    )
    assert second.headers["retry-after"] == "1"
    assert health.status_code == 200
    assert "crosstie_in_flight 1.0" in metrics.text


def test_a_prediction_that_takes_too_long_is_given_up(model):
    async def play():
        async with client_of(Waiting(model), timeout=0.01) as client:
            return await client.post("/predict", json=ROW)

    answer = asyncio.run(play())

    assert error(answer) == (504, "the rows were not predicted within 0.01 s. Send fewer at once")


def test_a_body_that_does_not_arrive_is_given_up(model):
    async def play():
        async def body():
            yield b"{"
            await asyncio.Event().wait()

        async with client_of(InProcess(model), timeout=0.01) as client:
            return await client.post("/predict", content=body())

    assert error(asyncio.run(play())) == (408, "the body did not arrive within 0.01 s")


def test_a_body_is_read_no_further_than_allowed(model):
    async def parts():
        for _ in range(10):
            yield b" " * 50
        raise AssertionError("read on")

    async def play():
        async with client_of(InProcess(model), max_body=100) as client:
            told = await client.post("/predict", content=b" " * 101)
            return told, await client.post("/predict", content=parts())

    why = "the body has more than the 100 bytes that a request may have. Send the rows in parts"
    assert list(map(error, asyncio.run(play()))) == [(413, why), (413, why)]


@pytest.mark.parametrize("where", ["model", "server"])
def test_a_fault_inside_is_an_answer_and_a_line_of_log_without_values(model, capfd, where):
    class Broken(InProcess):
        async def answer(self, job):
            if where == "model":
                return Reply(500, rows=1, fault=["KeyError", "model.py:7"])
            raise KeyError(job.body)

    async def play():
        async with client_of(Broken(model)) as client:
            return await client.post(
                "/predict", json={**ROW, "colour": "heliotrope"}, headers={"X-Request-ID": "seven"}
            )

    answer = asyncio.run(play())

    assert error(answer) == (
        500,
        "a fault inside the server, not of the request; its log has it under 'seven'",
    )
    line = json.loads(capfd.readouterr().err)
    assert (line["status"], line["id"], line["fault"][0]) == (500, "seven", "KeyError")
    assert "heliotrope" not in json.dumps(line)
