"""Connections: how a server ends, and what slow clients can do to it."""

import json
import signal
import socket
from contextlib import ExitStack

import httpx
import pytest
from served import serve

ROW = json.dumps({"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}).encode()
HEAD = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(ROW)


def connect(served):
    host, _, port = served.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def begin(served):
    """A connection with a request of which half the body is sent, and which the server has seen."""
    connection = connect(served)
    connection.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(ROW[:20])
    return connection


def until_closed(served):
    """Return once the server takes no more connections."""
    while True:
        try:
            with httpx.Client(trust_env=False) as client:
                client.get(f"{served.url}/readyz")
        except httpx.TransportError:
            return


def rest(connection):
    """All that still comes."""
    with connection:
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@pytest.mark.slow
def test_sigterm_ends_the_server_when_what_came_before_is_answered(prices):
    served = serve(prices)
    connection = begin(served)

    served.process.send_signal(signal.SIGTERM)
    until_closed(served)
    connection.sendall(ROW[20:])
    answer = rest(connection)
    _, log = served.ended()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'{"price_prediction":' in answer
    assert served.process.returncode == 0
    assert [line["status"] for line in map(json.loads, log.splitlines()) if line["path"] == "/predict"] == [200]  # fmt: skip


@pytest.mark.slow
def test_who_is_too_slow_for_the_drain_is_cut_off(prices):
    served = serve(prices, "--drain", "0.2")
    connection = begin(served)

    code, log = served.end(signal.SIGTERM)

    answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(
        b'{"error":"the server ends, and waited for this request as long as it may. Ask again"}'
    )
    assert code == 0
    events = [json.loads(line).get("event") for line in log.splitlines()]
    assert "Cancel 1 running task(s), timeout graceful shutdown exceeded" in events


@pytest.mark.slow
def test_a_second_ctrl_c_waits_for_nobody(prices):
    served = serve(prices)
    connection = begin(served)

    served.process.send_signal(signal.SIGINT)
    until_closed(served)
    code, log = served.end(signal.SIGINT)

    assert rest(connection).startswith(b"HTTP/1.1 503 ")
    assert code == 130
    assert "Traceback" not in log


def test_slow_clients_do_not_stop_fast_ones(served, client):
    sent = HEAD + ROW
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(served)) for _ in range(len(sent) - 1)]
        for place, each in enumerate(slow, 1):
            each.sendall(sent[:place])

        answers = [client.post("/predict", content=ROW).status_code for _ in range(20)]
        late = []
        for place, each in enumerate(slow, 1):
            each.sendall(sent[place:])
            late.append(each.recv(1 << 16)[:15])

    assert answers == [200] * 20
    assert late == [b"HTTP/1.1 200 OK"] * len(slow)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTT"])
def test_words_that_are_no_request_are_refused(served, sent):
    with connect(served) as connection:
        connection.sendall(sent + b"\x00\xff\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
