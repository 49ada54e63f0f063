import numpy as np
import pandas as pd
import polars as pl
import pytest

import crosstie
from crosstie.data.read import open_source
from crosstie.data.source import InMemory, Source
from crosstie.errors import ArtifactError, ConfigError, DataError
from crosstie.serving.pieces import PIECE

ROWS = [
    {
        "size": i / 8,
        "colour": ["red", "blue"][i % 2],
        "price": 10.25 * i / 8 + (1.5 if i % 2 else 0.25),
    }
    for i in range(120)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return crosstie.load(crosstie.train(ROWS, target="price", model_type="linear", runs=runs).path)


def test_a_row_comes_back_as_a_dict_of_plain_values(model):
    answer = model.predict({"size": 2.0, "colour": "red"})

    assert list(answer) == ["price_prediction"]
    assert type(answer["price_prediction"]) is float
    assert 18 < answer["price_prediction"] < 24


def test_rows_come_back_as_a_list(model):
    answers = model.predict([{"size": 2.0, "colour": "red"}, {"size": 4.0, "colour": "blue"}])

    alone = model.predict({"size": 2.0, "colour": "red"})
    assert answers[0] == pytest.approx(alone, rel=1e-5)
    assert answers[1]["price_prediction"] > answers[0]["price_prediction"]


def test_a_text_cell_is_read_as_training_read_it(model):
    assert model.predict({"size": " 2 ", "colour": "red"}) == model.predict(
        {"size": 2, "colour": "red"}
    )


def test_frames_come_back_as_their_own_kind_with_their_index(model):
    frame = pd.DataFrame(ROWS[:3], index=[7, 8, 9])

    answer = model.predict(frame)

    assert list(answer.index) == [7, 8, 9]
    assert isinstance(model.predict(pl.DataFrame(ROWS[:3])), pl.DataFrame)


def test_kept_columns_stand_before_the_predictions(model):
    answer = model.predict(pd.DataFrame(ROWS[:2]), keep=["colour"])

    assert list(answer.columns) == ["colour", "price_prediction"]


def test_extra_columns_are_ignored_and_absent_ones_are_one_error(model):
    model.predict({"size": 2.0, "colour": "red", "unknown": 3})

    with pytest.raises(DataError, match=r"(?s)size.*colour"):
        model.predict({"weight": 1})


def test_what_was_odd_about_the_cells_is_counted(model):
    model.predict([{"size": "big", "colour": "green"}, {"size": 1, "colour": "red"}])

    assert any("'size'" in note and "1 of 2" in note and "'big'" in note for note in model.notes)
    assert any("'colour'" in note and "never saw" in note for note in model.notes)


def test_a_model_without_pictures_has_no_views_to_average(model):
    with pytest.raises(ConfigError) as error:
        model.predict(ROWS[:1], augment=3)
    assert str(error.value) == (
        "augment: is for pictures, and this model reads none; leave it out (got 3)"
    )


def test_evaluate_needs_the_target(model):
    assert model.evaluate(ROWS)["price"]["r2"] > 0.9
    with pytest.raises(DataError, match="'price'"):
        model.evaluate([{"size": 1.0, "colour": "red"}])


def test_a_changed_file_is_refused(model, tmp_path):
    import shutil

    copy = tmp_path / "model"
    shutil.copytree(model.path, copy)
    (copy / "inference.json").write_text("{}")

    with pytest.raises(ArtifactError, match=r"inference\.json.*hash"):
        crosstie.load(copy)


def test_nothing_of_the_builders_machine_is_in_a_model(model):
    here = str(crosstie.__file__).rsplit("/", 1)[0].encode()
    for path in model.path.rglob("*"):
        if path.is_file():
            assert here not in path.read_bytes(), path


def test_a_folder_without_a_model_is_a_clear_error(tmp_path):
    with pytest.raises(crosstie.CrosstieError, match="no such run"):
        crosstie.load(tmp_path)


@pytest.fixture(scope="module")
def dashed(tmp_path_factory):
    """A model of a file in which -99 stands for nothing, and "-" for a colour."""
    folder = tmp_path_factory.mktemp("dashed")
    lines = [
        f"{row['size'] if i % 4 else -99},{row['colour'] if i % 3 else '-'},{row['price']}"
        for i, row in enumerate(ROWS)
    ]
    (folder / "prices.csv").write_text("size,colour,price\n" + "\n".join(lines) + "\n")
    run = crosstie.train(
        {
            "data": {"path": str(folder / "prices.csv"), "missing": ["-99"]},
            "target": "price",
            "model_type": "gbm",
        },
        runs=folder / "runs",
    )
    return crosstie.load(run.path)


@pytest.mark.parametrize("nothing", ["-99", -99, -99.0, None, ""])
def test_words_that_meant_missing_in_training_mean_it_in_a_request(dashed, nothing):
    odd, empty = ({"size": size, "colour": "red"} for size in (nothing, None))

    assert dashed.predict(odd) == dashed.predict(empty)
    assert dashed.predict([odd]) == dashed.predict([empty])
    assert dashed.predict({"size": -98, "colour": "red"}) != dashed.predict(empty)
    assert dashed.notes == []


def test_words_that_meant_missing_in_training_mean_it_in_files_and_frames(dashed, tmp_path):
    (tmp_path / "some.csv").write_text("size,colour,price\n-99,red,3\n4.5,-,4\n,red,5\n")
    frame = pd.DataFrame({"size": [-99.0, 4.5, None], "colour": ["red", "-", "red"]})

    answer = dashed.predict(tmp_path / "some.csv")["price_prediction"].tolist()

    assert answer[0] == answer[2] != answer[1]
    assert dashed.predict(frame)["price_prediction"].tolist() == answer
    assert dashed.notes == []
    assert crosstie.predict(dashed, tmp_path / "some.csv", output=tmp_path / "out.csv") == 3
    written = pd.read_csv(tmp_path / "out.csv")["price_prediction"].tolist()
    assert written == pytest.approx(answer, rel=1e-12)


def test_words_that_meant_missing_in_training_mean_it_when_evaluating(dashed):
    rows = [{**row, "size": row["size"] if i % 4 else None} for i, row in enumerate(ROWS)]
    marked = [{**row, "size": row["size"] if i % 4 else "-99"} for i, row in enumerate(ROWS)]

    assert dashed.evaluate(marked) == dashed.evaluate(rows)


def test_the_words_for_missing_can_be_said_anew_for_a_file(dashed, tmp_path):
    (tmp_path / "some.csv").write_text("size,colour\n-1,red\n,red\n")

    source = dashed.open({"path": str(tmp_path / "some.csv"), "missing": ["-1"]})

    answer = dashed.predict(source)

    assert answer["price_prediction"][0] == answer["price_prediction"][1]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """More rows than one piece holds, some odd ones in both pieces."""
    table = pd.DataFrame(ROWS * 900)
    table["size"] = (table["size"] + np.arange(len(table)) / 7).astype(object)
    table.loc[[3, 107_999], "size"] = ["big", "bigger"]
    table.loc[[5, 50, 107_990], "colour"] = ["green", None, "blue and green"]
    path = tmp_path_factory.mktemp("many") / "rows.csv"
    table.to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_pieces_say_what_the_whole_says(model, many):
    whole = model.predict_table(model.open(many).table(), keep=["colour"])
    told = model.notes

    pieces = list(model.predict_source(model.open(many), keep=["colour"]))

    assert [len(each["colour"]) for each in pieces] == [PIECE, 108_000 - PIECE]
    predicted = b"".join(each["price_prediction"].tobytes() for each in pieces)
    assert predicted == whole["price_prediction"].tobytes()
    assert [cell for each in pieces for cell in each["colour"]] == whole["colour"]
    assert model.notes == told
    assert told == [
        "column 'size': 2 of 108000 cells could not be read and count as missing, for example 'big', 'bigger'",
        "column 'colour': 2 of 108000 rows hold a value that training never saw or too rarely to keep; they count as unknown",
    ]
    assert crosstie.predict(model, many)["price_prediction"].tobytes() == predicted


@pytest.mark.slow
def test_evaluating_in_pieces_counts_every_row(model, many):
    table = pd.read_csv(many)
    predicted = model.predict(table)["price_prediction"]

    measured = model.evaluate(many)["price"]

    assert measured["mae"] == pytest.approx((table["price"] - predicted).abs().mean(), rel=1e-9)
    assert "2 of 108000 cells" in model.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "jsonl"])
