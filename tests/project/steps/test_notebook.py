"""Notebooks as steps: what is read of them, how they are run, and what is no change of them."""

import json
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from crosstie.errors import DataError, ProjectError
from crosstie.project.build.build import build, standing
from crosstie.project.build.open import opened
from crosstie.project.steps.kernel import keep
from crosstie.project.steps.notebook import code_cells, read_notebook

PERCENT = """# ---
# jupyter: {kernelspec: {name: python3}}
# ---

# %% [markdown]
# # Long calls

# %% tags=["parameters"]
upstream = ["calls"]
least: int = 2

# %%

from lib import price

long = calls[calls["minutes"] >= least]

# %%
costly = long.assign(cost=[price(each) for each in long["minutes"]])
"""
FILES = {
    "pyproject.toml": '[project]\nname = "calls"\n\n[tool.crosstie]\ndefaults = "0.1"\n',
    "environments/development.yaml": "params: {word: '${WORD}', least: 3}\n",
    "data/calls.csv": "id,minutes\n1,5\n2,1\n3,9\n4,2\n",
    "lib.py": "def price(minutes):\n    return 60 // (minutes - 9 + 9)\n",
    "steps/10_costly.py": PERCENT,
}


def cell(source, *tags, kind="code"):
    return {
        "cell_type": kind,
        "id": f"c{abs(hash(source))}",
        "metadata": {"tags": list(tags)},
        "source": source.splitlines(keepends=True),
        **({"outputs": [], "execution_count": None} if kind == "code" else {}),
    }


def notebook(*cells, **metadata):
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


COUNTED = notebook(
    cell("# Counts", kind="markdown"),
    cell("upstream = ['costly']\nproduct = None\nword = 'none'", "parameters"),
    cell("print(word)\ncounted = {'rows': [len(costly)], 'letters': [len(word)]}"),
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A project of two notebooks that is built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORD", "hush-hush")
        root = tmp_path_factory.mktemp("original") / "calls"
        for name, text in {**FILES, "steps/20_counted.ipynb": COUNTED}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        outcome = build(opened(root), say=print)
    assert outcome.to_json() == {"ran": ["costly", "counted"], "cached": [], "failed": []}
    return root


@pytest.fixture
def project(original, tmp_path, monkeypatch):
    """It, moved."""
    monkeypatch.setenv("WORD", "hush-hush")
    return Path(shutil.copytree(original, tmp_path / "moved"))


def edit(project, name, before, after):
    text = (project / name).read_text()
    assert before in text
    (project / name).write_text(text.replace(before, after))


def states(project):
    return {each.step.name: each.standing for each in standing(opened(project))}


def table(project, name):
    return parquet.read_table(project / f".crosstie/tables/development/{name}.parquet").to_pylist()


CURRENT = {"calls": "current", "costly": "current", "counted": "current"}


@pytest.mark.slow
def test_the_table_is_the_variable_called_like_the_step(project):
    assert table(project, "costly") == [
        {"id": 1, "minutes": 5, "cost": 12},
        {"id": 3, "minutes": 9, "cost": 6},
    ]
    assert table(project, "counted") == [{"rows": 2, "letters": 9}]
    assert states(project) == CURRENT


@pytest.mark.slow
def test_what_was_run_is_kept_with_what_it_printed_and_restored_with_its_table(project):
    executed = project / ".crosstie/notebooks/development/counted.ipynb"
    cells = json.loads(executed.read_text())["cells"]
    code = [each for each in cells if each["cell_type"] == "code"]
    assert [each["metadata"].get("tags", []) for each in code] == [["parameters"], ["injected-parameters"], []]  # fmt: skip
    assert "".join(code[1]["source"]) == (
        "# what this step is given here\n"
        "import pandas\n"
        "costly = pandas.read_parquet('.crosstie/tables/development/costly.parquet')\n"
        "import json, os\n"
        "word = json.loads(os.environ['CROSSTIE_SETTING_word'])"
    )
    assert code[2]["outputs"][0]["text"] == ["…\n"]
    before = executed.read_bytes()
    for path in (executed, project / ".crosstie/tables/development/counted.parquet"):
        path.unlink()

    assert build(opened(project)).to_json()["ran"] == []

    assert executed.read_bytes() == before


@pytest.mark.slow
def test_a_setting_that_a_variable_holds_is_written_nowhere(project):
    kept = [path for path in project.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]
    assert kept == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "before", "after", "standing"),
    [
        ("steps/20_counted.ipynb", '"execution_count": null', '"execution_count": 7', "current"),
        ("steps/20_counted.ipynb", '"id": "c', '"id": "d', "current"),
        ("steps/20_counted.ipynb", '"# Counts"', '"# Counts of all"', "current"),
        ("steps/20_counted.ipynb", "len(word)]", "len(word) + 1]", "stale"),
        ("steps/10_costly.py", "# # Long calls", "# # Calls that are long", "current"),
        ("steps/10_costly.py", "least: int = 2", "least = 1", "stale"),
        ("steps/10_costly.py", ">= least", "> least", "stale"),
        ("lib.py", "60 //", "70 //", "stale"),
        ("environments/development.yaml", "least: 3", "least: 4", "stale"),
    ],
)
def test_code_and_settings_are_what_counts(project, name, before, after, standing):
    edit(project, name, before, after)

    changed = "counted" if "counted" in name else "costly"
    assert states(project)[changed] == standing


