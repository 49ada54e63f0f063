"""One row is the same in a request, in a batch, in a file and where the model was trained, whatever its columns are."""

import base64
import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import crosstie
from crosstie.artifact.artifact import Artifact
from crosstie.artifact.example import check_skew
from crosstie.data.table import Table
from crosstie.features.feature import feature_types
from crosstie.features.pixels import data_uri as picture
from crosstie.features.sound import data_uri as sound

ROWS = 48
TYPES = {
    "amount": "number",
    "colour": "category",
    "paid": "binary",
    "remark": "text",
    "clicks": "sequence",
    "tags": "set",
    "words": "bag",
    "load": "timeseries",
    "place": "vector",
    "when": "date",
    "photo": "image",
    "voice": "audio",
}


def table():
    rng = np.random.default_rng(0)
    words = ["a", "fine", "small", "car", "with", "blue", "doors", "and", "no", "roof"]
    return {
        "amount": [
            None if i % 9 == 4 else float(f"{x:.4f}") for i, x in enumerate(rng.normal(5, 3, ROWS))
        ],
        "colour": [None if i % 11 == 3 else ["red", "blue", "green"][i % 3] for i in range(ROWS)],
        "paid": [None if i % 13 == 5 else ["yes", "no"][i % 2] for i in range(ROWS)],
        "remark": [" ".join(rng.choice(words, 5)) for _ in range(ROWS)],
        "clicks": [" ".join(rng.choice(list("abcd"), 4)) for _ in range(ROWS)],
        "tags": [",".join(sorted(set(rng.choice(list("xyz"), 2)))) for _ in range(ROWS)],
        "words": [" ".join(rng.choice(words, 3)) for _ in range(ROWS)],
        "load": [" ".join(f"{x:.3f}" for x in rng.normal(0, 1, 4 + i % 3)) for i in range(ROWS)],
        "place": [
            json.dumps([float(f"{x:.3f}") for x in rng.normal(0, 1, 3)]) for _ in range(ROWS)
        ],
        "when": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02} 10:{i % 60:02}:00" for i in range(ROWS)],
        "photo": [picture(rng.integers(0, 256, (3, 6, 5), dtype=np.uint8)) for _ in range(ROWS)],
        "voice": [sound(rng.normal(0, 0.1, 800), 8000) for _ in range(ROWS)],
        "price": [float(f"{x:.4f}") for x in rng.normal(10, 2, ROWS)],
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small network that reads a column of every type, trained from a CSV file."""
    folder = tmp_path_factory.mktemp("skew")
    columns = table()
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    run = crosstie.train(
        {
            "input_features": [
                *({"name": name, "type": kind} for name, kind in TYPES.items()),
                {
                    "name": "pieces",
                    "column": "remark",
                    "type": "text",
                    "preprocessing": {"tokenizer": "bpe", "most_common": 64},
                },
            ],
            "output_features": [{"name": "price", "type": "number"}],
            "trainer": {"epochs": 1},
            "model_type": "ecd",
        },
        data=folder / "table.csv",
        output=folder / "run",
    )
    return crosstie.load(run.path)


@pytest.mark.slow
def test_every_feature_type_is_looked_at(model):
    known = {name for _, name, cls in feature_types.items() if cls.kind}
    assert {each.type for each in model.artifact.inputs} == known


@pytest.mark.slow
def test_made_up_rows_are_the_same_alone_in_a_batch_and_where_they_were_trained(model):
    assert check_skew(model.artifact) == []


@pytest.mark.slow
def test_a_request_is_encoded_to_the_byte_as_a_file_is(model, tmp_path):
    import pyarrow as pa

    columns = {name: cells for name, cells in table().items() if name != "price"}
    texts = {
        name: [None if each is None else str(each) for each in cells]
        for name, cells in columns.items()
    }
    typed = {
        **columns,
        "place": [json.loads(each) for each in columns["place"]],
        "load": [[float(x) for x in each.split()] for each in columns["load"]],
        "photo": [base64.b64decode(each.partition(",")[2]) for each in columns["photo"]],
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    forms = {
        "rows": Table.from_rows(rows),
        "texts": Table.from_columns(texts),
        "typed": Table.from_columns(typed),
        "arrow": Table.from_arrow(pa.table(columns)),
        "arrow texts": Table.from_arrow(pa.table(texts)),
        "arrow typed": Table.from_arrow(pa.table(typed)),
    }

    encoded = {name: arrays(model.artifact, form) for name, form in forms.items()}

    for name, found in encoded.items():
        for array, values in encoded["rows"].items():
            assert found[array].tobytes() == values.tobytes(), (name, array)
    for row in (0, 3, 4, 5, ROWS - 1):
        alone = arrays(model.artifact, Table.from_rows([rows[row]]))
        for array, values in encoded["rows"].items():
            assert alone[array].tobytes() == values[row : row + 1].tobytes(), (row, array)
    answers = model.predict(rows)
    for row in (0, 3, 4, 5, ROWS - 1):
        assert model.predict(rows[row]) == pytest.approx(answers[row], rel=1e-5, abs=1e-5)


@pytest.mark.slow
def test_nothing_of_the_machine_that_trained_it_is_in_a_model(model):
    machine = [str(Path.home()), sys.prefix, str(model.path), str(Path.cwd())]
    code = str(Path(crosstie.__file__).parent)
    for path in model.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found = [each for each in (*machine, code) if each.encode() in content]
            assert not found, (path, found)
            if path.suffix == ".onnx":
                assert not re.findall(rb"/(?:[\w.-]+/)+[\w.-]+\.py", content)


def arrays(artifact: Artifact, form: Table):
    return artifact.encode(form)[0].batch.inputs
