import csv

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError

RNG = np.random.default_rng(0)
ROWS = [
    {
        "size": float(x) if i % 9 else None,
        "colour": c,
        "when": f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}",
        "note": f"a {c} thing",
        "price": float(3 * x + (5 if c == "red" else 0) + e),
        "worth": float(np.exp(x / 3)),
        "sold": "yes" if x + e > 5 else "no",
        "kind": "small" if x < 3 else "middle" if x < 6 else "large",
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
READ = ["size", "colour", {"name": "when", "type": "date"}, {"name": "note", "type": "text"}]


def trained(folder, *targets, **more):
    config = {
        "data": ROWS,
        "input_features": READ,
        "output_features": list(targets),
        "model_type": "ecd",
        "combiner": {"type": "concat", "members": 2, "output_size": 16, "num_fc_layers": 1},
        "trainer": {"epochs": 12},
    }
    return crosstie.train(config | more, output=folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One network of a number, a number that is scaled by logarithms, two classes and three."""
    worth = {"name": "worth", "type": "number", "preprocessing": {"normalization": "log1p"}}
    return trained(tmp_path_factory.mktemp("runs") / "all", "price", worth, "sold", "kind")


@pytest.fixture(scope="module")
def found(run):
    by_output = {}
    for each in crosstie.explain(run, ROWS, rows=60):
        by_output.setdefault(each.output, []).append(each)
    return by_output


@pytest.mark.slow
def test_every_output_is_explained_on_its_scale(run, found):
    answers = crosstie.load(run.path).predict(ROWS[:60])

    first = {name: each[0] for name, each in found.items()}
    assert {name: each.scale for name, each in first.items()} == {
        "price": "number",
        "worth": "number",
        "sold": "log-odds",
        "kind": "probability",
    }
    for name, explanations in found.items():
        for row, each in enumerate(explanations):
            answer = answers[row]
            assert (each.row, each.method) == (row + 1, "gradients")
            assert each.prediction == answer[f"{name}_prediction"]
            assert list(each.contributions) == ["size", "colour", "when", "note"]
            total = each.base + sum(each.contributions.values())
            assert total == pytest.approx(each.value, abs=1e-9)
    assert first["kind"].of == answers[0]["kind_prediction"]
    assert first["kind"].value == pytest.approx(
        answers[0][f"kind_probability_{first['kind'].of}"], abs=1e-5
    )
    p = answers[0]["sold_probability_yes"]
    assert (first["sold"].of, first["sold"].value) == (
        "yes",
        pytest.approx(np.log(p / (1 - p)), abs=1e-4),
    )
    assert first["worth"].value == pytest.approx(answers[0]["worth_prediction"])


def test_little_is_left_for_the_columns_to_share(found):
    for explanations in found.values():
        for each in explanations:
            strength = sum(map(abs, each.contributions.values()))
            assert sum(each.errors.values()) < 0.01 * strength


def test_sampling_says_about_the_same(run, found):
    asked = [
        each
        for each in crosstie.explain(run, ROWS, rows=60, method="sampling")
        if each.output == "price"
    ]

    assert {each.method for each in asked} == {"sampling"}
    for name in ("size", "colour"):
        both = [[each.contributions[name] for each in some] for some in (found["price"], asked)]
        assert np.corrcoef(both)[0, 1] > 0.97
    assert found["price"][0].ranked[0][0] == "size"


def test_a_row_as_the_others_are_on_average_owes_nothing_to_its_columns(run):
    alike = [{**ROWS[1], "size": 5.0}] * 25

    for each in crosstie.explain(run, alike[:2], background=alike):
        assert each.contributions == pytest.approx(dict.fromkeys(each.contributions, 0), abs=1e-3)
        assert each.base == pytest.approx(each.value, rel=1e-4)


@pytest.mark.slow
def test_an_average_of_networks_is_explained_as_one(tmp_path):
    folds = trained(tmp_path / "folds", "sold", folds=2, trainer={"epochs": 2})

    [found] = crosstie.explain(folds, ROWS, rows=1)

    p = crosstie.load(folds.path).predict(ROWS[0])["sold_probability_yes"]
    assert (found.method, found.value) == (
        "gradients",
        pytest.approx(np.log(p / (1 - p)), abs=1e-3),
    )
    assert found.base + sum(found.contributions.values()) == pytest.approx(found.value, abs=1e-9)


@pytest.mark.slow
def test_another_network_in_the_run_is_not_taken_for_the_models(tmp_path):
    run, other = (
        trained(tmp_path / name, "price", trainer={"epochs": epochs}, seed=epochs)
        for name, epochs in (("one", 1), ("other", 2))
    )
    weights = (run.path / "network" / "weights.safetensors").read_bytes()
    (other.path / "network" / "weights.safetensors").write_bytes(weights)

    assert crosstie.explain(other, ROWS, rows=1)[0].method == "sampling"


def test_a_way_that_a_model_has_not_is_refused(run, tmp_path):
    with pytest.raises(ConfigError) as refused:
        crosstie.explain(run, ROWS, rows=1, method="trees")
    assert str(refused.value) == (
        "method: 'trees' needs a run of `gbm` that is one model of a number or of two classes, without texts and sets among "
        "its columns; leave it out, or write sampling"
    )
    with pytest.raises(ConfigError, match="no way 'gradient' to explain; did you mean 'gradients'"):
        crosstie.explain(run, ROWS, rows=1, method="gradient")
    crosstie.load(run.path).save(tmp_path / "alone")
    with pytest.raises(ConfigError, match="'gradients' needs a run of `ecd`"):
        crosstie.explain(tmp_path / "alone", ROWS, rows=1, method="gradients")


@pytest.mark.slow
def test_explanations_are_written_with_what_was_shared_out(run, tmp_path):
    crosstie.explain(run, ROWS, rows=1, output=tmp_path / "why.csv")

    with (tmp_path / "why.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {line["method"] for line in lines} == {"gradients"}
    assert all(float(line["error"]) >= 0 for line in lines)


def test_the_command_says_where_the_way_begins(run, tmp_path, capsys, monkeypatch):
    from crosstie.cli.explain import explain

    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "rows.csv").write_text("size,colour,when,note\n3.5,red,2024-01-02,a red thing\n")

    assert explain(str(run.path), str(tmp_path / "rows.csv"), rows=1) == 0

    shown = capsys.readouterr()
    assert (
        shown.err == "note: rows are compared with made-up ones; --background FILE names others\n"
    )
    assert shown.out.count("for a mean row") == 4
    assert shown.out.count("together") == 4
