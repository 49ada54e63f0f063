import json

import pytest
from jsonschema import Draft202012Validator

from crosstie.artifact.schema import row_schema
from crosstie.data.table import Table
from crosstie.data.windows import Windows
from crosstie.features.category import Category
from crosstie.features.number import Number
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.timeseries import Timeseries


def test_columns_have_their_types_and_may_be_empty_where_training_rows_were(penguins):
    schema = json.loads((penguins / "schema.json").read_text())

    assert schema["columns"]["input"][:2] == [
        {"column": "island", "type": "category", "arrow": "string", "nullable": False},
        {"column": "bill_length_mm", "type": "number", "arrow": "double", "nullable": True},
    ]
    assert schema["columns"]["output"][0] == {
        "column": "species_prediction",
        "type": "category",
        "arrow": "string",
        "nullable": False,
    }
    assert schema["input"]["required"] == ["island", "year"]


@pytest.mark.parametrize("side", ["input", "output"])
def test_the_example_is_as_the_schema_says(penguins, side):
    schema = json.loads((penguins / "schema.json").read_text())
    example = json.loads((penguins / "example.json").read_text())
    validator = Draft202012Validator(schema[side])

    Draft202012Validator.check_schema(schema[side])
    for row in example["rows" if side == "input" else "predictions"]:
        validator.validate(row)
    assert not validator.is_valid({})


def test_an_option_that_leaves_rows_out_makes_its_column_needed():
    table = Table.from_columns({"a": [1, None, 3], "b": [1, None, 3], "y": ["u", "v", "v"]})
    fitted = Preprocessor(
        [Number("a"), Number("b", missing_value_strategy="drop_row")], [Category("y")]
    ).fit(table)

    columns = row_schema(fitted)["columns"]["input"]

    assert [(each["column"], each["nullable"]) for each in columns] == [("a", False), ("b", False)]


def test_a_long_table_has_its_time_its_group_and_a_number_a_row():
    windows = Windows("when", True, "shop", {"sales": 3}, {"sales": 1})
    table = Table.from_columns({"sales": [[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]]})
    fitted = Preprocessor(
        [Timeseries("past", column="sales", window_size=3)],
        [Timeseries("sales", horizon=1)],
        windows=windows,
    ).fit(table)

    schema = row_schema(fitted)

    assert [(each["column"], each["arrow"]) for each in schema["columns"]["input"]] == [
        ("when", "timestamp[us]"),
        ("shop", "string"),
        ("sales", "double"),
    ]
    assert schema["input"]["required"] == ["sales"]  # a row may hold its window itself
    assert schema["input"]["properties"]["sales"]["type"] == ["number", "array", "string"]
    assert schema["output"]["properties"] == {
        "sales_prediction": {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 1,
            "maxItems": 1,
        }
    }
