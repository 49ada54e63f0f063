import sys
from importlib.metadata import version

import pytest

from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.content import Contents
from crosstie.project.fingerprint.environment import Environment, Installed


@pytest.mark.slow
def test_code_runs_on_a_minor_python_and_the_packages_that_bring_its_imports():
    found = Installed().environment(["json", "yaml_that_is_absent", "numpy", "PIL", "crosstie"])
    assert found == Environment(
        f"{sys.version_info.major}.{sys.version_info.minor}",
        {"numpy": version("numpy"), "pillow": version("pillow"), "yaml_that_is_absent": "absent"},
    )


@pytest.mark.slow
def test_a_module_that_lies_on_the_path_is_its_files(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "lying_about_here"
    package.mkdir()
    found = []
    for text in ("A = 1\n", "A = 2\n", "A = 1\n"):
        (package / "__init__.py").write_text(text)
        contents = Contents()
        found.append(
            Installed().environment(["lying_about_here"], contents).versions["lying_about_here"]
        )
    assert found[0] == found[2] != found[1]
    assert found[0].startswith("files ")


@pytest.mark.slow
def test_what_is_installed_is_remembered_until_something_is_installed(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    information = folder / "toy-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (information / "RECORD").write_text("toy_module.py,,\n")
    (folder / "toy_module.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    cache = Cache(tmp_path / "cache.json")
    assert Installed(cache).of("toy_module") == {"toy": "1.0"}
    information.rename(folder / "toy-1.1.dist-info")
    (folder / "toy-1.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: toy\nVersion: 1.1\n"
    )
    assert Installed(cache).of("toy_module") == {"toy": "1.1"}