def test_a_file_written_in_pieces_holds_what_predict_gives(model, many, tmp_path, suffix):
    rows = crosstie.predict(model, many, output=tmp_path / f"out.{suffix}", keep=["colour"])

    assert rows == 108_000
    written = open_source(tmp_path / f"out.{suffix}").table()
    answer = crosstie.predict(model, many, keep=["colour"])
    assert written.columns == ("colour", "price_prediction")
    assert written.cells("colour") == answer["colour"]
    found = np.asarray(written.column("price_prediction", "number").values)
    assert found.tobytes() == answer["price_prediction"].tobytes()


class Odd(InMemory):
    """A part that comes in pieces of its own sizes."""

    def chunks(self, rows, columns):
        table, start = self.table(columns), 0
        for size in [5, 70_000, 1, len(table)]:
            yield table.slice(start, size)
            start += size


@pytest.mark.slow
def test_a_source_that_comes_in_odd_pieces_is_predicted_in_even_ones(model, many):
    table = model.open(many).table()
    whole = model.predict_table(table)["price_prediction"]

    pieces = list(model.predict_source(Source("odd", [Odd(table)])))

    assert [len(each["price_prediction"]) for each in pieces] == [PIECE, 108_000 - PIECE]
    assert (
        np.concatenate([each["price_prediction"] for each in pieces]).tobytes() == whole.tobytes()
    )


