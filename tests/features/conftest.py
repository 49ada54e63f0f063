"""Columns of Python values, in the forms that features read."""

import pytest
from hypothesis import settings

from crosstie.data.table import Table

# Properties must not fail because the machine is busy, nor on other examples than yesterday's.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def column():
    """A column of `values`, None where a cell is missing."""

    def make(values, form, name="x"):
        return Table.from_columns({name: values}).column(name, form)

    return make
