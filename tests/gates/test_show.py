from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crosstie.gates.compare import compare
from crosstie.gates.page import page, write_page
from crosstie.gates.show import HEAD, failures, junit, table_rows, text, verdict, write_junit


@pytest.fixture(scope="module")
def good(churn, churn_parts):
    return compare(
        churn[1],
        churn[0],
        churn_parts[2],
        key="customerID",
        training=(churn_parts[1], churn_parts[0]),
    )


@pytest.fixture(scope="module")
def bad(species, without_gentoo, birds):
    return compare(without_gentoo, species, birds, gates={"skew": False})


class Reader(HTMLParser):
    """Tags that are open, and addresses that a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "line", "circle", "rect", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("line", "circle", "rect", "polyline"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.slow
def test_the_table_has_a_row_for_each_gate(good):
    rows = table_rows(good)
    assert [row[:2] for row in rows] == [
        *(
            ("contract", "ok"),
            ("skew", "ok"),
            ("metric", "ok"),
            ("calibration", "ok"),
            ("flips", "ok"),
        ),
        *(
            ("change", "-"),
            ("segments", "ok"),
            ("drift", "ok"),
            ("rows", "-"),
            ("repeats", "ok"),
            ("leakage", "ok"),
            ("cost", "-"),
        ),
    ]
    assert all(len(row) == len(HEAD) for row in rows)
    shown = text(good).splitlines()
    assert shown[0].split() == ["gate", "value", "bound", "what"]
    assert len({line.index("takes") for line in shown if "takes and gives" in line}) == 1
    assert shown[-1] == verdict(good)
    assert verdict(good) == (
        f"{good.candidate} on 400 rows of the table given, against {good.production}: passed (9 of 12 gates apply)"
    )


@pytest.mark.slow
def test_the_verdict_names_what_failed(bad):
    assert verdict(bad).endswith(": failed at " + ", ".join(each.gate for each in bad.failed))
    assert failures(bad.failed[0]) == [
        "species: can no longer be 'Gentoo': the training rows had none"
    ]


@pytest.mark.slow
def test_rows_without_a_usable_truth_are_told(species, birds):
    holdout = {**birds, "species": ["Emu", None, *birds["species"][2:]]}
    found = compare(species, species, holdout, gates={"skew": False})
    rows = len(birds["species"])
    assert f" on {rows} rows of the table given (2 without a usable species), against " in verdict(
        found
    )


def test_with_nothing_in_production_the_verdict_says_so(species, birds):
    alone = compare(species, None, birds, gates={"skew": False})
    assert verdict(alone).endswith(
        "nothing is in production yet; the gates that need nothing beside it passed (0 of 11 gates apply)"
    )
    assert "Not compared" not in page(alone)


@pytest.mark.slow
def test_junit_is_read_by_a_parser(good, bad, tmp_path):
    write_junit(bad, tmp_path / "gates.xml")
    root = ET.parse(tmp_path / "gates.xml").getroot()
    [suite] = root
    cases = suite.findall("testcase")
    assert [each.get("name") for each in cases] == [each.gate for each in bad.outcomes]
    failed = [each for each in cases if each.find("failure") is not None]
    assert [each.get("name") for each in failed] == [each.gate for each in bad.failed]
    assert failed[0].find("failure").get("message") == bad.failed[0].what
    assert int(suite.get("failures")) == len(bad.failed)
    assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert int(suite.get("tests")) == 11
    assert ET.fromstring(junit(good).partition("\n")[2]).get("failures") == "0"


@pytest.mark.parametrize("which", ["good", "bad"])
def test_the_page_is_whole_and_fetches_nothing(which, request, tmp_path):
    comparison = request.getfixturevalue(which)
    write_page(comparison, tmp_path / "gates.html")
    reader = Reader()
    reader.feed(Path(tmp_path / "gates.html").read_text(encoding="utf-8"))
    assert (reader.open, reader.fetched) == ([], [])
    shown = " ".join(reader.text)
    assert "<script" not in page(comparison)
    assert verdict(comparison) in shown
    for each in comparison.outcomes:
        assert each.gate in shown
    assert "The 20 rows that moved most" in shown
    assert "Calibration" in shown


def test_cells_are_escaped(species, birds):
    from dataclasses import replace

    found = compare(species, None, birds, gates={"skew": False})
    assert "&lt;b&gt;" in page(replace(found, holdout="<b>"))
    assert "<b>" not in page(replace(found, holdout="<b>"))
