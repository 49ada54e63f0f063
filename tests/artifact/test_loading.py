"""A model is opened as it was saved, or refused in a sentence: never a traceback, and never code."""

import json
import shutil
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from crosstie.artifact.loading import FILES, load
from crosstie.errors import ArtifactError, CrosstieError
from crosstie.serving.model import Model

EVERY = ("manifest.json", *FILES)
steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def refusal(folder):
    with pytest.raises(ArtifactError) as error:
        load(folder)
    return str(error.value)


def change(folder, name, edit):
    """Rewrite a JSON file."""
    found = json.loads((folder / name).read_text())
    edit(found)
    (folder / name).write_text(json.dumps(found))


@pytest.mark.parametrize("name", EVERY)
def test_a_file_that_is_not_there_is_named(copy, name):
    (copy / name).unlink()

    said = refusal(copy)

    assert said.startswith(f"{copy / name}: ")
    assert "missing; the model is incomplete, copy it again" in said or "not there" in said


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_file_that_ends_too_early_is_named(copy, name, part):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: int(len(content) * part)])

    assert refusal(copy).startswith(f"{copy / name}: not ")


@pytest.mark.parametrize("name", FILES)
def test_one_other_bit_is_seen(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 3] ^= 1
    (copy / name).write_bytes(content)

    assert refusal(copy) == (
        f"{copy / name}: not the file this model was saved with (its hash differs); copy it again"
    )


def test_a_file_too_many_is_named_and_a_hidden_one_ignored(copy):
    (copy / ".DS_Store").write_bytes(b"x")
    load(copy)
    (copy / "graph" / "weights.bin").write_bytes(b"x")

    assert refusal(copy) == (
        f"{copy / 'graph' / 'weights.bin'}: no file of this model, which has 8 others. Move it elsewhere"
    )


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "graph/../../x", "graph/0.onnx.py", "C:\\x", "graph/00.onnx", ""],
)
def test_a_manifest_names_no_file_elsewhere(copy, name):
    change(copy, "manifest.json", lambda found: found["files"].update({name: "0" * 64}))

    assert refusal(copy) == (
        f"{copy / 'manifest.json'}: names a file that no model has, {name!r}; it was never saved by crosstie"
    )


def test_a_newer_and_an_older_format_say_what_to_do(copy):
    change(copy, "manifest.json", lambda found: found.update(format=2))
    assert refusal(copy) == (
        f"{copy}: this is a model of format 2; this version of crosstie reads 1: a newer version of crosstie wrote "
        "it. Try: pip install -U crosstie"
    )
    change(copy, "manifest.json", lambda found: found.update(format=0))
    assert "format 0; this version of crosstie reads 1: it is too old" in refusal(copy)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not readable as JSON"),
        ("[]", "it has no `format`, got None"),
        ('{"format": "1"}', "it has no `format`, got '1'"),
        ('{"format": true}', "it has no `format`, got True"),
        ('{"format": 1}', "does not say which files the model has"),
        ('{"format": 1, "files": {"example.json": 7}}', "does not say which files the model has"),
        ('{"format": 1, "files": {}}', "missing; the model is incomplete"),
        ('{"format": NaN}', "NaN is no number"),
        ('{"format": ' + "9" * 5000 + "}", "not readable as JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("\xff\xfe{}", "not readable as JSON"),
    ],
)
def test_what_is_no_manifest_is_said(copy, text, said):
    (copy / "manifest.json").write_bytes(text.encode("latin-1"))

    assert said in refusal(copy)


def test_a_folder_in_place_of_a_file_is_said(copy):
    (copy / "inference.json").unlink()
    (copy / "inference.json").mkdir()
    assert "missing" in refusal(copy)
    (copy / "manifest.json").unlink()
    (copy / "manifest.json").mkdir()
    assert refusal(copy) == f"{copy / 'manifest.json'}: cannot be read (Is a directory)"


@pytest.mark.parametrize("key", ["epochs", "trainer", "learning_rate", "calibration"])
def test_only_what_predicting_reads_may_be_in_the_inference_settings(copy, signed, key):
    change(copy, "inference.json", lambda found: found.update({key: 1}))
    signed(copy)

    assert refusal(copy).startswith(
        f"{copy / 'inference.json'}: should say missing, outputs, private, reading, views and nothing else, got "
    )


