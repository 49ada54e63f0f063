import csv
import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from crosstie.data.batch import Categories, Date, Layout, Output, Tokens, Vector
from crosstie.data.style import Style
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError
from crosstie.features import bag, binary, category, date, number, preprocessor, text, vector
from crosstie.features import set as sets
from crosstie.features.counts import Counts
from crosstie.features.preprocessor import Preprocessor

ROWS = {
    "age": [22, 38, None, "old", 35],
    "fare": [7.25, 71.28, 7.92, 53.1, 8.05],
    "sex": ["male", "female", "female", "female", "male"],
    "port": ["S", "C", None, "S", "Q"],
    "name": ["Mr Owen", "Mrs John", "Miss Laina", "Mrs Jacques", "Mr William"],
    "tags": ["a,b", "b", "a", "", "c,a"],
    "point": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 9]],
    "day": ["1912-04-10", "1912-04-11", None, "1912-04-12", "1912-04-13"],
    "survived": ["no", "yes", "yes", None, "no"],
    "deck": ["A", "B", "A", "B", "C"],
}


def made():
    inputs = [
        text.Text("name"),
        number.Number("age"),
        category.Category("port"),
        binary.Binary("woman", column="sex", positive="female"),
        bag.Bag("tags"),
        date.Date("day"),
        vector.Vector("point"),
    ]
    outputs = [
        binary.Binary("survived"),
        category.Category("deck"),
        number.Number("fare"),
        sets.Set("labels", column="tags"),
    ]
    return Preprocessor(inputs, outputs)


def test_the_layout_names_every_array_and_column():
    fitted = made().fit(Table.from_columns(ROWS))
    assert fitted.layout == Layout(
        numbers=("age", "woman"),
        categories=(Categories("port", 5),),
        tokens=(Tokens("name", "tokens_0", "text", 9, 8), Tokens("tags", "tokens_1", "bag", 5, 2)),
        vectors=(Vector("point", "vector_0", 2),),
        dates=(Date("day", "date_0", 9),),
        outputs=(
            Output("survived", "output_0", "binary", 1, (0.5,), ("no", "yes")),
            Output("deck", "output_1", "category", 3, (0.5, 0.25, 0.25), ("A", "B", "C")),
            Output("fare", "output_2", "number", 1, ()),
            Output("labels", "output_3", "set", 3, (0.75, 0.5, 0.25), ("a", "b", "c")),
        ),
    )
    assert fitted.columns == ("name", "age", "port", "sex", "tags", "day", "point")
    assert fitted.target_columns == ("survived", "deck", "fare", "tags")


def test_a_batch_has_the_arrays_of_the_layout():
    table = Table.from_columns(ROWS)
    fitted = made().fit(table)
    encoded = fitted.encode(table, targets=True)
    shapes = {
        name: (str(array.dtype), array.shape[1:]) for name, array in encoded.batch.inputs.items()
    }
    assert shapes == fitted.layout.inputs
    assert len(encoded.batch) == 5
    assert list(encoded.batch.targets) == ["survived", "deck", "fare", "labels"]
    assert encoded.usable.tolist() == [True, True, True, False, True]
    assert fitted.encode(table).batch.targets == {}
    assert fitted.encode(table).usable.all()


def test_rows_without_a_target_teach_nothing():
    table = Table.from_columns({"age": [1, 3, 1000], "sex": ["m", "f", "x"], "y": [1, 2, None]})
    fitted = Preprocessor([number.Number("age"), category.Category("sex")], [number.Number("y")])
    fitted.fit(table)
    assert fitted.encode(table).batch.inputs["numbers"][:2, 0].tolist() == [-1, 1]
    assert fitted.encode(table).batch.inputs["categories"][:, 0].tolist() == [3, 2, 0]


def test_what_could_not_be_used_is_counted_by_column():
    fitted = made().fit(Table.from_columns(ROWS))
    fresh = Table.from_columns({**ROWS, "port": ["S", "Z", None, "Z", "C"], "deck": ["Z"] * 5})
    counts = fitted.encode(fresh, targets=True).counts
    assert counts["age"] == Counts(5, missing=2, unparsed=1, unparsed_examples=("old",))
    assert counts["port"] == Counts(5, missing=1, unseen=2)
    assert counts["deck"] == Counts(5, unseen=5)
    assert counts["sex"] == Counts(5)


