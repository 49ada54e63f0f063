import re

from hypothesis import given
from hypothesis import strategies as st
from reading import read

from crosstie.reports import blocks
from crosstie.reports.figures import HEIGHT, WIDTH, bars, curves, histogram, ticks


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_and_inside(low, span):
    high = low + span
    if high - low < 1e-9 * max(abs(low), 1.0):
        return
    found = ticks(low, high)

    assert len(found) <= 6
    assert all(low - span * 1e-6 <= each <= high + span * 1e-6 for each in found)


def test_what_is_drawn_lies_in_the_picture():
    line = blocks.series("a", [[1, -3.0], [10, 4.5], [1000, 1e6]])

    svg = curves(blocks.lines("id", "T", [line], x="x", y="y", log=True))

    places = re.search(r'polyline points="([^"]*)"', svg)[1].split()
    for place in places:
        x, y = map(float, place.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_a_figure_says_in_words_what_it_shows():
    line = blocks.series("train", [[1, 0.9], [2, 0.4]])

    tree = read(curves(blocks.lines("id", "Loss & co", [line], x="step", y="loss")))

    assert tree.one("id-t").text == "Loss & co"
    assert tree.one("id-d").text == "loss by step. train: from 0.9000 to 0.4000."


def test_names_beside_dots_do_not_lie_over_each_other():
    dots = [blocks.series("first", [[1, 0.5]]), blocks.series("second", [[1, 0.5]]), blocks.series("far", [[9, 9]])]  # fmt: skip

    tree = read(curves(blocks.points("id", "T", dots, x="x", y="y")))

    names = [each.text for each in tree.all("text")]
    assert [each for each in ("first", "second", "far") if each in names] == ["first", "far"]
    assert len(tree.all("circle")) == 3


def test_bars_reach_as_far_as_their_values():
    found = [{"label": "a", "value": 4.0, "low": 3.0, "high": 5.0}, {"label": "b", "value": -1.0}]

    tree = read(bars(blocks.bars("id", "T", found, unit="gain")))
    first, second = (float(each.attributes["width"]) for each in tree.all("rect"))

    assert round(first / second, 1) == 4.0
    assert len(tree.all("line")) == 1


def test_a_histogram_has_a_bar_for_each_bin_and_a_line_at_nothing():
    tree = read(histogram(blocks.histogram("id", "T", [-2, 0, 2, 4], [1, 5, 2], unit="off")))

    assert len(tree.all("rect")) == 3
    assert len(tree.all("polyline")) == 1
    assert tree.one("id-d").text == "Most rows, 62.5 %, lie between 0.0000 and 2.000."
