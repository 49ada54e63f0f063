"""`crosstie graph`."""

import json
from pathlib import Path

import pytest

from crosstie.cli.graph import graph
from crosstie.errors import ProjectError


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "steps").mkdir()
    (tmp_path / "data/calls.csv").write_text("id\n1\n")
    (tmp_path / "steps/10_long.sql").write_text("SELECT * FROM calls")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "calls"\n\n[tool.crosstie]\n')
    return tmp_path


def test_it_prints_a_tree_one_line_of_json_or_draws(project, capsys):
    assert graph(project=project) == 0
    assert capsys.readouterr().out == (
        "calls, development: 2 steps, 1 will be run, 1 waiting\n"
        "calls   data/calls.csv     will be run  was never built here\n"
        "└ long  steps/10_long.sql  waits        waits for calls\n"
    )

    assert graph(project=project, json=True, output=project / "graph.svg") == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["project"], told["environment"]) == ("calls", "development")
    assert told["steps"][1] == {
        "step": "long",
        "kind": "sql",
        "file": str(project / "steps/10_long.sql"),
        "state": "waiting",
        "why": "waits for calls",
        "upstream": ["calls"],
        "rows": None,
        "seconds": None,
        "made": None,
    }
    assert (project / "graph.svg").read_text().startswith("<svg ")


def test_it_draws_svg_only(project):
    with pytest.raises(ProjectError, match=r"-o a.png: is drawn as .svg only; call it a.svg"):
        graph(project=project, output=Path("a.png"))
