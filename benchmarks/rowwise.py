"""What row-wise features cost: one row of Titanic in process, and a hundred thousand, written in each way.

The same four columns are worked out of the same table, by the same linear model; the first line is that model without
them. Cost is what a row takes beside it.
"""

import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from one_row import timed
from process import run
from tables import TABLES, prepared

TITLE = "Row-wise features"
CASES = ("titanic",)
MANY = 100_000
ROUNDS = 3
PYTHON = {
    "pandas": """import re

import numpy as np
import pandas as pd


def title(name):
    found = re.search(r"(\\w+)\\.", name or "")
    return found[1] if found else ""


def features(input: pd.DataFrame) -> pd.DataFrame:
    family = input["sibsp"] + input["parch"] + 1
    made = {"log_fare": np.log1p(input["fare"]), "family": family, "fare_each": input["fare"] / family}
    return input[["sex", "age", "pclass"]].assign(**made, title=input["name"].map(title))
""",
    "polars": """import polars as pl


def features(input: pl.DataFrame) -> pl.DataFrame:
    family = pl.col("sibsp") + pl.col("parch") + 1
    title = pl.col("name").str.extract(r"(\\w+)\\.")
    log_fare = pl.col("fare").log1p()
    return input.select("sex", "age", "pclass", log_fare=log_fare, family=family, fare_each=pl.col("fare") / family, title=title)
""",
    "arrow": """import pyarrow as pa
import pyarrow.compute as pc


def features(input: pa.Table) -> pa.Table:
    family = pc.add(pc.add(input["sibsp"], input["parch"]), 1)
    title = pc.struct_field(pc.extract_regex(input["name"], r"(?P<title>\\w+)\\."), "title")
    made = {"log_fare": pc.log1p(input["fare"]), "family": family, "fare_each": pc.divide(input["fare"], family), "title": title}
    found = input.select(["sex", "age", "pclass"])
    for name, column in made.items():
        found = found.append_column(name, column)
    return found
""",
    "numpy": """import re

import numpy as np


def title(name):
    found = re.search(r"(\\w+)\\.", name or "")
    return found[1] if found else ""


def features(input: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    family = input["sibsp"] + input["parch"] + 1
    titles = np.array([title(each) for each in input["name"]], object)
    made = {"log_fare": np.log1p(input["fare"]), "family": family, "fare_each": input["fare"] / family, "title": titles}
    return {name: input[name] for name in ("sex", "age", "pclass")} | made
""",
}
SQL = r"""SELECT sex, age, pclass, ln(fare + 1) AS log_fare, sibsp + parch + 1 AS family, fare / family AS fare_each,
  regexp_extract(name, '(\w+)\.', 1) AS title
FROM input
"""
WAYS = {
    "none": {},
    "features.sql": {"features.sql": SQL},
    **{f"features.py, {form}": {"features.py": text} for form, text in PYTHON.items()},
}


def measure(_case: str) -> list[dict[str, Any]]:
    """Each way in a process of its own."""
    found = {name: _measured(files) for name, files in WAYS.items()}
    bare = found["none"]
    return [
        {
            "way": name,
            "row_us": each["row_us"],
            "cost_us": round(each["row_us"] - bare["row_us"], 1),
            "many_s": each["many_s"],
            "first_s": each["first_s"],
        }
        for name, each in found.items()
    ]


def _measured(files: dict[str, str]) -> dict[str, Any]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).write_text(text)
        usual = "" if files else "exclude: [name, sibsp, parch, ticket, cabin, embarked]\n"
        data = f"data: {prepared('titanic')[0]}\ntarget: {TABLES['titanic'].target}\n"
        (folder / "model.yaml").write_text(f"{data}model_type: linear\n{usual}")
        run(
            sys.executable,
            "-m",
            "crosstie.cli.main",
            "train",
            folder / "model.yaml",
            "-q",
            "-o",
            folder / "run",
        )
        done = [run(sys.executable, __file__, folder).json for _ in range(ROUNDS)]
        return {key: statistics.median(each[key] for each in done) for key in done[0]}


def markdown(answers: dict[str, Any]) -> str:
    """The table of the page."""
    about = (
        f"One row of Titanic as a dict, and {MANY:,} rows as an Arrow table, through a linear model that reads four columns "
        "worked out of five, and three more. What a row costs is what it takes beside the model without them."
    )
    lines = [
        about,
        "",
        f"| written as | one row | of it for the features | {MANY:,} rows | import, load and first prediction |",
        "|---|---|---|---|---|",
    ]
    for each in answers["titanic"]:
        cost = "" if each["way"] == "none" else f"{each['cost_us']:.0f} us"
        lines.append(
            f"| {each['way']} | {each['row_us']:.0f} us | {cost} | {each['many_s']:.2f} s | {each['first_s']:.2f} s |"
        )
    return "\n".join(lines)


def main(folder: Path) -> None:
    start = time.perf_counter()
    import crosstie

    model = crosstie.load(folder / "run", components=folder, threads=1)
    row = json.loads((model.path / "example.json").read_text())["rows"][0]
    model.predict(row)
    first = time.perf_counter() - start
    each = timed(lambda: model.predict(row))
    import pyarrow as pa

    table = pa.Table.from_pylist([row] * MANY)
    model.predict(table)
    start = time.perf_counter()
    model.predict(table)
    many = time.perf_counter() - start
    print(json.dumps({"first_s": round(first, 3), "row_us": each, "many_s": round(many, 3)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
