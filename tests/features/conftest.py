"""Columns of Python values, in the forms that features read."""

import pytest

from crosstie.data.table import Table


@pytest.fixture(scope="session")
def column():
    """A column of `values`, None where a cell is missing."""

    def make(values, form, name="x"):
        return Table.from_columns({name: values}).column(name, form)

    return make
