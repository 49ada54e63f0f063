"""`crosstie generate` and `destroy`: what is written runs, what was changed is left alone."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.errors import ProjectError
from crosstie.gates.comparison import Comparison, Skew
from crosstie.gates.file import read_gates
from crosstie.project.scaffold.generate import destroy, generate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one table."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "birds"\n[tool.crosstie]\n')
    (tmp_path / "data").mkdir()
    packed = Path(crosstie.datasets.load("penguins").data["train"])
    (tmp_path / "data" / "birds.csv").write_bytes(gzip.decompress(packed.read_bytes()))
    return tmp_path


def told(changes) -> list[str]:
    return [f"{each.verb} {each.path}" for each in changes]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("step", "steps/10_code.sql"),
        ("feature", "components/code.py"),
        ("encoder", "components/code.py"),
        ("gate", "tests/gate_code.py"),
    ],
)
def test_the_same_again_changes_nothing_and_what_was_changed_is_left_alone(root, kind, path):
    assert told(generate(kind, "code", folder=root)) == [f"create {path}"]
    first = (root / path).read_text()
    assert told(generate(kind, "code", folder=root)) == [f"identical {path}"]
    (root / path).write_text(first + "\n")
    assert told(generate(kind, "code", folder=root)) == [f"conflict {path}"]
    assert told(destroy(kind, "code", folder=root)) == [f"conflict {path}"]
    assert (root / path).read_text() == first + "\n"
    assert told(generate(kind, "code", folder=root, force=True)) == [f"overwrite {path}"]
    assert told(destroy(kind, "code", folder=root)) == [f"remove {path}"]
    assert not (root / path).parent.exists()


def test_steps_are_numbered_one_behind_the_other_and_each_reads_the_one_before(root):
    generate("step", "measured", folder=root)
    generate("step", "seen", language="python", folder=root)
    generate("step", "shaped", folder=root / "steps")
    assert sorted(each.name for each in (root / "steps").iterdir()) == [
        "10_measured.sql",
        "20_seen.py",
        "30_shaped.sql",
    ]
    assert "FROM birds\n" in (root / "steps/10_measured.sql").read_text()
    assert "def seen(measured: pd.DataFrame)" in (root / "steps/20_seen.py").read_text()
    assert "FROM seen\n" in (root / "steps/30_shaped.sql").read_text()


def test_a_step_is_as_generated_whatever_else_came_or_went(root):
    generate("step", "measured", folder=root)
    generate("step", "shaped", folder=root)
    destroy("step", "measured", folder=root)
    (root / "data" / "aardvarks.csv").write_text("a\n1\n")
    assert told(generate("step", "shaped", folder=root)) == ["identical steps/20_shaped.sql"]
    assert told(destroy("step", "shaped", folder=root)) == ["remove steps/20_shaped.sql"]
    assert told(destroy("step", "shaped", folder=root)) == ["absent steps/shaped.sql"]


def test_generated_steps_run(root):
    import duckdb
    import pandas as pd

    generate("step", "measured", folder=root)
    generate("step", "seen", language="python", folder=root)
    birds = pd.read_csv(root / "data" / "birds.csv")
    names: dict = {}
    exec((root / "steps/20_seen.py").read_text(), names)
    with duckdb.connect() as connection:
        connection.register("birds", birds)
        assert (
            len(connection.execute((root / "steps/10_measured.sql").read_text()).fetchall()) == 344
        )
    assert len(names["seen"](measured=birds)) == 344


def test_a_step_of_a_project_without_tables_runs_too(root):
    import duckdb

    (root / "data" / "birds.csv").unlink()
    generate("step", "first_one", folder=root)
    with duckdb.connect() as connection:
        text = (root / "steps/10_first_one.sql").read_text()
        assert connection.execute(text).fetchall() == [(1,)]
    (root / "steps/10_first_one.sql").unlink()
    with pytest.raises(ProjectError, match="there is no table that a step could take; put a CSV"):
        generate("step", "first_one", language="python", folder=root)


@pytest.mark.parametrize(
    ("kind", "name", "language", "problems"),
    [
        ("setp", "shaped", None, ["'setp' cannot be generated; did you mean 'step'?"]),
        ("step", "birds", None, ["step: 'birds' is taken; did you mean 'birds_2'?"]),
        (
            "step",
            "order",
            None,
            ["step: 'order' is a word of SQL itself; did you mean 'my_order'?"],
        ),
        (
            "step",
            "2 Shaped",
            "python",
            [
                (
                    "step: '2 Shaped' is no name that Python and SQL can call: a-z, 0-9 and _; "
                    "did you mean 'my_2_shaped'?"
                )
            ],
        ),
        (
            "feature",
            "number",
            "python",
            [
                "feature: 'number' is taken; did you mean 'number_2'?",
                "--python: is for steps; features are Python always",
            ],
        ),
        ("gate", "flips", None, ["gate: 'flips' is taken; did you mean 'flips_2'?"]),
        ("encoder", "dense", None, ["encoder: 'dense' is taken; did you mean 'dense_2'?"]),
    ],
)
def test_a_kind_or_name_that_cannot_be_is_told_with_what_comes_near(
    root, kind, name, language, problems
):
    with pytest.raises(ProjectError) as caught:
        generate(kind, name, language=language, folder=root)
    assert [str(each) for each in caught.value.problems] == problems
    assert not (root / "steps").exists()


def test_no_second_step_makes_the_same_table(root):
    generate("step", "shaped", folder=root)
    with pytest.raises(ProjectError) as caught:
        generate("step", "shaped", language="python", folder=root)
    assert str(caught.value) == (
        "steps/10_shaped.sql: makes the table 'shaped' already; choose another name"
    )


@pytest.mark.slow
def test_a_generated_feature_type_trains_and_predicts(root):
    generate("feature", "spelling", folder=root)
    (root / "model.yaml").write_text(
        "data: data/birds.csv\noutput_features: [{name: species, type: category}]\nmodel_type: linear\n"
        "input_features: [{name: island, type: spelling}, {name: sex, type: spelling}]\n"
    )
    run = crosstie.train(root / "model.yaml", output=root / "run")
    model = crosstie.load(run.path, components=root / "components")
    rows = [{"island": "Dream", "sex": "male"}, {"island": "Biscoe-2", "sex": None}]
    assert model.check_example() == []
    for row, together in zip(rows, model.predict(rows), strict=True):
        alone = model.predict(row)
        assert alone.pop("species_prediction") == together.pop("species_prediction")
        assert alone == pytest.approx(together, rel=1e-5)


@pytest.mark.slow
def test_a_generated_encoder_trains_and_leaves_no_code_behind(root):
    generate("encoder", "folded", folder=root)
    (root / "model.yaml").write_text(
        "data: data/birds.csv\ntarget: species\nmodel_type: ecd\ntrainer: {epochs: 1}\n"
        "defaults: {number: {encoder: {type: folded, width: 4}}}\n"
    )
    run = crosstie.train(root / "model.yaml", output=root / "run")
    filled = load(run.path / "config.yaml").value["input_features"]
    assert {"type": "folded", "width": 4} in [each["encoder"] for each in filled]
    (root / "components" / "folded.py").unlink()
    assert crosstie.load(run.path).check_example() == []


def test_a_generated_gate_holds_and_takes_options(root):
    generate("gate", "rows_enough", folder=root)
    compared = Comparison("new", "old", "rows", 60, [], Skew(50, []), {})
    own = [root / "tests"]
    (asked,) = read_gates({"rows_enough": {"least": 100}}, own=own)["rows_enough"].check(compared)
    (usual,) = read_gates(own=own)["rows_enough"].check(compared)
    assert (usual.result, usual.what) == ("passed", "60 rows are compared; 50 are wanted")
    assert asked.result == "failed"
    assert asked.what.startswith("60 rows are compared; 100 are wanted (")


def test_the_command_ends_in_1_where_something_else_stands(root):
    (root / "steps").mkdir()
    (root / "steps" / "10_shaped.sql").write_text("SELECT 1 AS mine\n")
    done = subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", "generate", "step", "shaped"],
        cwd=root / "steps",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        " conflict  steps/10_shaped.sql\n",
        "What is there was changed and is left alone; --force overwrites it\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize(("language", "path"), [(None, "features.sql"), ("python", "features.py")])
def test_row_wise_features_have_no_name_and_run_as_written(root, language, path):
    (root / "model.yaml").write_text("data: data/birds.csv\ntarget: species\nmodel_type: linear\n")
    assert told(generate("features", language=language, folder=root)) == [f"create {path}"]
    assert told(generate("features", language=language, folder=root)) == [f"identical {path}"]
    plan = crosstie.check(root / "model.yaml")
    assert plan.rowwise.file == path
    assert "bill_length_mm" in [each.column for each in plan.inputs]
    other = "python" if language is None else "sql"
    with pytest.raises(
        ProjectError, match="is there already, and a model has one file of features"
    ):
        generate("features", language=other, folder=root)
    with pytest.raises(ProjectError, match="so they have no name; got 'mine'"):
        generate("features", "mine", folder=root)
    assert told(destroy("features", language=language, folder=root)) == [f"remove {path}"]
    with pytest.raises(
        ProjectError, match="step: needs a name, as in: crosstie generate step NAME"
    ):
        generate("step", folder=root)
