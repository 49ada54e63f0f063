"""A build on one machine, looked at on another: two clones, one store."""

import io
import json
import shutil
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest

import crosstie
from crosstie.cli.pull import pull
from crosstie.cli.push import push
from crosstie.errors import ConfigError, ProjectError, RunError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.debug import debug, failing
from crosstie.project.sharing.past import past

BROKEN = "def price(minutes, longest):\n    return int(minutes) / int(longest - 9)\n"
HINT = "write it into .env, and read it from there by its name"


@pytest.fixture(scope="module")
def broken(built_calls, tmp_path_factory) -> Path:
    """A project with a step that failed, beside the store that it shares; no test may change them."""
    root = tmp_path_factory.mktemp("broken")
    calls = root / "calls"
    shutil.copytree(built_calls, calls, ignore=shutil.ignore_patterns(".crosstie"))
    for name, text in {
        "environments/development.yaml": "store: ../store\nparams: {least: 2}\n",
        "lib/prices.py": BROKEN,
        "lib/far.py": 'A = 1\nURL = "postgresql://bob:hunter2@db/shop"\n',
        "lib/near.py": 'WORD = "hush-hush"\n',
        "lib/well.py": 'URL = f"postgresql://{user}:{word}@db/shop"\n',
        "server.pem": "",
        ".env": "PASSWORD=hush-hush\nPGPASSWORD=project\n",
    }.items():
        (calls / name).write_text(text)
    assert build(opened(calls)).to_json() == {"ran": ["long"], "cached": [], "failed": ["cost"]}
    return calls


@pytest.fixture
def name(broken) -> str:
    """What its build is called."""
    (found,) = crosstie.builds(folder=broken)
    return found.name


def clone(calls: Path, to: Path) -> Path:
    """The project as another has it: neither data nor what was built, and older code."""
    shutil.copytree(calls, to, ignore=shutil.ignore_patterns(".crosstie", "data", ".env"))
    (to / "lib/prices.py").write_text("def price(minutes, longest):\n    return 1\n")
    return to


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "address"])
def test_a_step_that_failed_elsewhere_is_debugged_with_what_it_had_there(broken, name, kind, tmp_path, monkeypatch, capsys):  # fmt: skip
    shared = str(tmp_path / "store") if kind == "folder" else f"memory://{tmp_path}"
    crosstie.push_build(name, store=shared, folder=broken)
    other = clone(broken, tmp_path / "other")
    text = f"store: {shared}\nparams: {{least: 2}}\n"
    (other / "environments/development.yaml").write_text(text)
    monkeypatch.setattr(sys, "stdin", io.StringIO("p int(longest)\nu\nu\np factor, len(long)\nq\n"))

    found = debug(opened(other), name)

    pulled = other / ".crosstie/pulled" / name
    said = capsys.readouterr().out.splitlines()
    assert found.why == "ZeroDivisionError: division by zero"
    left, said = said[:3], said[3:]
    assert left[0] == f"left out: lib/far.py:2: holds a password or key; {HINT}"
    assert said[:3] == [
        f"{name}: as it was built is in .crosstie/pulled/{name}",
        "cost: running steps/20_cost.py in this process",
        "failed: ZeroDivisionError: division by zero",
    ]
    assert f"> {pulled}/lib/prices.py(2)price()" in said
    assert "(Pdb) 9" in said
    assert "(Pdb) (2, 3)" in said
    assert (other / "lib/prices.py").read_text().endswith("return 1\n")
    assert not (pulled / ".env").exists()


@pytest.mark.slow
def test_what_was_pulled_is_a_project_in_which_nothing_is_run_again(broken, name, tmp_path):
    pulled = crosstie.pull(name, store=str(broken.parent / "store"), to=tmp_path / "again", folder=tmp_path)  # fmt: skip

    assert pulled.past.failed["cost"].startswith("lib/prices.py:2: ZeroDivisionError: ")
    assert (pulled.folder / "lib/prices.py").read_text() == BROKEN
    again = opened(pulled.folder)
    assert again.failed.read().keys() == {"cost"}
    (pulled.folder / "lib/prices.py").write_text(BROKEN.replace("- 9", ""))
    assert build(opened(pulled.folder)).to_json() == {"ran": ["cost"], "cached": ["long"], "failed": []}  # fmt: skip


