"""`pip install crosstie` without any extra: a clean environment with nothing in it but what that brings."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pyarrow.parquet
import pytest
from local_index import required
from pyarrow import feather

import crosstie

GOLDEN = Path(__file__).resolve().parents[1] / "artifact" / "golden" / "format-1"
HEAVY = [
    *("torch", "transformers", "tokenizers", "pyarrow", "duckdb", "pydantic", "pandas"),
    *("polars", "scipy", "sklearn", "lightgbm", "onnx", "PIL", "fsspec"),
]
FORMS = """
import json, sys
import crosstie

golden, pandas = sys.argv[1], len(sys.argv) > 2
expected = json.load(open(f"{golden}/expected.json"))
rows, wanted = expected["rows"], expected["predictions"]["gbm"]
model = crosstie.load(f"{golden}/gbm")
rows = [{name: row[name] for name in model.artifact.columns} for row in rows]
text = lambda cell: "" if cell is None else str(cell)
with open("rows.csv", "w") as file:
    lines = [list(rows[0]), *([text(cell) for cell in row.values()] for row in rows)]
    file.write("\\n".join(map(",".join, lines)) + "\\n")
json.dump(rows, open("rows.json", "w"))
open("rows.jsonl", "w").write("\\n".join(map(json.dumps, rows)))
open("rows.parquet", "wb").write(b"PAR1")
key = "sold_probability_yes"
found = {
    "dict": [model.predict(row)[key] for row in rows],
    "rows": [each[key] for each in model.predict(rows)],
    "texts": [each[key] for each in model.predict([{k: text(v) for k, v in row.items()} for row in rows])],
    **{name: list(model.predict(f"rows.{name}")[key]) for name in ("csv", "json", "jsonl")},
}
if pandas:
    import pandas
    frame = pandas.DataFrame(rows, index=[7, 8, 9, 10])
    answer = model.predict(frame)
    found["frame"] = answer[key].tolist()
    assert list(answer.index) == [7, 8, 9, 10]
try:
    model.predict("rows.parquet")
except crosstie.CrosstieError as error:
    parquet = str(error)
