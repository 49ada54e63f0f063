"""Anything at all is sent: no answer is a fault, and every answer is what OpenAPI says it may be."""

import json
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from served import Served, serve

import crosstie

WORDS = ["small", "fast", "red", "old"]
ROWS = [
    {
        "size": None if i % 10 == 0 else i / 8,
        "colour": ["red", "blue", "green"][i % 3],
        "paid": ["yes", "no"][i % 2],
        "when": f"2024-01-{i % 28 + 1:02}",
        "place": [i / 10, -i / 7, 1.0],
        "words": f"a {WORDS[i % 4]} and {WORDS[i % 3]} thing, number {i}",
        "tags": " ".join(WORDS[: i % 4 + 1]),
        "kind": ["a", "b", "c"][i % 3],
    }
    for i in range(120)
]
TYPES = {"colour": "category", "place": "vector", "words": "text", "tags": "set"}
FUZZ = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
KINDS = [
    "application/json",
    "text/csv",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.parquet",
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> Iterator[Served]:
    """A model of every kind of cell, served."""
    run = crosstie.train(
        ROWS, target="kind", model_type="linear", types=TYPES, runs=tmp_path_factory.mktemp("runs")
    )
    found = serve(run.model)
    yield found
    assert found.process.poll() is None, "the server died"
    _, log = found.end()
    assert [line for line in log.splitlines() if '"fault"' in line] == []


def test_every_answer_is_one_that_openapi_allows(kinds):
    api = schemathesis.openapi.from_url(f"{kinds.url}/openapi.json")
    operations = [each.ok() for each in api.get_all_operations()]
    asked = []

    for operation in operations:

        @settings(FUZZ, max_examples=60 if operation.body else 3)
        @given(case=operation.as_strategy())
        def answers(case):
            # types do not say which texts are numbers: what they allow may be a 422
            case.call_and_validate(excluded_checks=[positive_data_acceptance])
            asked.append(case.path)

        answers()

    assert len(operations) == len(set(asked)) == 11


@pytest.fixture(scope="module")
def client(kinds) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=kinds.url, trust_env=False, timeout=60) as found:
        yield found


CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([name for name in ROWS[0] if name != "kind"])


@FUZZ
@given(
    rows=st.lists(st.dictionaries(NAMES | st.text(max_size=5), CELLS), max_size=3),
    base=st.sampled_from(ROWS),
)
def test_cells_of_any_kind_are_predicted_or_told(client, rows, base):
    body = json.dumps([base | row for row in rows])  # NaN and Infinity too, as Python writes them

    answer = client.post("/predict", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {200, 400, 422}, body
    assert answer.status_code != 200 or len(answer.json()) == len(rows)


@FUZZ
@given(body=st.binary(max_size=300), kind=st.sampled_from(KINDS))
def test_bytes_of_any_kind_are_told(client, body, kind):
    answer = client.post("/predict", content=body, headers={"Content-Type": kind})

    assert answer.status_code in {200, 400, 413, 415, 422}, body
    assert "error" in answer.json() or body.strip() == b"[]"


@FUZZ
@given(
    place=st.integers(0, 10_000),
    byte=st.integers(0, 255),
    kind=st.sampled_from(KINDS),
)
def test_bodies_that_were_damaged_on_their_way_are_predicted_or_told(
    client, good, place, byte, kind
):
    body = bytearray(good[kind])
    body[place % len(body)] = byte

    answer = client.post("/predict", content=bytes(body), headers={"Content-Type": kind})

    assert answer.status_code in {200, 400, 413, 415, 422}, (kind, place % len(body), byte)


@pytest.fixture(scope="module")
def good(client) -> dict[str, bytes]:
    """Rows in every form; their answers are not looked at."""
    import io

    import pyarrow as pa
    from pyarrow import parquet

    from crosstie.data.write import csv_text

    rows = [{name: cell for name, cell in row.items() if name != "kind"} for row in ROWS[:5]]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    found = {KINDS[0]: json.dumps(rows).encode(), KINDS[1]: csv_text(columns).encode()}
    table = pa.table(columns)
    for kind, new in zip(KINDS[2:4], (pa.ipc.new_stream, pa.ipc.new_file), strict=True):
        out = io.BytesIO()
        with new(out, table.schema) as writer:
            writer.write_table(table)
        found[kind] = out.getvalue()
    out = io.BytesIO()
    parquet.write_table(table, out)
    found[KINDS[4]] = out.getvalue()
    for kind, body in found.items():
        assert (
            client.post("/predict", content=body, headers={"Content-Type": kind}).status_code == 200
        )
    return found
