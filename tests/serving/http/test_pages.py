"""What a server says of itself."""

import re

import httpx
import jsonschema
import pytest
from served import serve

import crosstie

ROW = {"size": None, "colour": "mauve", "paid": "no", "when": "2024-02-01"}


def test_the_schema_holds_an_example_that_predicts_what_it_says(client):
    about = client.get("/schema").json()

    assert (about["name"], about["version"]) == ("prices", "0.1.0")
    assert [each["column"] for each in about["columns"]["input"]] == [
        "size",
        "colour",
        "paid",
        "when",
    ]
    rows, expected = about["example"]["rows"], about["example"]["predictions"]
    said = client.post("/predict", json=rows).json()
    assert [set(each) for each in said] == [set(each) for each in expected]
    assert all(
        abs(a["price_prediction"] - b["price_prediction"]) < 1e-4
        for a, b in zip(said, expected, strict=True)
    )


def test_openapi_describes_rows_and_answers_as_they_are(client):
    api = client.get("/openapi.json").json()
    row, prediction = (api["components"]["schemas"][name] for name in ("Row", "Prediction"))
    posted = api["paths"]["/predict"]["post"]
    example = posted["requestBody"]["content"]["application/json"]["examples"]["one row"]["value"]

    assert (api["openapi"], api["info"]["title"], api["info"]["version"]) == (
        "3.1.0",
        "prices",
        "0.1.0",
    )
    assert row["required"] == ["colour", "paid", "when"]
    jsonschema.validate(example, row)
    jsonschema.validate(client.post("/predict", json=example).json(), prediction)
    problem = {"components": api["components"], "$ref": "#/components/schemas/Error"}
    jsonschema.validate(client.post("/predict", json={"size": "big"}).json(), problem)


def test_every_path_of_openapi_is_there(client):
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert client.request(method, path).status_code in (
                {200} if method == "get" else {400}
            ), path


@pytest.mark.slow
def test_metrics_count_requests_rows_and_what_was_odd_in_each_column(prices):
    served = serve(prices)
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
        client.post("/predict", json=[ROW, ROW])
        client.post("/predict", json={**ROW, "size": "big"})
        client.get("/some/path")
        counts = dict(
            line.rsplit(" ", 1)
            for line in client.get("/metrics").text.splitlines()
            if not line.startswith("#")
        )
    served.end()

    assert counts['crosstie_requests_total{route="predict",status="200"}'] == "1.0"
    assert counts['crosstie_requests_total{route="predict",status="422"}'] == "1.0"
    assert counts['crosstie_requests_total{route="none",status="404"}'] == "1.0"
    assert counts['crosstie_request_seconds_count{route="predict"}'] == "2.0"
    assert counts["crosstie_rows_total"] == "2.0"
    assert counts['crosstie_missing_values_total{column="size"}'] == "2.0"
    assert counts['crosstie_unknown_values_total{column="colour"}'] == "2.0"
    assert counts["crosstie_in_flight"] == "0.0"
    model = f'crosstie_model{{crosstie="{crosstie.__version__}",name="prices",version="0.1.0"}}'
    assert counts[model] == "1.0"


def test_the_page_brings_everything_it_needs(client):
    answer = client.get("/", follow_redirects=True)

    assert (answer.url.path, answer.headers["content-type"]) == (
        "/docs",
        "text/html; charset=utf-8",
    )
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (
        re.findall(r"""(?:src|href|url|import)\s*[=(]?\s*["']?(?:https?:)?//""", answer.text) == []
    )
    assert 'id="rows"' in answer.text
