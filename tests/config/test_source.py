import pytest

from crosstie.config.document import dump
from crosstie.config.source import load
from crosstie.errors import ConfigError


def write(folder, text, name="model.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def message(folder, text, monkeypatch):
    monkeypatch.chdir(folder)
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load("model.yaml")
    return str(caught.value)


def test_yaml_1_2_keeps_yes_and_dates_as_texts(tmp_path):
    path = write(
        tmp_path, "a: yes\nb: off\nc: 2020-01-01\nd: true\ne: 1e-3\nf: 0o14\ng: ~\nh: 'x'\n"
    )
    assert load(path).value == {
        "a": "yes",
        "b": "off",
        "c": "2020-01-01",
        "d": True,
        "e": 0.001,
        "f": 12,
        "g": None,
        "h": "x",
    }


def test_every_place_knows_its_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        "target: y\n\ninput_features:\n  - name: a\n    encoder:\n      hidden: 3\n  - name: b\n",
    )
    document = load("model.yaml")
    assert document.line(("input_features", 0, "encoder", "hidden")) == 6
    assert document.where(("input_features", 0, "encoder", "hidden")) == (
        "model.yaml:6 input_features[0].encoder.hidden"
    )
    assert document.where(("input_features", 1)) == "model.yaml:7 input_features[1]"
    assert (
        document.where(("input_features", 1, "encoder")) == "model.yaml:7 input_features[1].encoder"
    )


def test_json_has_lines_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, '{"target": "y",\n "trainer": {\n  "epochs": 3}}', "model.json")
    assert load("model.json").where(("trainer", "epochs")) == "model.json:3 trainer.epochs"


def test_a_dict_has_places_without_lines():
    document = load({"trainer": {"epochs": 3}})
    assert document.value == {"trainer": {"epochs": 3}}
    assert document.where(("trainer", "epochs")) == "trainer.epochs"


def test_a_dict_is_copied():
    given = {"trainer": {"epochs": 3}}
    load(given).set("trainer.epochs=4")
    assert given == {"trainer": {"epochs": 3}}


def test_anchors_and_merge_keys_unfold(tmp_path):
    path = write(tmp_path, "base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nlist: [*b]\n")
    assert load(path).value["use"] == {"x": 1, "y": 3}
    assert load(path).value["list"] == [{"x": 1, "y": 2}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", "model.yaml:2: the key 'a' is given twice; keep one of them"),
        ('{"a": 1,\n"a": 2}', "model.yaml:2: the key 'a' is given twice; keep one of them"),
        ("a: 1\n\tb: 1\n", "model.yaml:2: a tab stands where spaces must; indent with spaces"),
        (
            "a: b: c\n",
            "model.yaml:1: a colon stands where no key can; check the indentation, or quote the text that holds it",
        ),
        ("a: 'x\n", "model.yaml:2: a quote is opened and never closed"),
        (
            "a: [1,\n",
            "model.yaml:2: the file ends inside a list or section; a bracket is opened and never closed",
        ),
        (
            " a: 1\nb: 2\n",
            "model.yaml:2: the indentation does not fit the lines above; keys of one section start in one column",
        ),
        (
            "a: !!python/object:os.system ls\n",
            "model.yaml:1: the tag 'tag:yaml.org,2002:python/object:os.system' is not followed; write a plain value",
        ),
        (
            "a: {b: ${X}}\n",
            "model.yaml:1: inside braces or brackets ${NAME} must be quoted, or stand on a line of its own",
        ),
        ("a: &a [*a]\n", "model.yaml:1: an alias that holds itself"),
        ("1: x\n? [2]\n: y\n", "model.yaml:2: a key must be a text"),
        ("- 1\n", "model.yaml:1: must be a section of options, got [1]"),
        ("# nothing\n", "model.yaml: is empty; it needs at least `data:` and `target:`"),
    ],
)
def test_syntax_errors_are_plain_sentences_with_a_line(tmp_path, monkeypatch, text, expected):
    assert message(tmp_path, text, monkeypatch) == expected


@pytest.mark.slow
def test_aliases_that_would_fill_memory_are_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 7)]
    with pytest.raises(ConfigError, match="too many aliases"):
        load(write(tmp_path, "\n".join(lines)))


def test_a_missing_file_says_how_to_get_one():
    with pytest.raises(ConfigError) as caught:
        load("no.yaml")
    assert str(caught.value) == "no.yaml: no such file; `crosstie init DATA` writes one"


def test_other_encodings_than_utf_8_are_refused(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_bytes("name: caf\xe9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 9\); save it as UTF-8"):
        load(path)


def test_environment_variables_are_filled_in_and_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "pa:ss")
    monkeypatch.setenv("EPOCHS", "7")
    path = write(
        tmp_path,
        "data: {connection: 'pg://me:${SECRET}@db'}\ntrainer:\n  epochs: ${EPOCHS}\na: '${EPOCHS}'\nb: $${EPOCHS}\n",
    )
    document = load(path)
    assert document.value == {
        "data": {"connection": "pg://me:pa:ss@db"},
        "trainer": {"epochs": 7},
        "a": "7",
        "b": "${EPOCHS}",
    }
    assert document.written == {
        ("data", "connection"): "pg://me:${SECRET}@db",
        ("trainer", "epochs"): "${EPOCHS}",
        ("a",): "${EPOCHS}",
        ("b",): "$${EPOCHS}",
    }


def test_missing_environment_variables_are_all_named_with_their_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSTIE_TEST_ONE", "1")
    text = "a: ${CROSSTIE_TEST_TOO}\nb:\n  c: x${CROSSTIE_TEST_ON}y\n"
    assert message(tmp_path, text, monkeypatch) == (
        "model.yaml:1 a: the environment variable 'CROSSTIE_TEST_TOO' is not set; "
        "did you mean 'CROSSTIE_TEST_ONE'?\n"
        "model.yaml:3 b.c: the environment variable 'CROSSTIE_TEST_ON' is not set; "
        "did you mean 'CROSSTIE_TEST_ONE'?"
    )


def test_dump_is_read_back_equal(tmp_path):
    value = {
        "b": "yes",
        "a": [1, 2.5, 1e-5, None, True, "null", "2020-01-01", "a: b", "", "x\ny", "é", "1", "~"],
        "nested": {"z": {"deep": []}, "a": {}},
        "k: 1": "#",
        "escaped": "$${NAME}",
    }
    assert load(write(tmp_path, dump(value))).value == {**value, "escaped": "${NAME}"}
    assert list(load(write(tmp_path, dump(value))).value) == list(value)


def test_a_reference_is_still_a_number_after_dump(tmp_path, monkeypatch):
    monkeypatch.setenv("EPOCHS", "7")
    text = dump({"trainer": {"epochs": "${EPOCHS}"}})
    assert load(write(tmp_path, text)).value == {"trainer": {"epochs": 7}}
