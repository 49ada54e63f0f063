"""Each gate against comparisons made by hand: what fails, what passes, what it says."""

import json
from dataclasses import replace

import pytest

from crosstie.errors import ConfigError
from crosstie.gates.comparison import (
    Amounts,
    Breach,
    Comparison,
    Flips,
    Measured,
    Output,
    Segment,
    Skew,
)
from crosstie.gates.costs import Cost, Took
from crosstie.gates.file import read_gates
from crosstie.gates.gate import gates, outcome, outcomes
from crosstie.gates.page import page
from crosstie.gates.row_diff import row_diff
from crosstie.gates.show import junit, table_rows, verdict
from crosstie.gates.tables import Shift, Training, Versions

AUC = Measured(0.88, 0.9, -0.02, -0.03, -0.01)
OUTPUT = Output("binary", 1000, 0, "roc_auc", {"roc_auc": AUC}, loss="brier")
BASE = Comparison("new", "old", "rows", 1000, [], Skew(50, []), {"y": OUTPUT})
ALONE = replace(OUTPUT, metrics={"roc_auc": Measured(0.88)})
NONE = replace(BASE, production=None, outputs={"y": ALONE})
SHIFT = Shift(0.02, 0.05, 0.001, 0.03, 0.6, (0.0, 0.0), constant=False, ends=None, far=0, far_p=1.0)
TABLES = Training(1000, 1000, 0.01, 0.01, {"x": SHIFT})


def said(name, comparison, **options):
    found = outcome(name, read_gates({name: options})[name].check(comparison))
    return found.result, found.what


def on(**changes):
    return replace(BASE, outputs={"y": replace(OUTPUT, **changes)})


@pytest.mark.parametrize("name", gates.names())
def test_every_gate_passes_or_does_not_apply_where_nothing_is_in_production(name):
    found = outcome(name, read_gates()[name].check(NONE))
    assert found.result != "failed"
    assert found.what


@pytest.mark.parametrize(
    ("measured", "result"),
    [
        (Measured(0.88, 0.9, -0.02, -0.03, -0.01), "failed"),  # a fifth of what was wrong more
        (Measured(0.895, 0.9, -0.005, -0.008, -0.002), "passed"),  # surely, but little
        (Measured(0.88, 0.9, -0.02, -0.05, 0.01), "passed"),  # much, but not surely
        (Measured(0.88, 0.9, -0.02, -0.036, -0.004), "passed"),  # once in a hundred times
        (Measured(0.92, 0.9, 0.02, 0.01, 0.03), "passed"),
        (Measured(1.2, 1.0, 0.2, 0.1, 0.3, greater_is_better=False, perfect=0.0), "failed"),
        (Measured(0.8, 1.0, -0.2, -0.3, -0.1, greater_is_better=False, perfect=0.0), "passed"),
        (Measured(0.1, 0.0, 0.1, 0.05, 0.15, greater_is_better=False, perfect=0.0), "failed"),
        (Measured(0.88, 0.9, -0.02), "passed"),  # no interval, no claim
    ],
)
def test_a_metric_fails_when_it_is_surely_and_clearly_worse(measured, result):
    assert said("metric", on(metrics={"roc_auc": measured}))[0] == result


def test_what_the_metric_gate_says():
    assert said("metric", BASE) == (
        "failed",
        "y: roc_auc went from 0.9 to 0.88 (-0.02, 95 % interval -0.03 to -0.01)",
    )
    assert said("metric", BASE, worse_by=0.3)[0] == "passed"
    assert said("metric", on(metrics={})) == (
        "not applicable",
        "y: roc_auc is not defined for these rows (1000 of a binary)",
    )
    with pytest.raises(
        ConfigError, match=r"^metric\.metric: 'rmse' is no metric of what is predicted, a binary; "
    ):
        said("metric", BASE, metric="rmse")
    assert said("metric", BASE, reach=0.89, worse_by=1)[0] == "failed"
    assert said("metric", NONE, reach=0.89)[0] == "failed"


