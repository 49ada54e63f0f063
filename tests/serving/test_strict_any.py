"""Whatever JSON can hold may stand in a cell: it is refused in a sentence, or it predicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.artifact.artifact import Artifact, Member
from crosstie.data.table import Table
from crosstie.features.bag import Bag
from crosstie.features.binary import Binary
from crosstie.features.category import Category
from crosstie.features.date import Date
from crosstie.features.image import Image
from crosstie.features.number import Number
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.sequence import Sequence
from crosstie.features.set import Set
from crosstie.features.text import Text
from crosstie.features.timeseries import Timeseries
from crosstie.features.vector import Vector
from crosstie.serving.strict import to_judge, wrong_cells

COLUMNS = {
    "number": [1.5, 2, -3, 4],
    "category": ["a", "b", "a", "c"],
    "binary": ["yes", "no", "no", "yes"],
    "text": ["one two", "two", "three", "x"],
    "sequence": ["a b", "b c", "c", "a"],
    "set": ["a,b", "b", "c", "a"],
    "bag": ["a b", "b b", "c", "a"],
    "date": ["2020-01-01", "2021-02-03", "1999-12-31", "2024-02-29"],
    "vector": [[1, 2], [3, 4], [5, 6], [7, 8]],
    "timeseries": [[1, 2, 3], [2, 3], [4], [5, 6]],
    "channels": [[[1, 2], [3, 4]], [[5, 6]], [[7, 8]], [[1, 1]]],
    "photo": [np.full((4, 4, 3), shade, np.uint8) for shade in (0, 80, 160, 255)],
}
CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**320)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "1e400",
            "[1, 1e400]",
            "1 2",
            "[1,2]",
            "[[1,2],[3]]",
            "data:,x",
            "data:image/png;base64,AAAA",
            "/etc/passwd",
            "[" * 3000,
            "[" * 200_000,
            "[" * 5000 + "]" * 5000,
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["path", "bytes"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def artifact():
    kinds = [Number, Category, Binary, Text, Sequence, Set, Bag, Date, Vector, Timeseries]
    inputs = [kind(kind.type) for kind in kinds]
    table = Table.from_columns({**COLUMNS, "y": [1, 2, 3, 4]})
    inputs += [Timeseries("channels"), Image("photo")]
    fitted = Preprocessor(inputs, [Number("y")]).fit(table)
    return Artifact({}, [Member(fitted, None)])


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=150)
@given(cells=st.lists(CELLS, min_size=1, max_size=3))
def test_a_cell_of_any_kind_is_refused_or_encoded(artifact, cells):
    good = {name: values[0] for name, values in COLUMNS.items()}
    for column in COLUMNS:
        rows = [{**good, column: cell} for cell in cells]
        table = Table.from_rows(rows, missing=artifact.missing)
        wrong = wrong_cells(artifact, table, to_judge(artifact, table))
        assert {each.column for each in wrong} <= {column}
        assert all(1 <= each.row <= len(rows) and str(each) for each in wrong)
        if wrong:
            continue
        with np.errstate(over="ignore"):
            encoded = artifact.encode(table)[0]
        assert all(len(array) == len(rows) for array in encoded.batch.inputs.values())
        assert encoded.counts[column].unparsed == 0