@pytest.mark.slow
def test_a_cell_that_fails_is_named_by_the_deepest_line_of_the_project(project):
    edit(project, "steps/10_costly.py", "calls[calls", "callers[calls")
    edit(project, "steps/20_counted.ipynb", "'costly'", "'calls'")
    edit(project, "steps/20_counted.ipynb", "len(costly)]", "1 / 0]")
    (project / "steps/30_free.py").write_text("# %%\nfrom lib import price\n\nprice(0)\n")

    outcome = build(opened(project))

    assert {name: why.split(" (all of it: ")[0] for name, why in outcome.failed.items()} == {
        "costly": "steps/10_costly.py:16: NameError: name 'callers' is not defined",
        "counted": "steps/20_counted.ipynb cell 2, line 2: ZeroDivisionError: division by zero",
        "free": "lib.py:2: ZeroDivisionError: integer division or modulo by zero",
    }
    executed = json.loads((project / ".crosstie/notebooks/development/free.ipynb").read_text())
    assert executed["cells"][-1]["outputs"][0]["ename"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"conted": 1}, "no variable is called counted at the end of the notebook, which makes the table 'counted'; did you mean 'conted'?"),
        ({"counted": 5}, "counted, at the end of the notebook, is a int; make it a table: a DataFrame, a pyarrow.Table, a list of dicts or a dict of columns"),
    ],
)  # fmt: skip
def test_a_notebook_that_ends_without_its_table_is_told(names, said, tmp_path):
    with pytest.raises(DataError) as error:
        keep(names, "counted", str(tmp_path / "counted.parquet"))

    assert str(error.value) == said


def test_cells_of_python_begin_where_they_stand():
    assert [(each.line, each.tags) for each in code_cells(PERCENT, "a.py")] == [
        (9, ("parameters",)),
        (14, ()),
        (19, ()),
    ]


def test_what_cannot_be_read_without_running_it_is_said_at_once():
    text = PERCENT.replace("['calls']", "'calls'").replace('["calls"]', "'calls'")
    text = text.replace("least: int = 2", "least = sorted([2])")

    with pytest.raises(ProjectError) as error:
        read_notebook("costly", Path("a.py"), text, "steps/a.py")

    assert str(error.value).splitlines() == [
        "steps/a.py:9: upstream must be a list of names of tables, as in ['calls', 'callers'], got 'calls'",
        "steps/a.py:10: least: what stands in the cell tagged 'parameters' must be written out, as a number or text; work it out in another cell",
    ]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (PERCENT.replace(' tags=["parameters"]', ""), "a.py", 'a.py:9: tag the cell that says upstream = … with \'parameters\': # %% tags=["parameters"]'),
        (notebook(cell("upstream = ['a']")), "a.ipynb", "a.ipynb cell 1, line 1: tag the cell that says upstream = … with 'parameters', in Jupyter under Property Inspector"),
        ("{", "a.ipynb", "a.ipynb: is not a notebook: it is not JSON with 'cells'. Save it again from Jupyter."),
        (notebook(kernelspec={"language": "R"}), "a.ipynb", "a.ipynb: is written in R; notebooks that are steps are written in Python"),
        (notebook(cell("x = = 1", "parameters")), "a.ipynb", "a.ipynb cell 1, line 1: is no Python: invalid syntax"),
    ],
    ids=["untagged", "untagged ipynb", "no notebook", "R", "no Python"],
)  # fmt: skip
def test_a_notebook_that_is_no_step_is_refused(text, where, said):
    with pytest.raises(ProjectError) as error:
        read_notebook("a", Path(where), text, where)

    assert str(error.value) == said
