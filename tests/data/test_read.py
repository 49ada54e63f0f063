import csv
import datetime as dt
import io
import json
import sys

import fsspec
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from crosstie.data import read as read_module
from crosstie.data import source as source_module
from crosstie.data.read import open_source
from crosstie.data.readers import csv as csv_module
from crosstie.errors import DataError

ROWS = [
    {"n": 1, "x": 1.5, "word": "a", "flag": True, "day": "2016-01-31"},
    {"n": 2, "x": None, "word": None, "flag": False, "day": "2017-02-01"},
    {"n": 3, "x": -2.0, "word": "ü", "flag": True, "day": None},
]
CELLS = {
    "n": ["1", "2", "3"],
    "x": ["1.5", None, "-2"],
    "word": ["a", None, "ü"],
    "flag": ["true", "false", "true"],
    "day": ["2016-01-31", "2017-02-01", None],
}


def cells(source):
    table = source.table()
    return {name: table.cells(name) for name in source.columns}


def days():
    return [each["day"] and dt.date.fromisoformat(each["day"]) for each in ROWS]


def arrow():
    table = pa.Table.from_pylist(ROWS)
    return table.set_column(4, "day", pa.array(days()))


def write_csv(path):
    frame = pd.DataFrame(ROWS)
    frame["x"] = ["1.5", "", "-2"]
    frame["flag"] = ["true", "false", "true"]
    frame.to_csv(path, index=False)


def write_xlsx(path):
    book = openpyxl.Workbook()
    book.active.append(list(ROWS[0]))
    for row, day in zip(ROWS, days(), strict=True):
        book.active.append([*list(row.values())[:4], day])
    book.save(path)
    book.close()


def write_arff(path):
    path.write_text(
        "% a comment\n@RELATION 'some thing'\n@attribute n numeric\n@attribute 'x' REAL\n@attribute word {a, 'ü'}\n"
        "@attribute flag {true,false}\n@attribute day date 'yyyy-MM-dd'\n\n@DATA\n1, 1.5, a, true, '2016-01-31'\n"
        "2,?,?,false,2017-02-01\n% another\n3,-2,'ü',true,?\n"
    )


def write_stream(path):
    with pa.ipc.new_stream(str(path), arrow().schema) as out:
        out.write_table(arrow())


FILES = {
    "x.csv": write_csv,
    "x.parquet": lambda path: parquet.write_table(arrow(), path, row_group_size=2),
    "x.feather": lambda path: feather.write_feather(arrow(), str(path)),
    "x.arrow": write_stream,
    "x.jsonl": lambda path: path.write_text("\n".join(json.dumps(each) for each in ROWS) + "\n"),
    "x.ndjson": lambda path: path.write_text("\n\n".join(json.dumps(each) for each in ROWS)),
    "x.json": lambda path: path.write_text(json.dumps(ROWS)),
    "y.json": lambda path: path.write_text(json.dumps({k: [r[k] for r in ROWS] for k in ROWS[0]})),
    "x.xlsx": write_xlsx,
    "x.arff": write_arff,
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_table(name, tmp_path):
    FILES[name](tmp_path / name)
    source = open_source(name, base=tmp_path)
    assert (source.rows, source.columns, source.notes) == (3, tuple(CELLS), [])
    assert cells(source) == CELLS
    numbers = source.table(["x"]).column("x", "number")
    np.testing.assert_array_equal(numbers.values, [1.5, np.nan, -2.0])
    assert source.table().column("day", "date").values[:2].tolist() == [1454198400.0, 1485907200.0]


@pytest.mark.parametrize("name", FILES)
def test_every_format_streams_what_it_gives_whole(name, tmp_path, monkeypatch):
    FILES[name](tmp_path / name)
    monkeypatch.setattr(source_module, "HELD", -1)
    monkeypatch.setattr(csv_module, "HELD", -1)
    source = open_source(tmp_path / name)
    pieces = list(source.chunks(2, ["word", "n"]))
    assert {len(each) for each in pieces} == {2, 1}
    assert [cell for each in pieces for cell in each.cells("word")] == CELLS["word"]
    assert pieces[0].columns == ("word", "n")
    both = zip(source.chunks(2, ["n"]), source.chunks(2, ["word"]), strict=True)  # at the same time
    assert [(one.cells("n"), other.cells("word")) for one, other in both] == [
        (["1", "2"], ["a", None]),
        (["3"], ["ü"]),
    ]
    assert cells(source) == CELLS


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS, index=[7, 7, 8]).astype({"word": "category"}),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).lazy(),
        pa.Table.from_pylist(ROWS),
        pa.RecordBatch.from_pylist(ROWS),
        ROWS,
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        {name: np.array([row[name] for row in ROWS], object) for name in ROWS[0]},
    ],
    ids=lambda each: f"{type(each).__module__}.{type(each).__name__}",
)
def test_every_table_in_memory_gives_the_same_table(frame):
    source = open_source(frame)
    assert cells(source) == CELLS
    assert (source.rows, source.name, source.files) == (3, "the table given", ())


