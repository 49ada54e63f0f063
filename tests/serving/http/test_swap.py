"""A new model takes the place of the old one only if it is whole and says what it should."""

import asyncio
import json
import shutil
import signal
from hashlib import sha256

import httpx
import pytest
from served import serve

import crosstie
from crosstie.serving.http.in_process import InProcess
from crosstie.serving.http.job import Job
from crosstie.serving.http.swap import Place, Swap
from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}


@pytest.fixture(scope="module")
def dearer(tmp_path_factory):
    """The folder of a model that says 1,000 more."""
    rows = [{"size": i / 8, "price": 10 * i / 8 + 1000} for i in range(60)]
    return crosstie.train(
        rows, target="price", model_type="linear", runs=tmp_path_factory.mktemp("dearer")
    ).model


@pytest.fixture
def place(prices, tmp_path):
    """Where the model of prices lies, named by a pointer."""
    shutil.copytree(prices, tmp_path / "one" / "model")
    (tmp_path / "latest").write_text("one\n")
    return Place(tmp_path / "one" / "model", tmp_path / "latest")


def looking(place):
    """A holder, the swap of it, and what was counted."""
    counted = []
    holder = InProcess(Model.load(place.folder))
    return holder, Swap(holder, place, counted.append, threads=1), counted


def events(capsys):
    return [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


def test_nothing_new_is_nothing_to_do_unless_asked(place, capsys):
    holder, swap, counted = looking(place)
    old = holder.model

    asyncio.run(swap.swap())
    assert (holder.model, counted) == (old, [])

    asyncio.run(swap.swap(asked=True))
    assert counted == ["swapped"]
    assert holder.model is not old
    assert events(capsys) == [
        "Model('prices': price (number) from 4 columns) is served from now on"
    ]


def test_requests_are_answered_by_the_old_one_until_the_new_one_is_there(place, dearer):
    holder, swap, counted = looking(place)
    old = holder.model
    shutil.copytree(dearer, place.pointer.parent / "two" / "model")
    place.pointer.write_text("two\n")
    job = Job(json.dumps(ROW).encode())

    async def body():
        before = await holder.answer(job)
        await swap.swap()
        return [json.loads(each.body) for each in (before, await holder.answer(job))]

    before, after = asyncio.run(body())

    assert counted == ["swapped"]
    assert before == old.predict(ROW)
    assert after["price_prediction"] == Model.load(dearer).predict(ROW)["price_prediction"] > 1000


def test_a_run_without_a_model_yet_is_waited_for(place, dearer):
    _, swap, counted = looking(place)
    (place.pointer.parent / "two").mkdir()
    place.pointer.write_text("two\n")

    asyncio.run(swap.swap())
    assert counted == []

    shutil.copytree(dearer, place.pointer.parent / "two" / "model")
    asyncio.run(swap.swap())
    assert counted == ["swapped"]


def test_a_damaged_model_is_refused_once_and_its_repair_is_seen(place, dearer, capsys):
    holder, swap, counted = looking(place)
    old = holder.model
    new = place.pointer.parent / "two" / "model"
    shutil.copytree(dearer, new)
    whole = (new / "features.json").read_bytes()
    (new / "features.json").write_bytes(whole[:-9])
    place.pointer.write_text("two\n")

    asyncio.run(swap.swap())
    asyncio.run(swap.swap())

    assert (holder.model, counted) == (old, ["refused"])
    (event,) = events(capsys)
    assert event.startswith("the new model is not served, the old one is: ")
    assert "features.json" in event

    (new / "features.json").write_bytes(whole)
    asyncio.run(swap.swap())
    assert counted == ["refused", "swapped"]


def test_a_model_that_says_of_its_example_what_it_should_not_is_refused(place, dearer, capsys):
    holder, swap, counted = looking(place)
    old = holder.model
    new = place.pointer.parent / "two" / "model"
    shutil.copytree(dearer, new)
    example = json.loads((new / "example.json").read_text())
    example["predictions"][0]["price_prediction"] = 5.0
    (new / "example.json").write_text(json.dumps(example))
    manifest = json.loads((new / "manifest.json").read_text())
    manifest["files"]["example.json"] = sha256((new / "example.json").read_bytes()).hexdigest()
    (new / "manifest.json").write_text(json.dumps(manifest))
    place.pointer.write_text("two\n")

    asyncio.run(swap.swap())

    assert (holder.model, counted) == (old, ["refused"])
    assert "example row 1, price_prediction: expected 5.0, got " in events(capsys)[0]


@pytest.mark.slow
def test_a_server_that_watches_swaps_while_it_is_asked_and_drops_nothing(place, dearer):
    served = serve(place.pointer, "--watch")
    old, new = (Model.load(each).predict(ROW) for each in (place.folder, dearer))
    answers = []
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:

        def ask_until(done):
            while not done(answer := client.post("/predict", json=ROW)):
                answers.append((answer.status_code, answer.json()))

        place.pointer.write_text("two\n")
        shutil.copytree(dearer, place.pointer.parent / "two" / "model")
        ask_until(lambda answer: answer.json() == new)
        place.pointer.write_text("one\n")
        served.process.send_signal(signal.SIGHUP)
        ask_until(lambda answer: answer.json() == old)
        counted = client.get("/metrics").text

    code, _ = served.end(signal.SIGTERM)

    assert code == 0
    assert all(answer in ((200, old), (200, new)) for answer in answers)
    assert 'crosstie_swaps_total{outcome="swapped"} 2.0' in counted