def test_contract_fails_at_what_breaks_callers():
    breaches = [
        Breach("label", "y", breaks=True, what="can no longer be 'b': the training rows had none"),
        Breach("input", "x", breaks=False, what="is no longer read; callers may go on sending it"),
    ]
    found = replace(BASE, contract=breaches)
    assert said("contract", found) == (
        "failed",
        "y: can no longer be 'b': the training rows had none",
    )
    assert said("contract", found, allow=["label"])[0] == "passed"


def test_contract_bears_a_few_rows_that_are_refused():
    breach = Breach("input", "x", breaks=True, what="may no longer be missing", share=0.005)
    found = replace(BASE, contract=[breach])
    assert said("contract", found) == ("passed", "x: may no longer be missing")
    assert said("contract", found, refused=0.001)[0] == "failed"


def test_skew_fails_at_any_difference():
    found = replace(BASE, skew=Skew(50, ["row 3 alone, y: expected 1, got 2", "row 4: other"]))
    assert said("skew", found) == ("failed", "row 3 alone, y: expected 1, got 2 (and 1 more)")


def test_calibration_fails_where_the_error_grew():
    error = Measured(0.1, 0.03, 0.07, 0.04, 0.1, greater_is_better=False, perfect=0.0)
    assert said("calibration", on(metrics={"ece": error})) == (
        "failed",
        "y: the calibration error went from 0.03 to 0.1 (+0.07, 95 % interval +0.04 to +0.1)",
    )
    assert said("calibration", on(metrics={"ece": error}), worse_by=0.08)[0] == "passed"
    assert said("calibration", on(type="number", metrics={})) == (
        "not applicable",
        "y: no calibration error is measured of these rows (1000 of a number)",
    )


def test_flips_fail_above_their_share():
    found = on(flips=Flips(0.35, 350, 0.2, []))
    what = "y: 350 of 1000 predictions became another (35.0%)"
    assert said("flips", found) == ("failed", f"{what}; production is wrong in 20.0%")
    assert said("flips", found, of_error=2)[0] == "passed"
    assert said("flips", found, most=0.3) == ("failed", what)
    assert said("flips", found, most=0.35)[0] == "passed"


def test_a_few_flips_in_few_rows_are_borne():
    few = replace(OUTPUT, rows=20, flips=Flips(0.15, 3, 0.05, []))
    assert said("flips", replace(BASE, outputs={"y": few}))[0] == "passed"


def test_change_is_held_against_productions_error():
    found = on(amounts=Amounts(-1.0, 3.0, 9.0, 1.5))
    assert said("change", found) == (
        "failed",
        "y: predictions moved by 3 on average, up to 9; their mean by -1 (1.50 of production's mean absolute error)",
    )
    assert said("change", found, most=2)[0] == "passed"
    perfect = on(amounts=Amounts(0.0, 0.0, 0.0, None))
    assert said("change", perfect)[0] == "passed"
    assert said("change", on(amounts=Amounts(0.1, 0.1, 0.1, None)))[0] == "failed"


def test_segments_fail_where_one_is_surely_and_clearly_worse():
    worse = Segment("x", "= a", 90, 0.1, 0.2, 0.05, 0.15)
    little = Segment("x", "= b", 90, 0.1, 0.11, 0.005, 0.015)
    unsure = Segment("x", "= c", 90, 0.1, 0.3, -0.05, 0.45)
    found = on(segments=[worse, little, unsure], segments_seen=12)
    assert said("segments", found) == ("failed", "y: x = a (90 rows): brier went from 0.1 to 0.2")
    assert said("segments", on(segments=[little, unsure], segments_seen=12)) == (
        "passed",
        "y: of 12 segments the worst: x = b (90 rows): brier went from 0.1 to 0.11",
    )
    assert said("segments", on(segments=[unsure], segments_seen=12)) == (
        "passed",
        "y: of 12 segments none is surely worse",
    )
    assert said("segments", BASE) == ("not applicable", "y: no segment has enough rows")