@pytest.mark.slow
def test_a_build_that_is_debugged_again_is_not_pulled_again_and_says_what_is_otherwise(broken, name, tmp_path):  # fmt: skip
    shutil.copytree(broken.parent, tmp_path, dirs_exist_ok=True)
    here = opened(tmp_path / "calls")
    packages = here.store.keep_text("numpy==0.1\n")
    value = past(here.store, name).to_json()
    here.store.write_json(f"builds/{name}.json", {**value, "packages": packages, "lacks": []})
    twice = []
    for _ in range(2):
        said = []
        assert failing(here, name, say=said.append).why == "ZeroDivisionError: division by zero"
        twice.append(said)

    line = f"made with other packages than are here: numpy 0.1 → {version('numpy')}"
    assert twice[0][0] == f"{name}: {line}"
    assert twice[0] == twice[1]


@pytest.mark.slow
def test_a_build_goes_into_a_store_that_others_reach_when_it_is_pushed(calls, tmp_path):
    shared = str(tmp_path / "store")
    name = crosstie.builds(folder=calls)[-1].name
    with pytest.raises(ProjectError) as error:
        crosstie.push_build(folder=calls)
    assert str(error.value) == (
        "development keeps what builds give in .crosstie/store, which is this project's own. Say --store URL, or "
        "store: URL in environments/development.yaml; to publish a model, say where: crosstie push RUN TO"
    )

    assert (
        crosstie.push_build(store=shared, folder=calls).files == 5
    )  # three tables, code, packages
    assert crosstie.push_build(name, store=shared, folder=calls).files == 0

    (found,) = crosstie.builds(store=shared)
    assert (found.name, {each: step.state for each, step in found.steps.items()}) == (
        name,
        {"calls": "ran", "long": "ran", "cost": "ran"},
    )
    folder = crosstie.pull(name, store=shared, to=tmp_path / "again", folder=tmp_path).folder
    assert build(opened(folder)).to_json() == {"ran": [], "cached": ["long", "cost"], "failed": []}
    assert sorted(each.name for each in (folder / "data").iterdir()) == ["calls.parquet"]


def test_within_the_project_the_files_of_data_are_those_that_were_read(calls, tmp_path):
    name = crosstie.builds(folder=calls)[-1].name

    folder = crosstie.pull(name, folder=calls).folder

    assert folder == calls / ".crosstie/pulled" / name
    assert (folder / "data/calls.csv").read_text() == (calls / "data/calls.csv").read_text()
    with pytest.raises(ProjectError) as error:
        crosstie.pull(name, folder=calls)
    assert str(error.value) == f"{folder}: is there already; give another folder with -o, or remove it"  # fmt: skip


def test_code_that_holds_a_secret_is_not_shared(broken, name):
    found = past(opened(broken).store, name)

    assert found.lacks == (
        f"lib/far.py:2: holds a password or key; {HINT}",
        f"lib/near.py:1: holds what .env says of PASSWORD; {HINT}",
        f"server.pem: is a key by its name, which is not shared; {HINT}",
    )
    code = opened(broken).store.text(found.code)
    assert "hunter2" not in code
    assert "hush" not in code
    assert {*json.loads(code)} == {
        *("environments/development.yaml", "environments/production.yaml", "lib/__init__.py"),
        *(
            "lib/prices.py",
            "lib/well.py",
            "pyproject.toml",
            "steps/10_long.sql",
            "steps/20_cost.py",
        ),
    }


@pytest.mark.slow
def test_what_git_ignores_is_no_code_and_the_commit_is_noted(calls):
    (calls / ".gitignore").write_text("notes/\n.crosstie/\n.env\n")
    (calls / "notes").mkdir()
    (calls / "notes/own.txt").write_text("mine")
    (calls / "sound.bin").write_bytes(b"\xff\x00")
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for words in (["init", "-q"], ["add", "steps"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *who, *words], cwd=calls, check=True)
    (calls / "lib/prices.py").write_text("def price(minutes, longest):\n    return 2\n")

    name = build(opened(calls)).name

    found = past(opened(calls).store)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=calls, check=True, capture_output=True, text=True).stdout  # fmt: skip
    assert (found.name, found.by["commit"]) == (name, head.strip())
    code = json.loads(opened(calls).store.text(found.code))
    assert "notes/own.txt" not in code
    assert code["sound.bin"] == ["/wA="]
    folder = crosstie.pull(name, folder=calls).folder
    assert (folder / "sound.bin").read_bytes() == b"\xff\x00"


