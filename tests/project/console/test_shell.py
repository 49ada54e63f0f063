"""The console in IPython."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("IPython")


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """IPython in this process, which keeps nothing."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    monkeypatch.setattr(sys, "path", [*sys.path])
    shell = InteractiveShell.instance(config=config)
    yield shell
    shell.clear_instance()


def run(shell, code, capsys):
    """Whether it went well, and what it printed."""
    found = shell.run_cell(code)
    said = capsys.readouterr()
    return found.success, said.out, said.err


@pytest.mark.slow
def test_a_notebook_has_the_project_around_it_at_hand(shell, calls, monkeypatch, capsys):
    (calls / "notebooks").mkdir()
    monkeypatch.chdir(calls / "notebooks")

    well, out, err = run(shell, "%load_ext crosstie", capsys)

    assert (well, err) == (True, "")
    assert out.startswith("crosstie console: calls, development\nat hand: dag, ")
    assert run(shell, "print(len(data('long')), project)", capsys) == (
        True,
        f"3 Project('calls' in {str(calls)!r})\n",
        "",
    )
    well, out, err = run(shell, "dag['lnog']", capsys)
    assert (well, out, err) == (False, "", "error: 'lnog' is no step here; did you mean 'long'?\n")
    assert run(shell, "import lib.prices; print(lib.prices.price(5, 5))", capsys)[1] == "3\n"
    text = (calls / "lib/prices.py").read_text().replace("* 3", "* 30")
    (calls / "lib/prices.py").write_text(text)
    assert run(shell, "print(lib.prices.price(5, 5))", capsys)[1] == "30\n"


def test_a_notebook_outside_a_project_is_told_so(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    well, _, err = run(shell, "%load_ext crosstie", capsys)

    assert not well
    assert err == f"error: {tmp_path}: no project here nor above: no pyproject.toml has a [tool.crosstie]. Make one with crosstie new NAME\n"  # fmt: skip


@pytest.mark.slow
def test_the_command_runs_code_in_the_folder_that_it_is_given(built_calls, tmp_path):
    code = "print(sql('SELECT max(cost) AS most FROM cost').most[0]); data('lnog')"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "crosstie.cli.main",
            "console",
            "--project",
            built_calls,
            "-c",
            code,
        ],
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "6\n")
    assert done.stderr == "error: 'lnog' is no table here; did you mean 'long'?\n"
