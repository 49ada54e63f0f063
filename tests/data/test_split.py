import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.config.options import build, fill
from crosstie.data.keys import group_codes
from crosstie.data.read import open_source
from crosstie.data.source import HELD, InMemory, Source
from crosstie.data.split import deal, folds, splits
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError

OPTIONS = {
    "random": {},
    "stratify": {"column": "class"},
    "fixed": {"column": "part"},
    "datetime": {"column": "day"},
    "hash": {"column": "id"},
    "group": {"column": "customer"},
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 1000
    return open_source(
        {
            "id": list(range(n)),
            "class": ["rare" if i % 20 == 0 else "usual" for i in range(n)],
            "value": rng.normal(size=n).tolist(),
            "part": rng.choice(["train", "validation", "test"], n).tolist(),
            "day": [str(np.datetime64("2016-01-01") + int(d)) for d in rng.integers(0, 400, n)],
            "customer": rng.integers(0, 120, n).tolist(),
        }
    )


def shares(assignment):
    return np.bincount(assignment, minlength=3) / len(assignment)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_split_gives_every_row_a_part_and_repeats_itself(table, name):
    split = splits.get(name)(**OPTIONS[name])
    first = split.assign(table, target="class", seed=3)
    assert first.dtype == np.int8
    assert first.shape == (1000,)
    assert set(first) == {0, 1, 2}
    np.testing.assert_array_equal(first, split.assign(table, target="class", seed=3))
    assert set(split.columns) == set(OPTIONS[name].values())


@pytest.mark.parametrize("name", [each for each in OPTIONS if each != "fixed"])
def test_every_split_keeps_to_its_shares(table, name):
    split = splits.get(name)(**OPTIONS[name], probabilities=[0.5, 0.2, 0.3])
    assert (
        np.abs(shares(split.assign(table, target="class", seed=0)) - [0.5, 0.2, 0.3]).max() < 0.04
    )


@pytest.mark.parametrize("name", ["random", "stratify", "group"])
def test_another_seed_gives_another_split(table, name):
    split = splits.get(name)(**OPTIONS[name])
    assert (
        split.assign(table, target="class", seed=0) != split.assign(table, target="class", seed=1)
    ).any()


@pytest.mark.parametrize("name", ["random", "stratify"])
def test_classes_have_the_same_shares_in_every_part(table, name):
    assignment = splits.get(name)(**OPTIONS[name]).assign(table, target="class", seed=0)
    rare = np.array(table.table().cells("class")) == "rare"
    assert np.bincount(assignment[rare]).tolist() == [35, 5, 10]
    assert np.bincount(assignment).tolist() == [700, 100, 200]


def test_a_target_of_numbers_is_not_stratified(table):
    assignment = splits.get("random")().assign(table, target="value", seed=0)
    assert np.bincount(assignment).tolist() == [700, 100, 200]


def test_classes_too_rare_for_every_part_are_split_together():
    source = open_source({"y": [f"only {i}" for i in range(40)] + ["a"] * 60})
    assignment = splits.get("random")().assign(source, target="y", seed=0)
    assert np.bincount(assignment[:40]).tolist() == [28, 4, 8]
    assert np.bincount(assignment[40:]).tolist() == [42, 6, 12]


def test_a_part_may_have_no_share():
    source = open_source({"y": ["a", "b"] * 50})
    split = splits.get("random")(probabilities=[0.8, 0.2, 0.0])
    assert np.bincount(split.assign(source, target="y", seed=0)).tolist() == [80, 20]


def test_the_fixed_split_reads_numbers_and_words_in_any_case():
    source = open_source({"split": ["0", "1.0", 2, "Train", "VALID", "test", "val", "dev"]})
    assert splits.get("fixed")().assign(source, target=None, seed=0).tolist() == [
        0,
        1,
        2,
        0,
        1,
        2,
        1,
        1,
    ]


def test_the_fixed_split_refuses_other_words_and_names_the_rows():
    source = open_source({"split": ["train", "maybe", None, "test"]})
    with pytest.raises(DataError) as raised:
        splits.get("fixed")().assign(source, target=None, seed=0)
    assert str(raised.value) == (
        "column 'split': 2 rows (the first are 2, 3) hold 'maybe'. "
        "Write 0, 1, 2 or train, validation, test in every row."
    )


def test_the_fixed_split_wants_training_rows():
    with pytest.raises(DataError) as raised:
        splits.get("fixed")().assign(open_source({"split": [1, 2]}), target=None, seed=0)
    assert str(raised.value) == "column 'split': no row is for training (0 or train)"


def test_the_datetime_split_trains_on_the_oldest_and_tests_on_the_newest(table):
    assignment = splits.get("datetime")(column="day").assign(table, target=None, seed=0)
    days = np.array(table.table().cells("day"))
    assert max(days[assignment == 0]) < min(days[assignment == 1])
    assert max(days[assignment == 1]) < min(days[assignment == 2])


def test_rows_without_a_date_are_in_no_part_and_that_is_said():
    source = open_source({"day": ["2016-01-01", "soon", None, "2017-01-01", "2018-01-01"]})
    split = splits.get("datetime")(column="day", probabilities=[0.34, 0.33, 0.33])
    assert split.assign(source, target=None, seed=0).tolist() == [0, 3, 3, 1, 2]
    assert source.notes == [
        "the table given: 2 rows have no date in 'day' and are in no part of the split"
    ]


def test_a_column_without_dates_is_refused():
    with pytest.raises(DataError) as raised:
        splits.get("datetime")(column="x").assign(open_source({"x": ["a", 5]}), target=None, seed=0)
    assert (
        str(raised.value)
        == "column 'x': no row holds a date, but 'a', '5'. Name a column of dates."
    )


def test_the_hash_split_leaves_rows_where_they_are_when_others_come(table):
    split = splits.get("hash")(column="id")
    more = open_source({"id": [str(i) for i in range(-50, 1000)]})
    np.testing.assert_array_equal(
        split.assign(more, target=None, seed=1)[50:], split.assign(table, target=None, seed=0)
    )


def test_the_hash_split_without_a_column_keeps_equal_rows_together_whatever_the_target():
    source = open_source({"a": [1, 2, 1] * 50, "b": ["x", "y", "x"] * 50, "y": list(range(150))})
    assignment = splits.get("hash")().assign(source, target="y", seed=0).reshape(50, 3)
    assert (assignment == assignment[0]).all()
    assert assignment[0, 0] == assignment[0, 2]


def test_the_hash_split_knows_its_column_as_key_too():
    cls = splits.get("hash")
    assert build(cls, **fill(cls, {"key": "id"}, "split")).columns == ("id",)


def test_no_group_is_in_two_parts(table):
    assignment = splits.get("group")(column="customer").assign(table, target=None, seed=0)
    customers = np.array(table.table().cells("customer"))
    parts = [set(customers[assignment == part]) for part in range(3)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


@pytest.mark.parametrize("wrong", [[0.7, 0.3], [0.7, 0.2, 0.2], [1.2, -0.1, -0.1], [0, 0.5, 0.5]])
def test_shares_that_do_not_sum_to_one_are_refused(wrong):
    with pytest.raises(ConfigError) as raised:
        splits.get("random")(probabilities=wrong)
    assert str(raised.value) == (
        f"split.probabilities: must be three shares for train, validation and test that sum to 1, got {wrong}. "
        "Write for example [0.7, 0.1, 0.2]."
    )


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=200), st.integers(0, 9))
def test_dealt_strata_are_within_a_row_of_their_shares(strata, seed):
    strata = np.array(strata, np.int32)
    assignment = deal(strata, (0.5, 0.25, 0.25), np.random.default_rng(seed))
    for code in np.unique(strata):
        counts = np.bincount(assignment[strata == code], minlength=3)
        if counts.sum() >= 8:
            assert np.abs(counts - counts.sum() * np.array([0.5, 0.25, 0.25])).max() <= 1


