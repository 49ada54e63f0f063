"""The Open Inference Protocol: tensors in, tensors out."""

import pytest

import crosstie

ROWS = [
    {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"},
    {"size": None, "colour": "blue", "paid": "yes", "when": "2024-02-02"},
]

TYPES = "BOOL, BYTES, FP16, FP32, FP64, INT16, INT32, INT64, INT8, UINT16, UINT32, UINT64, UINT8"


def tensor(name, datatype, data, shape=None):
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


INPUTS = [
    tensor("size", "FP64", [row["size"] for row in ROWS]),
    *(tensor(name, "BYTES", [row[name] for row in ROWS]) for name in ("colour", "paid", "when")),
]


def infer(client, inputs, **more):
    return client.post("/v2/models/prices/infer", json={"inputs": inputs, **more})


def test_server_and_model_say_what_they_are(client):
    assert client.get("/v2").json() == {
        "name": "crosstie",
        "version": crosstie.__version__,
        "extensions": [],
    }
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/prices/ready").json() == {"name": "prices", "ready": True}
    assert client.get("/v2/models/prices").json() == {
        "name": "prices",
        "versions": ["0.1.0"],
        "platform": "crosstie",
        "inputs": [
            {"name": "size", "datatype": "FP64", "shape": [-1]},
            {"name": "colour", "datatype": "BYTES", "shape": [-1]},
            {"name": "paid", "datatype": "BYTES", "shape": [-1]},
            {"name": "when", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [{"name": "price_prediction", "datatype": "FP64", "shape": [-1]}],
    }
    answer = client.get("/v2/models/other")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "this server has the model 'prices', version '0.1.0', only"},
    )


def test_tensors_get_what_rows_get(client, prices):
    said = [row["price_prediction"] for row in crosstie.load(prices).predict(ROWS)]
    wanted = {
        "model_name": "prices",
        "model_version": "0.1.0",
        "id": "seven",
        "outputs": [tensor("price_prediction", "FP64", said)],
    }

    assert infer(client, INPUTS, id="seven").json() == wanted
    nested = [
        {**each, "shape": [2, 1], "data": [[cell] for cell in each["data"]]} for each in INPUTS
    ]
    asked = [{"name": "price_prediction"}]
    assert infer(client, nested, id="seven", outputs=asked).json() == wanted


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ([], "tensors must have one number of rows, 1 or more; got []"),
        (
            [*INPUTS, tensor("b", "FP32", [1])],
            "tensors must have one number of rows, 1 or more; got [1, 2]",
        ),
        (
            [
                7,
                tensor("a", "FP65", [1]),
                tensor("b", "FP32", [1, 2], [3]),
                tensor("c", "INT64", [1.5]),
                tensor("d", "FP32", [1], [-1]),
                tensor("e", ["FP32"], [1]),
            ],
            "; ".join(
                [
                    "inputs[0]: wanted an object with name, shape, datatype and data",
                    f"inputs[1]: datatype must be one of {TYPES}",
                    "inputs[2]: shape says 3 elements, data has 2",
                    "inputs[3]: data has elements that are no INT64",
                    "inputs[4]: shape must be 1 to 4 whole numbers, of which the first says how many rows",
                    f"inputs[5]: datatype must be one of {TYPES}",
                ]
            ),
        ),
    ],
)
def test_what_is_no_tensor_is_told_at_once(client, inputs, why):
    answer = infer(client, inputs)

    assert (answer.status_code, answer.json()) == (400, {"error": why})


def test_cells_of_tensors_are_checked_as_rows_are(client):
    answer = infer(client, [tensor("size", "BYTES", ["big", "2"]), *INPUTS[1:]])

    assert answer.status_code == 422
    assert [each["message"] for each in answer.json()["problems"]] == [
        "row 1, column 'size': wanted a number, got 'big'"
    ]


def test_outputs_that_are_not_there_are_told(client):
    answer = infer(client, INPUTS, outputs=[{"name": "prize"}])

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "outputs must be objects whose name is one of price_prediction"},
    )
