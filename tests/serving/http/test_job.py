"""Requests that are predicted together get what they would have got alone."""

import json

import pytest

from crosstie.artifact.example import same
from crosstie.serving.http.frames import Frames, of_jobs, of_replies, to_jobs, to_replies
from crosstie.serving.http.job import Job, work
from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}
TENSOR = {
    "inputs": [
        {"name": name, "datatype": kind, "shape": [1], "data": [ROW[name]]}
        for name, kind in (("size", "FP64"), ("colour", "BYTES"), ("paid", "BYTES"), ("when", "BYTES"))
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def model(prices):
    return Model.load(prices)


def job(rows, **more):
    return Job(json.dumps(rows).encode(), **more)


def said(reply):
    return json.loads(reply.body)


def test_rows_of_many_requests_are_answered_as_alone(model):
    requests = [
        [{**ROW, "size": i / 8, "colour": ["red", "green", "mauve"][i % 3]}] * (1 + i % 4)
        for i in range(60)
    ]

    replies = work(model, list(map(job, requests)), 10)

    for rows, reply in zip(requests, replies, strict=True):
        alone = [each["price_prediction"] for each in model.predict(rows)]
        assert (reply.status, reply.rows) == (200, len(rows))
        assert same(alone, [each["price_prediction"] for each in said(reply)])


def test_what_was_odd_is_counted_once(model):
    replies = work(model, [job([{**ROW, "colour": "mauve", "size": None}])] * 20, 10)

    assert [each.odd for each in replies if each.odd] == [{"size": (20, 0), "colour": (0, 20)}]


def test_a_request_that_is_wrong_harms_none_that_goes_with_it(model):
    good = [
        job(ROW),
        job([ROW]),
        job(TENSOR, came="tensors"),
        Job(b"size,colour,paid,when\n1.5,red,no,2024-02-01\n", came="csv", form="csv"),
    ]
    bad = [
        job([ROW, {**ROW, "size": "many"}]),
        job([{"colour": "red"}]),
        Job(b"{"),
        job([ROW] * 11),
        job({"inputs": []}, came="tensors"),
    ]

    alone = [work(model, [each], 10)[0] for each in [*good, *bad]]
    replies = work(model, [bad[0], good[0], bad[1], *good[1:], *bad[2:]], 10)

    assert [each.status for each in alone] == [200, 200, 200, 200, 422, 422, 400, 413, 400]
    assert replies == [alone[4], alone[0], alone[5], *alone[1:4], *alone[6:]]
    assert [each["message"] for each in said(alone[4])["problems"]] == [
        "row 2, column 'size': wanted a number, got 'many'"
    ]
    assert [each["column"] for each in said(alone[5])["problems"]] == ["paid", "when"]


def test_a_fault_is_told_by_its_place_and_not_by_what_a_cell_holds(prices):
    class Broken(Model):
        def counted_strictly(self, table):
            raise KeyError(table.cells("colour")[0])

    (reply,) = work(Broken.load(prices), [job({**ROW, "colour": "heliotrope"})], 10)

    assert (reply.status, reply.body, reply.rows) == (500, b"", 1)
    assert reply.fault[0] == "KeyError"
    assert "heliotrope" not in repr(reply)


def test_jobs_and_replies_come_through_a_line_as_they_were_however_it_parts_them(model):
    jobs = [job(ROW), job([{**ROW, "colour": "mauve"}]), Job(b""), Job(bytes(range(256)), "parquet", "csv")]  # fmt: skip
    replies = work(model, jobs, 10)
    sent = of_jobs(jobs) + of_replies(replies) + of_jobs([])

    for step in (1, 7, len(sent)):
        frames = Frames()
        found = [one for i in range(0, len(sent), step) for one in frames.add(sent[i : i + step])]
        assert to_jobs(found[0]) == jobs
        assert to_replies(found[1]) == [
            type(each)(
                **{**vars(each), "odd": {name: list(pair) for name, pair in each.odd.items()}}
            )
            for each in replies
        ]
        assert found[2] == []