@pytest.mark.parametrize(
    ("changes", "result", "what"),
    [
        ({}, "passed", "x: PSI 0.02"),
        ({"psi": 0.3}, "failed", "x: PSI 0.3"),
        ({"psi": 0.3, "chance": 0.4}, "passed", "x: PSI 0.3"),
        (
            {"psi": 0.3, "missing": (0.0, 0.1)},
            "failed",
            "x: PSI 0.3, missing 0.0% before and 10.0% now",
        ),
        ({"constant": True}, "failed", "x: PSI 0.02, holds one value only and held several"),
        (
            {"far": 20, "far_p": 1e-6, "ends": ((0.0, 1.0), (0.0, 1000.0))},
            "failed",
            "x: PSI 0.02, 20 rows are far from all that production's table holds: 0 to 1000, and were 0 to 1",
        ),
    ],
)
def test_drift_fails_beyond_its_bound_and_beyond_chance(changes, result, what):
    found = replace(BASE, training=replace(TABLES, columns={"x": replace(SHIFT, **changes)}))
    assert said("drift", found) == (result, what)


@pytest.mark.parametrize(
    ("rows", "repeated", "before", "result"),
    [
        (1000, 0.2, 0.01, "failed"),
        (1000, 0.06, 0.01, "passed"),
        (5000, 0.3, 0.06, "passed"),  # five times the rows meet five times as often
        (1000, 0.99, 0.98, "passed"),
    ],
)
def test_repeats_fail_beyond_what_production_had(rows, repeated, before, result):
    tables = replace(TABLES, rows=rows, repeated=repeated, repeated_before=before)
    assert said("repeats", replace(BASE, training=tables))[0] == result


WAS = Took(1000, 10.0, 10.0, 200_000_000, 50_000)


@pytest.mark.parametrize(
    ("now", "result", "what"),
    [
        (
            WAS,
            "passed",
            "10 s, 200 MB of memory, 50 kB written; the median of 5 runs here took 10 s",
        ),
        (replace(WAS, seconds=14.0), "warned", "more time than before: 14 s, "),
        (replace(WAS, peak_bytes=300_000_000), "warned", "more memory than before: "),
        (replace(WAS, bytes=90_000_000), "warned", "more output than before: "),
        (replace(WAS, seconds=14.0, bytes=90_000_000), "warned", "more time and output than"),
        (replace(WAS, seconds=12.0, peak_bytes=240_000_000), "passed", "12 s"),  # less than 30 %
        (replace(WAS, peak_bytes=None), "passed", "10 s, 50 kB written; "),
    ],
)
def test_cost_warns_of_a_step_that_takes_much_more_than_it_did(now, result, what):
    found = replace(BASE, costs={"clean": Cost(now, 5, WAS)})
    outcome, said_of = said("cost", found)
    assert (outcome, said_of.startswith(f"clean: {what}")) == (result, True), said_of
    assert said("cost", found, fails=True)[0] == result.replace("warned", "failed")


def test_cost_says_where_there_is_nothing_to_hold_it_against():
    assert said("cost", BASE) == (
        "not applicable",
        "nothing says what it took to make the candidate",
    )
    assert said("cost", replace(BASE, costs={})) == ("not applicable", "no step of it was run on this machine")  # fmt: skip
    assert said("cost", replace(BASE, costs={"clean": Cost(WAS)})) == (
        "not applicable",
        "clean: no earlier runs on this machine; 10 s, 200 MB of memory, 50 kB written",
    )
    brief = (
        replace(WAS, seconds=0.1),
        replace(WAS, seconds=0.9),
    )  # nine times, and less than a second
    assert said("cost", replace(BASE, costs={"clean": Cost(brief[1], 1, brief[0])}))[0] == "passed"