def test_a_model_from_before_there_were_views_has_none(copy, signed):
    rows = json.loads((copy / "example.json").read_text())["rows"]
    wanted = Model(load(copy)).predict(rows)
    change(copy, "inference.json", lambda found: found.pop("views"))
    signed(copy)

    model = Model(load(copy))

    assert (model.predict(rows), dict(model.artifact.views)) == (wanted, {})


@pytest.mark.parametrize("key", ["missing", "outputs", "private", "reading"])
def test_settings_that_predictions_need_may_not_be_left_out(copy, signed, key):
    change(copy, "inference.json", lambda found: found.pop(key))
    signed(copy)

    assert refusal(copy).startswith(
        f"{copy / 'inference.json'}: should say missing, outputs, private, reading, views and nothing else, got "
    )


def test_no_training_option_is_in_the_inference_settings(penguins):
    found = json.loads((penguins / "inference.json").read_text())

    assert sorted(found) == ["missing", "outputs", "private", "reading", "views"]
    assert sorted(found["outputs"]["species"]) == [
        "classes", "labels", "temperature", "threshold", "type",
    ]  # fmt: skip
    assert sorted(found["outputs"]["species"]["classes"]) == ["coverage", "least"]


@pytest.mark.parametrize("weights", [[], [1.0, 1.0], [-1.0], [0], [1e400]])
def test_members_need_weights_that_can_be_averaged_with(copy, signed, weights):
    text = json.dumps({"weights": weights}).replace("Infinity", "1e999")
    (copy / "ensemble.json").write_text(text)
    signed(copy)

    assert "ensemble.json" in refusal(copy)


def test_the_graph_of_another_model_is_seen(copy, signed, tmp_path):
    def without_year(found):
        inputs = found["members"][0]["inputs"]
        found["members"][0]["inputs"] = [each for each in inputs if each["name"] != "year"]

    change(copy, "features.json", without_year)
    signed(copy)

    assert "reads 'numbers' of the shape ['rows', 6], and its features give rows of [5]" in refusal(
        copy
    )


def test_arrays_of_another_shape_are_seen(copy, signed):
    arrays = load_file(copy / "arrays.safetensors")
    save_file({name: np.zeros((2, 3, 1)) for name in arrays}, copy / "arrays.safetensors")
    signed(copy)

    assert refusal(copy).startswith(
        f"{copy}: this model is damaged, or was never saved by crosstie: its files do not fit together"
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 8, (10**9).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[]"],
)
def test_a_bad_head_of_the_arrays_is_seen(copy, signed, content):
    (copy / "arrays.safetensors").write_bytes(content)
    signed(copy)

    assert "its files do not fit together (SafetensorError" in refusal(copy)


NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just("../../etc/passwd"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(found, path=()):
    """All ways down to a value of JSON."""
    yield path
    if isinstance(found, dict | list):
        for key, each in found.items() if isinstance(found, dict) else enumerate(found):
            yield from places(each, (*path, key))


@pytest.fixture(scope="module")
def scratch(penguins, tmp_path_factory):
    return shutil.copytree(penguins, tmp_path_factory.mktemp("fuzz") / "model")


@pytest.mark.slow
@steady
@given(data=st.data())
def test_whatever_a_stranger_writes_into_the_settings_is_refused_or_predicts(
    penguins, scratch, signed, data
):
    name = data.draw(
        st.sampled_from(["features.json", "inference.json", "ensemble.json", "example.json"])
    )
    found = json.loads((penguins / name).read_text())
    path = data.draw(st.sampled_from(list(places(found))[1:]))
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[path[-1]] = data.draw(NODES)
    else:
        del inner[path[-1]]
    (scratch / name).write_text(json.dumps(found))
    signed(scratch)
    try:
        with suppress(CrosstieError):
            load(scratch)
    finally:
        shutil.copyfile(penguins / name, scratch / name)


@pytest.mark.slow
@steady
@given(data=st.data())
def test_other_bytes_in_any_file_are_refused(penguins, scratch, data):
    name = data.draw(st.sampled_from(FILES))
    content = bytearray((penguins / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    shutil.copyfile(penguins / "manifest.json", scratch / "manifest.json")
    (scratch / name).write_bytes(content)
    try:
        with pytest.raises(ArtifactError, match="its hash differs"):
            load(scratch)
    finally:
        shutil.copyfile(penguins / name, scratch / name)


def test_a_model_behind_links_is_opened(penguins, tmp_path):
    for name in EVERY:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(penguins / name)

    assert load(tmp_path).manifest["name"] == "penguins"
