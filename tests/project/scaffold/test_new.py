"""`crosstie new`: what is there, that it works before it is edited, and what is refused."""

import gzip
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import crosstie
from crosstie.errors import CrosstieError
from crosstie.gates.file import read_gates
from crosstie.project.environment import DEFAULTS, load
from crosstie.project.place import Project
from crosstie.project.scaffold.new import new


@pytest.fixture(scope="module")
def penguins(tmp_path_factory) -> Path:
    """A project of 344 penguins."""
    return new(tmp_path_factory.mktemp("there") / "birds", data="dataset:penguins").project.root


@pytest.fixture
def passengers(shared_data, tmp_path) -> Path:
    """200 passengers of the Titanic."""
    lines = (shared_data / "tab_titanic/train.csv").read_text().splitlines(keepends=True)
    (tmp_path / "Titanic (1).csv").write_text("".join(lines[:201]))
    return tmp_path / "Titanic (1).csv"


def test_files_are_few_and_where_one_looks_for_them(penguins):
    found = sorted(
        each.relative_to(penguins).as_posix() for each in penguins.rglob("*") if each.is_file()
    )
    assert found == [
        ".gitignore",
        "README.md",
        "data/README.md",
        "data/penguins.csv",
        "environments/development.yaml",
        "environments/production.yaml",
        "environments/test.yaml",
        "gates.yaml",
        "model.yaml",
        "pyproject.toml",
        "tests/test_model.py",
    ]
    texts = "".join((penguins / each).read_text() for each in found)
    assert "${name}" not in texts
    assert str(penguins.parent) not in texts


def test_the_sample_says_whose_it_is(penguins):
    text = (penguins / "data" / "README.md").read_text()
    assert "Licence: CC0 1.0" in text
    assert "Kristen Gorman" in text


@pytest.mark.slow
def test_the_tests_of_a_new_project_pass(penguins):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=penguins,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_it_is_a_project_whose_packages_for_production_stand_apart(penguins):
    project = Project.find(penguins / "tests")
    settings = tomllib.loads((penguins / "pyproject.toml").read_text())
    assert (project.root, project.name) == (penguins, "birds")
    assert [*project.raw_tables()] == ["penguins"]
    assert settings["project"]["dependencies"] == ["crosstie[serve]>=0.1"]
    assert settings["tool"]["crosstie"] == {"defaults": "0.1"}


@pytest.mark.parametrize("name", DEFAULTS)
def test_its_environments_say_what_comes_anyway(penguins, tmp_path, name):
    written, bare = load(penguins, name), load(tmp_path, name)
    assert written.written == bare.written
    assert {each.partition(":")[0] for each in written.origins.values()} == {
        "default",
        f"environments/{name}.yaml",
    }


def test_its_gates_say_what_comes_anyway(penguins):
    written, bare = read_gates(penguins / "gates.yaml"), read_gates()
    assert {name: vars(each) for name, each in written.items()} == {
        name: vars(each) for name, each in bare.items()
    }


def test_a_table_is_copied_under_a_name_that_sql_can_call(passengers, tmp_path):
    made = new(tmp_path / "titanic", data=passengers, target="Survived")
    copy = made.project.root / "data" / "titanic_1.csv"
    assert not copy.is_symlink()
    assert copy.stat().st_ino != passengers.stat().st_ino
    assert copy.read_bytes() == passengers.read_bytes()


def test_a_packed_table_is_unpacked_so_that_steps_can_read_it(passengers, tmp_path):
    packed = tmp_path / "train.csv.gz"
    packed.write_bytes(gzip.compress(passengers.read_bytes()))
    made = new(tmp_path / "titanic", data=packed, target="Survived")
    assert made.project.raw_tables().keys() == {"train"}
    assert (made.project.root / "data" / "train.csv").read_bytes() == passengers.read_bytes()


def test_rows_are_held_out_by_the_id(passengers, tmp_path):
    made = new(tmp_path / "titanic", data=passengers, target="Survived")
    plan = crosstie.check(made.project.root / "model.yaml")
    assert made.key == "PassengerId"
    assert plan.config["preprocessing"]["split"] == {
        "type": "hash",
        "column": "PassengerId",
        "probabilities": [0.7, 0.1, 0.2],
    }


