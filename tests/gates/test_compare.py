import json

import numpy as np
import pytest

from crosstie.errors import ConfigError, DataError
from crosstie.gates import compare as room

QUICK = {"skew": False}  # what starts a process is tried once


def compare(*models, gates=QUICK, **options):
    return room.compare(*models, gates=gates, **options)


@pytest.fixture(scope="module")
def retrained(churn, churn_parts):
    production, candidate = churn
    before, now, holdout = churn_parts
    tables = now, before
    return compare(candidate, production, holdout, key="customerID", training=tables, gates=None)


@pytest.mark.slow
def test_a_model_beside_itself_is_what_it_was(churn, churn_parts):
    found = compare(churn[0], churn[0], churn_parts[2])
    assert found.passed
    output = found.outputs["Churn"]
    assert {(each.change, each.low, each.high) for each in output.metrics.values()} == {(0, 0, 0)}
    assert (output.flips.rows, output.moved, found.contract) == (0, [], [])
    assert [each.before - each.after for each in output.segments] == [0.0] * 5


@pytest.mark.slow
def test_metrics_are_those_of_evaluate(retrained, churn, churn_parts):
    before, after = (model.evaluate(churn_parts[2])["Churn"] for model in churn)
    found = retrained.outputs["Churn"].metrics
    assert {name: each.before for name, each in found.items()} == before
    assert {name: each.after for name, each in found.items()} == after
    for each in found.values():
        assert each.low <= each.change <= each.high


def test_flips_and_moved_rows_are_those_of_predict(retrained, churn, churn_parts):
    said = [model.predict(churn_parts[2]) for model in churn]
    labels = [np.array(each["Churn_prediction"]) for each in said]
    yes = [np.array(each["Churn_probability_Yes"]) for each in said]
    output = retrained.outputs["Churn"]
    assert output.flips.rows == (labels[0] != labels[1]).sum() > 0
    assert sum(rows for _, _, rows in output.flips.ways) == output.flips.rows

    order = np.argsort(-np.abs(yes[1] - yes[0]), kind="stable")[:20]
    assert [each.row for each in output.moved] == (order + 1).tolist()
    first, place = output.moved[0], int(order[0])
    assert first.key == {"customerID": churn_parts[2]["customerID"][place]}
    assert first.truth == churn_parts[2]["Churn"][place]
    assert first.before == f"{labels[0][place]} (Yes {yes[0][place]:.3f})"
    assert first.cells["tenure"] == churn_parts[2]["tenure"][place]
    assert first.distance == pytest.approx(yes[1][place] - yes[0][place])


def test_calibration_holds_all_rows_of_both(retrained):
    bins = retrained.outputs["Churn"].calibration
    assert [sum(each.rows for each in bins[which]) for which in ("before", "after")] == [400, 400]


def test_the_result_is_json(retrained):
    state = json.loads(json.dumps(retrained.state(), allow_nan=False))
    assert state["passed"] is True
    assert state["outputs"]["Churn"]["rows"] == state["rows"] == 400
    assert [each["gate"] for each in state["outcomes"]] == [
        *("contract", "skew", "metric", "calibration", "flips", "change", "segments"),
        *("drift", "rows", "repeats", "leakage", "cost"),
    ]


def test_the_same_seed_finds_the_same(retrained, churn, churn_parts):
    before, now, holdout = churn_parts
    again = compare(churn[1], churn[0], holdout, key="customerID", training=(now, before))
    assert again.outputs == retrained.outputs
    assert again.training == retrained.training
    assert again.skew is None


def test_with_nothing_in_production_the_rest_is_looked_at(churn, churn_parts):
    found = compare(
        churn[1], None, churn_parts[2], key="customerID", training=(churn_parts[1], None)
    )
    assert found.passed
    results = {each.gate: each.result for each in found.outcomes}
    assert {name for name, result in results.items() if result == "passed"} == {"leakage"}
    said = {each.what for each in found.outcomes if each.gate in ("contract", "drift", "repeats")}
    assert said == {"nothing is in production to compare with"}
    assert found.outputs["Churn"].metrics["roc_auc"].change is None


def test_training_on_the_holdout_is_found(churn, churn_parts):
    _, now, holdout = churn_parts
    leaky = {name: [*now[name], *holdout[name][:7]] for name in now}
    found = compare(churn[1], churn[0], holdout, key=["customerID"], training=(leaky, now))
    assert [each.gate for each in found.failed] == ["leakage"]
    assert found.failed[0].what == "7 of 407 training rows have a key of the holdout"


