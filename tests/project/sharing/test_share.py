"""A build on one machine, looked at on another: two clones, one store."""

import io
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import crosstie
from crosstie.errors import ConfigError, ProjectError, RunError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.debug import debug, failing
from crosstie.project.sharing.past import past
from crosstie.project.store.place import place_of
from crosstie.project.store.store import Store

BROKEN = "def price(minutes, longest):\n    return int(minutes) / int(longest - 9)\n"


@pytest.fixture(params=["folder", "address"])
def shared(request, tmp_path) -> str:
    """A store that both reach."""
    return str(tmp_path / "store") if request.param == "folder" else f"memory://{tmp_path}"


def failed_build(calls: Path, store: str) -> str:
    """Build with a step that fails; the build's name."""
    (calls / "environments/development.yaml").write_text(f"store: {store}\nparams: {{least: 2}}\n")
    (calls / "lib/prices.py").write_text(BROKEN)
    (calls / ".env").write_text("PASSWORD=hush-hush\nPGPASSWORD=project\n")
    shutil.rmtree(calls / ".crosstie")
    outcome = build(opened(calls))
    assert outcome.to_json() == {"ran": ["long"], "cached": [], "failed": ["cost"]}
    return outcome.name


def clone(calls: Path, to: Path) -> Path:
    """The project as another has it: neither data nor what was built, and older code."""
    shutil.copytree(calls, to, ignore=shutil.ignore_patterns(".crosstie", "data", ".env"))
    (to / "lib/prices.py").write_text("def price(minutes, longest):\n    return 1\n")
    return to


def test_a_step_that_failed_elsewhere_is_debugged_with_what_it_had_there(calls, shared, tmp_path, monkeypatch, capsys):  # fmt: skip
    name = failed_build(calls, shared)
    other = clone(calls, tmp_path / "other")
    monkeypatch.setattr(sys, "stdin", io.StringIO("p int(longest)\nu\nu\np factor, len(long)\nq\n"))

    found = debug(opened(other), name)

    pulled = other / ".crosstie/pulled" / name
    said = capsys.readouterr().out
    assert found.why == "ZeroDivisionError: division by zero"
    assert said.startswith(
        f"{name}: as it was built is in .crosstie/pulled/{name}\n"
        "cost: running steps/20_cost.py in this process\nfailed: ZeroDivisionError: division by zero\n"
    )
    assert f"> {pulled}/lib/prices.py(2)price()" in said
    assert "(Pdb) 9\n" in said
    assert "(Pdb) (2, 3)\n" in said
    assert (other / "lib/prices.py").read_text().endswith("return 1\n")
    assert not (pulled / ".env").exists()
    here = opened(other)
    value = past(here.store, name).to_json()
    packages = here.store.keep_text("numpy==0.1\n")
    here.store.write_json(f"builds/{name}.json", {**value, "packages": packages})
    said = []
    assert failing(opened(other), name, say=said.append).why == found.why
    assert said[0] == (
        f"{name}: made with other packages than are here: numpy 0.1 → {version('numpy')}"
    )


def test_what_was_pulled_is_a_project_in_which_nothing_is_run_again(calls, tmp_path):
    shared = f"memory://{tmp_path}"
    name = failed_build(calls, shared)

    pulled = crosstie.pull(name, store=shared, to=tmp_path / "again", folder=tmp_path)

    assert pulled.past.failed["cost"].startswith("lib/prices.py:2: ZeroDivisionError: ")
    assert (pulled.folder / "lib/prices.py").read_text() == BROKEN
    again = opened(pulled.folder)
    assert again.failed.read().keys() == {"cost"}
    assert failing(again, say=lambda _: None).why == "ZeroDivisionError: division by zero"
    (pulled.folder / "lib/prices.py").write_text((calls / "lib/prices.py").read_text().replace("- 9", ""))  # fmt: skip
    assert build(opened(pulled.folder)).to_json() == {"ran": ["cost"], "cached": ["long"], "failed": []}  # fmt: skip


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


