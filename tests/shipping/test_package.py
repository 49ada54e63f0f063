"""A package does what its model did, in an environment where nothing else is; the index is a folder of wheels."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
import zipfile
from importlib.metadata import version
from pathlib import Path
from urllib.error import URLError

import pytest

import crosstie
from crosstie.errors import ConfigError, RunError
from crosstie.pipeline.sample import sample_rows
from crosstie.shipping.clean import clean_environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _index(local_index):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_index.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def packaged(runs, tmp_path_factory, _index):
    """The only model there is, under another version."""
    return crosstie.package(output=tmp_path_factory.mktemp("dist"), version="1.2.0", runs=runs)


@pytest.fixture(scope="module")
def shipped(runs, tmp_path_factory, _index):
    """Under another name, with real rows, all wheels, and an image that nothing here builds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        return crosstie.package(
            "penguins/latest",
            tmp_path_factory.mktemp("dist"),
            name="ice-birds",
            image="acme/birds",
            offline=True,
            with_sample=True,
            runs=runs,
        )


def of_wheel(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode()


def test_a_package_holds_the_model_its_code_and_a_lock(packaged):
    assert packaged.problems == ()
    assert packaged.wheel.name == "penguins-1.2.0-py3-none-any.whl"
    assert packaged.rows == 5
    assert packaged.imports == ["annotated-types", "numpy", "onnxruntime", "safetensors"]
    assert packaged.installed < packaged.training
    with zipfile.ZipFile(packaged.wheel) as archive:
        names = archive.namelist()
    lock = of_wheel(packaged.wheel, "penguins/requirements.txt")
    manifest = json.loads(of_wheel(packaged.wheel, "penguins/model/manifest.json"))
    assert {"penguins/__init__.py", "penguins/_runtime/serving/model.py"} <= {*names}
    assert not [each for each in names if "/training/" in each or "/models/" in each]
    assert lock.count("--hash=sha256:") >= len(packaged.requirements)
    served = of_wheel(packaged.wheel, "penguins/requirements-serve.txt")
    assert f"uvloop=={version('uvloop')} ; sys_platform != 'win32' \\\n" in served
    assert f"httptools=={version('httptools')} \\\n" in served
    told = [manifest[key] for key in ("name", "version", "module")]
    assert told == ["penguins", "1.2.0", "penguins"]


def test_the_same_run_gives_the_same_bytes(packaged, runs, tmp_path):
    again = crosstie.package("penguins/latest", tmp_path, version="1.2.0", runs=runs)
    assert again.wheel.read_bytes() == packaged.wheel.read_bytes()


def test_a_wheel_is_a_model_without_being_installed(packaged, runs):
    rows = json.loads(next(runs.glob("*/*/model/example.json")).read_text())["rows"]
    run = crosstie.load("penguins/latest", runs=runs)
    assert crosstie.load(packaged.wheel).predict(rows) == run.predict(rows)


def test_a_run_stays_as_it_was(packaged, runs):
    manifest = json.loads(next(runs.glob("*/*/model/manifest.json")).read_text())
    assert (manifest["name"], manifest["version"]) == ("penguins", "0.1.0")


def test_real_rows_are_shown_where_they_are_asked_for(shipped, runs):
    assert shipped.problems == ()
    assert shipped.wheel.name == "ice_birds-0.1.0-py3-none-any.whl"
    shown = json.loads(of_wheel(shipped.wheel, "ice_birds/model/example.json"))["rows"]
    assert shown == sample_rows(crosstie.runs(runs)[0])


def test_a_folder_of_wheels_is_all_that_a_host_without_a_network_needs(shipped):
    names = {each.name.split("-")[0] for each in shipped.wheels.iterdir()}
    assert {"ice_birds", "numpy", "onnxruntime", "safetensors", "starlette", "uvicorn"} <= names
    assert "pyarrow" not in names


def test_where_nothing_builds_an_image_its_context_is_left(shipped):
    assert shipped.image.note == (
        "docker is not installed; podman is not installed; buildah is not installed"
    )
    assert (shipped.image.tag, shipped.image.builder) == ("acme/birds:0.1.0", "")
    assert {each.name for each in shipped.image.context.iterdir()} == {
        "Dockerfile",
        ".dockerignore",
        "ice_birds-0.1.0-py3-none-any.whl",
        "requirements.txt",
        "wheels",
    }


def test_what_the_image_is_built_from_installs_listens_and_answers(shipped, tmp_path):
    dockerfile = (shipped.image.context / "Dockerfile").read_text()
    place = tmp_path / "model"
    commands = re.search(r"^RUN (.*?[^\\])$", dockerfile, re.MULTILINE | re.DOTALL)[1]
    script = commands.replace("/opt/model", str(place)).replace(
        "&& pip ", f"&& {sys.executable} -m pip "
    )
    script = re.sub(r"^python ", f"{sys.executable} ", script)
    subprocess.run(
        ["sh", "-ec", script], cwd=shipped.image.context, check=True, capture_output=True
    )
    said = dict(re.findall(r"(\w+)=(\S+)", re.search(r"^ENV (.*)$", dockerfile, re.MULTILINE)[1]))
    entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)[1])
    command = json.loads(re.search(r"^CMD (.*)$", dockerfile, re.MULTILINE)[1])
    health = json.loads(re.search(r"^HEALTHCHECK .* CMD (.*)$", dockerfile, re.MULTILINE)[1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    token = "a-token-for-this-test"
    environment = {
        **os.environ,
        **said,
        "PATH": f"{place}/bin:{os.environ['PATH']}",
        "PORT": port,
        "CROSSTIE_TOKEN": token,
    }
    assert subprocess.run(health, env=environment, check=False, capture_output=True).returncode == 1
    server = subprocess.Popen(
        [*entry, *command], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        assert f":{port}" in server.stderr.readline()  # said once it listens
        assert subprocess.run(health, env=environment, check=False).returncode == 0
        example = json.loads(of_wheel(shipped.wheel, "ice_birds/model/example.json"))
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/predict",
            json.dumps(example["rows"]).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request) as answer:
            found = json.loads(answer.read())
        key = "species_prediction"
        assert [row[key] for row in found] == [row[key] for row in example["predictions"]]
        server.terminate()
        server.communicate(timeout=60)
    finally:
        server.kill()
        server.communicate()
    with pytest.raises(URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz")


def test_a_package_that_answers_otherwise_is_not_given_out(model, tmp_path):
    before = change_example(model)

    done = crosstie.package(model, tmp_path / "dist")

    assert done.wheel is None
    assert not (tmp_path / "dist").exists()
    assert {str(each) for each in done.problems} >= {
        f"example row 1, species_prediction: expected 'Dodo', got {before!r}"
    }


def change_example(model: Path) -> str:
    """Put another answer into the example, with a manifest that says so; the answer that was there."""
    path = model / "example.json"
    example = json.loads(path.read_text())
    before = example["predictions"][0]["species_prediction"]
    example["predictions"][0]["species_prediction"] = "Dodo"
    path.write_text(json.dumps(example))
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["files"]["example.json"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (model / "manifest.json").write_text(json.dumps(manifest))
    return before


def test_where_no_index_is_reached_the_wheel_is_said_to_be_untried(runs, tmp_path, monkeypatch):
    for name in ("UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    done = crosstie.package("penguins/latest", tmp_path / "dist", runs=runs)

    assert done.wheel.is_file()
    assert done.locked is False
    assert done.notes == ["no lock: the index of packages cannot be reached"]
    assert str(*done.problems) == (
        "penguins-0.1.0-py3-none-any.whl: is not known to work: the index of packages cannot be reached, so it was not "
        "tried in an environment of its own. Package it again where that can be"
    )


def test_pip_installs_where_uv_is_not(local_index, tmp_path):
    with clean_environment() as room:
        without = type(room)(room.folder, uv=None)
        ended = without.install_from(Path(local_index["PIP_FIND_LINKS"]), "annotated-types")
        assert (ended.code, room.run("-c", "import annotated_types").code) == (0, 0)
        assert room.run("-c", "import crosstie").code == 1


def test_what_is_not_a_package_is_told_at_once(runs):
    with pytest.raises(ConfigError) as told:
        crosstie.package(name="numpy", version="1.0-x", image="A b", runs=runs)
    assert [each.where for each in told.value.problems] == [
        "--name numpy",
        "--version 1.0-x",
        "--image A b:1.0-x",
    ]


def test_several_models_are_to_choose_from(runs, tmp_path):
    both = tmp_path / "runs"
    shutil.copytree(runs / "penguins", both / "penguins")
    shutil.copytree(runs / "penguins", both / "gulls")
    with pytest.raises(RunError, match=r"say which one: gulls/latest, penguins/latest$"):
        crosstie.package(runs=both)


def test_only_a_run_knows_its_rows(model):
    with pytest.raises(RunError, match=r"is no run; only a run knows its training rows$"):
        crosstie.package(model, with_sample=True)


def test_where_there_is_no_run_that_is_told(tmp_path):
    with pytest.raises(RunError, match=r"holds no finished run; train a model first"):
        crosstie.package(runs=tmp_path)
