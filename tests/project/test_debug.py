"""Where a step fails, with what it had in its hands."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from crosstie.errors import ProjectError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.debug import debug, failing


def quiet(_):
    pass


@pytest.mark.slow
def test_the_debugger_opens_where_the_projects_code_failed(calls, monkeypatch, capsys):
    (calls / "lib/prices.py").write_text(
        "def price(minutes, longest):\n    return int(minutes) / int(longest - 9)\n"
    )
    assert build(opened(calls)).failed.keys() == {"cost"}
    monkeypatch.setattr(sys, "stdin", io.StringIO("p int(longest)\nu\nu\np factor, len(long)\nq\n"))
    before = Path.cwd(), list(sys.path)

    found = debug(opened(calls))

    assert found.why == "ZeroDivisionError: division by zero"
    assert (Path.cwd(), sys.path) == before
    said = capsys.readouterr().out
    assert said.startswith(
        "cost: running steps/20_cost.py in this process\nfailed: ZeroDivisionError: division by zero\n"
    )
    assert f"> {calls}/lib/prices.py(2)price()" in said
    assert "(Pdb) 9\n" in said
    assert "(Pdb) (2, 3)\n" in said


def test_below_the_projects_own_code_is_gone_down_only_if_asked(calls, monkeypatch, capsys):
    (calls / "steps/30_odd.py").write_text("def odd(long):\n    return long['nope']\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("p len(long)\nq\n"))

    found = debug(opened(calls), "odd", say=quiet)

    assert found.deeper > 0
    said = capsys.readouterr().out
    assert said.endswith("-> return long['nope']\n(Pdb) 3\n(Pdb) ")


def test_a_step_that_does_not_fail_keeps_nothing(calls):
    text = (calls / "steps/20_cost.py").read_text()
    (calls / "steps/20_cost.py").write_text(text.replace("factor: int = 2", "factor: int = 3"))
    table = calls / ".crosstie/tables/development/cost.parquet"
    before, said = table.read_bytes(), []

    assert failing(opened(calls), "cost", say=said.append) is None

    assert said[-1] == "cost: did not fail. Keep what it makes: crosstie build cost"
    assert table.read_bytes() == before


def test_a_query_has_no_frames(calls):
    (calls / "steps/30_odd.sql").write_text("SELECT nope FROM long")
    said = []

    found = debug(opened(calls), "odd", say=said.append)

    assert found.frames is None
    assert said[1].startswith(
        'failed: steps/30_odd.sql: Binder Error: Referenced column "nope" not found'
    )
    assert said[2] == (
        "None of the project's own Python had a part in it, so there is nothing to step into. "
        "Look at what it takes: crosstie console"
    )


def test_what_cannot_be_debugged_is_said(calls):
    with pytest.raises(ProjectError) as error:
        debug(opened(calls), "cots", say=quiet)
    assert str(error.value) == "'cots' is no step here; did you mean 'cost'?"
    with pytest.raises(ProjectError) as error:
        debug(opened(calls), say=quiet)
    assert str(error.value) == "no step failed in the last build; name one: crosstie debug STEP"
    with pytest.raises(ProjectError) as error:
        debug(opened(calls, "production"), "cost", keep=False, say=quiet)
    assert str(error.value) == "cost needs long, which is not built; build it: crosstie build long"


def test_training_is_run_again_with_the_files_frames_at_hand(calls):
    (calls / "components").mkdir()
    (calls / "model.yaml").write_text("data: cost\ntarget: nope\nmodel_type: linear\n")

    found = failing(opened(calls), "model", say=quiet)

    assert "target" in found.why
    assert not (calls / "runs").exists()


BOTH = """
import crosstie
from crosstie.project.build.open import opened
from crosstie.project.debug import failing

print(crosstie.build().failed["model"])
print(failing(opened(), say=lambda _: None).frames.tb_frame.f_code.co_name)
"""


@pytest.mark.slow
def test_a_class_of_the_projects_own_that_fails_in_training_is_a_step_that_failed(calls):
    (calls / "components").mkdir()
    (calls / "components/mine.py").write_text(
        "from crosstie.training.callbacks.callback import Callback, callbacks\n\n\n"
        '@callbacks("mine")\n'
        "class Mine(Callback):\n"
        '    """Fails."""\n\n'
        "    def __init__(self, run):\n"
        "        self.run = run\n\n"
        "    def on_train_start(self, progress):\n"
        "        return 1 / 0\n"
    )
    (calls / "model.yaml").write_text(
        "data: cost\ntarget: cost\nmodel_type: ecd\ntrainer: {epochs: 1}\ncallbacks: [{type: mine}]\n"
    )
    (calls / "data/calls.csv").write_text(
        "id,minutes\n" + "".join(f"{each},{each % 9 + 2}\n" for each in range(60))
    )

    # in a process of its own: what it registers must not meet other tests
    done = subprocess.run([sys.executable, "-c", BOTH], cwd=calls, capture_output=True, text=True, check=False)  # fmt: skip

    assert done.stdout.splitlines() == [
        "components/mine.py:12: ZeroDivisionError: division by zero (all of it: .crosstie/logs/development/model.log)",
        "on_train_start",
    ]
    assert "Traceback" in (calls / ".crosstie/logs/development/model.log").read_text()
