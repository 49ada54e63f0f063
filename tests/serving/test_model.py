import pandas as pd
import polars as pl
import pytest

import crosstie
from crosstie.errors import ArtifactError, DataError

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
