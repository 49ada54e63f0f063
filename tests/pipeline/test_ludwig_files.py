"""Files as Ludwig's users write them: every component we have, in its short and in its long form."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from crosstie.api import load as load_model
from crosstie.api import train
from crosstie.config.source import load
from crosstie.pipeline.check import make_plan

FILES = sorted((Path(__file__).parent / "ludwig").glob("*.yaml"))
ROWS = 80
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "finds",
    "it",
    "good",
]


def table(path: Path) -> None:
    """A row for each of 80 customers, with a column of every kind."""
    rng = np.random.default_rng(0)

    def some(words: list[str], most: int, between: str) -> str:
        return between.join(rng.choice(words, rng.integers(1, most)))

    columns = {
        "id": lambda i: f"c{i}",
        "age": lambda i: round(20 + (i * 7) % 50 + i / 100, 2),
        "fare": lambda i: round(float(rng.gamma(2, 20)), 2),
        "income": lambda i: int(rng.integers(900, 9000)),
        "sex": lambda i: "male" if i % 3 else "female",
        "city": lambda i: "ABC"[i % 3],
        "town": lambda i: "KLMN"[(i // 2) % 4],
        "bought": lambda i: "yes" if (i * 5) % 7 < 3 else "no",
        "day": lambda i: f"2021-{1 + i % 12:02d}-{1 + i % 28:02d}",
        "born": lambda i: f"{1950 + i % 50}-03-{1 + i % 28:02d}",
        "place": lambda i: f"{i / 10} {i % 3} {i % 5}",
        "spot": lambda i: f"{i % 4} {i / 7:.2f}",
        "tags": lambda i: some(["red", "green", "blue"], 3, ","),
        "topics": lambda i: some(["x", "y", "z"], 3, ","),
        "words": lambda i: some(WORDS, 6, " "),
        "steps": lambda i: some(["up", "down", "left"], 9, " "),
        "path": lambda i: some(["up", "down", "left"], 9, " "),
    }
    columns |= {
        name: lambda i: some(WORDS, 12, " ")
        for name in ("about", "title", "notes", "comment", "remark", "letter")
    }
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([[make(i) for make in columns.values()] for i in range(ROWS)])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data.csv")
    return tmp_path


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_file_of_ludwigs_checks_unmodified(here, file):
    shutil.copy(file, here / "model.yaml")
    made = make_plan(load("model.yaml"), source="data.csv")
    assert {each.name for each in made.outputs} == set(made.metrics)
    again = make_plan(load(made.config), source="data.csv")
    assert again == made


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_file_of_ludwigs_trains_and_predicts(here, file):
    shutil.copy(file, here / "model.yaml")
    shorter = [] if file.stem in {"trees", "price"} else ["trainer.epochs=1"]
    run = train("model.yaml", data="data.csv", set=shorter)
    outputs = [each["name"] for each in load("model.yaml").value["output_features"]]
    assert list(run.metrics["test"]) == outputs
    with (here / "data.csv").open(newline="") as rows:
        predicted = load_model(run.path).predict(list(csv.DictReader(rows))[:3])
    assert [f"{name}_prediction" in row for row in predicted for name in outputs] == [True] * (
        3 * len(outputs)
    )
