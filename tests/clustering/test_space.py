import numpy as np
import pytest

from crosstie.clustering.space import Space
from crosstie.data.batch import Batch, Layout
from crosstie.data.table import Table
from crosstie.features.binary import Binary
from crosstie.features.category import Category
from crosstie.features.date import Date
from crosstie.features.number import Number
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.text import Text


def placed(features, columns):
    """Rows of a table as points, by column of the table."""
    preprocessor = Preprocessor(features, []).fit(Table.from_columns(columns))
    batch = preprocessor.encode(Table.from_columns(columns)).batch
    yes_or_no = {each.name for each in features if each.type == "binary"}
    space = Space.fit(preprocessor.layout, batch, binary=yes_or_no, seed=0)
    return space, space.array(batch)


def apart(points, one, other):
    return float(((points[one] - points[other]) ** 2).sum())


def test_a_rare_yes_is_as_far_from_no_as_two_levels_of_a_category_are():
    cells = ["no"] * 95 + ["yes"] * 5
    _, yes = placed([Binary("a")], {"a": cells})
    _, level = placed([Category("a")], {"a": cells})
    assert apart(yes, 0, 99) == pytest.approx(2, rel=1e-5)
    assert apart(level, 0, 99) == pytest.approx(2)


def test_a_number_has_a_spread_of_one_and_no_text_or_date_has_more():
    rng = np.random.default_rng(0)
    words = np.array(["red", "green", "blue", "old", "new", "late", "cheap", "good"])
    columns = {
        "n": (1000 + 50 * rng.normal(size=100)).tolist(),
        "t": [" ".join(rng.choice(words, 4)) for _ in range(100)],
        "d": [f"20{20 + i % 5}-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(100)],
    }
    space, points = placed([Number("n"), Text("t"), Date("d")], columns)
    spread = {
        name: points[:, [i for i, each in enumerate(space.inputs) if each == name]].var(0).sum()
        for name in columns
    }
    assert spread == {name: pytest.approx(1, abs=0.01) for name in columns}
    lumpy = {each for each, few in zip(space.inputs, space.lumpy, strict=True) if few}
    assert lumpy == {"d"}  # whose days and months come again


def test_a_number_that_is_hardly_ever_missing_has_no_column_for_that():
    cells = [float(i) for i in range(98)]
    space, points = placed([Number("n")], {"n": [None, None, *cells]})
    assert space.inputs == ("n",)
    assert points[0, 0] == 0  # the mean
    space, points = placed([Number("n")], {"n": [None] * 10 + cells})
    assert space.inputs == ("n", "n")
    assert points[:, 1].tolist() == [1.0] * 10 + [0.0] * 98


def test_a_column_that_is_the_same_in_all_rows_does_not_count():
    layout = Layout(numbers=("a", "b"))
    batch = Batch({"numbers": np.array([[1, 5], [1, 7], [1, 9]], np.float32)})
    assert Space.fit(layout, batch, binary=(), seed=0).inputs == ("b",)
