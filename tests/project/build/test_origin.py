"""What a run was trained from is kept beside it."""

import subprocess
from pathlib import Path

import pytest

from crosstie.project.build.origin import keep_origin


@pytest.fixture
def project(tmp_path) -> Path:
    """A project below the root of a repository."""
    root = tmp_path / "repository" / "churn"
    for name, text in {
        "steps/10_long.sql": "SELECT 1 AS id\n",
        "data/calls.csv": "id\n1\n",
        ".env": "PASSWORD=hush\n",
        "../other.txt": "not the project's\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root.parent, "init", "-q")
    git(root.parent, "add", "churn/steps")
    git(root.parent, "commit", "-q", "-m", "Begin")
    return root


def git(folder, *words):
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)  # fmt: skip
    return done.stdout


def test_commit_and_patch_give_the_same_code_again(project, tmp_path):
    run, again = tmp_path / "run", tmp_path / "again"
    run.mkdir()
    (project / "steps/10_long.sql").write_text("SELECT 2 AS id\n")
    (project / "lib.py").write_text("PRICE = '3 €'\n")
    (project / "uv.lock").write_text("version = 1\n")
    before = git(project, "status", "--porcelain")

    found = keep_origin(project, run)

    assert found == {
        "commit": git(project, "rev-parse", "HEAD").strip(),
        "files": ["code.patch", "packages.txt", "uv.lock"],
        "lacks": "",
    }
    assert git(project, "status", "--porcelain") == before
    patch = (run / "code.patch").read_text(encoding="utf-8")
    assert "hush" not in patch
    assert "calls.csv" not in patch
    assert "other.txt" not in patch
    git(tmp_path, "clone", "-q", project.parent, again)
    git(again, "apply", run / "code.patch")
    assert (again / "churn/steps/10_long.sql").read_text() == "SELECT 2 AS id\n"
    assert (again / "churn/lib.py").read_text(encoding="utf-8") == "PRICE = '3 €'\n"
    assert "\nnumpy==" in (run / "packages.txt").read_text()


def test_what_is_committed_needs_no_patch_and_what_is_no_code_makes_none(project, tmp_path):
    assert keep_origin(project, tmp_path)["files"] == ["packages.txt"]

    (project / "notes.txt").write_text("x" * 60 + "\n" * 1_100_000)
    found = keep_origin(project, tmp_path)

    assert found["files"] == ["packages.txt"]
    assert found["lacks"] == "what changed since the commit is 1.1 MB; commit it"


def test_a_change_that_holds_a_secret_is_not_kept(project, tmp_path):
    (project / "lib.py").write_text("URL = 'postgresql://bob:hunter2@db/shop'\n")
    found = keep_origin(project, tmp_path)

    assert found["files"] == ["packages.txt"]
    assert found["lacks"].startswith("code.patch:7: holds a password or key; write it into .env")
    (project / "lib.py").write_text("WORD = 'hush-hush'\n")
    (project / ".env").write_text("PASSWORD=hush-hush\n")
    assert keep_origin(project, tmp_path)["lacks"].startswith("code.patch:7: holds what .env says of PASSWORD; ")  # fmt: skip


def test_outside_a_repository_that_is_said(tmp_path):
    assert keep_origin(tmp_path, tmp_path) == {
        "commit": None,
        "files": ["packages.txt"],
        "lacks": "the project is in no git repository that has a commit, so its code is not kept",
    }