def test_mistakes_are_told(churn, churn_parts):
    holdout = churn_parts[2]
    with pytest.raises(
        ConfigError,
        match=r"key: the holdout has no column 'customerid'; did you mean 'customerID'\?",
    ):
        compare(churn[1], churn[0], holdout, key="customerid")
    with pytest.raises(
        ConfigError, match=r"^training: give two tables, \(the candidate's, production's\)"
    ):
        compare(churn[1], churn[0], holdout, training=churn_parts[0])
    with pytest.raises(
        ConfigError, match=r"^candidate: give a model, as `crosstie\.load` opens one; got a str$"
    ):
        compare("candidate", churn[0], holdout)
    unknown = {**holdout, "Churn": ["Maybe"] * 400}
    with pytest.raises(
        DataError, match=r"^column 'Churn': no row of the holdout has a value that a model knows$"
    ):
        compare(churn[1], churn[0], unknown)
    part = {name: holdout[name] for name in ("Churn", "customerID", "tenure", "gender")}
    with pytest.raises(
        DataError, match=r"^training: production's table lacks 'SeniorCitizen', 'Partner', "
    ):
        compare(churn[1], churn[0], holdout, training=(holdout, part))
    bare = {name: cells for name, cells in holdout.items() if name != "Churn"}
    with pytest.raises(
        DataError, match="column 'Churn': the data has no such column, and evaluating needs"
    ):
        compare(churn[1], churn[0], bare)


@pytest.mark.slow
def test_numbers_are_compared_in_their_unit(fit, birds):
    halves = [{name: cells[i::2] for name, cells in birds.items()} for i in range(2)]
    models = [fit(half, "body_mass_g") for half in halves]
    found = compare(models[1], models[0], birds)
    said = [np.array(each.predict(birds)["body_mass_g_prediction"]) for each in models]
    amounts = found.outputs["body_mass_g"].amounts
    known = np.array([each is not None for each in birds["body_mass_g"]])
    moves = (said[1] - said[0])[known]
    assert amounts.mean == pytest.approx(moves.mean())
    assert amounts.mean_absolute == pytest.approx(np.abs(moves).mean())
    assert amounts.max_absolute == pytest.approx(np.abs(moves).max())
    assert found.outputs["body_mass_g"].left_out == (~known).sum() == 2
    assert found.outputs["body_mass_g"].flips is None
    assert sum(each.rows for each in found.outputs["body_mass_g"].calibration["after"]) == 342


@pytest.mark.slow
def test_a_class_that_production_never_saw_counts_as_wrong(species, without_gentoo, birds):
    found = compare(species, without_gentoo, birds)
    output = found.outputs["species"]
    truth = np.array(birds["species"])
    said = np.array(without_gentoo.predict(birds)["species_prediction"])
    assert output.rows == len(truth)
    assert output.metrics["accuracy"].before == pytest.approx((said == truth).mean())
    assert output.metrics["accuracy"].after > 0.95
    assert output.flips.rows >= (truth == "Gentoo").sum()
    failed = {each.gate: each.what for each in found.failed}
    assert failed["contract"] == "species: can be 'Gentoo', which production never says"


@pytest.mark.slow
def test_a_class_that_is_lost_fails_what_it_should(species, without_gentoo, birds):
    failed = {each.gate: each.what for each in compare(without_gentoo, species, birds).failed}
    assert set(failed) == {"contract", "metric", "flips", "segments"} | (
        failed.keys() & {"calibration"}
    )
    assert failed["contract"] == "species: can no longer be 'Gentoo': the training rows had none"


def test_two_models_of_other_kinds_are_not_compared(fit, species, birds):
    coded = {
        **birds,
        "species": [str(len(each) + i % 40 / 10) for i, each in enumerate(birds["species"])],
    }
    found = compare(fit(coded, "species"), species, coded)
    assert (
        found.outputs["species"].incomparable
        == "production predicts a category and the candidate a number"
    )
    said = {each.gate: each.result for each in found.outcomes}
    assert (said["metric"], said["flips"], said["contract"]) == (
        "not applicable",
        "not applicable",
        "failed",
    )


@pytest.mark.slow
def test_private_cells_are_not_shown(fit, birds):
    hidden = fit(birds, "species", private=["island"])
    halves = {name: cells[::3] for name, cells in birds.items()}
    found = compare(hidden, fit(halves, "species"), birds, key="island", training=(birds, halves))
    assert {
        each.cells.get("island", each.key["island"]) for each in found.outputs["species"].moved
    } == {"(private)"}
    told = json.dumps(found.state())
    assert "Torgersen" not in told
    assert "Biscoe" not in told


@pytest.mark.slow
def test_a_wrapped_model_stands_in_production(fit, birds):
    import lightgbm
    import pandas as pd

    import crosstie

    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
    frame = pd.DataFrame(birds)[names].astype(float)
    codes = pd.Series(birds["species"]).map({"Adelie": 0, "Chinstrap": 1, "Gentoo": 2})
    booster = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(frame, codes),
        num_boost_round=5,
    )
    labels = ["Adelie", "Chinstrap", "Gentoo"]
    production = crosstie.wrap(booster, example=frame, labels=labels, target="species")
    candidate = fit({name: birds[name] for name in [*names, "species"]}, "species")
    found = compare(candidate, production, birds)
    said = np.array(production.predict(birds)["species_prediction"])
    accuracy = found.outputs["species"].metrics["accuracy"]
    assert accuracy.before == pytest.approx((said == np.array(birds["species"])).mean())
    assert {each.gate: each.result for each in found.outcomes}["metric"] == "passed"
