"""Columns by hand, in the forms that features read."""

import numpy as np
import pytest

from crosstie.data.column import Column


def make(values, form, name="x"):
    """A column of `values`, None where a cell is missing; dates as ISO text."""
    valid = np.array([each is not None for each in values], bool)
    if form == "number":
        return Column(name, np.array([np.nan if v is None else v for v in values], float), valid)
    if form == "levels":
        levels = tuple(dict.fromkeys(each for each in values if each is not None))
        codes = [-1 if each is None else levels.index(each) for each in values]
        return Column(name, np.array(codes, np.int32), valid, levels)
    if form == "text":
        return Column(name, ["" if each is None else each for each in values], valid)
    if form == "date":
        seconds = [np.datetime64("NaT" if each is None else each, "ms") for each in values]
        numbers = np.array(seconds, "datetime64[ms]").astype(float) / 1000
        return Column(name, np.where(valid, numbers, np.nan), valid)
    width = len(next((each for each in values if each is not None), ()))
    rows = [[np.nan] * width if each is None else each for each in values]
    return Column(name, np.array(rows, float).reshape(len(rows), width), valid)


@pytest.fixture(scope="session")
def column():
    return make