def test_a_column_of_texts_and_numbers_in_a_frame_is_read_cell_by_cell():
    frame = pd.DataFrame({"a": [1, "x", 2.5, None], "b": [1, 2, 3, 4]})
    assert cells(open_source(frame)) == {"a": ["1", "x", "2.5", None], "b": ["1", "2", "3", "4"]}


def test_a_frame_is_read_where_no_pyarrow_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = pd.DataFrame(
        {name: pd.Series([row[name] for row in ROWS], dtype=object) for name in ROWS[0]}
    )
    assert cells(open_source(frame)) == CELLS


def test_names_of_a_frame_that_are_no_texts_become_texts():
    frame = pd.DataFrame([[1, 2, 3]], columns=[0, "x", "x"])
    source = open_source(frame)
    assert source.columns == ("0", "x", "x_2")
    assert source.notes == [
        "the table given: column names that were empty or there twice: 'x' at place 3 is now 'x_2'"
    ]


def test_moments_of_pandas_are_read_with_and_without_zone():
    moments = pd.to_datetime(["2016-01-31 12:00", None])
    frame = pd.DataFrame({"a": moments, "b": moments.tz_localize("Europe/Paris")})
    table = open_source(frame).table()
    assert table.column("a", "date").values[0] == 1454241600.0
    assert table.column("b", "date").values[0] == 1454238000.0


def test_lists_come_as_compact_json(tmp_path):
    parquet.write_table(pa.table({"tags": [["a", "b"], [], None]}), tmp_path / "x.parquet")
    (tmp_path / "x.jsonl").write_text('{"tags": ["a", "b"]}\n{"tags": []}\n{}\n')
    for name in ("x.parquet", "x.jsonl"):
        table = open_source(name, base=tmp_path).table()
        assert table.column("tags", "text").values == ['["a","b"]', "[]", ""]
        assert table.stored("tags") == "list"


