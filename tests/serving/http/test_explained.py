"""`POST /predict?explain`: what each column adds, beside the prediction, as much as the server allows."""

import json
from dataclasses import replace

import httpx
import pytest
from served import serve

from crosstie.serving.http.frames import Frames, of_jobs, to_jobs
from crosstie.serving.http.job import Job, work
from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}
ROWS = [ROW, {**ROW, "size": 9.0}]


@pytest.fixture(scope="module")
def model(prices):
    return Model.load(prices)


@pytest.fixture(scope="module")
def client(prices):
    found = serve(prices, "--explain-rows", "2", "--explain-samples", "4")
    with httpx.Client(base_url=found.url, trust_env=False, timeout=60) as asking:
        yield asking
    found.end()


def asked(rows, **more):
    return Job(json.dumps(rows).encode(), samples=4, explain_rows=2, **more)


def error(answer):
    return answer.status_code, answer.json()["error"]


@pytest.mark.slow
def test_contributions_stand_beside_the_prediction_and_add_up_to_it(client, model):
    one = client.post("/predict?explain", json=ROW).json()
    several = client.post("/predict?explain=4", json=ROWS).json()

    found = one.pop("explanations")["price"]
    assert one == model.predict(ROW)
    assert (found["scale"], found["of"], found["method"]) == ("number", None, "sampling")
    assert list(found["contributions"]) == ["size", "colour", "paid", "when"]
    assert found["base"] + sum(found["contributions"].values()) == pytest.approx(found["value"])
    assert found["value"] == one["price_prediction"]
    assert several[0] == {**one, "explanations": {"price": found}}
    size = [each["explanations"]["price"]["contributions"]["size"] for each in several]
    moved = several[1]["price_prediction"] - several[0]["price_prediction"]
    assert size[1] - size[0] == pytest.approx(moved, rel=1e-4)


def test_it_is_what_the_model_explains_where_nothing_is_said_of_a_background(client, model):
    found = client.post("/predict?explain=3", json=ROW).json()["explanations"]["price"]

    [own] = model.explain(ROW, samples=3)
    assert found["contributions"] == pytest.approx(own.contributions)
    assert found["errors"] == pytest.approx(own.errors)


def test_more_than_the_server_gives_is_refused(client):
    assert error(client.post("/predict?explain", json=[ROW] * 3)) == (
        413,
        "3 rows are more than the 2 that a request with ?explain may have. Send them in parts",
    )
    for number in ("5", "0", "-1", "many", "1e1"):
        assert error(client.post(f"/predict?explain={number}", json=ROW)) == (
            400,
            f"?explain={number}: wanted how often columns are put in order, from 1 to 4",
        )
    csv = {"Content-Type": "text/csv"}
    body = "size,colour,paid,when\n1.5,red,no,2024-02-01\n"
    assert error(client.post("/predict?explain", content=body, headers=csv)) == (
        406,
        "explanations are in JSON. Say Accept: application/json",
    )
    as_json = {**csv, "Accept": "application/json"}
    assert len(client.post("/predict?explain", content=body, headers=as_json).json()) == 1
    assert error(client.post("/predict?explain&threshold=1", json=ROW)) == (
        400,
        "?threshold is no option of /predict. Leave it out",
    )


def test_rows_that_cannot_be_predicted_are_named_as_without(client):
    answer = client.post("/predict?explain", json={**ROW, "size": "big"})

    assert answer.status_code == 422
    assert [each["column"] for each in answer.json()["problems"]] == ["size"]


def test_without_the_question_nothing_is_explained(client, model):
    assert client.post("/predict", json=[ROW] * 3).json() == model.predict([ROW] * 3)
    assert client.post("/predict?explain", json=[]).json() == []


def test_openapi_tells_how_to_ask(client):
    api = client.get("/openapi.json").json()

    [parameter] = api["paths"]["/predict"]["post"]["parameters"]
    assert (parameter["name"], parameter["schema"]["maximum"]) == ("explain", 4)
    answer = client.post("/predict?explain", json=ROW).json()
    found = answer["explanations"]["price"]
    schema = api["components"]["schemas"]["Explanation"]
    assert set(found) == set(schema["properties"]) == set(schema["required"])
    assert api["components"]["schemas"]["Explained"]["allOf"] == [
        {"$ref": "#/components/schemas/Prediction"}
    ]


@pytest.mark.slow
def test_private_columns_are_told_as_one(model):
    alone = work(model, [asked(ROW)], 10)[0]
    hidden = Model(replace(model.artifact, private=["colour", "paid"]))

    reply = work(hidden, [asked(ROW)], 10)[0]

    own = json.loads(alone.body)["explanations"]["price"]["contributions"]
    found = json.loads(reply.body)["explanations"]["price"]
    assert list(found["contributions"]) == ["size", "(private)", "when"]
    assert list(found["errors"]) == ["size", "(private)", "when"]
    total = found["base"] + sum(found["contributions"].values())
    assert total == pytest.approx(found["value"])
    assert found["contributions"]["size"] == pytest.approx(own["size"], rel=0.01)
    assert b"colour" not in reply.body


@pytest.mark.slow
def test_what_is_asked_reaches_a_process_of_its_own():
    jobs = [asked(ROW), Job(b"{}", came="csv", form="json")]

    [said] = Frames().add(of_jobs(jobs))

    assert to_jobs(said) == jobs
    assert [each.small for each in jobs] == [False, False]
