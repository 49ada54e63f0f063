import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

import crosstie
from crosstie.data.read import open_source
from crosstie.errors import ConfigError, DataError
from crosstie.serving import pieces as cut
from crosstie.serving.batch import predict_to
from crosstie.serving.kept import Kept, Piece

ROWS = [
    {
        "size": i / 8,
        "colour": ["red", "blue", None][i % 3],
        "kind": ["a", "b", "c"][i % 3],
        "price": 10.25 * i / 8 + (1.5 if i % 2 else 0.25),
        "big": ["no", "yes"][i > 60],
        "tags": ["u v", "w", "u"][i % 3],
        "words": ["one two", "three", "two one"][i % 3],
    }
    for i in range(120)
]
OUTPUTS = [
    {"name": "price", "type": "number"},
    {"name": "big", "type": "binary"},
    {"name": "kind", "type": "category"},
    {"name": "tags", "type": "set"},
]
MANY = 700


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    file = {
        "name": "things",
        "model_type": "ecd",
        "input_features": [
            {"name": "size", "type": "number"},
            {"name": "colour", "type": "category"},
        ],
        "output_features": OUTPUTS,
        "trainer": {"epochs": 1},
    }
    return crosstie.load(crosstie.train(file, data=ROWS, runs=runs).path)


@pytest.fixture
def table(tmp_path):
    """A file of several pieces with odd cells in the first."""
    path = tmp_path / "many.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "size", "colour"])
        writer.writerow(["0", "huge", "green"])
        writer.writerows([f"né{i}", i / 4, ["red", "blue", ""][i % 3]] for i in range(1, MANY))
    return path


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(cut, "BYTES_READ", 1 << 10)


class Stop(Exception):
    """What stops a prediction in these tests."""


def stopped(model, table, output, *, after, **options):
    """A prediction that ends after so many rows, as by a fault."""

    def progress(done, total):
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        crosstie.predict(model, table, output=output, progress=progress, **options)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "json", "arrow"])
def test_what_is_gone_on_with_has_the_bytes_of_never_having_stopped(model, table, tmp_path, suffix):
    whole, output = tmp_path / f"whole.{suffix}", tmp_path / f"parts.{suffix}"
    said, again = [], []
    crosstie.predict(model, table, output=whole, keep=["id"], say=said.append)

    stopped(model, table, output, after=300, keep=["id"])
    assert not output.exists()
    seen = []
    rows = crosstie.predict(
        model, table, output=output, keep=["id"], resume=True, say=again.append,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip

    assert rows == MANY
    assert output.read_bytes() == whole.read_bytes()
    begun = seen[0][0]
    assert 300 <= begun < MANY
    assert seen[-1] == (MANY, MANY)
    assert again == [f"going on behind {begun} of {MANY} rows", *said]
    assert any("'huge'" in each for each in said)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        [table.name, whole.name, output.name]
    )


@pytest.mark.slow
def test_it_may_be_stopped_twice(model, table, tmp_path):
    whole, output = tmp_path / "whole.csv", tmp_path / "parts.csv"
    crosstie.predict(model, table, output=whole)

    stopped(model, table, output, after=200)
    stopped(model, table, output, after=500, resume=True)
    crosstie.predict(model, table, output=output, resume=True)

    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("lost", [1, 40, 400])
def test_a_half_written_piece_is_predicted_again(model, table, tmp_path, lost):
    whole, output = tmp_path / "whole.csv", tmp_path / "parts.csv"
    crosstie.predict(model, table, output=whole)
    stopped(model, table, output, after=300)
    kept = tmp_path / ".parts.csv.resume"

    os.truncate(kept, kept.stat().st_size - lost)
    crosstie.predict(model, table, output=output, resume=True)

    assert output.read_bytes() == whole.read_bytes()


def test_other_data_another_model_and_other_options_are_refused_at_once(model, table, tmp_path):
    output = tmp_path / "parts.csv"
    stopped(model, table, output, after=300)
    other = tmp_path / "model"
    shutil.copytree(model.path, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest, indent=1))
    table.write_text(table.read_text().replace("huge", "huger"))

    with pytest.raises(DataError) as error:
        crosstie.predict(other, table, output=output, keep=["id"], resume=True)

    assert str(error.value) == (
        f"{output}: what was done of it before is of another model and other data and other options. Go back to "
        "that, or leave out --resume to begin anew"
    )
    assert (tmp_path / ".parts.csv.resume").exists()


def test_without_resume_it_begins_anew(model, table, tmp_path):
    output = tmp_path / "parts.csv"
    stopped(model, table, output, after=300)
    seen = []

    crosstie.predict(model, table, output=output, progress=lambda done, total: seen.append(done))

    assert seen[0] == 0
    assert [each.name for each in tmp_path.glob(".*")] == []


def test_where_nothing_is_kept_resume_begins_with_the_first_row(model, table, tmp_path):
    said = []
    rows = crosstie.predict(model, table, output=tmp_path / "new.csv", resume=True, say=said.append)
    assert rows == MANY
    assert said[0] == "nothing is kept of an earlier prediction; beginning with the first row"


