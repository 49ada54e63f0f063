"""The trials of a study: who gets which, and what becomes of those that somebody left."""

import subprocess
import sys

import pytest

from crosstie.config.document import Document
from crosstie.errors import ConfigError
from crosstie.pipeline.process import this_process
from crosstie.search.database import located
from crosstie.search.study import Study
from crosstie.tuning.hyperopt import build_spaces, read_hyperopt

PLACE = Document({}).at("hyperopt", "executor", "storage")
LINE = {"x": {"space": "uniform", "lower": 0.0, "upper": 1.0}}


def study(
    folder, parameters=LINE, *, name="study", maximize=False, search_alg="random", **executor
):
    section = {"parameters": parameters, "search_alg": search_alg, "executor": executor}
    filled, problems = read_hyperopt(section, PLACE)
    assert problems == []
    return Study(
        f"sqlite:///{folder / 'study.db'}",
        name,
        filled,
        build_spaces(filled),
        seed=3,
        maximize=maximize,
        place=PLACE,
    )


def all_of(opened, folder):
    found = []
    while (asked := opened.ask(folder)) is not None:
        opened.done(asked, asked.values.get("x", 0.0), seconds=1.0)
        found.append((asked.name, asked.values))
    return found


def ended_process():
    """A process of this machine that is gone."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return {**this_process(), "pid": done.pid}


@pytest.mark.slow
def test_two_processes_on_one_storage_share_the_trials_that_one_would_run(tmp_path):
    alone = all_of(study(tmp_path, name="alone", num_samples=4), tmp_path)

    first, second = (study(tmp_path, num_samples=4) for _ in range(2))
    shared = {}
    for opened in (first, second, second, first):
        asked = opened.ask(tmp_path)
        shared[asked.name] = asked.values
        opened.done(asked, asked.values["x"])
    assert first.ask(tmp_path) is None
    assert second.ask(tmp_path) is None
    assert sorted(shared.items()) == alone
    assert first.rows() == second.rows()
    assert [row.state for row in first.rows()] == ["done"] * 4


@pytest.mark.slow
def test_every_combination_is_tried_once_and_those_of_a_grid_search_with_every_draw(tmp_path):
    lists = {"b": ["x", {"type": "y"}], "c": {"lower": 1, "upper": 3}}
    opened = study(tmp_path, lists, search_alg="grid")
    found = [tuple(values.values()) for _, values in all_of(opened, tmp_path)]
    assert found == [(b, c) for b in ("x", {"type": "y"}) for c in (1, 2, 3)]

    mixed = {"a": {"space": "grid_search", "values": [1, 2]}, **LINE}
    values = [each for _, each in all_of(study(tmp_path, mixed, name="b", num_samples=2), tmp_path)]
    assert [each["a"] for each in values] == [1, 2, 1, 2]
    assert len({each["x"] for each in values}) == 4


@pytest.mark.slow
def test_a_trial_that_was_left_is_taken_up_by_whoever_asks_next(tmp_path):
    first = study(tmp_path, num_samples=2)
    left = first.ask(tmp_path / "first")
    first.left(left)

    second = study(tmp_path, num_samples=2)
    again = second.ask(tmp_path / "second")
    assert (again.name, again.values) == (left.name, left.values)
    assert again.before == tmp_path / "first" / "trial_0"
    second.done(again, 1.0)
    assert [name for name, _ in all_of(second, tmp_path)] == ["trial_1"]
    assert [(row.name, row.state) for row in second.rows()] == [
        ("trial_0", "done"),
        ("trial_1", "done"),
    ]


@pytest.mark.slow
def test_a_trial_of_a_process_that_was_killed_is_taken_up_and_given_up_in_the_end(tmp_path):
    opened = study(tmp_path, num_samples=1)
    for _ in range(3):
        asked = opened.ask(tmp_path)
        asked.trial.set_user_attr("begun", {"folder": str(tmp_path), "process": ended_process()})
        assert asked.name == "trial_0"
    assert opened.ask(tmp_path) is None
    (row,) = opened.rows()
    assert (row.name, row.state, row.facts["why"]) == (
        "trial_0",
        "failed",
        "its process ended without a word, 3 times",
    )


@pytest.mark.slow
def test_a_trial_that_still_runs_is_left_alone(tmp_path):
    opened = study(tmp_path, num_samples=2)
    running = opened.ask(tmp_path)
    other = study(tmp_path, num_samples=2)
    assert other.ask(tmp_path).name == "trial_1"
    assert other.ask(tmp_path) is None
    assert [row.state for row in other.rows()] == ["running", "running"]
    assert running.name == "trial_0"


@pytest.mark.slow
def test_a_trial_goes_badly_where_the_pruner_says_so(tmp_path):
    opened = study(tmp_path, pruner={"type": "threshold", "upper": 0.5, "n_warmup_steps": 11})
    asked = opened.ask(tmp_path)
    said = [opened.goes_badly(asked, step, 0.9) for step in (1, 10, 11, 11)]
    assert said == [False, False, True, False]
    opened.pruned(asked, why="at tree 11", step=11, seconds=0.5)
    (row,) = opened.rows()
    assert (row.state, row.value, row.seconds) == ("pruned", 0.9, 0.5)
    assert (row.facts["step"], row.facts["why"]) == (11, "at tree 11")


@pytest.mark.slow
def test_how_many_trials_there_are(tmp_path):
    assert study(tmp_path).total == 20
    assert study(tmp_path, time_budget_s=5.0).total is None
    assert study(tmp_path, time_budget_s=5.0, num_samples=3).total == 3
    lists = {"a": {"space": "grid_search", "values": [1, 2]}, "b": {"values": [1, 2, 3]}}
    once = study(tmp_path, lists, num_samples=5)
    assert (once.total, once.once) == (6, True)
    assert study(tmp_path, lists | LINE, num_samples=5).total == 30
    assert study(tmp_path, lists, search_alg="grid", num_samples=5).total == 5


def test_a_path_of_a_storage_is_relative_to_the_file(tmp_path):
    run, base = tmp_path / "run", tmp_path / "file"
    assert located(None, run, base) == f"sqlite:///{run}/study.db"
    assert located("sqlite:///all.db", run, base) == f"sqlite:///{base}/all.db"
    assert located("sqlite:////data/all.db", run, base) == "sqlite:////data/all.db"
    assert located("postgresql://me@there/all", run, base) == "postgresql://me@there/all"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("sqlite:///:memory:", "is gone when the process ends; give a file, as sqlite:///study.db, or leave it out"),
        ("sqlite:////nowhere/study.db", "unable to open database file. Give the address of a database, as sqlite:///study.db, or leave it out"),
        ("a file", "cannot be opened: Could not parse SQLAlchemy URL"),
        ("mysql+nothere://x/y", "Can't load plugin: sqlalchemy.dialects:mysql.nothere"),
        ("oracel://x/y", "Can't load plugin: sqlalchemy.dialects:oracel"),
    ],
)  # fmt: skip
def test_a_storage_that_is_none_is_told(address, told):
    filled, _ = read_hyperopt({"parameters": {"a": [1]}}, PLACE)
    with pytest.raises(ConfigError) as error:
        Study(address, "s", filled, build_spaces(filled), seed=0, maximize=False, place=PLACE)
    message = str(error.value)
    assert message.startswith("hyperopt.executor.storage: ")
    assert told in message
