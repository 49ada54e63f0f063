"""Bodies of rows: what is taken, what is refused, and in whose words."""

import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

import crosstie

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}
ROWS = [ROW, {**ROW, "size": None}, {**ROW, "colour": "mauve"}]
JSON = {"Content-Type": "application/json"}
CSV = "size,colour,paid,when\n1.5,red,no,2024-02-01\n,red,no,2024-02-01\n1.5,mauve,no,2024-02-01\n"


@pytest.fixture(scope="module")
def model(prices):
    return crosstie.load(prices)


def ask(client, body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/predict", content=body, headers={**JSON, **named})


def error(answer):
    return answer.status_code, answer.json()["error"]


def problems(answer):
    assert answer.status_code == 422
    return [each["message"] for each in answer.json()["problems"]]


def arrow_bytes(table, new=pa.ipc.new_stream, **options):
    out = io.BytesIO()
    with new(out, table.schema, **options) as writer:
        writer.write_table(table)
    return out.getvalue()


def test_one_row_gets_an_object_many_get_an_array_and_none_none(client, model):
    assert ask(client, json.dumps(ROW)).json() == model.predict(ROW)
    assert ask(client, json.dumps(ROWS)).json() == model.predict(ROWS)
    assert ask(client, "[]").json() == []


def test_everything_wrong_with_rows_is_said_at_once(client):
    bad = {"Size": 1, "colour": ["red"], "paid": "perhaps", "when": {"year": 2024}}

    answer = ask(client, json.dumps([bad, {**ROW, "size": "big"}]))

    assert answer.json() == {
        "error": "4 problems in the rows; nothing was predicted",
        "problems": [
            {
                "row": 1,
                "column": "colour",
                "value": None,
                "wanted": "a value",
                "message": "row 1, column 'colour': wanted a value, got an array",
            },
            {
                "row": 1,
                "column": "when",
                "value": None,
                "wanted": "a date, such as 2020-02-29",
                "message": "row 1, column 'when': wanted a date, such as 2020-02-29, got an object",
            },
            {
                "row": 1,
                "column": "paid",
                "value": "perhaps",
                "wanted": "'no' or 'yes' (or yes, no, true, false, 1, 0 …)",
                "message": "row 1, column 'paid': wanted 'no' or 'yes' (or yes, no, true, false, 1, 0 …), got 'perhaps'",
            },
            {
                "row": 2,
                "column": "size",
                "value": "big",
                "wanted": "a number",
                "message": "row 2, column 'size': wanted a number, got 'big'",
            },
        ],
    }


def test_a_name_that_is_nearly_that_of_an_absent_column_is_named(client):
    row = {("Size" if name == "size" else name): cell for name, cell in ROW.items()}

    assert problems(ask(client, json.dumps(row))) == [
        "column 'size': is absent; did you mean 'Size'? If it is missing, give it as null"
    ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", 'the body is empty. Send a row as JSON, {"column": value, …}, or a list of rows'),
        (
            '{"size": 1,\n "colour"}',
            "the body is no JSON: Expecting ':' delimiter at line 2, column 10",
        ),
        (
            '{"size": 1, "size": 2}',
            "the body is no JSON that can be relied on: the key 'size' stands twice in an object",
        ),
        (
            '{"size": NaN}',
            "the body is no JSON that can be relied on: NaN is no JSON. Write null for a missing number",
        ),
        (b'{"colour": "\xff"}', "byte 12 of the body is no UTF-8. Send JSON in UTF-8"),
        ("[" * 100_000, "the body is nested too deeply. Rows are objects of cells"),
        ("9" * 5000, "the body has a number of thousands of digits"),
        (
            r'{"colour": "\ud800"}',
            r"the body has half a surrogate pair (\ud800 to \udfff), which is no text",
        ),
    ],
)
def test_what_is_no_json_is_told_where(client, body, why):
    assert error(ask(client, body)) == (400, why)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("7", "wanted an object of cells, or an array of such, got a number"),
        ('[{}, "a"]', "row 2: wanted an object of cells, got a text"),
    ],
)
def test_what_is_no_row_is_told_which(client, body, why):
    assert problems(ask(client, body)) == [why]


def test_a_number_beyond_all_numbers_is_no_number(client):
    assert problems(ask(client, json.dumps(ROW).replace("1.5", "1e999"))) == [
        "row 1, column 'size': wanted a number, got 'inf'"
    ]


def test_lists_are_cells_where_the_column_takes_lists_and_only_so_deep(client):
    deep = "[" * 500 + "]" * 500
    body = json.dumps(ROW).replace('"red"', deep)

    assert problems(ask(client, body)) == ["row 1, column 'colour': wanted a value, got an array"]


