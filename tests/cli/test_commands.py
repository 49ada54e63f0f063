"""The commands as a person types them: exit codes, what they print, where they write."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crosstie import train

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A working folder with 500 customers in it."""
    folder = tmp_path_factory.mktemp("work")
    lines = (
        (EXAMPLES / "churn" / "customers.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    )
    (folder / "customers.csv").write_text("".join(lines[:501]), encoding="utf-8")
    return folder


def crosstie(
    folder: Path, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crosstie.cli.main", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def run(folder) -> str:
    done = crosstie(
        folder,
        "train",
        "customers.csv",
        "--target",
        "Churn",
        "--model-type",
        "linear",
        "--json",
        "--name",
        "churn",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["run"]


def test_train_with_json_prints_one_line_and_tells_the_rest_elsewhere(folder):
    done = crosstie(
        folder,
        "train",
        "customers.csv",
        "--target",
        "Churn",
        "--model-type",
        "linear",
        "--json",
        "--runs",
        "elsewhere",
    )

    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert Path(answer["run"]).is_absolute()
    assert answer["metrics"] == json.loads((Path(answer["run"]) / "metrics.json").read_text())
    assert "baseline" in done.stderr


def test_train_shows_the_model_beside_the_simple_ones_and_what_to_type_next(folder):
    done = crosstie(folder, "train", "customers.csv", "--target", "Churn", "--model-type", "gbm")

    assert done.returncode == 0
    assert "gbm  ← chosen" in done.stdout
    assert "linear" in done.stdout
    assert "baseline" in done.stdout
    assert "crosstie predict" in done.stdout
    assert re.fullmatch(r"gbm: .* · tree \d+ · best validation/Churn/loss .* s\n", done.stderr)


def test_quiet_prints_nothing(folder):
    done = crosstie(
        folder, "train", "customers.csv", "--target", "Churn", "--model-type", "linear", "--quiet"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_predict_writes_csv_with_kept_columns(folder, run):
    done = crosstie(
        folder,
        "predict",
        run,
        "customers.csv",
        "--keep",
        "customerID,tenure",
        "-o",
        "predictions.csv",
    )

    assert done.returncode == 0, done.stderr
    text = (folder / "predictions.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert list(rows[0]) == [
        "customerID",
        "tenure",
        "Churn_prediction",
        "Churn_probability_No",
        "Churn_probability_Yes",
    ]
    assert len(rows) == 500


def test_predict_reads_a_table_from_standard_input_and_writes_to_standard_output(folder, run):
    text = (folder / "customers.csv").read_text(encoding="utf-8")

    done = crosstie(folder, "predict", "churn/latest", "-", stdin=text)

    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.splitlines()[0] == "Churn_prediction,Churn_probability_No,Churn_probability_Yes"
    )
    assert len(done.stdout.splitlines()) == 501


def test_predict_reads_rows_without_a_header_line_from_standard_input(folder, run):
    head, *rows = (folder / "customers.csv").read_text(encoding="utf-8").splitlines()[:4]
    said = crosstie(folder, "predict", run, "-", stdin="\n".join(rows))
    named = crosstie(
        folder, "predict", run, "-", "--no-header", "--columns", head, stdin="\n".join(rows)
    )
    usual = crosstie(folder, "predict", run, "-", stdin="\n".join([head, *rows]))

    assert said.returncode == 2
    assert "standard input: its first line ('7590-VHVEG', 'Female', '0', 'Yes', " in said.stderr
    assert (named.returncode, named.stdout) == (0, usual.stdout)
    assert usual.stdout.count("\n") == 4


def test_predict_never_overwrites_its_input(folder, run):
    done = crosstie(folder, "predict", run, "customers.csv", "-o", "customers.csv")

    assert done.returncode == 2
    assert "holds the data that was read" in done.stderr


def test_evaluate_gives_the_metrics_as_json(folder, run):
    done = crosstie(folder, "evaluate", run, "customers.csv", "--json")

    assert 0.5 < json.loads(done.stdout)["metrics"]["Churn"]["roc_auc"] < 1


def test_evaluate_says_how_many_rows_were_judged_and_why_others_were_not(folder, run):
    lines = (folder / "customers.csv").read_text(encoding="utf-8").splitlines()[:31]
    odd = [lines[0], *(line.rpartition(",")[0] + "," for line in lines[1:3]), *lines[3:]]
    odd[5] = odd[5].rpartition(",")[0] + ",Perhaps"
    (folder / "odd.csv").write_text("\n".join(odd), encoding="utf-8")

    done = crosstie(folder, "evaluate", run, "odd.csv")
    program = crosstie(folder, "evaluate", run, "odd.csv", "--json")

    assert done.stdout.startswith("Churn on 27 rows, 3 left out")
    assert (
        "column 'Churn': 3 of 30 rows are left out: 2 have no value; 1 holds what the model cannot predict, for "
        "example 'Perhaps'"
    ) in done.stderr
    assert json.loads(program.stdout)["rows"] == {"Churn": {"judged": 27, "left_out": 3}}


def test_a_mistyped_option_of_the_file_names_line_and_nearest_name(folder):
    (folder / "typo.yaml").write_text(
        "data: customers.csv\ntarget: Churn\nmodel_type: ecd\ntrainer:\n  epocs: 3\n",
        encoding="utf-8",
    )

    done = crosstie(folder, "train", "typo.yaml")

    assert done.returncode == 2
    assert "typo.yaml:5 trainer.epocs: unknown option; did you mean 'epochs'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_prints_every_problem_and_exits_with_1(folder):
    (folder / "two.yaml").write_text(
        "data: customers.csv\ntarget: Churn\nexclud: [tenure]\nmodel_typ: gbm\n", encoding="utf-8"
    )

    done = crosstie(folder, "check", "two.yaml")

    assert done.returncode == 1
    assert "two.yaml:3 exclud" in done.stdout
    assert "two.yaml:4 model_typ" in done.stdout
    assert "2 problems" in done.stdout


@pytest.mark.parametrize("command", ["check", "show", "train"])
def test_commands_that_take_a_file_or_a_table_take_the_same_options(folder, command):
    usual = ("customers.csv", "--target", "Churn", "--model-type", "linear", "--name", "typed")
    types = ("--type", "tenure=category", "--type", "MonthlyCharges=vector")
    done = crosstie(folder, command, *usual, *types, "--type", "nothing=text", "--seed", "3")

    assert "--type nothing: customers.csv has no column 'nothing'; " in done.stdout + done.stderr
    assert done.returncode == (1 if command == "check" else 2)


def test_show_takes_the_type_of_a_column(folder):
    usual = ("customers.csv", "--target", "Churn", "--model-type", "linear")
    done = crosstie(folder, "show", *usual, "--type", "tenure=category", "--seed", "3", "--json")

    shown = json.loads(done.stdout)
    assert shown["seed"] == 3
    assert [each["type"] for each in shown["input_features"] if each["name"] == "tenure"] == [
        "category"
    ]


def test_init_writes_a_file_that_checks_and_leaves_an_existing_one_alone(folder):
    first = crosstie(folder, "init", "customers.csv", "--target", "Churn", "-o", "model.yaml")
    again = crosstie(folder, "init", "customers.csv", "--target", "Churn", "-o", "model.yaml")

    assert first.returncode == 0, first.stderr
    assert "customerID" in (folder / "model.yaml").read_text()
    assert crosstie(folder, "check", "model.yaml").returncode == 0
    assert again.returncode == 2
    assert "model.yaml" in again.stderr


def test_show_prints_a_file_that_shows_itself_again(folder):
    (folder / "short.yaml").write_text(
        "data: customers.csv\ntarget: Churn\nmodel_type: gbm\n", encoding="utf-8"
    )

    first = crosstie(folder, "show", "short.yaml")
    (folder / "long.yaml").write_text(first.stdout, encoding="utf-8")
    second = crosstie(folder, "show", "long.yaml")

    assert first.returncode == 0, first.stderr
    assert second.stdout == first.stdout


def test_show_batch_prints_cells_beside_what_the_network_sees(folder):
    usual = ("show", "--batch", "customers.csv", "--target", "Churn", "--model-type", "linear")
    done = crosstie(folder, *usual, "-o", "batch.svg")
    assert (done.returncode, done.stderr) == (0, "drawn in batch.svg\n")
    first, *lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert first == "the first rows (no batches here): 256 of 350 training rows, model_type linear"
    assert "tenure number numbers[4] float32 256" in lines
    assert sum(line.startswith("Contract ") for line in lines) == 1 + 3
    assert (folder / "batch.svg").read_text(encoding="utf-8").startswith("<svg")

    plain = json.loads(crosstie(folder, *usual, "--json").stdout)
    assert (plain["training_rows"], plain["batch_size"], len(plain["rows"])) == (350, 256, 16)

    done = crosstie(folder, "show", "customers.csv", "--target", "Churn", "-o", "a.svg")
    assert (done.returncode, done.stderr) == (
        2,
        "error: -o a.svg: is where --batch draws to; add --batch, or write > a.svg\n",
    )


def test_a_run_is_shown_checked_and_trained_again_as_its_file(folder, run):
    shown = crosstie(folder, "show", run)
    again = crosstie(folder, "train", "churn/latest", "-o", "again")

    assert again.stdout.splitlines()[-2].endswith("again NEW_DATA.csv -o predictions.csv")
    assert shown.stdout.strip() == Path(run, "config.yaml").read_text(encoding="utf-8").strip()
    assert crosstie(folder, "check", run).returncode == 0
    assert again.returncode == 0, again.stderr
    metrics = (folder / "again" / "metrics.json").read_bytes()
    assert metrics == Path(run, "metrics.json").read_bytes()


def test_schema_is_one_json_schema():
    done = crosstie(Path(), "schema")

    assert json.loads(done.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_runs_lists_and_shows(folder, run):
    listed = crosstie(folder, "runs")
    shown = crosstie(folder, "runs", "show", "churn/latest")

    assert listed.returncode == 0, listed.stderr
    assert "churn/" in listed.stdout
    assert "baseline" in shown.stdout


def test_prune_keeps_the_newest(folder):
    table, runs = folder / "customers.csv", folder / "many"
    made = [train(table, target="Churn", model_type="linear", runs=runs) for _ in range(3)]
    newest = made[-1].path

    done = crosstie(folder, "runs", "prune", "--keep", "1", "--runs", "many", "--json")

    removed = json.loads(done.stdout)["removed"]
    assert 1 <= len(removed) <= 2
    assert not any(Path(path).exists() for path in removed)
    assert newest.exists()


def test_an_unknown_run_is_exit_2_without_traceback(folder):
    done = crosstie(folder, "predict", "chrun/latest", "customers.csv")

    assert done.returncode == 2
    assert "no such run" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_line_option_is_exit_2(folder):
    done = crosstie(folder, "train", "customers.csv", "--traget", "Churn")

    assert done.returncode == 2
    assert "--target" in done.stderr + done.stdout


def test_version():
    assert crosstie(Path(), "--version").stdout == "crosstie 0.1.0\n"


def test_doctor_says_that_training_is_possible_here():
    done = crosstie(Path(), "doctor", "--json")

    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["ready"] is True
    names = [each["name"] for each in found["packages"]]
    assert len(names) == len(set(names))


def test_push_writes_a_folder_that_predicts_and_lists_its_files(folder, run):
    listed = crosstie(folder, "push", run, "given", "--dry-run")
    done = crosstie(folder, "push", run, "given", "--json")
    again = crosstie(folder, "push", run, "given")
    wrong = crosstie(folder, "push", run, "s3://bucket/churn")

    assert listed.returncode == 0, listed.stderr
    assert "Nothing was written. Without --dry-run these files go to given" in listed.stdout
    answer = json.loads(done.stdout)
    assert sorted(answer) == ["dry_run", "files", "model", "url"]
    assert answer["model"] == "given"
    assert answer["files"]["README.md"] == (folder / "given" / "README.md").stat().st_size
    assert crosstie(folder, "predict", "given", "customers.csv", "-q").returncode == 0
    assert (again.returncode, again.stderr) == (
        2,
        "error: given: is not empty; give a new folder, or remove this one yourself\n",
    )
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "error: s3://bucket/churn: give a folder, or a place on the hub as hf://ORG/NAME\n",
    )


def test_a_full_disk_is_told_and_leaves_nothing_half_written(folder, tmp_path):
    bounded = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); "
        "sys.argv = ['crosstie', *sys.argv[1:]]; runpy.run_module('crosstie.cli.main', run_name='__main__')"
    )
    table, model = str(folder / "customers.csv"), str(tmp_path / "churn.yaml")
    done = subprocess.run(
        [sys.executable, "-B", "-c", bounded, "init", table, "--target", "Churn", "-o", model],
        cwd=tmp_path,  # without -B Python leaves the first 64 bytes of what it compiles, and takes them the next time
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith(
        "error: cannot write, file too large. Make room, or write elsewhere (-o, --runs); a run that was cut short "
        "goes on with --resume\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_of_runs_should_be_is_told(folder, tmp_path):
    (tmp_path / "runs").write_text("")
    done = crosstie(
        tmp_path,
        "train",
        str(folder / "customers.csv"),
        "--target",
        "Churn",
        "--model-type",
        "linear",
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert done.stderr.splitlines()[-1].endswith(
        "not a directory. Allow it, or choose another place (-o, --runs)"
    )
