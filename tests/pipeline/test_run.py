import signal
import subprocess
import sys

import pytest

from crosstie.data.files import write_json
from crosstie.errors import RunError
from crosstie.pipeline.process import this_process
from crosstie.pipeline.run import Run, list_runs, mark_best, prune, watched_value


def finished(runs, name="m", value=None):
    run = Run.create(runs, name, "x")
    (run.path / "config.yaml").write_text("name: m\n")
    run.note(name=name, exit="done", watched="validation/y/rmse")
    if value is not None:
        run.write("metrics.json", {"validation": {"y": {"rmse": value}}})
    return run


def test_runs_made_at_once_get_directories_of_their_own(tmp_path):
    made = {Run.create(tmp_path, "m", "same").path for _ in range(20)}

    assert len(made) == 20


def test_latest_names_the_newest(tmp_path):
    finished(tmp_path)
    newest = finished(tmp_path)

    assert Run.find("m/latest", tmp_path) == newest
    assert Run.find("m", tmp_path) == newest
    assert Run.find(newest.path.name, tmp_path) == newest


def test_best_is_the_best_on_validation(tmp_path):
    runs = [finished(tmp_path, value=value) for value in (3.0, 1.0, 2.0)]
    for run in runs:
        mark_best(run, metric="validation/y/rmse", greater_is_better=False)

    assert Run.find("m/best", tmp_path) == runs[1]


def test_a_run_shows_its_score_and_in_a_notebook_that_it_has_no_figures(tmp_path):
    run = finished(tmp_path, value=0.25)
    line = f"Run({str(run.path)!r}, done, validation/y/rmse 0.25)"

    assert repr(run) == line
    assert run._repr_html_() == f"<p>{line.replace(chr(39), '&#x27;')}</p><table><tr></tr></table>"


def test_an_unknown_name_offers_the_nearest(tmp_path):
    finished(tmp_path, name="titanic")

    with pytest.raises(RunError, match="titanci: no such run; did you mean 'titanic'"):
        Run.find("titanci", tmp_path)
    with pytest.raises(RunError, match="titanic/lates: no such run; did you mean 'titanic/latest'"):
        Run.find("titanic/lates", tmp_path)


def test_where_no_name_is_near_the_models_are_listed(tmp_path):
    for number in range(10):
        finished(tmp_path, name=f"m{number}")

    with pytest.raises(RunError) as error:
        Run.find("qqqqqq", tmp_path)
    assert str(error.value) == (
        f"qqqqqq: no such run; {tmp_path} has those of 'm0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7' and 2 more"
    )
    with pytest.raises(RunError, match="no such run; there are no runs in"):
        Run.find("m0", tmp_path / "elsewhere")


def test_nothing_is_written_beside_a_run_in_a_directory_of_its_own(tmp_path):
    run = Run.create(tmp_path / "runs", "m", "x", at=tmp_path / "here")
    run.note(name="m", exit="done", watched="validation/y/rmse")
    run.write("metrics.json", {"validation": {"y": {"rmse": 1.0}}})
    mark_best(run, metric="validation/y/rmse", greater_is_better=False)
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


def test_the_model_of_a_run_in_a_directory_of_its_own_is_no_run(tmp_path):
    placed = Run.create(tmp_path, "m", "x", at=tmp_path / "here")
    write_json(placed.model / "manifest.json", {"format": 1})
    usual = finished(tmp_path, value=1.0)
    assert list_runs(tmp_path) == [usual]


def test_prune_spares_best_latest_and_running(tmp_path):
    runs = [finished(tmp_path, value=value) for value in (1.0, 2.0, 3.0, 4.0)]
    mark_best(runs[0], metric="validation/y/rmse", greater_is_better=False)
    runs[1].note(exit="running", process=this_process())

    removed = prune(tmp_path, keep=1)

    assert removed == [runs[2].path]
    assert {run.path for run in list_runs(tmp_path)} == {runs[0].path, runs[1].path, runs[3].path}


def test_a_run_whose_process_is_gone_was_killed_and_is_pruned(tmp_path):
    script = (
        "import sys; from crosstie.pipeline.process import this_process; "
        "from crosstie.pipeline.run import Run; from pathlib import Path; import os, signal; "
        "Run(Path(sys.argv[1])).note(exit='running', process=this_process()); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed, last = finished(tmp_path), finished(tmp_path)
    done = subprocess.run([sys.executable, "-c", script, killed.path], check=False)

    assert done.returncode == -signal.SIGKILL
    assert killed.manifest["exit"] == "running"
    assert killed.exit == "killed"
    assert prune(tmp_path, keep=1) == [killed.path]
    assert list_runs(tmp_path) == [last]


def test_a_number_given_to_another_process_is_not_the_run(tmp_path):
    run = finished(tmp_path)
    run.note(exit="running", process={**this_process(), "started": "long ago"})

    assert run.exit == "killed"


def test_of_a_run_on_another_machine_nothing_is_known(tmp_path):
    run = finished(tmp_path)
    run.note(exit="running", process={**this_process(), "pid": 4194305, "host": "elsewhere"})

    assert run.exit == "running"


def test_prune_of_an_unknown_model_is_an_error(tmp_path):
    finished(tmp_path)

    with pytest.raises(RunError, match="no runs"):
        prune(tmp_path, keep=1, name="other")


def test_a_directory_with_other_files_is_refused(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "notes.txt").write_text("mine")

    with pytest.raises(RunError, match="is not empty"):
        Run.create(tmp_path, "m", "x", at=tmp_path / "here")


def test_watched_value_of_a_run_without_metrics_is_none():
    assert watched_value({}, "validation/y/rmse") is None
    assert watched_value({"validation": {"y": {"rmse": 2.0}}}, "validation/y/rmse") == 2.0