def test_resume_needs_a_file_that_comes_from_files(model, table, tmp_path):
    with pytest.raises(ConfigError) as error:
        crosstie.predict(model, table, resume=True)
    assert str(error.value) == (
        "--resume: goes on with a file that was not written to its end; add -o FILE"
    )
    with pytest.raises(DataError) as refused:
        crosstie.predict(model, ROWS, output=tmp_path / "x.csv", resume=True)
    assert str(refused.value) == (
        "--resume: what is predicted for the table given is not kept: only from files to a file can be gone on "
        "with, and not with a model of series. Leave it out"
    )


def test_a_file_that_keeps_nothing_we_know_is_refused(model, table, tmp_path):
    (tmp_path / ".parts.csv.resume").write_bytes(b"something else that is long enough")
    with pytest.raises(DataError) as error:
        crosstie.predict(model, table, output=tmp_path / "parts.csv", resume=True)
    assert str(error.value) == (
        f"{tmp_path}/.parts.csv.resume: holds nothing that can be gone on with. Leave out --resume to begin anew"
    )


def test_ctrl_c_says_how_to_go_on(model, table, tmp_path):
    source = open_source(table)

    def progress(done, total):
        if done >= 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stop:
        predict_to(model, source, tmp_path / "parts.csv", progress=progress)
    done = int(str(stop.value).split()[0])
    assert str(stop.value) == (
        f"{done} of {MANY} rows are done and kept; the same command with --resume goes on"
    )
    assert 300 <= done < MANY


KILLED = """
import os, signal, sys
import crosstie
from crosstie.serving import pieces
pieces.BYTES_READ = 1 << 10
def progress(done, total):
    if done >= 300:
        os.kill(os.getpid(), signal.SIGKILL)
crosstie.predict(sys.argv[1], sys.argv[2], output=sys.argv[3], progress=progress)
"""


@pytest.mark.slow
def test_a_killed_process_loses_nothing_and_leaves_nothing(model, table, tmp_path):
    whole, output = tmp_path / "whole.parquet", tmp_path / "parts.parquet"
    crosstie.predict(model, table, output=whole)

    words = [sys.executable, "-c", KILLED, str(model.path), str(table), str(output)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".parts.parquet.*.part"))) == 1
    crosstie.predict(model, table, output=output, resume=True)

    assert output.read_bytes() == whole.read_bytes()
    assert list(tmp_path.glob(".*")) == []


def test_pieces_come_back_as_they_were_kept(tmp_path, model):
    odd = next(iter(model.counted_pieces(open_source(ROWS))))
    texts = {"text": ["a\n", None, "\ud800", "é"], "many": [[1.5, float("inf")], [], None, [0.1]]}
    with Kept(tmp_path / "x.csv", dict) as kept:
        kept.add(Piece(*odd))
        kept.add(Piece(texts, {}))
    with Kept(tmp_path / "x.csv", dict) as kept:
        first, second = kept.earlier()

    assert list(first.columns) == list(odd[0])
    assert {name: list(each) for name, each in first.columns.items()} == {
        name: list(each) for name, each in odd[0].items()
    }
    assert first.counts == odd[1]
    assert second.columns == texts


def test_long_rows_come_in_smaller_pieces(model, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("size,colour\n" + f"1,{'red ' * 100}\n" * 50)
    source = open_source(path)

    assert cut.fitting(source, cut.PIECE) == 2
    assert [len(each) for each in cut.pieces(source, ["size"], cut.PIECE)] == [2] * 25
    assert [len(each) for each in cut.pieces(source, ["size"], cut.PIECE, skip=46)] == [2, 2]


@pytest.mark.slow
def test_a_table_of_a_database_has_what_a_file_would_have_or_nothing(
    model, table, tmp_path, postgres_server
):
    """Several pieces, one transaction; in a real PostgreSQL."""
    server = postgres_server
    crosstie.predict(model, table, output=tmp_path / "whole.parquet", keep=["id", "size"])

    def stop(done, total):
        if done:
            raise Stop

    with pytest.raises(Stop):
        crosstie.predict(model, table, to=f"{server}:predicted", progress=stop)
    assert tables(server) == []
    rows = crosstie.predict(model, table, to=f"{server}:predicted", keep=["id", "size"])

    assert rows == MANY
    assert tables(server) == ["predicted"]
    asked = {"connection": server, "query": "SELECT * FROM predicted"}
    (there,), (file,) = [list(open_source(each).chunks(10**6)) for each in (asked, tmp_path / "whole.parquet")]  # fmt: skip
    assert there.columns == file.columns
    for name in there.columns:
        assert there.cells(name) == file.cells(name)
    with pytest.raises(ConfigError) as error:
        crosstie.predict(model, table, to=f"{server}:predicted", output="x.csv")
    assert str(error.value) == "--to: writes to a database and -o to a file; give one of them"


def tables(server):
    """What is called `predicted` in a database."""
    query = "SELECT table_name::text AS name FROM information_schema.tables WHERE table_name = 'predicted' UNION ALL SELECT ''"
    found = open_source({"connection": server, "query": query}).table().cells("name")
    return [each for each in found if each]