def test_folds_are_stratified_and_differ_by_one_row_at_most(table):
    among = np.arange(1000) < 903
    numbers = folds(table, 5, target="class", seed=0, among=among)
    assert (numbers[903:] == -1).all()
    assert sorted(np.bincount(numbers[:903]).tolist()) == [180, 180, 181, 181, 181]
    rare = np.array(table.table().cells("class")) == "rare"
    assert sorted(np.bincount(numbers[rare & among]).tolist()) in (
        [9, 9, 9, 9, 10],
        [8, 9, 9, 10, 10],
    )


def test_folds_keep_groups_together(table):
    numbers = folds(table, 4, target="class", seed=0, group="customer")
    customers = np.array(table.table().cells("customer"))
    assert all(len(set(numbers[customers == each])) == 1 for each in set(customers))
    assert np.ptp(np.bincount(numbers)) < 20


def test_folds_that_cannot_be_are_refused(table):
    few = open_source({"y": ["a", "b"], "g": [1, 1]})
    for call, said in (
        (lambda: folds(few, 3, target="y", seed=0), "the table given: 2 rows cannot be parted into 3 folds"),
        (lambda: folds(few, 1, target="y", seed=0), "folds: must be 2 to 100, got 1. 5 is usual."),
        (lambda: folds(few, 2, target="y", seed=0, group="g"), "column 'g': has fewer groups than the 2 folds. Use fewer folds."),
    ):  # fmt: skip
        with pytest.raises((DataError, ConfigError)) as raised:
            call()
        assert str(raised.value) == said


class Pieces(InMemory):
    """A table larger than memory: it comes in small pieces, and nobody may ask for it whole."""

    size = HELD + 1

    def chunks(self, rows, columns):
        table = self._table.select(columns)
        yield from (table.slice(start, 37) for start in range(0, len(table), 37))

    def table(self, columns):
        raise AssertionError(f"asked for the whole of {columns}")


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("target", ["class", "value"])
def test_a_table_that_comes_in_pieces_is_parted_as_the_whole(table, name, target):
    split = build(splits.get(name), **OPTIONS[name])
    pieces = Source("pieces", [Pieces(table.table())])

    whole = split.assign(table, target=target, seed=3)

    assert split.assign(pieces, target=target, seed=3).tolist() == whole.tolist()


def test_folds_of_a_table_that_comes_in_pieces_are_those_of_the_whole(table):
    pieces = Source("pieces", [Pieces(table.table())])
    for options in ({"target": "class"}, {"target": None, "group": "customer"}):
        whole = folds(table, 5, seed=1, **options)
        assert folds(pieces, 5, seed=1, **options).tolist() == whole.tolist()


def test_groups_without_a_name_are_groups_of_their_own_in_pieces_too():
    cells = ["a", None, "b", "a", None, "c"] * 30
    found = group_codes(Source("pieces", [Pieces(Table.from_columns({"g": cells}))]), "g")

    assert found[:6].tolist() == [0, 3, 1, 0, 4, 2]
    assert len(set(found.tolist())) == 3 + 60
