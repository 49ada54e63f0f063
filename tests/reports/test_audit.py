import json
import re

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError
from crosstie.reports.collect import collect
from crosstie.serving.audit import LIMITS

ROWS = {
    "sex": ["m", "f"] * 100 + ["<x>"] * 5,
    "y": ["no", "no", "yes", "yes"] * 50 + ["no"] * 5,
    "p": ["no", "yes", "yes", "yes"] * 50 + ["no"] * 5,
}


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("<footer")[0]).split())


def test_an_audit_is_a_page_that_loads_nothing(tmp_path):
    told = []
    found = crosstie.audit_predictions(
        ROWS, target="y", prediction="p", output=tmp_path / "fair.html", say=told.append
    )
    page = (tmp_path / "fair.html").read_text(encoding="utf-8")
    assert told == [f"Written to {tmp_path / 'fair.html'}"]
    assert "default-src 'none'" in page
    assert "src=" not in page
    assert found.verdict in page
    assert "sex, by its name" in page
    said = words(page)
    assert "By sex" in said
    assert "sex = f 100 0.5000 0.0000 0.3" in said
    assert "&lt;x&gt; (too small to be judged) 5" in said
    assert "demographic_parity_ratio 0.5000" in said
    assert "Groups of fewer than 50 rows are not judged." in said


def test_a_page_is_named_html_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError) as told:
        crosstie.audit_predictions("no.csv", target="y", prediction="p", output="fair.pdf")
    assert (
        str(told.value) == "fair.pdf: an audit is written as a page; give a name that ends in .html"
    )


def test_a_run_keeps_its_audit_and_its_report_shows_it(tmp_path):
    rng = np.random.default_rng(0)
    rows = {"age": rng.integers(18, 80, 300).tolist(), "sex": ["m", "f", "f"] * 100}
    rows["good"] = ["yes" if age > 45 else "no" for age in rows["age"]]
    run = crosstie.train(rows, target="good", model_type="linear", runs=tmp_path)
    told = []
    found = crosstie.audit(run, rows, by=["sex"], runs=tmp_path, say=told.append)
    assert told == [f"Written to {run.path / 'fairness.json'}"]
    kept = json.loads((run.path / "fairness.json").read_text(encoding="utf-8"))
    assert [each["rows"] for each in kept["by"][0]["groups"]] == [200, 100]
    (section,) = [each for each in collect(run.path)["sections"] if each["id"] == "fairness"]
    short, groups, criteria, costs, thresholds, slices = section["blocks"]
    assert short["lines"] == [found.verdict, LIMITS]
    assert slices["id"] == "fairness-slices"
    assert groups["title"] == "By sex: groups"
    assert groups["columns"][:3] == ["group", "rows", "selection_rate"]
    assert [row[:2] for row in groups["rows"]] == [["f", "200"], ["m", "100"], ["all rows", "300"]]
    assert [row[0] for row in criteria["rows"]] == [each.name for each in found.by[0].criteria]
    assert costs["title"] == "By sex: evening it out"
    assert [row[:2] for row in costs["rows"]] == [
        ["thresholds", "demographic_parity"],
        ["thresholds", "equal_opportunity"],
        ["thresholds", "equalized_odds"],
    ]
    assert costs["rows"][0][2] == criteria["rows"][0][1]
    assert costs["strong"] == []
    assert thresholds["columns"] == ["group", *(row[1] for row in costs["rows"])]
    assert [row[0] for row in thresholds["rows"]] == ["f", "m"]
    assert section["title"] == "How groups fare"
