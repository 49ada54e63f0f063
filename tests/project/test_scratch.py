"""Steps as notebooks to work in."""

import json
import sys

import pytest

from crosstie.errors import ProjectError
from crosstie.project.build.open import opened
from crosstie.project.scratch import open_scratch, write_scratch

FILES = {
    "pyproject.toml": '[project]\nname = "calls"\n\n[tool.crosstie]\ndefaults = "0.1"\n',
    "environments/development.yaml": "params: {least: 2, word: '${WORD}'}\n",
    "data/calls.csv": "id,minutes\n1,5\n2,1\n3,9\n",
    "steps/10_long.sql": "-- long ones\nSELECT id, minutes FROM calls WHERE minutes >= :least",
    "steps/20_shaped.py": 'import polars as pl\n\n\ndef shaped(calls: pl.DataFrame, word: str = "none"):\n    return calls.with_columns(word=pl.lit(word))\n',
    "steps/30_counted.py": '# %% tags=["parameters"]\nupstream = ["calls"]\nplus = 1\n# %%\ncounted = [{"n": len(calls) + plus}]\n',
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("WORD", "hush-hush")
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def sources(path):
    return ["".join(each["source"]) for each in json.loads(path.read_text())["cells"]]


def run(cells, *, last):
    """Run cells, but for the first, which sets IPython up; the value of the last one, or of a variable."""
    names = {}
    *before, end = cells[1:]
    for each in before:
        exec(each, names)
    if last:
        exec(end, names)
        return names[last]
    return eval(end, names)


@pytest.mark.slow
def test_a_step_runs_in_its_notebook_on_what_it_takes(project, monkeypatch):
    here, said = opened(project), []

    long = sources(write_scratch(here, "long", say=said.append))
    shaped = sources(write_scratch(here, "shaped", say=said.append))
    counted = sources(write_scratch(here, "counted", say=said.append))

    assert run(long, last=None).to_dict("records") == [
        {"id": 1, "minutes": 5},
        {"id": 3, "minutes": 9},
    ]
    monkeypatch.setenv("CROSSTIE_SETTING_word", '"hush"')
    assert run(shaped, last=None).row(0) == (1, 5, "hush")
    assert run(counted, last="counted") == [{"n": 4}]
    assert not any("hush" in each for each in shaped)
    assert said == [
        "long: written; changes there are yours to take back to steps/10_long.sql",
        "shaped: written; changes there are yours to take back to steps/20_shaped.py",
        "counted: written; changes there are yours to take back to steps/30_counted.py",
    ]


@pytest.mark.slow
def test_a_notebook_that_is_there_is_left_as_it_is(project):
    here, said = opened(project), []
    path = write_scratch(here, "long", say=said.append)
    before = path.read_text()
    path.write_text("{}")

    write_scratch(here, "long", say=said.append)
    assert path.read_text() == "{}"
    assert said[-1] == "long: as you left it; --fresh begins anew"

    write_scratch(here, "long", fresh=True, say=said.append)
    assert path.read_text() == before


@pytest.mark.slow
def test_jupyter_is_told_the_notebook_and_the_settings(project, monkeypatch):
    here = opened(project)
    path = write_scratch(here, "shaped", say=print)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(project / "bin" / "python"))
    assert open_scratch(here, "shaped", path) is None

    command = project / "bin" / "jupyter-lab"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\necho "$1 $CROSSTIE_SETTING_word" > opened\nexit 3\n')
    command.chmod(0o755)

    assert open_scratch(here, "shaped", path) == 3
    assert (project / "opened").read_text() == f'{path} "hush-hush"\n'


def test_what_is_no_step_has_no_notebook(project):
    with pytest.raises(ProjectError) as error:
        write_scratch(opened(project), "calls", say=print)

    assert str(error.value) == "'calls' is no step here; choose one of 'counted', 'long', 'shaped'"