def test_a_gate_that_warns_lets_it_pass_and_is_told_everywhere():
    slow = {name: Cost(replace(WAS, seconds=20.0), 5, WAS) for name in ("clean", "model")}
    found = replace(BASE, costs=slow)
    found = replace(found, outcomes=outcomes(found, {"cost": read_gates()["cost"]}))
    (warned,) = found.warned
    assert (found.passed, warned.gate, warned.result) == (True, "cost", "warned")
    assert warned.what.endswith(" (and 1 more)")
    assert verdict(found).endswith("passed (1 of 1 gates apply; warned by cost)")
    assert [row[:2] for row in table_rows(found)] == [("cost", "warns")]
    shown = page(found)
    assert '<td class="warned">warns</td>' in shown
    assert "<li>clean: more time than before" in shown
    assert "<td>model</td><td>1,000</td><td>20 s (10 s)</td>" in shown
    assert 'failures="0"' in junit(found)


@pytest.mark.slow
def test_rows_warn_of_what_code_changed_where_data_did_not():
    was = {"id": [1, 2, 3, 4], "pay": [1.0, 2.0, 3.0, 4.0], "city": ["x", "y", "z", "z"]}
    now = {"id": [1, 2, 3, 5], "pay": [1.0, 2.5, None, 4.0], "city": ["x", "y", "z", "z"]}
    diff = row_diff(was, now, "id")
    found = replace(BASE, versions=Versions("clean", ("code of clean",), key=("id",), diff=diff))
    assert said("rows", found) == (
        "warned",
        "1 rows are new and 1 gone, of 4 (code of clean moved) (and 1 more)",
    )
    findings = read_gates()["rows"].check(found)
    assert [(each.where, each.what) for each in findings][1:] == [
        ("pay", "2 of 3 rows changed (66.7%), by 0.5 at most, 1 newly missing, as 2: 2 → 2.5")
    ]
    assert said("rows", found, fails=True)[0] == "failed"
    assert said("rows", found, most=0.7)[0] == "passed"
    alike = Versions("clean", ("code of clean",), key=("id",), diff=row_diff(was, was, "id"))
    assert said("rows", replace(BASE, versions=alike)) == (
        "passed",
        "4 rows of clean hold what they held (code of clean moved)",
    )
    assert said("rows", replace(BASE, versions=Versions("clean", same=True))) == (
        "passed",
        "clean is row for row what production learned from",
    )
    assert said(
        "rows", replace(BASE, versions=Versions("clean", why="data moved: a; see drift"))
    ) == (
        "not applicable",
        "clean is not compared: data moved: a; see drift",
    )
    assert said("rows", BASE)[1] == "two versions of the table were not given"


def test_drift_warns_of_what_is_small_and_fails_of_what_is_large():
    def drifted(psi, **options):
        tables = replace(TABLES, columns={"x": replace(SHIFT, psi=psi)})
        return said("drift", replace(BASE, training=tables), **options)[0]

    assert [drifted(psi) for psi in (0.04, 0.09, 0.12, 0.3)] == [
        "passed",
        "passed",
        "warned",
        "failed",
    ]
    assert drifted(0.12, warn=0.2) == "passed"
    assert drifted(0.04, warn=0.01) == "passed"  # chance exceeds it


def test_what_is_infinitely_worse_is_json_too():
    costs = {"clean": Cost(replace(WAS, seconds=20.0), 1, replace(WAS, seconds=0.0))}
    found = replace(BASE, costs=costs)
    found = replace(found, outcomes=outcomes(found, {"cost": read_gates()["cost"]}))
    assert [(each.result, each.value) for each in found.outcomes] == [("warned", float("inf"))]
    state = json.loads(json.dumps(found.state(), allow_nan=False))
    assert [each["value"] for each in state["outcomes"]] == [None]
