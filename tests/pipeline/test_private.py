"""Private columns: nothing of their cells is in any file of a run but what the model needs to encode."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import crosstie
from crosstie.errors import ConfigError

NEEDED = {  # vocabularies and scales
    f"{folder}/{name}"
    for folder in ("model", "network")
    for name in ("features.json", "arrays.safetensors")
}
SECRET = ("Zyxwold", "1987-11-0", "98761", "qubblefrotz")


@pytest.fixture
def patients(tmp_path) -> Path:
    """A table whose private columns hold words that stand nowhere else."""
    rng = np.random.default_rng(0)
    lines = ["town,born,code,remark,only,age,ill"]
    for _ in range(160):
        age = rng.integers(20, 80)
        town = f"Zyxwold{rng.integers(4)}"
        born = f"1987-11-0{rng.integers(1, 9)}"
        code = rng.choice(["98761", "98761.5", "98761x"], p=[0.49, 0.49, 0.02])
        remark = " ".join(rng.choice(["qubblefrotz", "sees", "a", "doctor", "often", "now"], 6))
        ill = "yes" if age + rng.normal(0, 15) > 50 else "no"
        lines.append(f"{town},{born},{code},{remark},Zyxwold-all,{age},{ill}")
    path = tmp_path / "patients.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def shown(folder: Path) -> dict[str, str]:
    """Files of a run to what can be read in them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            data = path.read_bytes()
            if path.suffix == ".parquet":
                data = str(pq.read_table(io.BytesIO(data)).to_pydict()).encode()
            found[name] = data.decode("utf-8", errors="replace")
    return found


@pytest.mark.parametrize("learner", ["linear", "gbm", "ecd"])
def test_no_file_of_a_run_shows_cells_of_private_columns(patients, tmp_path, learner):
    said: list[str] = []
    run = crosstie.train(
        str(patients),
        target="ill",
        model_type=learner,
        types={"code": "number", "remark": "text"} if learner != "gbm" else {"code": "number"},
        set=[
            "private=[town, born, code, remark, only]",
            *(["trainer.epochs=1"] if learner == "ecd" else []),
            *(["exclude=[remark]"] if learner == "gbm" else []),
        ],
        output=tmp_path / "run",
        say=said.append,
    )

    leaks = {
        (name, word)
        for name, text in shown(run.path).items()
        for word in SECRET
        if name not in NEEDED and word in text
    }
    assert leaks == set()
    assert not [line for line in said if any(word in line for word in SECRET)]
    example = json.loads((run.model / "example.json").read_text())
    assert {row["town"] for row in example["rows"]} == {None}
    assert {row["age"] for row in example["rows"]} != {None}


def test_the_file_that_init_writes_shows_no_cell_of_a_private_column(patients):
    text = crosstie.init(
        str(patients), target="ill", set=["private=[town, born, code, remark, only]"]
    )

    assert not [word for word in SECRET if word in text]
    assert "exclude:\n  - only  # always (private)\n" in text


def test_an_error_about_a_private_column_is_told_but_not_kept(patients, tmp_path):
    with pytest.raises(crosstie.CrosstieError, match="Zyxwold"):
        crosstie.train(
            str(patients),
            target="ill",
            model_type="linear",
            set=["private=[town]", "split={type: fixed, column: town}"],
            output=tmp_path / "run",
        )

    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["error"] == (
        "DataError: about 'town', of which nothing is kept because it is private"
    )


def test_what_is_predicted_cannot_be_private(patients):
    with pytest.raises(ConfigError) as error:
        crosstie.check(str(patients), target="ill", set=["private=[ill]"])
    assert str(error.value) == (
        "--set private: 'ill' is predicted, so what it holds is what predictions show; take it out"
    )