def test_no_rows_give_no_predictions(model):
    answer = model.predict(pd.DataFrame({"size": [], "colour": []}))

    assert list(answer.columns) == ["price_prediction"]
    assert len(answer) == 0


def test_a_failure_on_the_way_leaves_no_file(model, tmp_path):
    (tmp_path / "rows.csv").write_text("colour\nred\n")
    (tmp_path / "out.csv").write_text("old")

    with pytest.raises(DataError, match="'size'"):
        crosstie.predict(model, tmp_path / "rows.csv", output=tmp_path / "out.csv")

    assert (tmp_path / "out.csv").read_text() == "old"
    assert {each.name for each in tmp_path.iterdir()} == {"rows.csv", "out.csv"}


@pytest.fixture(scope="module")
def nameless(tmp_path_factory):
    """A model of a file without a header line."""
    folder = tmp_path_factory.mktemp("nameless")
    lines = [f"{row['size']},{row['price']},{row['colour']}\n" for row in ROWS]
    (folder / "prices.csv").write_text("".join(lines))
    run = crosstie.train(
        folder / "prices.csv",
        target="column_2",
        set=["data.header=false", "model_type=linear"],
        runs=folder / "runs",
    )
    return crosstie.load(run.path)


@pytest.mark.slow
def test_a_file_without_a_header_line_is_read_as_training_read_it(nameless, tmp_path):
    (tmp_path / "whole.csv").write_text("2.0,0,red\n4.0,0,blue\n")
    (tmp_path / "inputs.csv").write_text("2.0,red\n4.0,blue\n")
    (tmp_path / "named.csv").write_text("column_3,column_1\nred,2.0\nblue,4.0\n")
    rows = [{"column_1": 2.0, "column_3": "red"}, {"column_1": 4.0, "column_3": "blue"}]

    expected = [row["column_2_prediction"] for row in nameless.predict(rows)]

    for name in ("whole.csv", "inputs.csv", "named.csv"):
        assert nameless.predict(tmp_path / name)["column_2_prediction"].tolist() == expected, name


def test_a_row_in_the_place_of_the_header_line_is_said_and_names_can_be_given(model, tmp_path):
    (tmp_path / "rows.csv").write_text("2.0,red\n4.0,blue\n")
    with pytest.raises(DataError) as error:
        model.predict(tmp_path / "rows.csv")
    assert str(error.value) == (
        f"{tmp_path}/rows.csv: its first line ('2.0', 'red') names no column that the model needs. If it is a row, "
        "say that there is no header line, and name the columns in order: --no-header --columns a,b,… (in Python "
        "header=False, columns=[…]). The model needs 'size', 'colour'"
    )
    with pytest.raises(DataError, match=r"has 2 columns without names. Name them in order"):
        model.predict(tmp_path / "rows.csv", header=False)

    expected = model.predict([{"size": 2.0, "colour": "red"}, {"size": 4.0, "colour": "blue"}])
    given = model.predict(tmp_path / "rows.csv", header=False, columns=["size", "colour"])
    assert given["price_prediction"].tolist() == [row["price_prediction"] for row in expected]


def test_a_model_of_a_table_without_a_header_line_is_told_that_there_is_none(nameless, tmp_path):
    (tmp_path / "inputs.csv").write_text("2.0,red\n4.0,blue\n")

    told = nameless.predict(tmp_path / "inputs.csv", header=False)

    assert told["column_2_prediction"].tolist() == (
        nameless.predict(tmp_path / "inputs.csv")["column_2_prediction"].tolist()
    )


def test_a_file_of_another_width_lacks_the_columns(nameless, tmp_path):
    (tmp_path / "narrow.csv").write_text("a\n2.0\n")
    with pytest.raises(
        DataError, match="its first line \\('a'\\) names no column that the model needs"
    ):
        nameless.predict(tmp_path / "narrow.csv")


def test_rows_that_cannot_be_judged_are_counted(model):
    prices = [None if i < 2 else "dear" if i < 5 else row["price"] for i, row in enumerate(ROWS)]
    rows = [{**row, "price": price} for row, price in zip(ROWS, prices, strict=True)]

    assert model.evaluate(rows) == model.evaluate(ROWS[5:])
    model.evaluate(rows)
    assert model.notes == [
        (
            "column 'price': 5 of 120 rows are left out: 2 have no value; 3 hold what the model cannot predict, for "
            "example 'dear'"
        )
    ]


def test_a_model_shows_in_a_notebook_what_it_reads_and_predicts(model):
    assert model._repr_html_() == (
        f"<p>{repr(model).replace(chr(39), '&#x27;')}</p><table>"
        "<tr><th>column</th><th>role</th><th>type</th><th>classes</th></tr>"
        "<tr><td>price</td><td>predicted</td><td>number</td><td></td></tr>"
        "<tr><td>size</td><td>input</td><td>number</td><td></td></tr>"
        "<tr><td>colour</td><td>input</td><td>binary</td><td></td></tr></table>"
    )
