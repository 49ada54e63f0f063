"""A store that outlives what wrote it: moved, written by an older Crosstie, read by a newer one. Nothing is run again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crosstie.project.build.build import build, standing
from crosstie.project.build.open import opened
from crosstie.project.fingerprint.fingerprint import Fingerprint
from crosstie.project.store.store import Record

NOTHING = {"ran": [], "cached": ["long", "cost"], "failed": []}

# a later Crosstie on a later patch of Python: every digest of code and queries is another under its rules
LATER = """
import json, sys
from collections import namedtuple
from pathlib import Path

import crosstie
crosstie.__version__ = "9.0.0"
from crosstie.project.build.open import opened
from crosstie.project.build.build import build
from crosstie.project.fingerprint import codebase, module, python, sql

canonical, digest = module.canonical, sql.digest
module.canonical = lambda *given: "later " + canonical(*given)
sql.digest = lambda text: digest("later " + text)
codebase.CANON = python.CANON = "later"
python.Code.__dataclass_fields__["canon"].default = "later"
python.Code.__init__.__defaults__ = (*python.Code.__init__.__defaults__[:-1], "later")
sql.CANON = "later"
version = sys.version_info
sys.version_info = namedtuple("version", "major minor micro releaselevel serial")(*version[:2], 99, *version[3:])
print(json.dumps(build(opened(Path.cwd())).to_json()))
"""


def with_store(project: Path, to: Path, store: str) -> Path:
    """The project as another has it, who reaches a store."""
    shutil.copytree(project, to, ignore=shutil.ignore_patterns(".crosstie"))
    (to / "environments/development.yaml").write_text(f"store: {store}\nparams: {{least: 2}}\n")
    return to


def test_a_store_that_is_moved_is_as_good_as_before(calls, tmp_path):
    shutil.move(calls / ".crosstie/store", tmp_path / "moved")

    (calls / "environments/development.yaml").write_text("store: ../moved\nparams: {least: 2}\n")

    assert build(opened(calls)).to_json() == NOTHING
    assert build(opened(with_store(calls, tmp_path / "other", "../moved"))).to_json() == NOTHING


def test_what_an_older_crosstie_left_in_the_store_is_found(calls, tmp_path):
    here = opened(calls)
    for name in ("long", "cost"):
        (key,) = here.store.keys(name)
        value = here.store.record(name, key).to_json()
        for component in ("code", "sql"):
            if value["fingerprint"][component]:
                value["fingerprint"][component] |= {"canon": "0", "digest": f"older {name}"}
        here.store.write(Record.from_json({**value, "key": f"0lder-{name}"}))
        (calls / f".crosstie/store/records/{name}/{key}.json").unlink()
    other = with_store(calls, tmp_path / "other", f"{calls}/.crosstie/store")

    assert [each.standing for each in standing(opened(other))] == ["cached"] * 3
    assert build(opened(other)).to_json() == NOTHING
    assert build(opened(other)).to_json() == NOTHING
    assert all(len(here.store.keys(name)) == 2 for name in ("long", "cost"))  # now known by both


def test_one_that_was_made_of_something_else_under_older_rules_is_not_taken(calls, tmp_path):
    here = opened(calls)
    (key,) = here.store.keys("long")
    value = here.store.record("long", key).to_json()
    (text,) = value["fingerprint"]["texts"].values()
    value["fingerprint"]["sql"] |= {"canon": "0", "digest": "older", "text": "0"}
    value["fingerprint"]["texts"] = {"0": text.replace(">=", ">")}
    here.store.write(Record.from_json({**value, "key": "0lder-long"}))
    here.store.write_json("records/long/0dd.json", {**value, "key": "0dd", "fingerprint": {}})
    (calls / f".crosstie/store/records/long/{key}.json").unlink()
    other = with_store(calls, tmp_path / "other", f"{calls}/.crosstie/store")

    assert build(opened(other)).to_json() == {"ran": ["long"], "cached": ["cost"], "failed": []}


@pytest.mark.parametrize("whose", ["own", "another's"])
def test_a_later_crosstie_on_a_later_patch_of_python_runs_nothing(calls, tmp_path, whose):
    project = calls
    if whose == "another's":
        project = with_store(calls, tmp_path / "other", f"{calls}/.crosstie/store")

    done = subprocess.run([sys.executable, "-c", LATER], cwd=project, capture_output=True, text=True, check=False)  # fmt: skip

    assert (done.stderr, json.loads(done.stdout)) == ("", NOTHING)
    known = 1 if whose == "own" else 2  # under its own rules beside those of before
    assert [len(opened(calls).store.keys(name)) for name in ("long", "cost")] == [known, known]


def test_own_components_of_a_model_outlive_the_rules_too(calls):
    (calls / "components").mkdir()
    for name in ("one", "two"):
        (calls / f"components/{name}.py").write_text(f"def {name}():\n    return 1\n")
    (calls / "model.yaml").write_text("data: cost\ntarget: cost\n")
    here = opened(calls)
    now = here.fingerprint(here.steps["model"], {"cost": "digest"})
    value = now.to_json()
    value["code"] |= {"canon": "0", "digest": "older"}

    older = Fingerprint.from_json(json.loads(json.dumps(value)))

    assert older.key != now.key
    assert older.renewed().key == now.key
    assert now.moved(older) == {}
    (calls / "components/two.py").write_text("def two():\n    return 2\n")
    here = opened(calls)
    (change,) = here.fingerprint(here.steps["model"], {"cost": "digest"}).moved(older)["code"]
    assert change.name == "components/two.py:two"
