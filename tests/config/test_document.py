import pytest

from crosstie.config.document import dotted
from crosstie.config.source import load
from crosstie.errors import ConfigError


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("trainer.epochs=3", {"trainer": {"epochs": 3}}),
        ("trainer.learning_rate=1e-3", {"trainer": {"learning_rate": 0.001}}),
        ("trainer.use=true", {"trainer": {"use": True}}),
        ("name=yes", {"name": "yes"}),
        ("split.probabilities=[0.8, 0.1, 0.1]", {"split": {"probabilities": [0.8, 0.1, 0.1]}}),
        ("name=a=b", {"name": "a=b"}),
        ("weight=null", {"weight": None}),
        ("input_features.age.type=number", {"input_features": [{"name": "age", "type": "number"}]}),
    ],
)
def test_set_reads_its_value_as_yaml(assignment, expected):
    assert load({}).set(assignment).value == expected


def test_set_finds_entries_by_index_and_by_name():
    document = load({"input_features": [{"name": "age"}, {"name": "sex", "encoder": "onehot"}]})
    document.set("input_features[0].type=number").set("input_features.sex.encoder.dropout=0.1")
    assert document.value["input_features"] == [
        {"name": "age", "type": "number"},
        {"name": "sex", "encoder": {"type": "onehot", "dropout": 0.1}},
    ]


def test_places_set_on_the_command_line_say_so(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text("trainer:\n  epochs: 3\n  batch_size: 4\n")
    document = load(path).set("trainer.epochs=4")
    assert document.where(("trainer", "epochs")) == "--set trainer.epochs"
    assert document.where(("trainer", "batch_size")) == f"{path}:3 trainer.batch_size"


def test_sections_that_only_the_command_line_has_are_found_there(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text("target: y\n")
    document = load(path).set("trainer.epochs=4").set("input_features.age.type=number")
    assert document.where(("trainer",)) == "--set trainer.epochs"
    assert document.where(("input_features", 0, "name")) == "--set input_features[0].type"
    assert document.where(("target",)) == f"{path}:1 target"


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("epochs", "--set epochs: is not of the form KEY=VALUE, as in trainer.epochs=3"),
        ("=3", "--set =3: is not of the form KEY=VALUE, as in trainer.epochs=3"),
        (
            "trainer.epochs.x=1",
            "--set trainer.epochs.x: trainer.epochs is no section, so it has no 'x'",
        ),
        (
            "input_features[5].type=x",
            "--set input_features[5].type: input_features has 1 entries, counted from 0",
        ),
        ("exclude.b=c", "--set exclude.b: no entry 'b'; choose one of 'a'"),
    ],
)
def test_set_says_what_it_cannot_set(assignment, expected):
    document = load({"trainer": {"epochs": 3}, "input_features": [{"name": "x"}], "exclude": ["a"]})
    with pytest.raises(ConfigError) as caught:
        document.set(assignment)
    assert str(caught.value) == expected


def test_set_replaces_what_came_from_the_environment(monkeypatch):
    monkeypatch.setenv("EPOCHS", "7")
    document = (
        load({"trainer": {"epochs": "${EPOCHS}"}}).set("trainer.epochs=3").set("name=${EPOCHS}")
    )
    assert document.value == {"trainer": {"epochs": 3}, "name": 7}
    assert document.written == {("name",): "${EPOCHS}"}


def test_a_copy_is_set_apart():
    document = load({"trainer": {"epochs": 3}})
    document.copy().set("trainer.epochs=4")
    assert document.value == {"trainer": {"epochs": 3}}


def test_paths_are_dotted():
    assert dotted(("input_features", 0, "encoder", "hidden")) == "input_features[0].encoder.hidden"
    assert dotted(()) == ""