def test_csv_gets_csv_and_what_accept_says(client, model):
    answer = ask(client, CSV, Content_Type="text/csv; charset=utf-8")
    other = ask(client, CSV, Content_Type="text/csv", Accept="application/json")

    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    said = [row["price_prediction"] for row in model.predict(ROWS)]
    lines = answer.text.splitlines()
    assert lines[0] == "price_prediction"
    assert [float(line) for line in lines[1:]] == said
    assert other.json() == [{"price_prediction": each} for each in said]


def test_lines_of_csv_that_would_be_left_out_are_refused(client):
    assert problems(ask(client, CSV + "1,red,no,2024-02-01,5\n", Content_Type="text/csv")) == [
        "the body: left out 1 line with more cells than there are columns (line 5)"
    ]
    assert problems(ask(client, b"\x00\x01", Content_Type="text/csv")) != []


@pytest.mark.parametrize("form", ["arrow.stream", "arrow.file", "parquet"])
def test_arrow_and_parquet_get_what_they_are(client, model, form):
    table = pa.table({name: [row[name] for row in ROWS] for name in ROW} | {"own": [{"a": 1}] * 3})
    kind = f"application/vnd.apache.{form}"
    if form == "parquet":
        out = io.BytesIO()
        parquet.write_table(table, out)
        body = out.getvalue()
    else:
        body = arrow_bytes(table, pa.ipc.new_stream if "stream" in form else pa.ipc.new_file)

    answer = ask(client, body, Content_Type=kind)

    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    found = io.BytesIO(answer.content)
    if form == "parquet":
        said = parquet.read_table(found)
    elif form == "arrow.file":
        said = pa.ipc.open_file(found).read_all()
    else:
        said = pa.ipc.open_stream(found).read_all()
    assert said.to_pylist() == model.predict(ROWS)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_packed_arrow_is_refused_unread(client, codec):
    table = pa.table({"size": [1.5] * 1000})
    options = pa.ipc.IpcWriteOptions(compression=codec)
    body = arrow_bytes(table, options=options)

    answer = ask(client, body, Content_Type="application/vnd.apache.arrow.stream")

    assert error(answer) == (
        415,
        "packed batches are not unpacked here. Write them without compression",
    )


def test_columns_of_types_that_no_cell_has_are_named(client):
    table = pa.table({"size": [{"a": 1}], "colour": pa.array([b"red"]), "paid": ["no"]})

    answer = ask(client, arrow_bytes(table), Content_Type="application/vnd.apache.arrow.stream")

    wanted = "numbers, texts, truth values, dates, bytes or lists of numbers"
    assert problems(answer) == [f"column 'size': its type is struct<a: int64>; wanted {wanted}"]


@pytest.mark.parametrize("kind", ["arrow.stream", "arrow.file", "parquet"])
@pytest.mark.parametrize("body", [b"", b"ARROW1\x00\x00", b"PAR1PAR1", b"\xff" * 64])
def test_bytes_that_are_no_table_are_refused(client, kind, body):
    answer = ask(client, body, Content_Type=f"application/vnd.apache.{kind}")

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        f"the body is no {kind.replace('.', ' ')} that can be read"
    )


def test_forms_that_are_not_read_or_written_are_refused(client):
    kinds = "application/json, text/csv, application/vnd.apache.arrow.stream, "
    kinds += "application/vnd.apache.arrow.file, application/vnd.apache.parquet"

    assert error(ask(client, "a=1", Content_Type="application/x-www-form-urlencoded")) == (
        415,
        f"rows cannot come as 'application/x-www-form-urlencoded'. Say Content-Type: {kinds}",
    )
    assert error(ask(client, "{}", Accept="text/html")) == (
        406,
        f"no answer can be 'text/html'. Say Accept: {kinds}",
    )
    assert error(ask(client, "{}", Content_Encoding="gzip")) == (
        415,
        "packed bodies are not unpacked here. Leave out Content-Encoding",
    )


def test_nothing_behind_a_question_mark_is_ignored(client):
    assert error(client.post("/predict?explain", json=ROW)) == (
        403,
        "explanations are not served here. Leave out ?explain, or start the server with --explain-rows",
    )
    assert error(client.post("/predict?threshold=0.4", json=ROW)) == (
        400,
        "?threshold is no option of /predict. Leave it out",
    )


def test_more_rows_than_allowed_are_refused(client):
    why = "10001 rows are more than the 10000 that a request may have. Send them in parts"
    table = pa.table({"size": [1.0] * 10_001})

    assert error(ask(client, json.dumps([{}] * 10_001))) == (413, why)
    assert error(ask(client, "size\n" + "1\n" * 10_001, Content_Type="text/csv")) == (413, why)
    answer = ask(client, arrow_bytes(table), Content_Type="application/vnd.apache.arrow.stream")
    assert error(answer) == (413, why)


def test_unknown_paths_and_methods_are_told_in_json(client):
    assert error(client.get("/nothing")) == (
        404,
        "there is nothing here. GET /docs shows what there is",
    )
    answer = client.get("/predict")
    assert error(answer) == (405, "GET is not for this path; allowed: POST")
    assert answer.headers["allow"] == "POST"
