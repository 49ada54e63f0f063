"""What a project asks for is locked, installed and looked at; packages are wheels on this machine."""

import json
import tomllib
import zipfile
from pathlib import Path

import pytest

import crosstie
from crosstie.data.files import sha256
from crosstie.errors import ConfigError, ProjectError
from crosstie.project.install import Difference
from crosstie.project.own_source import source_of

PYPROJECT = """\
[project]
name = "calls"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["serving-part>=1"]

[dependency-groups]
train = ["training-part"]

[tool.crosstie]
"""


def write_wheel(folder: Path, name: str, version: str) -> Path:
    """A package of one empty module, and the page of an index that lists its versions."""
    folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    about = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},,\n" for each in [*files, f"{about}/RECORD"])
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(each, text)
    pages = [
        f'<a href="{each.name}#sha256={sha256(each)}">{each.name}</a>'
        for each in sorted(folder.glob("*.whl"))
    ]
    (folder / "index.html").write_text("<!DOCTYPE html>" + "".join(pages))
    return path


@pytest.fixture
def wheels(tmp_path, monkeypatch) -> Path:
    """The only place that packages are had from."""
    folder = tmp_path / "index"
    write_wheel(folder, "serving-part", "1.0")
    write_wheel(folder, "training-part", "3.0")
    for name, value in {
        "UV_DEFAULT_INDEX": folder.as_uri(),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def project(tmp_path, wheels) -> Path:
    root = tmp_path / "calls"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    return root


def installed(project: Path) -> set[str]:
    return {each.name.partition(".dist")[0] for each in project.glob(".venv/lib/*/site-packages/*.dist-info")}  # fmt: skip


def test_packages_are_locked_with_hashes_and_installed(project, wheels):
    found = crosstie.install(folder=project)

    both = {"serving-part": "1.0", "training-part": "3.0"}
    assert found.locked == Difference(added=both)
    assert found.installed == Difference(added=both)
    assert installed(project) == {"serving_part-1.0", "training_part-3.0"}
    lock = tomllib.loads((project / "uv.lock").read_text())
    hashes = {file["hash"] for each in lock["package"] for file in each.get("wheels", [])}
    assert hashes == {f"sha256:{sha256(each)}" for each in wheels.glob("*/*.whl")}
    assert not crosstie.install(folder=project).installed


@pytest.mark.slow
def test_in_production_only_what_serves_is_installed(project, wheels):
    crosstie.install(folder=project)
    write_wheel(wheels, "serving-part", "1.1")
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace(">=1", ">=1.1"))

    found = crosstie.install(folder=project, env="production")

    assert str(found.locked) == "1 changed: serving-part 1.0 → 1.1"
    assert str(found.installed) == (
        "1 changed: serving-part 1.0 → 1.1; 1 removed: training-part 3.0"
    )
    assert installed(project) == {"serving_part-1.1"}


@pytest.mark.slow
def test_whether_all_agrees_is_said_and_nothing_is_changed(project):
    def look(env: str | None = None) -> str:
        return crosstie.install(folder=project, env=env, check=True).wrong

    assert look() == "there is no uv.lock. Type: crosstie install"
    crosstie.install(folder=project, env="production")
    assert look("production") == ""
    assert look() == (
        ".venv is not what uv.lock says; crosstie install would have: 1 added: training-part 3.0"
    )
    text, lock = (project / "pyproject.toml").read_text(), (project / "uv.lock").read_text()
    (project / "pyproject.toml").write_text(text.replace('["training-part"]', "[]"))
    assert look() == "uv.lock is not what pyproject.toml asks for. Type: crosstie install"
    assert (project / "uv.lock").read_text() == lock


def test_what_cannot_be_had_is_said_in_the_words_of_uv(project):
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace("training-part", "trianing-part"))

    with pytest.raises(ProjectError) as error:
        crosstie.install(folder=project)

    first, second, *_ = str(error.value).splitlines()
    assert first == "pyproject.toml: what it asks for cannot be resolved. uv says:"
    assert second.startswith("No solution found when resolving dependencies")
    assert "trianing-part was not found" in str(error.value)
    assert not (project / "uv.lock").exists()
    with pytest.raises(
        ConfigError, match="'prodction' is no environment; did you mean 'production'"
    ):
        crosstie.install(folder=project, env="prodction")


@pytest.mark.slow
def test_where_crosstie_came_from_no_index_the_project_says_from_where(project, wheels, tmp_path, monkeypatch):  # fmt: skip
    wheel = write_wheel(tmp_path, "crosstie", "7.0")
    about = tmp_path / "path" / "crosstie-7.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crosstie\nVersion: 7.0\n")
    (about / "direct_url.json").write_text(json.dumps({"url": wheel.as_uri(), "archive_info": {}}))
    monkeypatch.syspath_prepend(about.parent)
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace('["serving', '["crosstie", "serving'))
    said = []

    found = crosstie.install(folder=project, env="production", say=said.append)

    line = f'crosstie = {{ path = "{wheel}" }}'
    assert found.installed.added == {"crosstie": "7.0", "serving-part": "1.0"}
    assert said[1] == (
        f"pyproject.toml: crosstie was installed from no index; [tool.uv.sources] says now: {line}"
    )
    written = (project / "pyproject.toml").read_text()
    assert written.endswith(f"[tool.uv.sources] # as on the machine where it was written\n{line}\n")
    crosstie.install(folder=project)
    assert (project / "pyproject.toml").read_text() == written


def test_a_folder_that_is_gone_is_no_source(tmp_path):
    direct = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    assert source_of(direct) == f'{{ path = "{tmp_path}", editable = true }}'
    with pytest.raises(ProjectError) as error:
        source_of({**direct, "url": "file:///nowhere/at%20all"})
    assert str(error.value) == (
        "crosstie was installed from /nowhere/at all, which is gone. Install it again, or say in [tool.uv.sources] of "
        "pyproject.toml where it is from"
    )