network = crosstie.load(f"{golden}/ecd").predict(expected["rows"])
print(json.dumps({
    "found": found,
    "wanted": [each[key] for each in wanted],
    "network": [each[key] for each in network],
    "network_wanted": [each[key] for each in expected["predictions"]["ecd"]],
    "parquet": parquet,
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""
ARROW = """
import json, sys
import crosstie
import pyarrow
from pyarrow import feather, parquet

golden = sys.argv[1]
expected = json.load(open(f"{golden}/expected.json"))
model = crosstie.load(f"{golden}/gbm")
rows = [{name: row[name] for name in model.artifact.columns} for row in expected["rows"]]
table = pyarrow.Table.from_pylist([{**row, "size": row["size"] and float(row["size"])} for row in rows])
parquet.write_table(table, "rows.parquet")
feather.write_feather(table, "rows.arrow", compression="uncompressed")
answer = model.predict(table)
assert type(answer) is pyarrow.Table, type(answer)
key = "sold_probability_yes"
print(json.dumps({
    "found": {
        "table": answer[key].to_pylist(),
        **{name: list(model.predict(f"rows.{name}")[key]) for name in ("parquet", "arrow")},
    },
    "wanted": [each[key] for each in expected["predictions"]["gbm"]],
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The interpreter of an environment that holds crosstie and its base requirements, and no more."""
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    site = next((folder / "env").glob("lib/python*/site-packages"))
    install(site, "crosstie")
    (site / "crosstie").symlink_to(Path(crosstie.__file__).parent)
    return folder / "env" / "bin" / "python"


def install(site, *names):
    """Link distributions of this environment, and what they require, into another."""
    for found in required(*names):
        tops = {each.parts[0] for each in found.files if each.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not (site / top).exists() and not top.endswith(".pth"):
                (site / top).symlink_to(Path(found.locate_file(top)))


def run(python, arguments, folder, **environment):
    left_out = {
        "PYTHONPATH",
        "CI",
        "GITHUB_ACTIONS",
        "ORT_DISABLE_TELEMETRY",
    }  # in CI libraries behave
    bare = {key: each for key, each in os.environ.items() if key not in left_out}
    return subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        env={**bare, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("pandas", [False, True], ids=["alone", "beside pandas"])
def test_rows_in_every_form_are_predicted_without_the_training_side(base, tmp_path, pandas):
    beside = tmp_path / "beside"
    beside.mkdir()
    if pandas:
        install(beside, "pandas")
    done = run(
        base,
        ["-c", FORMS, str(GOLDEN), *(["pandas"] if pandas else [])],
        tmp_path,
        PYTHONPATH=str(beside),
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for form, found in told["found"].items():
        assert found == pytest.approx(told["wanted"], rel=1e-5, abs=1e-5), form
    assert set(told["found"]) == {
        *("dict", "rows", "texts", "csv", "json", "jsonl"),
        *(["frame"] if pandas else []),
    }
    assert told["network"] == pytest.approx(told["network_wanted"], rel=1e-5, abs=1e-5)
    assert told["parquet"] == (
        "reading rows.parquet needs pyarrow, which is not installed. Type: pip install 'crosstie[arrow]'"
    )
    assert {*told["modules"]} & {*HEAVY} <= ({"pandas"} if pandas else set())


@pytest.mark.slow
def test_the_command_predicts_without_the_training_side(base, tmp_path):
    (tmp_path / "cars.csv").write_text(
        "size,colour,built\n6.25,red,2023-07-14\n,mauve,2023-07-14\n"
    )
    command = ["-m", "crosstie.cli.main", "predict", str(GOLDEN / "gbm"), "cars.csv"]

    (tmp_path / "home").mkdir()
    done = run(base, command, tmp_path, HOME=str(tmp_path / "home"))

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "home").rglob("*")) == []  # no library notes who asks
    header, first, second = done.stdout.splitlines()
    assert header == "sold_prediction,sold_probability_no,sold_probability_yes"
    assert first.startswith("yes,0.108")
    assert second.split(",")[0] in ("yes", "no")
    arrow = run(base, [*command[:-1], "cars.csv", "-o", "out.parquet"], tmp_path)
    assert (arrow.returncode, arrow.stderr) == (
        2,
        "error: writing Parquet needs pyarrow, which is not installed. Type: pip install 'crosstie[arrow]'\n",
    )


@pytest.mark.slow
def test_training_from_python_names_the_extra_that_it_needs(base, tmp_path):
    script = (
        "import crosstie\n"
        "try:\n    crosstie.train([{'a': 1, 'b': 2}], target='b')\n"
        "except crosstie.CrosstieError as error:\n    print(error)"
    )

    done = run(base, ["-c", script], tmp_path)

    assert done.stdout == (
        "this needs pydantic, which is not installed. Type: pip install 'crosstie[train]'\n"
    ), done.stderr


@pytest.mark.slow
def test_with_the_arrow_extra_alone_arrow_and_parquet_are_read_and_written(base, tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    install(beside, "pyarrow")

    done = run(base, ["-c", ARROW, str(GOLDEN)], tmp_path, PYTHONPATH=str(beside))

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["found"]) == {"table", "parquet", "arrow"}
    for form, found in told["found"].items():
        assert found == pytest.approx(told["wanted"], rel=1e-5, abs=1e-5), form
    assert {*told["modules"]} & {*HEAVY} == {"pyarrow"}
    command = ["-m", "crosstie.cli.main", "predict", str(GOLDEN / "gbm"), "rows.parquet", "-q"]
    for name in ("out.parquet", "out.arrow"):
        done = run(base, [*command, "-o", name], tmp_path, PYTHONPATH=str(beside))
        assert (done.returncode, done.stderr) == (0, "")
        said = crosstie.load(GOLDEN / "gbm").predict(str(tmp_path / "rows.parquet"))
        assert data(tmp_path / name) == {column: list(cells) for column, cells in said.items()}


def data(path):
    read = pyarrow.parquet.read_table if path.suffix == ".parquet" else feather.read_table
    return read(path).to_pydict()


@pytest.mark.slow
def test_trees_predict_without_the_booster_and_what_it_imports(tmp_path):
    script = (
        "import sys, crosstie\n"
        f"model = crosstie.load({str(GOLDEN / 'gbm')!r})\n"
        "model.predict({'size': 6.25, 'colour': 'red', 'built': '2023-07-14'})\n"
        f"print(sorted({{*sys.modules}} & {{*{HEAVY!r}}}))"
    )
    source = str(Path(crosstie.__file__).parents[1])

    done = run(sys.executable, ["-c", script], tmp_path, PYTHONPATH=source)

    assert done.stdout == "[]\n", done.stderr
