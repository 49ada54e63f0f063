"""`python -m PACKAGE`, of a model in a folder."""

import json
from itertools import islice

import pytest

import crosstie
from crosstie.serving import pieces
from crosstie.serving.command import main
from crosstie.serving.packaged import Packaged


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """A packaged model's class."""
    run = crosstie.train(
        "dataset:penguins",
        target="species",
        model_type="linear",
        name="penguins",
        runs=tmp_path_factory.mktemp("runs"),
    )

    class Model(Packaged):
        folder = run.model

    return Model


@pytest.fixture
def table(birds, tmp_path):
    path = tmp_path / "birds.json"
    rows = json.loads((birds.folder / "example.json").read_text())["rows"]
    path.write_text(json.dumps([{"id": f"b{i}", **row} for i, row in enumerate(rows)]))
    return path


@pytest.mark.slow
def test_predictions_go_to_a_file_with_columns_that_are_kept(birds, table, tmp_path, capsys):
    output = tmp_path / "out.jsonl"
    assert main(birds, "birds", ["predict", str(table), "-o", str(output), "--keep", "id"]) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["b0", "b1", "b2", "b3", "b4"]
    assert rows[0]["species_prediction"] in {"Adelie", "Chinstrap", "Gentoo"}
    assert f"5 predictions in {output}" in capsys.readouterr().err


def test_predictions_go_to_standard_output_otherwise(birds, table, capsys):
    assert main(birds, "birds", ["predict", str(table), "-q"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].startswith("species_prediction,species_probability_Adelie")
    assert len(printed.out.splitlines()) == 6
    assert printed.err == ""


def test_a_long_prediction_that_was_stopped_goes_on(birds, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pieces, "BYTES_READ", 1 << 10)
    example = json.loads((birds.folder / "example.json").read_text())["rows"]
    table, whole, parts = (tmp_path / name for name in ("many.jsonl", "whole.csv", "parts.csv"))
    table.write_text("".join(json.dumps(row) + "\n" for row in example * 20))
    assert main(birds, "birds", ["predict", str(table), "-o", str(whole)]) == 0

    class Stopped(birds):
        """Ctrl-C comes with the fourth piece."""

        def counted_pieces(self, *given, **options):
            yield from islice(super().counted_pieces(*given, **options), 3)
            raise KeyboardInterrupt

    words = ["predict", str(table), "-o", str(parts)]
    assert main(Stopped, "birds", words) == 130
    stopped = capsys.readouterr().err.splitlines()[-1]
    assert main(birds, "birds", [*words, "--resume"]) == 0
    said = capsys.readouterr().err.splitlines()

    done = int(stopped.split()[1])
    assert stopped == (
        f"interrupted: {done} of 100 rows are done and kept; the same command with --resume goes on"
    )
    begun = int(said[0].split()[3])
    assert 0 < done <= begun < 100
    assert said == [f"going on behind {begun} of 100 rows", f"100 predictions in {parts}"]
    assert parts.read_bytes() == whole.read_bytes()


def test_what_goes_to_standard_output_is_not_gone_on_with(birds, table, capsys):
    assert main(birds, "birds", ["predict", str(table), "--resume"]) == 2
    assert capsys.readouterr().err == (
        f"error: --resume: what is predicted for {table} is not kept: only from files to a file can be gone on with, "
        "and not with a model of series. Leave it out\n"
    )


def test_check_says_that_it_predicts_as_where_it_was_trained(birds, capsys):
    assert main(birds, "birds", ["check"]) == 0
    assert capsys.readouterr().out == "5 example rows are predicted as where it was trained\n"


def test_check_names_what_differs_and_says_no(birds, tmp_path, capsys):
    model = birds()
    feature = next(each for each in model.artifact.inputs if each.name == "bill_length_mm")
    feature._scaling.shift_ += 40.0
    assert main(lambda: model, "birds", ["check", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == 5
    assert {each["where"].split(",")[0] for each in said["problems"]} >= {"example row 1"}


def test_schema_is_that_of_the_model(birds, capsys):
    assert main(birds, "birds", ["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(
        (birds.folder / "schema.json").read_text()
    )


def test_a_mistake_is_one_line_and_two(birds, tmp_path, capsys):
    table = tmp_path / "birds.csv"
    table.write_text("sex\nmale\n")
    assert main(birds, "birds", ["predict", str(table)]) == 2
    assert main(birds, "birds", ["predict", str(tmp_path / "nothing.csv")]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == (
        "error: columns 'island', 'year': the model needs them and the table has none; no other column is there instead"
    )
    assert "nothing.csv: there is no such file" in second


def test_a_server_that_strangers_reach_needs_a_token(birds, monkeypatch, capsys):
    monkeypatch.delenv("CROSSTIE_TOKEN", raising=False)
    monkeypatch.setenv("HOST", "0.0.0.0")
    assert main(birds, "birds", ["serve"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --host 0.0.0.0: others can reach this address, and there is no token"
    )


def test_an_unknown_command_is_told(birds, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(birds, "birds", ["predcit"])
    assert "invalid choice: 'predcit'" in capsys.readouterr().err


def test_another_model_may_be_opened_with_its_class(birds):
    assert isinstance(birds.load(birds.folder), birds)