def test_rows_without_an_id_are_held_out_by_all_that_stands_in_them(penguins):
    plan = crosstie.check(penguins / "model.yaml")
    assert plan.config["preprocessing"]["split"]["type"] == "hash"
    assert plan.config["preprocessing"]["split"]["column"] is None


@pytest.mark.slow
def test_options_of_the_file_and_types_are_kept(passengers, tmp_path):
    made = new(
        tmp_path / "titanic",
        data=passengers,
        target="Survived",
        set=["split={type: stratify, column: Survived}", "model_type=linear"],
        types={"Pclass": "category"},
    )
    plan = crosstie.check(made.project.root / "model.yaml")
    assert made.key is None
    assert plan.config["preprocessing"]["split"]["type"] == "stratify"
    assert plan.model_type == "linear"
    assert {each.column: each.type for each in plan.inputs}["Pclass"] == "category"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"name": "my-churn"},
            "NAME: 'my-churn' is no name that Python and SQL can call: a-z, 0-9 and _; did you mean 'my_churn'?",
        ),
        ({"name": "class"}, "NAME: 'class' is a word of Python itself; did you mean 'my_class'?"),
        ({"name": "json"}, "NAME: 'json' is a module of Python itself; did you mean 'my_json'?"),
        ({"name": "there"}, "there: is there already; choose another name"),
        ({"data": "nope.csv"}, "nope.csv: there is no such file"),
        (
            {"data": "-"},
            "-: is no file of this machine; save it as one, and give that",
        ),
        (
            {"data": "there"},
            "there: is a folder; give the table, and copy what it names into data/",
        ),
        (
            {"data": "there/rows.arff"},
            (
                "there/rows.arff: steps cannot read such a file; save the table as one of "
                "csv, tsv, json, jsonl, parquet, arrow, xlsx"
            ),
        ),
        (
            {"data": "there/torn.csv.gz"},
            (
                "there/torn.csv.gz: cannot be decompressed: "
                "Compressed file ended before the end-of-stream marker was reached"
            ),
        ),
        (
            {"data": "dataset:penguin"},
            "penguin: no dataset of that name, and no folder; did you mean 'penguins'?",
        ),
        (
            {"data": "dataset:penguins", "key": "ilsand"},
            "--key ilsand: the table has no such column; did you mean 'island'?",
        ),
        (
            {"data": "dataset:penguins", "key": "species"},
            "--key species: is what is predicted; name the column that tells whose row it is",
        ),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_left_behind(tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "rows.arff").write_text("@relation r\n")
    (tmp_path / "there" / "torn.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 99)[:-20])
    with pytest.raises(CrosstieError) as caught:
        new(**{"name": "churn", **arguments})
    assert [str(each) for each in caught.value.problems] == [told]
    assert [each.name for each in tmp_path.iterdir()] == ["there"]


def test_a_split_that_leaves_a_part_empty_is_told_of_the_project_and_nothing_is_left(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i % 3},{i % 2},yes{i % 2}\n" for i in range(40))
    (tmp_path / "few.csv").write_text(f"a,shop,y\n{rows}")
    with pytest.raises(CrosstieError) as caught:
        new("churn", data="few.csv", target="y", key="shop")
    assert ".part" not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["few.csv"]


def test_a_table_of_pictures_that_lie_beside_it_is_told_before_anything_is_made(
    tmp_path, monkeypatch
):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    rows = [f"{i}.png,{'ab'[i % 2]}\n" for i in range(40)]
    for i in range(40):
        Image.new("RGB", (8, 8), (i * 6, 0, 0)).save(f"{i}.png")
    (tmp_path / "seen.csv").write_text("picture,y\n" + "".join(rows))
    with pytest.raises(CrosstieError) as caught:
        new("pictures", data="seen.csv", target="y")
    assert str(caught.value.problems[0]) == (
        "--data: names files of 'picture' beside the table, which alone is copied. Write whole paths into it, or stay "
        "where it is: crosstie init makes a model file there"
    )
    assert not (tmp_path / "pictures").exists()


@pytest.mark.slow
def test_the_command_says_what_it_made_and_what_to_type_next(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", "new", "birds", "--data", "dataset:penguins"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-5:] == [
        "   create  birds/tests/test_model.py",
        "Next:",
        "  cd birds",
        "  crosstie build",
        "  crosstie test",
    ]
