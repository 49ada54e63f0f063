"""Addresses of databases, and that none of what is secret in them is said."""

import pytest

from crosstie.data.postgres import check_address, connected
from crosstie.errors import DataError


@pytest.mark.parametrize("word", ["p@ss", "p/w@x", "p#w", "p?w@x", "50%", "p w"])
def test_an_address_that_would_be_read_otherwise_is_refused(word):
    with pytest.raises(DataError) as error:
        check_address(f"postgresql://ann:{word}@db/shop")

    assert word not in str(error.value)
    assert "%40" in str(error.value)


def test_an_address_with_its_characters_written_out_is_taken():
    check_address("postgresql://ann:p%40ss@db/shop?sslmode=require")
    check_address("postgresql:///shop?user=ann@corp")


def test_who_cannot_be_reached_is_named_without_who_asks():
    with pytest.raises(DataError) as error, connected("postgresql://ann:hush@/x?host=/nowhere"):  # fmt: skip
        pass

    assert str(error.value).startswith("postgresql:///x: cannot be reached: connection to server")
    assert "hush" not in str(error.value)
