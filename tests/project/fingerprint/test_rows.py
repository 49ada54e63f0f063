"""A table's digest is that of its rows: chunks, files and the bytes under missing values have no part in it."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from crosstie.project.fingerprint.rows import rows_digest


def digest(table: pa.Table) -> str:
    return rows_digest(table.schema, table.to_batches())


COLUMNS = {
    "integers": pa.array([1, None, 3, 4], pa.int16()),
    "floats": pa.array([1.5, None, float("nan"), -0.0]),
    "booleans": pa.array([True, None, False, True]),
    "texts": pa.array(["a", None, "", "dé"]),
    "bytes": pa.array([b"a", None, b"", b"d"]),
    "days": pa.array([dt.date(2024, 1, 1), None, None, dt.date(1900, 1, 1)]),
    "times": pa.array([dt.datetime(2024, 1, 1), None, None, dt.datetime(1900, 1, 1)], pa.timestamp("us", "UTC")),
    "categories": pa.array(["a", None, "b", "a"]).dictionary_encode(),
    "lists": pa.array([[1, 2], None, [], [3, None]]),
    "texts in lists": pa.array([["a", "bc"], None, [], [""]]),
    "structs": pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 2, "y": None}]),
    "decimals": pa.array([Decimal("1.50"), None, Decimal(0), Decimal("-3.25")]),
    "maps": pa.array([[("a", 1)], None, [], [("b", 2)]], pa.map_(pa.string(), pa.int64())),
    "fixed lists": pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int32(), 2)),
    "nothing": pa.nulls(4),
}  # fmt: skip


@pytest.mark.parametrize("array", COLUMNS.values(), ids=COLUMNS)
def test_chunks_have_no_part_in_a_columns_digest(array):
    whole = pa.table({"a": array})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 2), whole.slice(3)])
    assert digest(pieces) == digest(whole)
    assert digest(pa.table({"a": pa.concat_arrays([array, array])}).slice(4)) == digest(whole)


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "nothing"])
def test_another_value_or_another_gap_is_another_column(name):
    array = COLUMNS[name]
    orders = [[0, 1, 2, 3], [3, 1, 2, 0], [0, 2, 1, 3], [0, 1, 2, 0], [0, 1, 1, 3]]
    digests = {digest(pa.table({"a": array.take(pa.array(each))})) for each in orders}
    assert len(digests) == len({str(array.take(pa.array(each)).to_pylist()) for each in orders})


def test_what_lies_under_a_missing_value_has_no_part():
    valid = pa.py_buffer(b"\x05")  # the first and the third
    one, two = (
        pa.Array.from_buffers(pa.int32(), 3, [valid, pa.py_buffer(np.array(values, np.int32))])
        for values in ([1, 7, 3], [1, 0, 3])
    )
    assert digest(pa.table({"a": one})) == digest(pa.table({"a": two}))


def test_names_types_and_the_order_of_columns_count():
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    others = [
        table,
        table.rename_columns(["a", "c"]),
        table.select(["b", "a"]),
        table.set_column(0, "a", pa.array([1, 2], pa.int32())),
        table.set_column(1, "b", pa.array(["x", "y"]).dictionary_encode()),
        table.slice(0, 1),
        pa.Table.from_pandas(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6])),
    ]
    assert len({digest(each) for each in others}) == len(others)


def test_kinds_of_text_that_a_reader_cannot_tell_apart_are_one():
    kinds = [pa.string(), pa.large_string(), pa.string_view()]
    assert len({digest(pa.table({"a": pa.array(["x", None], each)})) for each in kinds}) == 1


def test_an_index_that_pandas_makes_itself_is_none():
    frame = pd.DataFrame({"a": [1, 2]})
    assert digest(pa.Table.from_pandas(frame)) != digest(
        pa.Table.from_pandas(frame.set_index(pd.Index([1, 0], name="a")))
    )
