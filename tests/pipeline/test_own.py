"""Own classes in `components/`: a feature type of one's own, and a run's file that repeats it anywhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.data.read import open_source
from crosstie.errors import ConfigError
from crosstie.pipeline.check import make_plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own-components.md"


@pytest.fixture
def hosts(tmp_path) -> Path:
    """A project with the feature type that the docs show, and a table of addresses."""
    folder = tmp_path / "project"
    (folder / "components").mkdir(parents=True)
    shown = re.search(
        r"```python components/ipv4.py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert shown is not None
    (folder / "components" / "ipv4.py").write_text(shown[1], encoding="utf-8")
    rows = [f"{first}.0.3.{first},{'yes' if first > 127 else 'no'}" for first in range(256)]
    (folder / "hosts.csv").write_text("\n".join(["host,inside", *rows, ",no", "none,yes", ""]))
    (folder / "model.yaml").write_text("data: hosts.csv\ntarget: inside\nmodel_type: linear\n")
    return folder


@pytest.fixture
def command(crosstie_program: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command in a folder; a process of its own, for components are registered there for good."""
    return partial(started, [crosstie_program])


def started(
    words: list[str | Path], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [*words, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_run_with_an_own_feature_type_is_repeated_by_its_file_and_predicts(
    hosts, tmp_path, command
):
    elsewhere = tmp_path / "elsewhere"
    checked = command(hosts, "check", "model.yaml")
    assert "host     ipv4" in checked.stdout
    trained = command(hosts, "train", "model.yaml", "-o", "run", "-q")
    assert (trained.returncode, trained.stderr) == (0, "")
    run = hosts / "run"
    again = command(elsewhere, "train", str(run / "config.yaml"), "-o", "again", "-q")
    assert (again.returncode, again.stderr) == (0, "")
    for name in ("metrics.json", "config.yaml", "model/features.json"):
        assert (elsewhere / "again" / name).read_bytes() == (run / name).read_bytes(), name

    table = str(hosts / "hosts.csv")
    refused = command(elsewhere, "predict", str(run), table)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: {run}/model: this model needs the feature type 'ipv4' from ipv4.py. That is code, which a model "
        "never holds. Give the folder that has the file: --components DIR, or components=DIR in Python\n"
    )
    own = ("--components", str(hosts / "components"))
    predicted = command(elsewhere, "predict", str(run), table, *own).stdout.splitlines()
    assert [predicted[1].split(",")[0], predicted[256].split(",")[0]] == ["no", "yes"]
    measured = command(elsewhere, "evaluate", str(run), table, *own, "--json").stdout
    assert json.loads(measured)["rows"] == {"inside": {"judged": 258, "left_out": 0}}
    files = [path for path in (run / "model").rglob("*") if path.is_file()]
    assert not [path for path in files if b"isdecimal" in path.read_bytes()]


def test_an_own_type_of_an_installed_package_is_asked_for_by_its_name(hosts, tmp_path, monkeypatch):
    command = partial(started, [sys.executable, "-m", "crosstie.cli.main"])  # reads PYTHONPATH
    site = tmp_path / "site"
    (site / "netparts").mkdir(parents=True)
    (hosts / "components" / "ipv4.py").rename(site / "netparts" / "ipv4.py")
    about = site / "netparts-1.2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: netparts\nVersion: 1.2.0\n")
    (about / "entry_points.txt").write_text("[crosstie.components]\nipv4 = netparts.ipv4\n")
    with monkeypatch.context() as there:
        there.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
        trained = command(hosts, "train", "model.yaml", "-o", "run", "-q")
        assert (trained.returncode, trained.stderr) == (0, "")
        predicted = command(hosts, "predict", "run", "hosts.csv").stdout.splitlines()
        assert [predicted[1].split(",")[0], predicted[256].split(",")[0]] == ["no", "yes"]

    refused = command(hosts, "predict", "run", "hosts.csv")

    assert refused.returncode == 2
    assert refused.stderr == (
        "error: run/model: this model needs the feature type 'ipv4' from ipv4.py. That is code, which a model never "
        "holds. Install the package that brings it: pip install 'netparts==1.2.0'\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["gbm", "ecd", "auto"])
def test_every_learner_takes_an_own_feature_type(hosts, learner, command):
    options = ("--model-type", learner, "-o", learner, "-q")
    trained = command(hosts, "train", "model.yaml", *options)
    assert (trained.returncode, trained.stderr) == (0, "")
    done = command(hosts, "predict", learner, "hosts.csv", "--components", "components")
    predicted = done.stdout.splitlines()
    assert [predicted[1].split(",")[0], predicted[256].split(",")[0]] == ["no", "yes"]


def test_an_own_type_that_is_like_none_of_its_kind_is_told_what_to_say(hosts, command):
    path = hosts / "components" / "ipv4.py"
    path.write_text(path.read_text().replace('like = "vector"', 'like = "text"'))
    done = command(hosts, "check", "model.yaml")
    assert done.stdout == (
        "model.yaml:2 target: the feature type 'ipv4' gives a vector, so its class must say which type's encoders "
        "and learners it can use: like = one of 'vector'; it says 'text'\n1 problem\n"
    )


def test_an_own_type_cannot_be_predicted(hosts, command):
    done = command(hosts, "check", "hosts.csv", "--target", "host", "--type", "host=ipv4")
    assert done.stdout.startswith("--target: a ipv4 cannot be predicted, only binary, category, ")


def test_a_folder_of_components_that_is_not_there_is_an_error(few_customers):
    with pytest.raises(ConfigError) as error:
        crosstie.check(str(few_customers), target="Churn", set=["components=mine"])
    assert str(error.value) == (
        "--set components: there is no folder 'mine'; name the one that holds your own classes"
    )


def test_a_folder_without_python_beside_the_file_is_no_folder_of_components(few_customers):
    (few_customers.parent / "components").mkdir()
    (few_customers.parent / "components" / "button.tsx").write_text("")
    path = few_customers.parent / "model.yaml"
    path.write_text("data: few.csv\ntarget: Churn\n")
    assert "components" not in make_plan(load(path)).config
    assert len(open_source(few_customers).columns) == 21
