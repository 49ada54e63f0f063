"""A `-` on the command line, and `--type COLUMN=TYPE`."""

import pytest

from crosstie.cli.types import column_types, hide_stdin
from crosstie.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        (["train", "-", "--target", "y"], ["train", "@stdin", "--target", "y"]),
        (["init", "t.csv", "-o", "-"], ["init", "t.csv", "--output=-"]),
        (
            ["init", "t.csv", "--output", "-", "--target", "y"],
            ["init", "t.csv", "--output=-", "--target", "y"],
        ),
        (["predict", "m", "t-1.csv", "-o", "p.csv"], ["predict", "m", "t-1.csv", "-o", "p.csv"]),
    ],
)
def test_a_lone_dash_reaches_the_command(written: list[str], parsed: list[str]) -> None:
    assert hide_stdin(written) == parsed


def test_types_of_columns_are_read_and_all_that_are_not_named() -> None:
    assert column_types(["zip=category", "a=b=text"]) == {"zip": "category", "a=b": "text"}
    with pytest.raises(ConfigError) as error:
        column_types(["zip", "=text"])
    assert [each.where for each in error.value.problems] == ["--type zip", "--type =text"]
