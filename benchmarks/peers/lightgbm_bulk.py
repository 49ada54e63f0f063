"""A run's own booster over a large Parquet file, as one writes it by hand: batches read, encoded to what the trees were grown on, predicted, written.

lightgbm_bulk.py RUN IN.parquet OUT.parquet      one line of JSON: rows, peak memory in MB
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
from pyarrow import parquet

AT_ONCE = 98_304
UNKNOWN, MISSING, FIRST = 0, 1, 2  # codes of a category


def main(run: str, source: str, destination: str) -> None:
    """Predict all rows with all cores."""
    columns = json.loads((Path(run) / "network/columns.json").read_text())["columns"]
    member = json.loads((Path(run) / "model/features.json").read_text())["members"][0]
    features = {each["name"]: each for each in member["inputs"]}
    output = member["outputs"][0]["name"]
    booster = lightgbm.Booster(model_file=Path(run) / "network/booster.txt")
    settings = json.loads((Path(run) / "model/inference.json").read_text())["outputs"][output]
    negative, positive = settings["labels"]
    file, writer, rows = parquet.ParquetFile(source), None, 0
    for batch in file.iter_batches(batch_size=AT_ONCE, columns=columns):
        encoded = np.column_stack([cells(batch.column(name), features[name]) for name in columns])
        odds = booster.predict(encoded, raw_score=True) / settings["temperature"]
        likely = 1 / (1 + np.exp(-odds))
        chosen = pa.DictionaryArray.from_arrays(
            pa.array((likely >= settings["threshold"]).astype(np.int8)), [negative, positive]
        )
        table = pa.table(
            {
                f"{output}_prediction": chosen.cast(pa.string()),
                f"{output}_probability_{negative}": 1 - likely,
                f"{output}_probability_{positive}": likely,
            }
        )
        writer = writer or parquet.ParquetWriter(destination, table.schema)
        writer.write_table(table)
        rows += len(table)
    assert writer is not None, "no rows"
    writer.close()
    print(json.dumps({"rows": rows}))


def cells(array: pa.Array, feature: dict) -> np.ndarray:
    """A column as float32: a number scaled, the side of one of two, a category's code."""
    fitted = feature["fitted"]
    if feature["type"] == "number":
        values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        low, high = fitted["bounds"]
        scaling = fitted["scaling"]
        return ((np.clip(values, low, high) - scaling["shift"]) / scaling["scale"]).astype("f4")
    coded = array.dictionary_encode()
    if feature["type"] == "binary":
        places = {side: float(i) for i, side in enumerate(fitted["sides"])}
        known = [places.get(each, np.nan) for each in coded.dictionary.to_pylist()]
        missing = np.nan
    else:
        places = {level: FIRST + i for i, level in enumerate(fitted["levels"])}
        known = [places.get(each, UNKNOWN) for each in coded.dictionary.to_pylist()]
        missing = MISSING
    codes = coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    return np.array([*known, missing], "f4")[codes]


if __name__ == "__main__":
    main(*sys.argv[1:])
