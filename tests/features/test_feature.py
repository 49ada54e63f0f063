"""The contract of every registered feature type."""

import base64
import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from crosstie.errors import DataError
from crosstie.features.feature import feature_types
from crosstie.features.sound import data_uri


def _sound(seed, seconds=0.1):
    samples = np.random.default_rng(seed).normal(0, 0.1, int(8000 * seconds))
    return base64.b64decode(data_uri(samples, 8000).partition(",")[2])


def _picture(seed, size=(6, 5)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


PROMISED = "number category binary text sequence set bag timeseries audio vector date image"
CELLS = {  # by form, or by type where its cells are of their own kind: what training rows hold, and a value that training never saw
    "number": ([3.5, 1.0, None, -2.0, 1.0, 7.25, 0.0, 4.0] * 20, 1e6),
    "levels": (["b", "a", None, "b", "c", "a", "b", "a"] * 20, "zebra"),
    "text": (["a b", "b, c", None, "a a b", "c", "[]", "b", "a"] * 20, "zebra"),
    "date": (
        ["2020-02-29", "1969-12-31T23:59:59.500", None, "2024-01-01T12:30:15", "2020-02-29"] * 20,
        "2100-06-01",
    ),
    "audio": ([_sound(0), _sound(1, 0.2), None, _sound(2)] * 20, _sound(9, 0.3)),
    "image": (
        [*(_picture(seed) for seed in range(3)), None, _picture(3)] * 20,
        _picture(9, size=(9, 4)),
    ),
    "series": (
        [[[1.0, 5.0], [2.0, None], [2.5, 7.0]], [[0.5, -3.0]], None, [[4.0, 0.0], [1.0, 2.5]]] * 20,
        [[9.0, 9.0]] * 5,
    ),
    "vector": ([[1.0, 2.0], [0.5, -3.0], None, [1.0, 2.5], [4.0, 0.0]] * 20, [9.0, 9.0]),
}
TYPES = {name: cls for _, name, cls in feature_types.items()}
INPUTS = [name for name, cls in TYPES.items() if cls.kind]
OUTPUTS = [name for name, cls in TYPES.items() if cls.output]
OF_ROWS = [name for name in OUTPUTS if name not in ("sequence", "text")]  # not of tokens


def cells(name):
    values, unseen = CELLS.get(name) or CELLS[TYPES[name].reads]
    if name == "binary":
        values = ["a" if each == "c" else each for each in values]
    return values, unseen


def raw(name, feature, n, rng):
    """What a graph could put out for `n` rows."""
    if name == "text":
        return rng.integers(0, feature.size, (n, feature.length)).astype(np.int32)
    shape = (n,) if name in ("number", "binary") else (n, feature.size)
    if feature.length:
        shape = (n, feature.length, feature.size)
    drawn = rng.random(shape).astype(np.float32)
    plain = name not in ("category", "sequence")
    return drawn if plain else drawn / drawn.sum(axis=-1, keepdims=True)


def test_the_promised_types_are_there():
    assert sorted(PROMISED.split()) == INPUTS
    outputs = ["number", "category", "binary", "set", "sequence", "timeseries", "text"]
    assert sorted(outputs) == OUTPUTS


@pytest.mark.parametrize("name", INPUTS)
def test_a_row_alone_in_a_batch_and_in_chunks_gives_the_same_bytes(name, column):
    values, unseen = cells(name)
    feature = TYPES[name]("x").fit(column(values, TYPES[name].reads))
    values = [*values[:37], unseen]
    whole = feature.encode(column(values, feature.reads))
    for size in (1, 5):
        parts = [
            feature.encode(column(values[at : at + size], feature.reads))
            for at in range(0, len(values), size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", INPUTS)
def test_encoding_has_the_shape_and_type_of_its_kind(name, column):
    values, _ = cells(name)
    feature = TYPES[name]("x").fit(column(values, TYPES[name].reads))
    encoded = feature.encode(column(values, feature.reads))
    whole = feature.kind in ("category", "tokens")
    expected = np.int32 if whole else np.uint8 if feature.kind == "image" else np.float32
    assert encoded.dtype == expected
    flat = feature.kind in ("number", "category")
    assert encoded.shape == ((len(values),) if flat else (len(values), *feature.shape))
    if whole:
        assert encoded.min() >= 0
        assert encoded.max() < feature.codes


@pytest.mark.parametrize("name", INPUTS)
def test_no_rows_are_encoded_as_no_rows(name, column):
    values, _ = cells(name)
    feature = TYPES[name]("x").fit(column(values, TYPES[name].reads))
    full = feature.encode(column(values, feature.reads))
    empty = feature.encode(column(values, feature.reads).take(np.array([], np.int64)))
    assert empty.shape == (0, *full.shape[1:])
    assert empty.dtype == full.dtype


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_comes_back_from_json_and_arrays_bit_for_bit(name, column):
    values, unseen = cells(name)
    feature = TYPES[name]("x", column="y").fit(column(values, TYPES[name].reads))
    again = revived(feature)
    assert again.options() == feature.options()
    assert (again.name, again.column, again.codes, again.width) == (
        "x",
        "y",
        feature.codes,
        feature.width,
    )
    fresh = column([*values, unseen], feature.reads)
    assert again.encode(fresh).tobytes() == feature.encode(fresh).tobytes()
    assert again.example(np.random.default_rng(0), 5) == feature.example(
        np.random.default_rng(0), 5
    )
    assert json.dumps(again.state()[0]) == json.dumps(feature.state()[0])


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_comes_back_from_json_and_arrays(name, column):
    values, _ = cells(name)
    feature = output(name, column, values)
    again = revived(feature)
    again.predicted = True
    assert (again.size, again.labels, again.prior) == (feature.size, feature.labels, feature.prior)
    for one, other in zip(
        again.encode_target(column(values, feature.reads)),
        feature.encode_target(column(values, feature.reads)),
        strict=True,
    ):
        assert one.tobytes() == other.tobytes()
    drawn = raw(name, feature, 5, np.random.default_rng(0))
    assert str(again.decode(drawn)) == str(feature.decode(drawn))


@pytest.mark.parametrize("name", INPUTS)
def test_parts_observed_apart_and_merged_give_the_same_feature(name, column):
    cls = TYPES[name]
    values, unseen = cells(name)
    whole = cls("x").fit(column(values, cls.reads))
    first, second = cls("x"), cls("x")
    first.observe(column(values[:60], cls.reads))
    second.observe(column(values[60:], cls.reads))
    first.merge(second)
    first.finish()
    fresh = column([*values, unseen], cls.reads)
    assert (first.codes, first.width) == (whole.codes, whole.width)
    np.testing.assert_allclose(first.encode(fresh), whole.encode(fresh), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", INPUTS)
def test_an_empty_chunk_teaches_nothing(name, column):
    cls = TYPES[name]
    values, _ = cells(name)
    data = column(values, cls.reads)
    whole, chunked = cls("x").fit(data), cls("x")
    chunked.observe(data.take(np.array([], np.int64)))
    chunked.observe(data)
    chunked.finish()
    assert str(chunked.state()) == str(whole.state())


@pytest.mark.parametrize("name", INPUTS)
def test_fitting_twice_gives_the_same_bytes(name, column):
    cls = TYPES[name]
    values, _ = cells(name)
    one, other = (cls("x").fit(column(values, cls.reads)) for _ in range(2))
    assert str(one.state()) == str(other.state())


@pytest.mark.parametrize("name", INPUTS)
def test_a_column_without_a_value_is_encoded_or_refused_by_name(name, column):
    cls = TYPES[name]
    nothing = column([None] * 5, cls.reads)
    try:
        encoded = cls("age", column="x").fit(nothing).encode(nothing)
    except DataError as error:
        assert str(error).startswith("x: no training row holds a ")  # noqa: PT017
        assert "Take the column out" in str(error)  # noqa: PT017
    else:
        assert len(encoded) == 5


@pytest.mark.parametrize("name", INPUTS)
def test_a_missing_cell_is_told_from_a_value(name, column):
    cls = TYPES[name]
    values, _ = cells(name)
    feature = cls("x").fit(column(values, cls.reads))
    present = next(each for each in values if each is not None)
    missing, there = feature.encode(column([None, present], cls.reads))
    assert missing.tobytes() != there.tobytes()


@pytest.mark.parametrize("name", INPUTS)
def test_a_missing_cell_leaves_the_row_out_when_asked(name, column):
    cls = TYPES[name]
    values, _ = cells(name)
    data = column(values, cls.reads)
    feature = cls("x", missing_value_strategy="drop_row").fit(data)
    assert feature.usable(data).tolist() == [each is not None for each in values]
    assert cls("x").fit(data).usable(data).all()


@pytest.mark.parametrize("name", INPUTS)
def test_only_values_that_training_never_saw_are_counted(name, column):
    cls = TYPES[name]
    values, unseen = cells(name)
    feature = cls("x").fit(column(values, cls.reads))
    seen = column(values, cls.reads)
    assert feature.unseen(seen, feature.encode(seen)) == 0
    fresh = column([unseen, None, unseen, values[0]], cls.reads)
    known = cls.kind in ("number", "vector", "date", "image", "series") and name != "binary"
    assert feature.unseen(fresh, feature.encode(fresh)) == (0 if known else 2)


@pytest.mark.parametrize("name", INPUTS)
def test_examples_hold_nothing_that_training_never_saw(name, column):
    cls = TYPES[name]
    values, _ = cells(name)
    feature = cls("x").fit(column(values, cls.reads))
    examples = feature.example(np.random.default_rng(0), 20)
    assert len(examples) == 20
    data = column(examples, cls.reads)
    assert feature.unseen(data, feature.encode(data)) == 0
    json.dumps(examples)


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_target_has_the_type_and_shape_of_the_batch(name, column):
    values, _ = cells(name)
    feature = output(name, column, values)
    target, usable = feature.encode_target(column(values, feature.reads))
    assert target.dtype == (np.int64 if name == "category" else np.float32)
    wide = name in ("set", "timeseries")
    assert target.shape == ((len(values), feature.size) if wide else (len(values),))
    assert usable.tolist() == [each is not None for each in values]
    assert not np.isnan(target[usable]).any()


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_prediction_has_a_column_for_every_class(name, column):
    values, _ = cells(name)
    feature = output(name, column, values)
    decoded = feature.decode(raw(name, feature, 7, np.random.default_rng(0)))
    assert list(decoded) == ["prediction", *(f"probability_{each}" for each in feature.labels)]
    assert all(len(each) == 7 for each in decoded.values())
    assert all(decoded[f"probability_{each}"].dtype == np.float64 for each in feature.labels)


@pytest.mark.parametrize("name", OF_ROWS)
def test_targets_survive_the_way_there_and_back(name, column):
    values, _ = cells(name)
    feature = output(name, column, values)
    target, usable = feature.encode_target(column(values, feature.reads))
    sure = np.eye(feature.size, dtype=np.float32)[target] if name == "category" else target
    again = feature.decode(sure)["prediction"]
    back, _ = feature.encode_target(column(as_cells(name, again), feature.reads))
    np.testing.assert_allclose(back[usable], target[usable], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_option_is_described(name):
    text = TYPES[name].__doc__.partition("Args:")[2]
    for option in TYPES[name]("x").options():
        assert f"\n        {option}: " in text


def output(name, column, values):
    feature = TYPES[name]("x", **({"horizon": 1} if name == "timeseries" else {}))
    feature.predicted = True
    return feature.fit(column(values, feature.reads))


def revived(feature):
    state, arrays = feature.state()
    state = json.loads(json.dumps(state, allow_nan=False))
    return type(feature).from_state(feature.name, state, load(save(arrays)) if arrays else {})


def as_cells(name, predictions):
    return [json.dumps(each) for each in predictions] if name == "set" else list(predictions)


@pytest.mark.parametrize("name", [name for name in OF_ROWS if name != "timeseries"])
def test_rows_without_a_target_are_left_out_unless_it_is_filled(name, column):
    values, _ = cells(name)
    data = column(values, TYPES[name].reads)
    assert output(name, column, values).usable(data).tolist() == [v is not None for v in values]
    strategy = {"missing_value_strategy": "fill_with_const"}
    fill = {"number": 7.0, "binary": "b", "category": "b", "set": "b"}[name]
    filled = TYPES[name]("x", **strategy, fill_value=fill)
    filled.predicted = True
    filled.fit(data)
    assert filled.usable(data).all()
    target, usable = filled.encode_target(data)
    assert usable.all()
    assert target[2].tolist() == filled.encode_target(column([fill], filled.reads))[0][0].tolist()
