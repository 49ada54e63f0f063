"""The process: where it listens, what it says, what it logs and how it ends."""

import asyncio
import json
import queue
import re
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest
from served import serve

import crosstie
from crosstie.errors import ConfigError

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", "serve", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_served_model_answers_what_it_answers_in_python(client, prices):
    model = crosstie.load(prices)

    one = client.post("/predict", json=ROW)
    many = client.post("/predict", json=[ROW, {**ROW, "size": "2.5"}])

    assert (one.status_code, one.headers["content-type"]) == (200, "application/json")
    assert one.json() == model.predict(ROW)
    assert many.json() == model.predict([ROW, {**ROW, "size": 2.5}])


@pytest.mark.slow
def test_it_says_where_it_listens_and_logs_a_line_of_json_a_request_without_values(prices):
    served = serve(prices)
    assert served.said == (
        f"Model('prices': price (number) from 4 columns) on {served.url}, shown at {served.url}/docs\n"
    )
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
        client.post("/predict", json=[ROW, {**ROW, "colour": "heliotrope"}])
        client.post("/predict", json={**ROW, "size": "secret"}, headers={"X-Request-ID": "a-1"})
        answer = client.get("/healthz", headers={"X-Request-ID": "two words"})

    code, log = served.end()

    assert (code, "Traceback" in log) == (130, False)
    first, second, third = map(json.loads, log.splitlines())
    assert list(first) == ["time", "method", "path", "status", "rows", "ms", "id"]
    assert [first[key] for key in ("method", "path", "status", "rows")] == [
        "POST",
        "/predict",
        200,
        2,
    ]
    assert [second[key] for key in ("status", "rows", "id")] == [422, 1, "a-1"]
    assert [third[key] for key in ("path", "status", "rows")] == ["/healthz", 200, None]
    assert third["id"] == answer.headers["x-request-id"] != "two words"
    assert "heliotrope" not in log
    assert "secret" not in log


@pytest.mark.slow
def test_a_port_that_is_taken_is_said(prices):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run(str(prices), "--port", str(port))

    assert done.returncode == 2
    assert done.stderr == (
        f"error: 127.0.0.1:{port}: another program listens there. Give another --port, or 0 for a free one\n"
    )


@pytest.mark.slow
def test_everything_wrong_with_the_options_is_said_before_the_model_is_loaded():
    done = run(
        "nowhere", "--host", "0.0.0.0", "--port", "70000", "--timeout", "0", "--token", "abc"
    )

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: --port: must be from 0 to 65535, got 70000",
        "error: --timeout: must be above 0, got 0",
        "error: token: must be 16 or more ASCII characters, so that it is not guessed",
    ]


def test_an_address_that_others_reach_needs_a_token_or_a_word(prices):
    with pytest.raises(ConfigError) as error:
        crosstie.serve(prices, host="0.0.0.0")

    assert str(error.value) == (
        "--host 0.0.0.0: others can reach this address, and there is no token. Set CROSSTIE_TOKEN, or say "
        "--insecure where something in front of the server decides who may ask"
    )


@pytest.mark.slow
def test_who_has_no_token_may_only_ask_how_the_server_is(prices):
    token = "correct-horse-battery"
    served = serve(prices, "--host", "0.0.0.0", CROSSTIE_TOKEN=token)
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
        refused = client.post("/predict", json=ROW)
        wrong = client.post("/predict", json=ROW, headers={"Authorization": f"Bearer {token}x"})
        right = client.post("/predict", json=ROW, headers={"Authorization": f"Bearer {token}"})
        health = client.get("/healthz")

    _, log = served.end(signal.SIGTERM)

    assert (refused.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert refused.json() == {"error": "send the header Authorization: Bearer TOKEN"}
    assert refused.headers["www-authenticate"] == "Bearer"
    assert health.json() == {"status": "ok"}
    assert token not in log + served.said


@pytest.mark.slow
def test_what_is_no_http_is_a_line_of_log_too(prices):
    served = serve(prices)
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as connection:
        connection.sendall(b"\x00\x01 secret\r\n\r\n")
        answer = connection.makefile("rb").read()

    _, log = served.end()

    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    line = json.loads(log)
    assert line["event"] == "Invalid HTTP request received."


def test_what_serves_is_named_where_it_is_not_installed(prices):
    hidden = (
        "import sys; sys.modules['starlette'] = None; import crosstie; crosstie.serve(sys.argv[1])"
    )

    done = subprocess.run(
        [sys.executable, "-c", hidden, str(prices)], capture_output=True, text=True, check=False
    )

    assert done.stderr.splitlines()[-1] == (
        "crosstie.errors.MissingExtra: serving needs starlette, which is not installed. "
        "Type: pip install 'crosstie[serve]'"
    )


def test_within_an_event_loop_it_says_to_use_a_thread(prices):
    async def notebook():
        crosstie.serve(prices)

    with pytest.raises(ConfigError, match=r"as in a notebook\. Use a thread: threading\.Thread"):
        asyncio.run(notebook())


def test_in_a_thread_it_answers_until_the_process_ends(prices):
    said = queue.SimpleQueue()
    options = {"port": 0, "say": said.put}
    threading.Thread(target=crosstie.serve, args=(prices,), kwargs=options, daemon=True).start()

    url = re.search(r"http://[0-9.:]+", said.get(timeout=60))[0]

    assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"status": "ok"}
