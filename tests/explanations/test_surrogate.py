import csv
import json
import re
import tempfile

import numpy as np
import pytest

import crosstie
from crosstie.cli.explain import explain as command
from crosstie.errors import ConfigError, DataError
from crosstie.explanations.surrogate import LIMITS

RNG = np.random.default_rng(0)
AGE, COIN = RNG.integers(18, 80, 300), RNG.random(300)
PETS = RNG.choice(["cat", "dog", "none"], 300)
CHANCE = 1 / (1 + np.exp((AGE - 45) / 6 - 2 * (PETS == "cat")))
ROWS = {
    "age": AGE.tolist(),
    "pet": PETS.tolist(),
    "coin": COIN.round(3).tolist(),
    "left": np.where(COIN < CHANCE, "yes", "no").tolist(),
    "said": np.where(CHANCE > 0.5, "yes", "no").tolist(),
    "chance": CHANCE.tolist(),
}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "theirs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ROWS)
        writer.writerows(zip(*ROWS.values(), strict=True))
    return path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def without_decimals(text):
    """Figures that differ from machine to machine in the last places."""
    return re.sub(r"-?(\d+)\.\d+", r"\1", text)


def counted(found):
    """The columns that say something, the most important first."""
    [columns] = found.importances.outputs.values()
    return [each.column for each in columns if each.told]


@pytest.mark.slow
def test_what_predictions_go_with_is_told_behind_how_well_a_stand_in_follows_them(
    table, tmp_path, temporary, monkeypatch, capsys
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    command(predictions=table, prediction="said", probability="chance", target="left")

    verdict, limits, _, title, *rows = capsys.readouterr().out.splitlines()
    assert without_decimals(verdict) == (
        "A stand-in, boosted trees fitted to 'chance' on 180 rows, follows it with an R² of 0 on 90 rows that it has not "
        "seen; 1 is the same, 0 is always saying the mean."
    )
    assert limits == LIMITS
    assert title == (
        "chance: growth of its absolute error where a column's cells are shuffled, on 90 rows"
    )
    assert [each.split()[0] for each in rows if each.strip()][2:] == ["age", "pet", "coin"]
    left = [*elsewhere.iterdir(), *temporary.iterdir()]
    assert (left, sorted(each.name for each in tmp_path.iterdir())) == (
        [],
        ["elsewhere", "temporary", "theirs.csv"],
    )


def test_of_classes_it_is_told_how_often_the_stand_in_says_the_same(table, tmp_path, capsys):
    output = tmp_path / "worth.csv"

    command(
        predictions=table,
        prediction="said",
        target="left",
        exclude=["chance"],
        output=output,
        measure_rows=50,
        json=True,
    )

    told = json.loads(capsys.readouterr().out)
    stand_in = told["stand_in"]
    assert stand_in["type"] == "binary"
    assert stand_in["accuracy"] > 0.9 > 0.6 > stand_in["constant"] > 0.5
    assert stand_in["limits"] == LIMITS
    assert told["importance"]["rows"] == 50
    columns = told["importance"]["outputs"]["said"]["columns"]
    with output.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [each["column"] for each in written] == [each["column"] for each in columns]
    assert float(written[0]["low"]) == columns[0]["low"]


def test_predictions_of_several_classes_are_explained_and_missing_ones_left_out():
    bands = ["young", "middle", "old"]
    said = [bands[int(age > 40) + int(age > 60)] for age in AGE]
    rows = {**ROWS, "said": [None] * 20 + said[20:]}

    found = crosstie.explain_predictions(rows, prediction="said", exclude=["chance", "left"])

    assert (found.type, found.left_out, found.rows + found.learned < 280) == ("category", 20, True)
    assert found.verdict.endswith(" 20 rows without a prediction are left out.")
    assert (counted(found), found.value > 0.95) == (["age"], True)


def test_a_column_that_tells_the_predictions_alone_is_named_with_what_leaves_it_out():
    rows = {**ROWS, "against": (1 - CHANCE).tolist()}
    found = crosstie.explain_predictions(
        rows, prediction="said", probability="chance", target="left"
    )
    assert found.notes == [
        (
            "'against' gives 'chance' away: it alone explains 100.0% of its variance. If it was made of the predictions, "
            "leave it out with --exclude (in Python exclude=…)"
        )
    ]
    assert counted(found)[0] == "against"


def test_columns_that_trees_cannot_read_are_named_and_left_out():
    rows = {
        "age": ROWS["age"],
        "said": ROWS["chance"],
        "photo": [f"faces/{i}.png" for i in range(300)],
        "customer": [f"c-{i}" for i in range(300)],
    }
    found = crosstie.explain_predictions(rows, prediction="said")
    assert found.notes == [
        "'photo' is not looked at: trees read no image",
        "'customer' is not looked at: an id, different in every row",
    ]
    assert counted(found) == ["age"]


def test_predictions_that_the_columns_do_not_tell_are_not_explained():
    with pytest.raises(DataError) as told:
        crosstie.explain_predictions(
            ROWS, prediction="coin", exclude=["chance", "left", "said"], target="left"
        )
    assert without_decimals(str(told.value)).replace("is below 0", "is 0") == (
        "column 'coin': a stand-in that learned it from 2 other columns does not follow it: its R² is 0 on 90 rows "
        "that it has not seen; 1 is the same, 0 is always saying the mean. With less than 0 nothing is explained: these columns are "
        "not what the predictions were made from, or 180 rows are too few to tell. Give the columns that the model read, and "
        "more rows"
    )
    flipped = {**ROWS, "said": np.where(COIN < 0.3, "yes", "no").tolist()}
    with pytest.raises(
        DataError, match=r"always saying 'no' would in 74\.4%\. With less than 87\.2% nothing is"
    ):
        crosstie.explain_predictions(flipped, prediction="said", exclude=["coin", "chance", "left"])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["yes"] * 299 + ["no"], "column 'said': nearly all predictions are 'yes', and so are all"),
        (["yes"] * 300, "column 'said': all predictions are 'yes', so no column has to do with"),
        (
            [None] * 250 + ["a", "b"] * 25,
            "column 'said': 50 of 300 rows hold a prediction, too few",
        ),
        ([f"text {i}" for i in range(300)], "column 'said': holds 300 different texts; what can"),
    ],
)
def test_what_no_stand_in_can_be_fitted_to_is_said(said, message):
    with pytest.raises(DataError) as told:
        crosstie.explain_predictions({**ROWS, "said": said}, prediction="said")
    assert str(told.value).startswith(message)


