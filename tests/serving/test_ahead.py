from contextlib import closing
from threading import Event

import pytest

from crosstie.serving.ahead import ahead, behind

LONG = 60  # seconds that no test takes


def failing():
    yield "one"
    raise ValueError("no second")


def test_the_next_is_made_while_the_caller_has_one():
    second = Event()

    def items():
        yield "one"
        second.set()
        yield "two"

    found = ahead(items())
    assert next(found) == "one"
    assert second.wait(LONG)
    assert list(found) == ["two"]


def test_what_making_one_raises_comes_in_its_place():
    found = ahead(failing())
    assert next(found) == "one"
    with pytest.raises(ValueError, match="no second"):
        next(found)


def test_one_is_done_while_the_next_is_made():
    made, seen = Event(), []

    def items():
        yield "one"
        made.set()
        yield "two"

    def do(item):
        assert made.wait(LONG)
        seen.append(item)
        return item.upper()

    assert list(behind(do, items())) == ["ONE", "TWO"]
    assert seen == ["one", "two"]


def test_what_was_handed_over_is_done_though_the_next_cannot_be_made():
    seen = []
    with pytest.raises(ValueError, match="no second"):
        list(behind(seen.append, failing()))
    assert seen == ["one"]


def test_what_doing_raises_comes_to_the_caller_and_nothing_more_is_done():
    seen = []

    def do(item):
        seen.append(item)
        if item == 2:
            raise OSError("disk full")
        return item

    found = behind(do, range(1, 9))
    assert next(found) == 1
    with pytest.raises(OSError, match="disk full"):
        next(found)
    assert seen == [1, 2]


def test_a_caller_that_has_enough_leaves_nothing_under_way():
    seen = []
    with closing(behind(seen.append, range(9))) as found:
        next(found)
        assert seen == [0]
    assert seen == [0]
