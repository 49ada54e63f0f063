from pathlib import Path

import pytest

from crosstie.errors import Problem
from crosstie.shipping.image import Image, build, find_builder, wrong_tag
from crosstie.shipping.naming import Names

NAMES = Names("churn", "churn")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """An empty folder of programs, and what puts one there that writes down what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, body: str) -> Path:
        asked = tmp_path / f"{name}.txt"
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n{body}\n')
        path.chmod(0o755)
        return asked

    return put


WORKS = 'case "$1" in version) echo 27;; inspect) echo 181000000;; esac'


def test_an_image_is_built_checks_itself_and_has_a_size(programs, tmp_path):
    asked = programs("docker", WORKS)
    found = build(Image("churn:1.2.0", tmp_path), NAMES)
    assert found == Image("churn:1.2.0", tmp_path, "docker", "181 MB")
    assert asked.read_text().splitlines() == [
        "version --format {{.Server.Version}}",
        f"build -t churn:1.2.0 {tmp_path}",
        "run --rm --network none churn:1.2.0 check",
        "inspect --type image --format {{.Size}} churn:1.2.0",
    ]


def test_a_client_without_a_daemon_is_passed_over(programs):
    programs("docker", "echo 'Cannot connect to the daemon' >&2; exit 1")
    programs("podman", "exit 0")
    assert find_builder() == ("podman", "")


def test_what_is_wrong_with_each_is_said_in_one_line(programs, tmp_path):
    programs("docker", "echo first >&2; echo 'Cannot connect to the daemon' >&2; exit 1")
    assert build(Image("churn:1", tmp_path), NAMES).note == (
        "docker does not work: Cannot connect to the daemon; podman is not installed; buildah is not installed"
    )


def test_buildah_is_told_the_whole_command(programs, tmp_path):
    asked = programs(
        "buildah", 'case "$1" in from) echo churn-working;; images) echo 181 MB;; esac'
    )
    assert build(Image("churn:1", tmp_path), NAMES).size == "181 MB"
    assert asked.read_text().splitlines()[2:5] == [
        "from churn:1",
        "run churn-working -- python -m churn check",
        "rm churn-working",
    ]


def test_a_build_that_fails_is_a_problem(programs, tmp_path):
    programs("docker", 'case "$1" in build) echo no space left >&2; exit 1;; esac')
    assert build(Image("churn:1", tmp_path), NAMES) == Problem(
        "docker build", "failed:\nno space left"
    )


def test_an_image_that_answers_otherwise_is_a_problem(programs, tmp_path):
    programs("docker", 'case "$1" in run) echo error: example row 1 >&2; exit 1;; esac')
    found = build(Image("churn:1", tmp_path), NAMES)
    assert str(found) == "churn:1: check: failed inside the image:\nerror: example row 1"


@pytest.mark.parametrize("tag", ["churn", "churn:1.2.0", "ghcr.io/acme/churn:v1", "host:5000/a/b"])
def test_names_of_images_are_taken(tag):
    assert wrong_tag(tag) is None


@pytest.mark.parametrize("tag", ["Churn", "churn:", "-churn", "a b", "churn:1+eu", "a//b", "../x"])
def test_other_names_of_images_are_refused(tag):
    assert str(wrong_tag(tag)).startswith(f"--image {tag}: is no name of an image")
