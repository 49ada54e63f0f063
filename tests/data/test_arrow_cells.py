"""Reading Arrow arrays without pandas, which pyarrow imports where it may."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from crosstie.data.table import Table

TEXTS = ["1", None, "2.5", "NA", " 3 ", "", "1"] * 5


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("start", [0, 1, 3, 9])
def test_a_slice_reads_as_its_own_cells(kind, start):
    table = Table.from_arrow(pa.table({"x": pa.array(TEXTS, kind)})).slice(start, 12)
    cells = TEXTS[start : start + 12]
    expected = [np.nan if each in (None, "NA", "") else float(each) for each in cells]

    np.testing.assert_array_equal(table.column("x", "number").values, expected)
    assert table.cells("x") == [
        None if each in (None, "NA", "") else each.strip() for each in cells
    ]
    rows = np.array([11, 0, 4])
    assert table.take(rows).cells("x") == [table.cells("x")[i] for i in rows]


def test_an_empty_and_an_all_missing_column_read_as_nothing():
    table = Table.from_arrow(pa.table({"x": pa.array([None, None], pa.string())}))

    assert np.isnan(table.column("x", "number").values).tolist() == [True, True]
    assert table.cells("x") == [None, None]
    assert table.slice(0, 0).cells("x") == []
    assert table.slice(0, 0).column("x", "number").values.tolist() == []


@pytest.mark.slow
def test_a_file_is_read_without_pandas(tmp_path):
    (tmp_path / "it's.csv").write_text("a,b\n1,x\n,y\nNA,\n3.5,x\n")
    script = (
        "import sys; from crosstie.data.read import open_source; "
        "import numpy as np; table = open_source(sys.argv[1]).table().take(np.array([0, 1, 3])); "
        "print(table.column('a', 'number').values.tolist(), table.cells('b'), 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "it's.csv")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[1.0, nan, 3.5] ['x', 'y', 'x'] False\n"