def test_code_that_holds_a_secret_is_not_shared(calls, tmp_path):
    (calls / "lib/far.py").write_text('A = 1\nURL = "postgresql://bob:hunter2@db/shop"\n')
    (calls / "lib/near.py").write_text('WORD = "hush-hush"\n')
    (calls / "lib/well.py").write_text('URL = f"postgresql://{user}:{word}@db/shop"\n')
    (calls / "server.pem").write_text("")
    name = failed_build(calls, str(tmp_path / "store"))

    found = past(opened(calls).store, name)

    hint = "write it into .env, and read it from there by its name"
    assert found.lacks == (
        f"lib/far.py:2: holds a password or key; {hint}",
        f"lib/near.py:1: holds what .env says of PASSWORD; {hint}",
        f"server.pem: is a key by its name, which is not shared; {hint}",
    )
    code = opened(calls).store.text(found.code)
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


def test_a_variable_that_is_not_set_here_is_named_and_nothing_is_left(calls, tmp_path, monkeypatch):
    (calls / "environments/development.yaml").write_text("params: {least: '${LEAST}'}\n")
    monkeypatch.setenv("LEAST", "3")
    name = build(opened(calls)).name
    monkeypatch.delenv("LEAST")

    with pytest.raises(ConfigError) as error:
        crosstie.pull(name, store=str(calls / ".crosstie/store"), to=tmp_path / "x", folder=tmp_path)  # fmt: skip

    assert str(error.value) == (
        "environments/development.yaml:1 params.least: the environment variable 'LEAST' is not set"
    )
    assert not list(tmp_path.glob("*x*"))


@pytest.mark.parametrize("path", ["../steps/evil.py", "/etc/evil", ".git/hooks/post-checkout"])
def test_a_build_that_would_write_elsewhere_is_refused(calls, tmp_path, path):
    store = Store(place_of(str(calls / ".crosstie/store"), Path()))
    found = past(store).to_json()
    code = store.keep_text(json.dumps({"pyproject.toml": "[tool.crosstie]\n", path: "evil"}))
    store.write_json(f"builds/{found['name']}.json", {**found, "code": code})

    with pytest.raises(RunError) as error:
        crosstie.pull(found["name"], folder=calls)

    assert str(error.value) == (
        f"the code of a build in the store names {path!r}, which is no code of a project"
    )


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "crosstie.cli.main", *words)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_the_commands_list_push_and_pull(calls, tmp_path):
    name = crosstie.builds(folder=calls)[-1].name
    pushed = command(calls, "push", "--store", str(tmp_path / "shared"))
    assert pushed.stdout == (
        f"{name} is in {tmp_path / 'shared'}, 5 files of it new. Others type:\n"
        f"  crosstie pull {name} --store {tmp_path / 'shared'}\n"
    )
    (tmp_path / "elsewhere").mkdir()
    pulled = command(tmp_path / "elsewhere", "pull", name, "--store", "../shared")
    assert (pulled.stdout, pulled.stderr) == (
        f"{name} is in calls. Next:\n  cd calls && crosstie status\n",
        "",
    )
    assert json.loads(command(calls, "pull", "--list", "--json").stdout)[-1]["name"] == name
    for words, said in {
        ("push", "x", "--private"): "error: --private: is for a model, and says where it goes: crosstie push RUN hf://ORG/NAME, or a new folder\n",
        ("push", "x", "to", "--store", "y"): "error: --store: is for a build, which goes nowhere else; leave to out, or --store\n",
        ("pull",): "error: say which build: crosstie pull RUN; crosstie pull --list names them\n",
    }.items():  # fmt: skip
        done = command(calls, *words)
        assert (done.returncode, done.stderr) == (2, said)
    done = command(tmp_path, "push", "x")
    assert done.stderr == "error: x: say where to: crosstie push x hf://ORG/NAME, or a new folder\n"
