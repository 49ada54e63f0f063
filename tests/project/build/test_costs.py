"""What runs of steps took, kept by machine."""

import json

from crosstie.gates.costs import Took
from crosstie.project.build.build import build
from crosstie.project.build.costs import KEPT, Costs
from crosstie.project.build.open import opened


def took(seconds, rows=1000):
    return Took(rows, seconds, seconds, 90_000_000, 4000)


def test_the_last_run_stands_beside_the_median_of_the_five_before_it(tmp_path):
    costs = Costs(tmp_path / "costs.json", "this one")
    assert costs.of("clean", "k") is None
    costs.add("clean", "a", took(60))
    assert (costs.of("clean", "a").runs, costs.of("clean", "a").usual) == (0, None)
    for seconds in (60, 1, 2, 9, 2, 3):
        costs.add("clean", "b", took(seconds))
    costs.add("clean", "c", took(4, rows=2000))
    found = costs.of("clean", "c")
    assert (found.now.seconds, found.runs, found.usual.seconds) == (4, 5, 4.0)  # twice the rows
    assert costs.of("clean", "b").usual == took(2)  # of the last run of that key
    assert costs.of("other", "b") is None
    assert Costs(tmp_path / "costs.json", "another").of("clean", "b") is None


def test_fewer_rows_may_take_as_much_as_more_did(tmp_path):
    costs = Costs(tmp_path / "costs.json", "this one")
    costs.add("clean", "a", took(2, rows=100_000))
    costs.add("clean", "b", took(2, rows=10))
    assert costs.of("clean", "b").usual.seconds == 2


def test_twenty_runs_of_a_step_are_kept_and_a_damaged_file_is_begun_anew(tmp_path):
    path = tmp_path / "costs.json"
    path.write_text("{")
    costs = Costs(path, "this one")
    for place in range(KEPT + 3):
        costs.add("clean", str(place), took(1))
    kept = json.loads(path.read_text())["this one"]["clean"]
    assert [each["key"] for each in kept] == [str(place) for place in range(3, KEPT + 3)]


def test_a_build_notes_what_each_step_that_ran_took(calls):
    here = opened(calls)
    (calls / "steps" / "10_long.sql").write_text("SELECT id, minutes FROM calls\n")
    build(here)
    found = here.costs.of("long", here.state.get("long").key)
    assert (found.now.rows, found.runs, found.usual.rows) == (4, 1, 4)
    assert found.now.bytes == (calls / ".crosstie/tables/development/long.parquet").stat().st_size
    assert found.now.peak_bytes > 10_000_000
    record = here.store.record("long", here.state.get("long").key)
    assert record.cost["cpu_seconds"] == found.now.cpu_seconds
    rates = here.costs.of("rates", "nobody reads it")
    assert rates is None