def test_counts_add_up_and_are_json():
    one = Counts(2, missing=1, unparsed=1, unparsed_examples=("a",))
    both = one + Counts(3, unseen=2, unparsed=2, unparsed_examples=("b", "a"), absent=True)
    assert both == Counts(5, missing=1, unparsed=3, unseen=2, unparsed_examples=("a", "b"))
    assert json.loads(json.dumps(both.to_json())) == {
        "rows": 5,
        "missing": 1,
        "unparsed": 3,
        "unseen": 2,
        "unparsed_examples": ["a", "b"],
        "absent": False,
        "cut": 0,
        "pieces": 0,
    }


def test_a_column_may_be_absent_only_if_training_had_missing_cells():
    fitted = made().fit(Table.from_columns(ROWS))
    table = Table.from_columns({k: v for k, v in ROWS.items() if k not in ("age", "port")})
    encoded = fitted.encode(table)
    assert np.isnan(encoded.batch.inputs["numbers"][:, 0]).all()
    assert (encoded.batch.inputs["categories"] == 1).all()
    assert encoded.counts["age"] == Counts(5, missing=5, absent=True)
    with pytest.raises(DataError) as error:
        fitted.encode(Table.from_columns({"sexx": ["male"], "names": ["a"], "tags": ["a"]}))
    assert str(error.value) == (
        "columns 'name', 'sex', 'point': the model needs them and the table has none; did you mean 'names' for "
        "'name', 'sexx' for 'sex'?"
    )


def test_an_absent_target_is_an_error():
    fitted = made().fit(Table.from_columns(ROWS))
    table = Table.from_columns({k: v for k, v in ROWS.items() if k not in ("fare", "deck")})
    with pytest.raises(DataError) as error:
        fitted.encode(table, targets=True)
    assert [problem.where for problem in error.value.problems] == ["columns 'deck', 'fare'"]


def test_all_columns_that_cannot_be_fitted_are_named_at_once():
    table = Table.from_columns({"a": ["x", "y"], "b": [None, None], "y": ["one", "one"]})
    with pytest.raises(DataError) as error:
        Preprocessor([number.Number("a"), number.Number("b")], [category.Category("y")]).fit(table)
    assert [problem.where for problem in error.value.problems] == ["a", "b", "y"]


