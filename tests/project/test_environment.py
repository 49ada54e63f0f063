"""Environments: what a file says over what comes with its name, where each value is from, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crosstie.errors import ConfigError
from crosstie.project import environment
from crosstie.project.environment import load


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "environments").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "churn"\n\n[tool.crosstie]\n')
    return tmp_path


def write(root: Path, text: str, name: str = "production") -> None:
    (root / "environments" / f"{name}.yaml").write_text(text)


def refused(root: Path, name: str = "production") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(root, name)
    return [str(each) for each in caught.value.problems]


def test_every_value_says_where_it_is_from(root, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    write(
        root,
        "engine:\n"
        '  connection: "postgresql://bob:${PGPASSWORD}@db/shop"\n'
        "params: {since: 2024-01-01, towns: [Jena, '${PGPASSWORD}']}\n"
        "limits: {memory: 1.5GiB}\n",
    )

    found = load(root, "production")

    assert found.explain() == [
        (
            "engine.connection",
            "postgresql://bob:${PGPASSWORD}@db/shop",
            "environments/production.yaml:2",
        ),
        ("engine.schema", None, "default"),
        ("sources.connection", None, "default"),
        ("store", ".crosstie/store", "default"),
        ("sample", None, "default"),
        ("sinks", True, "default"),
        ("params.since", "2024-01-01", "environments/production.yaml:3"),
        ("params.towns", ["Jena", "${PGPASSWORD}"], "environments/production.yaml:3"),
        ("backend", "local", "default"),
        ("limits.workers", None, "default"),
        ("limits.memory", "1.5GiB", "environments/production.yaml:4"),
        ("libraries", "stale", "default"),
    ]
    assert found.engine.connection == "postgresql://bob:hunter2@db/shop"
    assert found.params == {"since": "2024-01-01", "towns": ["Jena", "hunter2"]}
    assert found.limits.bytes == 1_610_612_736


def test_the_word_of_an_engine_stands_for_its_connection(root):
    write(root, "engine: postgresql://db/shop\n")
    assert load(root, "production").engine.connection == "postgresql://db/shop"
    assert load(root, "production").origins["engine.connection"] == "environments/production.yaml:1"


def test_an_environment_without_a_file_is_as_it_comes(root):
    test, development = load(root, "test"), load(root, "development")
    assert (test.store, test.sample, test.libraries) == (".crosstie/test", 500, "warn")
    assert (development.store, development.sample) == (".crosstie/store", None)


def test_a_file_goes_over_what_comes_with_the_name_key_by_key(root):
    write(root, "sample: null\nlimits:\nparams:\n", "test")
    found = load(root, "test")
    assert (found.store, found.sample, found.params) == (".crosstie/test", None, {})


def test_any_file_is_an_environment(root):
    write(root, "sample: 9\n", "staging")
    assert load(root, "staging").sample == 9
    assert refused(root, "stagin") == ["'stagin' is no environment; did you mean 'staging'?"]
    assert refused(root, "../x") == [
        "'../x' is no environment; choose one of 'development', 'production', 'staging', 'test'"
    ]


def test_a_file_that_nobody_would_read_is_an_error(root):
    (root / "environments" / "test.yml").write_text("sample: 9\n")
    assert refused(root, "test") == ["environments/test.yml: is not read; call it test.yaml"]


def test_everything_wrong_is_told_at_once_with_its_line(root):
    write(
        root,
        "smaple: 3\n"
        "target: Churn\n"
        "hyperopt: {}\n"
        "engine: duckbd\n"
        "limits:\n"
        "  memory: lots\n"
        "  worker: 2\n"
        "libraries: stael\n"
        "params: {a-b: 1}\n"
        "store: ${NOWHERE_SET}\n",
    )
    assert refused(root) == [
        "environments/production.yaml:1 smaple: unknown option; did you mean 'sample'?",
        (
            "environments/production.yaml:2 target: belongs to the model, which is the same everywhere; "
            "write it in model.yaml"
        ),
        (
            "environments/production.yaml:3 hyperopt: belongs to the model, which is the same everywhere; "
            "write it in model.yaml"
        ),
        (
            "environments/production.yaml:4 engine.connection: must be 'duckdb' or the URL of a database; "
            "did you mean 'duckdb'?"
        ),
        "environments/production.yaml:6 limits.memory: must be a size, as in 4GB or 512MB, got 'lots'",
        "environments/production.yaml:7 limits.worker: unknown option; did you mean 'workers'?",
        "environments/production.yaml:8 libraries: must be 'warn' or 'stale', got 'stael'",
        (
            "environments/production.yaml:9 params.a-b: is no name that SQL and Python can call; it has "
            "letters, digits and _"
        ),
        "environments/production.yaml:10 store: the environment variable 'NOWHERE_SET' is not set",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "engine: postgresql://bob:hunter2@db/shop",
        "engine: postgresql://db/shop?user=bob&password=hunter2",
        "engine: {connection: 'postgresql://${USER}:hunter2@db/shop'}",
        "store: s3://key:hunter2@bucket",
        "params: {db_password: hunter2}",
        "params: {apiKey: hunter2}",
        "params: {token: [hunter2]}",
        "params: {odbc: 'Driver=pg;PWD=hunter2'}",
        "params: {pin: 1, secret: 4711}",
    ],
)
def test_a_secret_in_a_file_is_refused_and_not_repeated(root, monkeypatch, line):
    monkeypatch.setenv("USER", "bob")
    write(root, f"\n{line}\n")
    (told,) = refused(root)
    assert told.startswith("environments/production.yaml:2 ")
    assert "write ${NAME} in its place, and NAME=… in .env" in told
    assert "hunter2" not in told
    assert "4711" not in told


@pytest.mark.parametrize(
    "line",
    [
        "engine: 'postgresql://${WHO}:${WORD}@db/shop'",
        "params: {max_tokens: 3, key: customerID, password: '${WORD}', url: 'https://host:8080/@x'}",
        "store: 'memory://a:b/c'",
    ],
)
def test_what_only_looks_like_a_secret_is_fine(root, monkeypatch, line):
    monkeypatch.setenv("WHO", "bob")
    monkeypatch.setenv("WORD", "hunter2")
    write(root, line)
    assert "hunter2" not in str([load(root, "production"), load(root, "production").explain()])


@pytest.mark.parametrize(
    "line", ["sample: ${WORD}", "sample: ['${WORD}']", "engine: ${WORD}", "backend: ${WORD}"]
)
def test_no_error_shows_what_a_variable_holds(root, monkeypatch, line):
    monkeypatch.setenv("WORD", "hunter2")
    write(root, line)
    (told,) = refused(root)
    assert "hunter2" not in told


def test_the_environment_is_the_one_asked_for_then_that_of_the_variable(root, monkeypatch):
    monkeypatch.delenv("CROSSTIE_ENV", raising=False)
    assert load(root).name == "development"
    monkeypatch.setenv("CROSSTIE_ENV", "test")
    assert (load(root).name, load(root, "production").name) == ("test", "production")


def test_no_key_of_an_environment_is_unknown_to_its_documentation():
    from crosstie.config.options import options

    undescribed = [
        name for name, each in options(environment.Environment).items() if not each.description
    ]
    assert undescribed == []


def crosstie(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_show_prints_an_environment_from_anywhere_in_the_project(root):
    write(root, "engine: 'postgresql://db/${NAME_OF_DB}'\nparams: {since: '2024'}\n")
    (root / ".env").write_text("NAME_OF_DB=shop\n")

    shown = crosstie(root / "environments", "show", "--env", "production")
    explained = crosstie(root, "show", "--env", "production", "--explain")
    as_json = crosstie(root, "show", "--env", "production", "--explain", "--json")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == (
        "engine:\n"
        "  connection: postgresql://db/${NAME_OF_DB}\n"
        "  schema: null\n"
        "sources:\n"
        "  connection: null\n"
        "store: .crosstie/store\n"
        "sample: null\n"
        "sinks: true\n"
        "params:\n"
        "  since: '2024'\n"
        "backend: local\n"
        "limits:\n"
        "  workers: null\n"
        "  memory: null\n"
        "libraries: stale\n"
    )
    lines = [line.split() for line in explained.stdout.splitlines()]
    assert ["params.since", "2024", "environments/production.yaml:2"] in lines
    assert ["libraries", "stale", "default"] in lines
    assert json.loads(as_json.stdout)["params.since"] == {
        "value": "2024",
        "from": "environments/production.yaml:2",
    }


@pytest.mark.slow
def test_show_says_what_it_cannot_print(root, tmp_path_factory):
    both = crosstie(root, "show", "model.yaml", "--env", "test")
    nowhere = tmp_path_factory.mktemp("nowhere")
    outside = crosstie(nowhere, "show")
    without = crosstie(root, "show", "--batch")

    assert both.returncode == 2
    assert both.stderr == (
        "error: --env prints an environment, model.yaml is a model, which is the same in all of them; "
        "give one of the two\n"
    )
    assert outside.returncode == 2
    assert outside.stderr == (
        f"error: {nowhere}: is in no project, so there is no environment to show; give a model file: "
        "crosstie show FILE\n"
    )
    assert without.stderr == "error: no model file is given: crosstie show FILE\n"
