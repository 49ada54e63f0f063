"""What is fitted comes from training rows: whatever stands in the others changes no byte of it.

Types are decided before that, by all rows, as a person would who looks at the table.
"""

import json

import numpy as np
import pytest

import crosstie

ROWS = 120
PARTS = np.array(["train"] * 80 + ["validation"] * 20 + ["test"] * 20)


def columns(odd=None):
    """A table of every common type; in rows of the part `odd` all inputs are far from those of the others."""
    rng = np.random.default_rng(0)
    number = rng.normal(size=ROWS)
    found = {
        "part": PARTS.tolist(),
        "amount": [None if i % 9 == 0 else float(each) for i, each in enumerate(number)],
        "colour": rng.choice(["red", "green", "blue"], ROWS).tolist(),
        "member": rng.choice(["yes", "no"], ROWS).tolist(),
        "note": [
            f"{word} weather in town number {i} as they say"
            for i, word in enumerate(rng.choice(["good", "bad"], ROWS))
        ],
        "since": [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(ROWS)],
        "bought": np.where(number + rng.normal(size=ROWS) > 0, "yes", "no").tolist(),
    }
    for i in np.flatnonzero(odd == PARTS) if odd else ():
        found["amount"][i] = 1e6 + i
        found["colour"][i] = f"colour {i}"
        found["member"][i] = "yes"
        found["note"][i] = f"unheard {i} words alone here now"
        found["since"][i] = f"1901-{1 + i % 12:02}-01"
    return found


def fitted(folder, model_type, odd):
    trainer = {"trainer": {"epochs": 2, "batch_size": 32}} if model_type == "ecd" else {}
    run = crosstie.train(
        {
            "name": "m",
            "target": "bought",
            "model_type": model_type,
            "preprocessing": {"split": {"type": "fixed", "column": "part"}},
            **trainer,
        },
        data=columns(odd),
        runs=folder / f"{model_type}-{odd}",
    )
    features = (run.model / "features.json").read_bytes()
    arrays = (run.model / "arrays.safetensors").read_bytes()
    graph = (run.model / "graph" / "0.onnx").read_bytes()
    inference = json.loads((run.model / "inference.json").read_text())
    return {"features": features, "arrays": arrays}, {"graph": graph, "inference": inference}


@pytest.mark.parametrize("model_type", ["linear", "gbm", "ecd"])
def test_test_rows_change_nothing_of_the_model(tmp_path, model_type):
    assert fitted(tmp_path, model_type, "test") == fitted(tmp_path, model_type, None)


def test_validation_rows_change_nothing_of_the_features(tmp_path):
    assert fitted(tmp_path, "linear", "validation")[0] == fitted(tmp_path, "linear", None)[0]


def test_training_rows_do_change_them(tmp_path):
    odd, even = fitted(tmp_path, "linear", "train")[0], fitted(tmp_path, "linear", None)[0]
    assert odd["features"] != even["features"]
