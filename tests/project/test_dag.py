"""Steps to look at: as a tree, as a picture, one by one."""

import re
from xml.etree import ElementTree as ET

import pytest

import crosstie
from crosstie.errors import ProjectError
from crosstie.project.drawing import Drawn, svg, tree

SECONDS = re.compile(r"\d+\.\d s")


def look(dag):
    """The tree without times."""
    return SECONDS.sub("0.1 s", dag.tree())


def test_a_tree_shows_every_step_below_what_it_works_on(built_calls):
    assert look(crosstie.graph(folder=built_calls)) == (
        "calls, development: 3 steps, 3 current\n"
        "calls             data/calls.csv     current  4 rows  0.1 s\n"
        "└ long            steps/10_long.sql  current  3 rows  0.1 s\n"
        "  └ cost + calls  steps/20_cost.py   current  3 rows  0.1 s"
    )


@pytest.mark.slow
def test_a_look_shows_files_as_they_are_now_and_what_failed(calls):
    dag = crosstie.graph(folder=calls)
    assert len(dag) == 3
    (calls / "lib/prices.py").write_text("def price(minutes, longest):\n    return minutes / 0\n")
    assert dag["cost"].state == "will be run"

    with pytest.raises(ProjectError) as error:
        dag["cost"].run(say=lambda _: None)

    assert str(error.value) == "cost failed; see where: dag['cost'].debug()"
    assert look(dag).splitlines()[0] == "calls, development: 3 steps, 2 current, 1 failed"
    assert dag["cost"].why.startswith("lib/prices.py:2: ZeroDivisionError: division by zero")
    (calls / "lib/prices.py").write_text("def price(minutes, longest):\n    return minutes\n")
    assert dag["cost"].run(say=lambda _: None).state == "current"
    assert dag["cost"].head(2).to_dict("list") == {
        "id": [1, 3],
        "minutes": [5, 9],
        "cost": [10, 18],
    }


def test_a_query_that_lacks_a_value_cannot_be_built_and_the_others_stand_as_they_do(calls):
    (calls / "steps/30_since.sql").write_text("SELECT id FROM cost WHERE id > :since")
    (calls / "steps/40_after.sql").write_text("SELECT id FROM since")

    found = {each.step.name: (each.standing, each.why) for each in crosstie.status(folder=calls)}

    lacking = "steps/30_since.sql: :since has no value; give it in environments/development.yaml under params"
    assert found == {
        "calls": ("current", ""),
        "long": ("current", ""),
        "cost": ("current", ""),
        "since": ("blocked", lacking),
        "after": ("waiting", "waits for since"),
    }
    drawn = look(crosstie.graph(folder=calls)).splitlines()
    assert drawn[0] == ("calls, development: 5 steps, 3 current, 1 waiting, 1 that cannot be built")
    assert re.sub(" +", " ", drawn[-2]) == f" └ since steps/30_since.sql cannot be built {lacking}"
    with pytest.raises(ProjectError) as error:
        crosstie.accept("since", folder=calls)
    assert str(error.value) == f"since: {lacking}"


@pytest.mark.slow
def test_a_slice_in_a_query_takes_no_value_from_the_settings(calls):
    (calls / "steps/30_first.sql").write_text("SELECT id, [id, minutes, 7][1:id] AS some FROM long WHERE id = 1")  # fmt: skip

    assert crosstie.build("first", folder=calls).failed == {}

    assert crosstie.graph(folder=calls)["first"].head().to_dict("list")["some"][0].tolist() == [1]


def test_a_step_says_what_it_is_takes_feeds_and_gave(built_calls):
    dag = crosstie.graph(folder=built_calls)
    long = dag["long"]

    assert repr(long.source) == "SELECT id, minutes FROM calls WHERE minutes >= :least\n"
    assert repr(dag["calls"].source).startswith("id,minutes\n1,5\n")
    assert [each.name for each in long.upstream] == ["calls"]
    assert [each.name for each in dag["calls"].downstream] == ["long", "cost"]
    assert (long.last_run.rows, long.last_run.columns) == (3, {"id": "int64", "minutes": "int64"})
    assert "id (int64), minutes (int64)" in repr(long.last_run)
    assert SECONDS.sub("0.1 s", repr(long)) == (
        "long (steps/10_long.sql, current, 3 rows  0.1 s, takes calls)"
    )
    assert "<td>feeds</td><td>cost</td>" in long._repr_html_()


def test_a_step_that_is_not_there_and_a_table_that_is_not_built_are_said(calls):
    dag = crosstie.graph(folder=calls)
    with pytest.raises(ProjectError, match=r"'lnog' is no step here; did you mean 'long'\?"):
        dag["lnog"]
    (calls / ".crosstie/tables/development/long.parquet").unlink()
    with pytest.raises(ProjectError) as error:
        dag["long"].head()
    assert str(error.value) == "long: is not built; build it: dag['long'].run()"


def test_production_is_looked_at_and_not_touched(built_calls):
    dag = crosstie.graph(folder=built_calls, env="production")

    assert (
        dag.tree().splitlines()[0]
        == "calls, production, read-only: 3 steps, 2 will be restored, 1 will be run"
    )
    for refused, command in ((dag["long"].run, "build"), (dag["long"].accept, "accept")):
        with pytest.raises(ProjectError) as error:
            refused()
        assert str(error.value) == (
            f"production is read-only here. Type in a shell: crosstie {command} long --env production"
        )


def test_a_picture_is_whole_and_what_steps_say_cannot_break_out_of_it():
    steps = [
        Drawn("a", (), "data/a.csv", "current", "3 rows", ""),
        Drawn("b", ("a",), "steps/b.sql", "failed", "", "<script>alert(1)</script>"),
        Drawn("c", ("a", "b"), "steps/c.sql", "waits", "", "waits for b"),
    ]

    picture = ET.fromstring(svg("calls & more", steps))

    space = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{space}path")) == 3
    assert [each.find(f"{space}title").text for each in picture.findall(f"{space}g")][1] == (
        "b, steps/b.sql: failed: <script>alert(1)</script>"
    )
    assert picture.find(f"{space}text").text == "calls & more"


def test_a_narrow_terminal_loses_the_file_before_the_state():
    steps = [
        Drawn("customers_by_month", (), "steps/10_customers_by_month.sql", "current", "3 rows", "")
    ]

    assert tree(steps, 45) == "customers_by_month    current  3 rows"
    assert tree(steps, 30) == "customers_by_month    current…"