def test_all_wrong_arguments_are_told_at_once(table):
    with pytest.raises(ConfigError) as told:
        command("churn/latest", predictions=table, rows=3, samples=8)
    meaningless = "has no meaning with --predictions, which is a table by itself; leave it out"
    assert str(told.value).splitlines() == [
        f"MODEL: {meaningless}",
        f"--rows: {meaningless}",
        f"--samples: {meaningless}",
        f"--prediction: --predictions needs it: the column of predicted values in {table}",
    ]
    with pytest.raises(ConfigError) as told:
        crosstie.explain_predictions(
            ROWS, prediction="said", target="lefd", exclude=["ages", "said"], rows=0, shuffles=0
        )
    assert str(told.value).splitlines() == [
        "target 'lefd': no such column; did you mean 'left'?",
        "exclude 'ages': no such column; did you mean 'age'?",
        "exclude 'said': is what is to be explained; leave it out",
        "rows: got 0; give 2 at least",
        "shuffles: got 0; give 1 at least",
    ]
    with pytest.raises(ConfigError) as told:
        command(exclude=["age"])
    assert str(told.value).splitlines() == [
        "--exclude: goes with --predictions FILE, a table that holds what somebody's model said",
        (
            "explain: give a model and its data, as in `crosstie explain churn/latest later.csv`, or a table of "
            "predictions: --predictions FILE --prediction COLUMN"
        ),
    ]
    with pytest.raises(ConfigError) as told:
        crosstie.explain_predictions({"said": ROWS["said"], "one": [1] * 300}, prediction="said")
    assert str(told.value) == (
        "the table given: has no column left to explain 'said' by; 'one' is not looked at: always '1'"
    )


def test_the_table_itself_is_never_written_over(table):
    before = table.read_bytes()
    with pytest.raises(DataError, match="holds the data that was read"):
        crosstie.explain_predictions(table, prediction="said", output=table)
    assert table.read_bytes() == before