def test_a_pattern_and_a_list_of_files_are_one_table(tmp_path):
    for place, name in enumerate(("b.csv", "a.csv", "c.csv")):
        (tmp_path / name).write_text(f"n,w\n{place},{name}\n")
    everything = open_source("*.csv", base=tmp_path)
    assert cells(everything) == {"n": ["1", "0", "2"], "w": ["a.csv", "b.csv", "c.csv"]}
    assert everything.name == "*.csv"
    assert everything.files == (tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv")
    some = open_source(["c.csv", tmp_path / "a.csv"], base=tmp_path)
    assert (cells(some)["n"], some.name) == (["2", "1"], "c.csv and 1 more")


def test_files_of_one_table_may_have_their_columns_in_another_order(tmp_path):
    (tmp_path / "a.csv").write_text("n,w\n1,x\n")
    (tmp_path / "b.csv").write_text("w,n\ny,2\n")
    assert cells(open_source("?.csv", base=tmp_path)) == {"n": ["1", "2"], "w": ["x", "y"]}


def test_files_with_other_columns_are_refused_with_the_difference(tmp_path):
    (tmp_path / "a.csv").write_text("n,w\n1,x\n")
    (tmp_path / "b.csv").write_text("n,v\n1,x\n")
    with pytest.raises(DataError) as raised:
        open_source("?.csv", base=tmp_path)
    assert str(raised.value) == (
        "b.csv: lacks 'w' and has 'v' besides, compared with a.csv. Files of one table must have the same columns."
    )


def test_a_pattern_that_nothing_matches_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n")
    with pytest.raises(DataError) as raised:
        open_source("*.parquet", base=tmp_path)
    assert str(raised.value) == "*.parquet: no file matches this pattern; that folder holds 'a.csv'"


def test_remote_files_are_fetched(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/folder/x.csv", b"n,w\n1,x\n")
    assert cells(open_source("memory://folder/x.csv")) == {"n": ["1"], "w": ["x"]}
    with pytest.raises(DataError, match=r"^memory://folder/y.csv: cannot be fetched: "):
        open_source("memory://folder/y.csv")
    with pytest.raises(
        DataError, match=r"^nowhere://x.csv: cannot be fetched: Protocol not known: nowhere"
    ):
        open_source("nowhere://x.csv")


@pytest.mark.parametrize("text", ["n,w\n1,x\n", '{"n": 1, "w": "x"}\n', '[{"n": 1, "w": "x"}]'])
def test_standard_input_is_csv_or_json(text, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    source = open_source("-")
    assert (cells(source), source.name) == ({"n": ["1"], "w": ["x"]}, "standard input")


def test_empty_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(DataError) as raised:
        open_source("-")
    assert str(raised.value) == (
        "standard input: is empty. Pipe a CSV with a header line, or JSON Lines."
    )


def test_a_sheet_can_be_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "First"
    book.active.append(["a"])
    book.active.append([1])
    second = book.create_sheet("Second")
    for row in ([None, None], ["b", "c"], [2, "x"], [None, None], [3, "y"]):
        second.append(row)
    book.save(tmp_path / "x.xlsx")
    book.close()
    assert open_source("x.xlsx", base=tmp_path).notes == [
        "x.xlsx: read the sheet 'First'; there are also 'Second'"
    ]
    source = open_source({"path": "x.xlsx", "sheet": "Second"}, base=tmp_path)
    assert (cells(source), source.notes) == ({"b": ["2", "3"], "c": ["x", "y"]}, [])
    with pytest.raises(DataError) as raised:
        open_source({"path": "x.xlsx", "sheet": "Secnd"}, base=tmp_path)
    assert str(raised.value) == "x.xlsx: has no sheet 'Secnd'; did you mean 'Second'?"


def test_quoted_names_and_values_of_arff_are_unescaped(tmp_path):
    (tmp_path / "x.arff").write_text(
        "@relation r\n@attribute 'a \\'quoted\\' name' string\n@attribute \"b c\" {x,'y, z'}\n@data\n"
        "'it\\'s, this','y, z'\n\"say \\\"hi\\\"\", x\n'?',?\n"
    )
    source = open_source({"path": "x.arff", "missing": []}, base=tmp_path)
    assert cells(source) == {
        "a 'quoted' name": ["it's, this", 'say "hi"', "?"],
        "b c": ["y, z", "x", None],
    }


@pytest.fixture
def shop(tmp_path):
    import duckdb

    with duckdb.connect(str(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE sales AS SELECT i AS n, i % 3 AS shop FROM range(10) t(i)")
    return tmp_path


def test_a_query_is_a_table(shop):
    (shop / "train.sql").write_text(
        "SELECT shop, sum(n) AS total FROM sales GROUP BY shop ORDER BY shop;\n"
    )
    spec = {"connection": "duckdb:///shop.db", "query": "train.sql"}
    source = open_source(spec, base=shop)
    assert cells(source) == {"shop": ["0", "1", "2"], "total": ["18", "12", "15"]}
    assert (source.name, source.rows) == ("train.sql", 3)
    other = open_source({**spec, "query": "SELECT 1 AS shop, 2 AS total"}, base=shop)
    assert source.fingerprint == open_source(spec, base=shop).fingerprint != other.fingerprint


def test_a_query_without_a_database_reads_files(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n2\n")
    source = open_source(
        {"connection": "duckdb://", "query": "SELECT a * 2 AS b FROM 'x.csv'"}, base=tmp_path
    )
    assert cells(source) == {"b": ["2", "4"]}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"connection": "mysql://x", "query": "SELECT 1"}, "data.connection: 'mysql' cannot be queried here; "),
        ({"connection": "duckdb:///no.db", "query": "SELECT 1"}, "duckdb:///no.db: there is no such database"),
        ({"connection": "duckdb:///shop.db"}, "data.query: is missing. Give SQL, or the path of a .sql file."),
        ({"connection": "duckdb:///shop.db", "query": "no.sql"}, "no.sql: there is no such file"),
        ({"connection": "duckdb:///shop.db", "query": "SELECT z FROM sales"}, "the query fails: Binder Error"),
        ({"connection": "duckdb:///shop.db", "query": "DROP TABLE sales"}, "the query fails: Parser Error"),
        ({"connection": "duckdb:///shop.db", "qery": "x"}, "data.qery: unknown option; did you mean 'query'?"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_answered_is_refused(shop, spec, said):
    with pytest.raises(DataError) as raised:
        open_source(spec, base=shop)
    assert str(raised.value).startswith(said)


def test_what_is_no_table_is_refused():
    for spec, said in (
        (5, "a builtins.int is no table. Give a path, "),
        ([], "the list of data is empty. Give files, or rows as dicts."),
        (
            {"a": 1},
            "column 'a': holds 1, not a list of values. Give a dict of lists, or a list of dicts.",
        ),
        ({}, "the table given: has no columns"),
    ):
        with pytest.raises(DataError) as raised:
            open_source(spec)
        assert str(raised.value).startswith(said)


def test_the_fingerprint_changes_with_the_content_only(tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n")
    (tmp_path / "b.csv").write_text("n\n1\n")
    (tmp_path / "c.csv").write_text("n\n2\n")
    a, b, c = (open_source(f"{name}.csv", base=tmp_path).fingerprint for name in "abc")
    assert a == b != c
    frames = [
        open_source(pd.DataFrame({"n": values})).fingerprint for values in ([1, 2], [1, 2], [2, 1])
    ]
    assert frames[0] == frames[1] != frames[2]


def test_an_opened_source_is_taken_as_it_is():
    source = open_source({"a": [1]})
    assert open_source(source) is source
    assert repr(source) == "Source('the table given': 1 rows, 1 columns)"


def test_an_unknown_column_is_refused():
    with pytest.raises(DataError) as raised:
        open_source({"Age": [1]}).table(["age"])
    assert str(raised.value) == "the table given: has no column 'age'; did you mean 'Age'?"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0\ufeff"), max_size=8)


@pytest.mark.slow
@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=8))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
def test_well_formed_csv_is_read_as_it_was_written(tmp_path, rows):
    path = tmp_path / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(["first", "second"])
        writer.writerows(rows)
    expected = [[cell.strip() or None for cell in column] for column in zip(*rows, strict=True)]
    source = open_source({"path": str(path), "missing": []})
    assert list(cells(source).values()) == expected


@pytest.mark.parametrize(
    "content",
    [
        'a,b\n1,"x, y"\n2\n3,4,5\n"6\n7",é\n',
        "a\n1\n\n2\n",
        "# note\na,b\n1\n2,3\n",
        'l\tt\nx\t"y\nz\tw\n',
    ],
)
def test_csv_reads_the_same_without_duckdb(tmp_path, monkeypatch, content):
    path = tmp_path / ("x.tsv" if "\t" in content else "x.csv")
    path.write_text(content)
    fast = open_source(path)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    slow = open_source(path)
    assert (cells(slow), slow.rows, slow.notes) == (cells(fast), fast.rows, fast.notes)


DATASETS = {
    "tab_adult/adult-train.csv.gz": ({"header": False}, 32561, 15),
    "tab_bike_sharing/bike_sharing.zip": ({}, 17379, 11),
    "tab_birdstrikes/birdstrikes.csv": ({}, 10000, 14),
    "tab_california_housing/housing.csv": ({}, 20640, 10),
    "tab_covertype_20k/covtype.20k.data.gz": ({"header": False}, 20000, 55),
    "tab_diamonds/diamonds.csv.gz": ({}, 53940, 10),
    "tab_employee_salaries/employee_salaries.zip": ({}, 9228, 9),
    "tab_german_credit/german.csv": ({"header": False}, 1000, 21),
    "tab_horse_colic/horse-colic.csv": ({"header": False}, 300, 28),
    "tab_hypothyroid_arff/hypothyroid.arff": ({}, 3772, 30),
    "tab_midwest_survey/MIDWEST.csv": ({}, 2779, 53),
    "tab_penguins/penguins.csv": ({}, 344, 8),
    "tab_penguins/penguins_raw.csv": ({}, 344, 17),
    "tab_telco_churn/Telco-Customer-Churn.csv": ({}, 7043, 21),
    "tab_titanic/train.csv": ({}, 891, 12),
    "tab_wine_quality/winequality-*.csv": ({"header": False}, 6497, 12),
    "text_banking77/train.csv": ({}, 10003, 2),
    "text_e2e_nlg/devset.csv": ({}, 4672, 2),
    "text_e2e_nlg/testset_w_refs.csv.gz": ({}, 4693, 2),
    "text_goemotions/train.tsv.gz": ({"header": False}, 43410, 3),
    "text_sms_spam/sms.tsv": ({"header": False}, 5574, 2),
}


@pytest.mark.parametrize("name", DATASETS)
def test_real_tables_have_the_rows_that_their_pages_say(shared_data, name):
    options, rows, columns = DATASETS[name]
    source = open_source({"path": name, **options}, base=shared_data)
    assert (source.rows, len(source.columns)) == (rows, columns)
    assert len(source.table()) == rows


def test_the_stray_marks_of_sms_spam_are_kept(shared_data):
    source = open_source({"path": "text_sms_spam/sms.tsv", "header": False}, base=shared_data)
    table = source.table()
    assert sorted(set(table.cells("column_1"))) == ["ham", "spam"]
    raw = (shared_data / "text_sms_spam/sms.tsv").read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[1].strip() for line in raw]
    quoted = [
        place for place, text in enumerate(texts) if text.startswith('"') and text.endswith('"')
    ]
    found = table.cells("column_2")
    assert [each for i, each in enumerate(found) if i not in quoted] == [
        each for i, each in enumerate(texts) if i not in quoted
    ]


def test_birdstrikes_keeps_its_main_class_none(shared_data):
    source = open_source("tab_birdstrikes/birdstrikes.csv", base=shared_data)
    assert source.table().cells("Effect Amount of damage").count("None") > 8000


def test_a_parquet_file_that_goes_by_leaves_no_bytes_behind(tmp_path):
    path = tmp_path / "long.parquet"
    noise = np.random.default_rng(0)
    with parquet.ParquetWriter(path, pa.schema([("x", pa.float64())])) as writer:
        for _ in range(40):
            writer.write_table(pa.table({"x": noise.normal(size=50_000)}))
    source = open_source(path)
    before = pa.total_allocated_bytes()

    held = [pa.total_allocated_bytes() - before for _ in source.passing(50_000, ["x"])]

    assert len(held) == 40
    assert max(held) < path.stat().st_size / 4


def test_rows_of_many_files_are_held_only_as_far_as_those_of_one(tmp_path, monkeypatch):
    paths = [tmp_path / f"{name}.csv" for name in "abc"]
    for path in paths:
        path.write_text("x,y\n1,first\n2,first\n")
    monkeypatch.setattr(read_module, "HELD", 40)

    few, many = open_source(paths[:1]), open_source(paths)
    for path in paths:
        path.write_text("x,y\n1,later\n2,later\n")

    assert (few.rows, many.rows) == (2, 6)
    assert [each for part in few.passing(10, ["y"]) for each in part.cells("y")] == ["first"] * 2
    assert [each for part in many.passing(10, ["y"]) for each in part.cells("y")] == ["later"] * 6