def test_chunks_observed_apart_give_the_same_preprocessor():
    table = Table.from_columns(ROWS)
    whole, first, second = made().fit(table), made(), made()
    first.observe(table.take(np.array([0, 1])))
    second.observe(table.take(np.array([2, 3, 4])))
    first.merge(second)
    first.finish()
    assert first.layout == whole.layout
    for one, other in zip(
        first.encode(table).batch.inputs.values(),
        whole.encode(table).batch.inputs.values(),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_state_comes_back_bit_for_bit_and_names_arrays_by_feature():
    table = Table.from_columns(ROWS)
    fitted = made().fit(table)
    state, arrays = fitted.state()
    assert sorted(arrays) == [
        "day.mean",
        "day.spread",
        "deck.counts",
        "point.mean",
        "point.spread",
        "port.counts",
    ]
    state = json.loads(json.dumps(state, allow_nan=False))
    again = Preprocessor.from_state(state, load(save(arrays)))
    assert again.layout == fitted.layout
    one, other = again.encode(table, targets=True), fitted.encode(table, targets=True)
    for mine, its in (
        (one.batch.inputs, other.batch.inputs),
        (one.batch.targets, other.batch.targets),
    ):
        assert [each.tobytes() for each in mine.values()] == [
            each.tobytes() for each in its.values()
        ]
    assert one.counts == other.counts
    assert (
        "age"
        not in again.encode(
            Table.from_columns({k: v for k, v in ROWS.items() if k != "age"})
        ).batch.inputs
    )


def test_names_may_hold_dots():
    table = Table.from_columns({"a": [[1, 2], [3, 4]], "a.b": [[5, 6], [7, 9]], "y": [1, 2]})
    fitted = Preprocessor([vector.Vector("a"), vector.Vector("a.b")], [number.Number("y")]).fit(
        table
    )
    again = Preprocessor.from_state(*fitted.state())
    assert again.encode(table).batch.inputs["vector_1"].tolist() == [[-1, -1], [1, 1]]


def test_decimal_commas_are_read_as_training_rows_write_them():
    table = Table.from_columns({"x": ["1,5", "2,5", "1.003,5"], "y": [1, 2, 3]})
    fitted = Preprocessor(
        [number.Number("x", normalization=None, outlier_strategy=None)], [number.Number("y")]
    )
    fitted.fit(table)
    assert fitted.styles == {"x": Style(decimal=",")}
    again = Preprocessor.from_state(*fitted.state())
    encoded = again.encode(Table.from_columns({"x": ["1.234"]}))
    assert encoded.batch.inputs["numbers"].tolist() == [[1234]]


def test_styles_can_be_given():
    table = Table.from_columns({"x": ["1.234", "2.500"], "y": [1, 2]})
    fitted = Preprocessor(
        [number.Number("x", normalization=None)],
        [number.Number("y")],
        styles={"x": Style(decimal=",")},
    ).fit(table)
    assert fitted.encode(table).batch.inputs["numbers"].tolist() == [[1234], [2500]]


def test_weights_are_read_and_checked():
    fitted = made().fit(Table.from_columns(ROWS))
    encoded = fitted.encode(Table.from_columns({**ROWS, "w": [1, 0, 2.5, None, 1]}), weight="w")
    assert encoded.batch.weights.tolist() == [1, 0, 2.5, 0, 1]
    assert encoded.usable.tolist() == [True, True, True, False, True]
    with pytest.raises(DataError) as error:
        fitted.encode(Table.from_columns({**ROWS, "w": [1, -2, 1, -3, 1]}), weight="w")
    assert str(error.value) == (
        "w: 2 rows have a negative weight, the first is row 2 with -2. Weights are 0 or more."
    )
    with pytest.raises(DataError) as error:
        fitted.encode(Table.from_columns({**ROWS, "weight": [1] * 5}), weight="weigth")
    assert (
        str(error.value)
        == "weigth: the table has no such column for weights; did you mean 'weight'?"
    )


def test_two_features_of_one_name_are_an_error():
    with pytest.raises(ConfigError) as error:
        Preprocessor([number.Number("x")], [number.Number("x")])
    assert str(error.value) == "x: two features have this name. Give one of them another."


def test_an_option_that_only_inputs_read_is_an_error_on_an_output():
    with pytest.raises(ConfigError) as error:
        Preprocessor(
            [], [number.Number("y", outlier_strategy=None), category.Category("z", hash_buckets=3)]
        )
    assert str(error.value) == (
        "y.preprocessing.outlier_strategy: only inputs have this option, got None for an output. Take it out.\n"
        "z.preprocessing.hash_buckets: only inputs have this option, got 3 for an output. Take it out."
    )


def test_real_passengers_are_encoded_alike_alone_and_together(shared_data):
    with (shared_data / "tab_titanic" / "train.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = Table.from_rows(rows)
    names = ("Age", "Fare", "SibSp")
    inputs = [
        *map(number.Number, names),
        binary.Binary("Sex"),
        category.Category("Ticket"),
        text.Text("Name"),
    ]
    fitted = preprocessor.Preprocessor(inputs, [binary.Binary("Survived")])
    fitted.fit(table.take(np.arange(700)))
    encoded = fitted.encode(table, targets=True)
    assert encoded.counts["Age"].missing == 177
    assert encoded.usable.all()
    for row in range(690, 710):
        alone = fitted.encode(Table.from_rows([rows[row]]))
        for name, array in encoded.batch.inputs.items():
            assert alone.batch.inputs[name].tobytes() == array[row : row + 1].tobytes()


def test_tied_inputs_learn_one_vocabulary_and_one_scale_from_both_columns():
    table = Table.from_columns(
        {
            "one": ["red fox", "red hen", "a fox"] * 40,
            "two": ["a dog", "big dog", "red dog"] * 40,
            "low": [1.0, 2.0, 3.0] * 40,
            "high": [5.0, 6.0, 7.0] * 40,
        }
    )
    inputs = [text.Text("one"), text.Text("two"), number.Number("low"), number.Number("high")]
    inputs[0].tied, inputs[3].tied = "two", "low"
    fitted = Preprocessor(inputs, []).fit(table)
    one, two, low, high = fitted.inputs
    assert one.state()[0]["fitted"] == two.state()[0]["fitted"]
    swapped = Table.from_columns({"one": ["red dog"], "two": ["red dog"], "low": [4], "high": [4]})
    batch = fitted.encode(swapped).batch
    assert batch.inputs["tokens_0"].tolist() == batch.inputs["tokens_1"].tolist()
    assert batch.inputs["numbers"].tolist() == [[0.0, 0.0]]  # the mean of both columns
    assert (low.mean_, high.mean_) == (4.0, 4.0)
