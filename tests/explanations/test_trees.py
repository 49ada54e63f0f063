import csv
import subprocess
import sys

import numpy as np
import pytest

import crosstie
from crosstie.errors import TrainingError
from crosstie.learners.booster import tree_contributions

RNG = np.random.default_rng(0)
ROWS = [
    {
        "size": float(x) if i % 9 else None,
        "colour": c,
        "when": f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}",
        "price": float(3 * x + (5 if c == "red" else 0) + e),
        "sold": "yes" if x + e > 5 else "no",
    }
    for i, (x, c, e) in enumerate(
        zip(
            RNG.uniform(0, 10, 300),
            RNG.choice(["red", "blue", "green"], 300),
            RNG.normal(0, 1, 300),
            strict=True,
        )
    )
]


def trained(folder, target, **more):
    return crosstie.train(
        {
            "data": ROWS,
            "input_features": ["size", "colour", {"name": "when", "type": "date"}],
            "output_features": [target],
            "model_type": "gbm",
            "trainer": {"n_estimators": 20},
            **more,
        },
        output=folder,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {name: trained(folder / name, name) for name in ("price", "sold")}


@pytest.mark.slow
def test_contributions_to_a_number_add_up_to_it_in_its_unit(runs):
    answers = crosstie.load(runs["price"].path).predict(ROWS[:30])

    found = crosstie.explain(runs["price"], ROWS[:30])

    for each, answer in zip(found, answers, strict=True):
        assert (each.method, each.scale, each.of, each.errors) == ("trees", "number", None, None)
        assert list(each.contributions) == ["size", "when", "colour"]
        total = each.base + sum(each.contributions.values())
        assert total == pytest.approx(each.value, abs=1e-9)
        assert each.value == pytest.approx(answer["price_prediction"], rel=1e-4)
    large = max(range(30), key=lambda i: ROWS[i]["size"] or 0)
    assert found[large].ranked[0][0] == "size"
    assert found[large].contributions["size"] > 5


def test_contributions_to_a_class_add_up_to_its_calibrated_log_odds(runs):
    model = crosstie.load(runs["sold"].path)

    found = crosstie.explain(model, ROWS[:30])

    for each, answer in zip(found, model.predict(ROWS[:30]), strict=True):
        p = answer["sold_probability_yes"]
        assert (each.method, each.scale, each.of) == ("trees", "log-odds", "yes")
        assert each.prediction == answer["sold_prediction"]
        assert each.base + sum(each.contributions.values()) == pytest.approx(
            np.log(p / (1 - p)), abs=1e-3
        )


def test_sampling_against_many_rows_says_about_the_same(runs):
    rows = [row for row in ROWS if row["size"] is not None][:40]

    exact = crosstie.explain(runs["price"], rows)
    asked = crosstie.explain(runs["price"], rows, background=rows, samples=64)

    assert {each.method for each in asked} == {"sampling"}
    for name in ("size", "colour"):
        both = [[each.contributions[name] for each in found] for found in (exact, asked)]
        assert np.corrcoef(both)[0, 1] > 0.99
    for one, other in zip(exact, asked, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-4)


@pytest.mark.slow
def test_what_the_trees_alone_do_not_say_is_asked_of_the_graph(tmp_path, runs):
    alone = crosstie.load(runs["price"].model)
    alone.save(tmp_path / "alone")
    assert crosstie.explain(tmp_path / "alone", ROWS[:25])[0].method == "sampling"

    classes = trained(tmp_path / "classes", "colour", input_features=["size", "price"])
    assert crosstie.explain(classes, ROWS[:25])[0].method == "sampling"


@pytest.mark.slow
def test_another_booster_in_the_run_is_not_taken_for_the_models(tmp_path, runs):
    other = trained(tmp_path / "other", "price", trainer={"n_estimators": 3})
    text = (runs["price"].path / "network" / "booster.txt").read_text()
    (other.path / "network" / "booster.txt").write_text(text)

    assert crosstie.explain(other, ROWS[:25])[0].method == "sampling"


def test_rows_of_another_width_are_refused(runs):
    text = (runs["price"].path / "network" / "booster.txt").read_text()

    with pytest.raises(TrainingError, match=r"trees of \d+ columns, rows of 1"):
        tree_contributions(text, np.zeros((2, 1), np.float32))


def test_exact_contributions_are_written_without_errors(tmp_path, runs):
    crosstie.explain(runs["price"], ROWS, rows=2, output=tmp_path / "why.csv")

    with (tmp_path / "why.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["error"], line["method"]) for line in lines] == [("", "trees")] * 6


@pytest.mark.slow
def test_a_run_without_a_network_is_explained_without_torch(runs, tmp_path):
    (tmp_path / "rows.csv").write_text("size,colour,when\n3.5,red,2024-01-02\n")
    asked = (
        "import sys, crosstie\n"
        f"run, rows = {str(runs['price'].path)!r}, {str(tmp_path / 'rows.csv')!r}\n"
        "print([crosstie.explain(run, rows, background=each)[0].method for each in (None, rows)])\n"
        "print('torch' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout == "['trees', 'sampling']\nFalse\n"