def test_nothing_is_noted_of_a_build_in_which_nothing_ran(calls):
    before = [each.name for each in crosstie.builds(folder=calls)]

    assert build(opened(calls)).name == ""
    assert [each.name for each in crosstie.builds(folder=calls)] == before


def test_what_cannot_be_pulled_is_said(calls, tmp_path, monkeypatch):
    name = crosstie.builds(folder=calls)[-1].name
    with pytest.raises(ProjectError) as error:
        crosstie.pull(name[:-6] + "000000", folder=calls)
    assert str(error.value) == (
        f"{name[:-6]}000000: the store knows of no such build; did you mean {name!r}?"
    )
    for given, said in {
        (): f"{tmp_path} is in no project; say --store, the folder or URL where builds are known",
        (("store", "nowhere"),): "--store: nowhere: there is no such folder",
        (("store", "memory://nowhere"),): f"{name}: the store knows of no such build; it knows of none at all",
    }.items():  # fmt: skip
        with pytest.raises(ProjectError) as error:
            crosstie.pull(name, folder=tmp_path, **dict(given))
        assert str(error.value) == said
    with pytest.raises(ProjectError) as error:
        debug(opened(calls), name, say=lambda _: None)
    assert str(error.value) == (
        f"{name}: nothing failed in it. To look at a step: cd .crosstie/pulled/{name} && crosstie debug STEP"
    )


def with_code(calls: Path, **files: str) -> str:
    """Have the store say that the code of the last build was otherwise; the build's name."""
    store = opened(calls).store
    found = past(store).to_json()
    code = {**json.loads(store.text(found["code"])), **files}
    store.write_json(f"builds/{found['name']}.json", {**found, "code": store.keep_text(json.dumps(code))})  # fmt: skip
    return found["name"]


def test_a_variable_that_is_not_set_here_is_named_and_nothing_is_left(calls):
    name = with_code(calls, **{"environments/development.yaml": "params: {least: '${LEAST}'}\n"})

    with pytest.raises(ConfigError) as error:
        crosstie.pull(name, folder=calls)

    assert str(error.value) == (
        "environments/development.yaml:1 params.least: the environment variable 'LEAST' is not set"
    )
    assert not list((calls / ".crosstie/pulled").iterdir())


@pytest.mark.parametrize("path", ["../steps/evil.py", "/etc/evil", ".git/hooks/post-checkout"])
def test_a_build_that_would_write_elsewhere_is_refused(calls, path):
    name = with_code(calls, **{path: "evil"})

    with pytest.raises(RunError) as error:
        crosstie.pull(name, folder=calls)

    assert str(error.value) == (
        f"the code of a build in the store names {path!r}, which is no code of a project"
    )


def test_the_commands_list_push_and_pull(calls, tmp_path, monkeypatch, capsys):
    name = crosstie.builds(folder=calls)[-1].name
    assert push(store=str(tmp_path / "shared"), project=calls) == 0
    assert capsys.readouterr().out == (
        f"{name} is in {tmp_path / 'shared'}, 5 files of it new. Others type:\n"
        f"  crosstie pull {name} --store {tmp_path / 'shared'}\n"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert pull(name, store="../shared") == 0
    told = f"{name} is in calls. Next:\n  cd calls && crosstie status\n"
    assert capsys.readouterr() == (told, "")
    assert pull(list=True, json=True, project=calls) == 0
    assert json.loads(capsys.readouterr().out)[-1]["name"] == name
    assert pull(list=True, store="memory://none") == 0
    assert capsys.readouterr().out.startswith("The store knows of no build. ")
    models = "is for a model, and says where it goes: crosstie push RUN hf://ORG/NAME, or a new folder"  # fmt: skip
    for asked, said in {
        partial(push, "x", private=True): f"--private: {models}",
        partial(push, "x", "to", store="y"): "--store: is for a build, which goes nowhere else; leave to out, or --store",
        partial(push, "x"): "x: say where to: crosstie push x hf://ORG/NAME, or a new folder",
        partial(pull): "say which build: crosstie pull RUN; crosstie pull --list names them",
    }.items():  # fmt: skip
        with pytest.raises(ConfigError) as error:
            asked()
        assert str(error.value) == said
