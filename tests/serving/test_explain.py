import csv
import json

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError, DataError
from crosstie.serving.explain import Explanation

RNG = np.random.default_rng(0)
ROWS = [
    {
        "size": float(x),
        "age": float(a),
        "colour": c,
        "price": float(3 * x - 2 * a + (5 if c == "red" else 0)),
    }
    for x, a, c in zip(
        RNG.uniform(0, 10, 200),
        RNG.normal(0, 1, 200),
        RNG.choice(["red", "blue"], 200),
        strict=True,
    )
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "prices"
    return crosstie.train({"data": ROWS, "target": "price", "model_type": "linear"}, output=folder)


@pytest.fixture(scope="module")
def model(run):
    return crosstie.load(run.path)


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    table = crosstie.datasets.load("penguins").data["train"]
    config = {"data": table, "target": "species", "model_type": "gbm"}
    config["trainer"] = {"n_estimators": 10}
    return crosstie.train(config, output=tmp_path_factory.mktemp("runs") / "birds")


@pytest.mark.slow
def test_of_a_sum_each_column_adds_what_it_differs_by_from_the_background(model):
    [found] = model.explain(ROWS[0], background=ROWS, samples=200)

    means = {name: np.mean([row[name] for row in ROWS]) for name in ("size", "age")}
    assert (found.row, found.output, found.scale, found.of) == (1, "price", "number", None)
    assert found.contributions["size"] == pytest.approx(3 * (ROWS[0]["size"] - means["size"]), 0.01)
    assert found.contributions["age"] == pytest.approx(
        -2 * (ROWS[0]["age"] - means["age"]), abs=0.05
    )
    assert found.value == pytest.approx(model.predict(ROWS[0])["price_prediction"])
    assert found.prediction == pytest.approx(found.value)
    assert found.base + sum(found.contributions.values()) == pytest.approx(found.value)


def test_an_only_column_adds_all(tmp_path):
    rows = [{"size": row["size"], "price": row["price"]} for row in ROWS]
    run = crosstie.train(
        {"data": rows, "target": "price", "model_type": "linear"}, output=tmp_path / "run"
    )

    [found] = crosstie.load(run.path).explain(rows[0], background=rows)

    assert list(found.contributions) == ["size"]
    assert found.base + found.contributions["size"] == pytest.approx(found.value, abs=1e-9)


@pytest.mark.parametrize("background", [None, ROWS[:7], ROWS])
def test_contributions_add_up_whatever_rows_are_compared_with(model, background):
    for each in model.explain(ROWS[:4], background=background):
        total = each.base + sum(each.contributions.values())
        assert total == pytest.approx(each.value, abs=1e-9)


def test_a_row_is_explained_alone_as_among_others(model):
    alone = model.explain(ROWS[2])[0]
    among = model.explain(ROWS[:5])[2]

    assert among.contributions == pytest.approx(alone.contributions, abs=1e-5)
    assert list(among.contributions) == ["size", "age", "colour"]


@pytest.mark.slow
def test_a_class_is_explained_by_its_probability(birds):
    model = crosstie.load(birds.path)
    table = crosstie.datasets.load("penguins").read()
    row = {name: table.cells(name)[0] for name in table.columns}

    [found] = crosstie.explain(model, row, background="dataset:penguins")

    answer = model.predict(row)
    assert (found.scale, found.of) == ("probability", answer["species_prediction"])
    assert found.value == pytest.approx(answer[f"species_probability_{found.of}"])
    assert found.base + sum(found.contributions.values()) == pytest.approx(found.value)
    assert "species" not in found.contributions


def test_the_first_rows_of_a_file_are_explained_and_written(run, tmp_path, capsys):
    from crosstie.cli.explain import explain

    (tmp_path / "rows.json").write_text(json.dumps(ROWS[:30]))
    out = tmp_path / "why.csv"

    assert explain(str(run.path), str(tmp_path / "rows.json"), rows=2, output=out) == 0
    assert "2 explanations in" in capsys.readouterr().err
    with out.open() as file:
        lines = list(csv.DictReader(file))
    assert [line["row"] for line in lines] == ["1"] * 3 + ["2"] * 3
    assert set(lines[0]) == {"row", "output", "prediction", "scale", "of", "base", "value"} | {
        *("column", "contribution", "error", "method")
    }
    total = float(lines[0]["base"]) + sum(float(line["contribution"]) for line in lines[:3])
    assert total == pytest.approx(float(lines[0]["value"]))


def test_the_command_shows_rows_and_says_where_the_background_is_made_up(
    run, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    from crosstie.cli.explain import explain

    bare = [{key: row[key] for key in ("size", "age", "colour")} for row in ROWS[:2]]
    (tmp_path / "bare.json").write_text(json.dumps(bare))

    assert explain(str(run.path), str(tmp_path / "bare.json")) == 0
    shown = capsys.readouterr()
    assert shown.err == (
        "note: rows are compared with made-up ones; --background FILE names others\n"
    )
    assert "importance" not in shown.out
    assert "row 2: price is" in shown.out
    assert shown.out.count("together") == 2

    assert explain(str(run.path), str(tmp_path / "bare.json"), rows=1, json=True, quiet=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["importance"] is None
    assert [each["row"] for each in said["rows"]] == [1]


def test_a_file_is_not_written_over_the_data(run, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ROWS[:3]))

    with pytest.raises(DataError, match="holds the data that was read"):
        crosstie.explain(run, path, output=path)


def test_a_model_of_sets_says_that_it_cannot_be_explained(tmp_path):
    rows = [{"a": i % 2, "tags": ["x y", "x", "y z"][i % 3]} for i in range(60)]
    config = {
        "input_features": ["a"],
        "output_features": [{"name": "tags", "type": "set"}],
        "model_type": "linear",
        "data": rows,
    }
    run = crosstie.train(config, output=tmp_path / "tags")

    with pytest.raises(ConfigError) as error:
        crosstie.explain(run, rows)
    assert str(error.value) == (
        "explain: is of models that predict a number or a class of a row, and 'tags' is a set; give another model"
    )


def test_an_explanation_shows_itself_in_a_notebook():
    found = Explanation(
        3, "left", "a<b", "log-odds", "yes", -0.5, 1.0, {"age": -0.25, "size": 1.75}, None, "trees"
    )
    assert found._repr_html_() == (
        "<p>row 3: left is a&lt;b</p><table><tr><th>column</th><th>log-odds of yes</th></tr>"
        "<tr><td>on average</td><td>-0.5</td></tr><tr><td>size</td><td>+1.75</td></tr>"
        "<tr><td>age</td><td>-0.25</td></tr><tr><td>together</td><td>1</td></tr></table>"
    )
