import gzip
import json

import pytest

from crosstie.config.document import dump
from crosstie.config.source import load
from crosstie.pipeline.check import make_plan

# Files in the manner of Ludwig's documentation, on the tables they are about.
TITANIC = """\
input_features:
  - name: Pclass
    type: category
  - name: Sex
    type: category
  - name: Age
    type: number
    preprocessing:
      missing_value_strategy: fill_with_mean
  - name: SibSp
    type: number
  - name: Parch
    type: number
  - name: Fare
    type: number
    preprocessing:
      missing_value_strategy: fill_with_mean
  - name: Embarked
    type: category
output_features:
  - name: Survived
    type: binary
"""
ADULT = """\
model_type: ecd
input_features:
  - {name: age, type: number, encoder: passthrough}
  - {name: workclass, type: category, encoder: {type: dense, embedding_size: 8}}
  - {name: education, type: category, encoder: onehot}
  - {name: hours-per-week, type: number}
output_features:
  - name: income
    type: binary
    decoder: regressor
    loss: {type: binary_weighted_cross_entropy, positive_class_weight: 2.0}
combiner:
  type: concat
defaults:
  number: {preprocessing: {normalization: zscore}}
preprocessing:
  split: {type: random, probabilities: [0.7, 0.1, 0.2]}
trainer:
  epochs: 10
  batch_size: 256
  learning_rate: 0.001
  optimizer: {type: adam}
  early_stop: 5
"""
SPAM = """\
input_features:
  - name: text
    type: text
    preprocessing: {tokenizer: space_punct}
    encoder: parallel_cnn
output_features:
  - name: label
    type: category
    decoder: classifier
trainer: {epochs: 2}
"""
MANY = """\
input_features:
  - {name: carat, type: number}
  - {name: color, type: category}
output_features:
  - {name: cut, type: category}
  - name: price
    type: number
    dependencies: [cut]
    loss: {type: mean_absolute_error, weight: 0.5}
"""


ADULT_COLUMNS = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,"
    "capital-gain,capital-loss,hours-per-week,native-country,income"
)


def adult(shared_data, folder, part="train", rows=2000):
    """A table of the census data with its columns' names, which the original keeps in another file."""
    with gzip.open(shared_data / f"tab_adult/adult-{part}.csv.gz", "rt") as file:
        lines = [line for line in file.read().splitlines() if line.count(",") == 14]
    path = folder / f"{part}.csv"
    path.write_text("\n".join([ADULT_COLUMNS, *lines[:rows]]))
    return path


def again(plan, folder):
    """The plan of the filled file."""
    (folder / "filled.yaml").write_text(dump(plan.config))
    return make_plan(load(folder / "filled.yaml"))


def written(folder, text):
    (folder / "model.yaml").write_text(text)
    return load(folder / "model.yaml")


@pytest.mark.parametrize(
    ("data", "target"),
    [
        ("tab_titanic/train.csv", "Survived"),
        ("tab_penguins/penguins.csv", "species"),
        ("tab_telco_churn/Telco-Customer-Churn.csv", "Churn"),
        ("tab_california_housing/housing.csv", "median_house_value"),
        ("tab_bike_sharing/day.csv", "cnt"),
        ("text_sms_spam/sms.tsv", None),
    ],
)
def test_the_filled_file_gives_the_same_plan(shared_data, tmp_path, data, target):
    path = shared_data / data
    if target is None:
        from crosstie.data.read import open_source

        target = open_source(path).columns[0]
    for model_type in ("auto", "gbm"):
        made = make_plan(load({"data": str(path), "target": target, "model_type": model_type}))
        assert again(made, tmp_path) == made
        assert again(made, tmp_path).config == made.config
        assert json.loads(json.dumps(made.config)) == made.config


@pytest.mark.parametrize(
    ("data", "text"), [("titanic", TITANIC), ("adult", ADULT), ("diamonds", MANY)]
)
def test_files_written_for_ludwig_run_unmodified(shared_data, tmp_path, data, text):
    tables = {
        "titanic": shared_data / "tab_titanic/train.csv",
        "adult": adult(shared_data, tmp_path),
        "diamonds": shared_data / "tab_diamonds/diamonds.csv.gz",
    }
    made = make_plan(written(tmp_path, text), source=tables[data])
    assert made.model_type == "ecd"
    assert again(made, tmp_path) == made


def test_short_forms_are_filled(shared_data, tmp_path):
    lines = [
        line.split("\t")
        for line in (shared_data / "text_sms_spam/sms.tsv").read_text().splitlines()
    ]
    table = {"label": [each[0] for each in lines[:300]], "text": [each[1] for each in lines[:300]]}
    made = make_plan(written(tmp_path, SPAM), source=table)
    assert made.architecture["inputs"]["text"]["encoder"]["type"] == "parallel_cnn"
    assert made.architecture["combiner"]["type"] == "concat"
    assert made.architecture["outputs"]["label"]["decoder"]["type"] == "classifier"
    assert made.trainer["epochs"] == 2
    assert made.inputs[0].tokenizer == "space_punct"
    assert "data" not in made.config


def test_dependencies_and_losses_reach_the_architecture(shared_data, tmp_path):
    made = make_plan(written(tmp_path, MANY), source=shared_data / "tab_diamonds/diamonds.csv.gz")
    price = made.architecture["outputs"]["price"]
    assert price["dependencies"] == ["cut"]
    assert price["loss"] == {"type": "mean_absolute_error", "weight": 0.5}
    assert made.metrics == {"cut": "log_loss", "price": "rmse"}


def test_one_column_may_be_refined_while_the_others_stay_inferred(shared_data):
    made = make_plan(
        load(
            {
                "data": str(shared_data / "tab_titanic/train.csv"),
                "target": "Survived",
                "exclude": ["Cabin"],
                "model_type": "gbm",
                "input_features": [{"name": "Age", "preprocessing": {"normalization": "minmax"}}],
                "defaults": {"number": {"preprocessing": {"outlier_strategy": None}}},
            }
        )
    )
    assert [each.name for each in made.inputs] == [
        "Pclass",
        "Name",
        "Sex",
        "Age",
        "SibSp",
        "Parch",
        "Ticket",
        "Fare",
        "Embarked",
    ]
    age, fare = made.inputs[3], made.inputs[7]
    assert (age.normalization, age.outlier_strategy) == ("minmax", None)
    assert (fare.normalization, fare.outlier_strategy) == ("zscore", None)
    assert [tuple(each) for each in made.excluded] == [
        ("PassengerId", "a running number, different in every row")
    ]


def test_secrets_stay_out_of_the_filled_file(shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("FOLDER", str(shared_data))
    monkeypatch.setenv("SEED", "5")
    text = "data: ${FOLDER}/tab_titanic/train.csv\ntarget: Survived\nseed: ${SEED}\nname: a$${b}\n"
    made = make_plan(written(tmp_path, text.replace("name: a$${b}\n", "")))
    assert made.seed == 5
    assert made.config["seed"] == "${SEED}"
    assert made.config["data"] == "${FOLDER}/tab_titanic/train.csv"
    assert str(shared_data) not in dump(made.config)
    assert again(made, tmp_path) == made


def test_separate_tables_need_no_split(shared_data, tmp_path):
    data = {
        "train": str(adult(shared_data, tmp_path, rows=20_000)),
        "test": str(adult(shared_data, tmp_path, "test")),
    }
    made = make_plan(load({"data": data, "target": "income"}))
    assert made.config["preprocessing"]["split"]["probabilities"] == [0.9, 0.1, 0.0]
    assert sorted(made.sources) == ["test", "train"]
    whole = make_plan(load({"data": {**data, "validation": data["test"]}, "target": "income"}))
    assert whole.split is None
    assert "split" not in whole.config["preprocessing"]
    assert again(whole, tmp_path) == whole


def test_command_line_tables_are_named_in_the_filled_file(shared_data, tmp_path, monkeypatch):
    shared_data = shared_data.resolve()  # as the system names the folder one stands in
    monkeypatch.chdir(shared_data / "tab_titanic")
    made = make_plan(load({"target": "Survived"}), source={"train": "train.csv"})
    assert made.config["data"] == str(shared_data / "tab_titanic" / "train.csv")
    assert made.name == "tab_titanic"
    assert again(made, tmp_path) == made


def test_a_table_without_a_header_is_given_names_and_stays_relative(shared_data, tmp_path):
    rows = (shared_data / "tab_german_credit/german.csv").read_text()
    (tmp_path / "german.csv").write_text(rows)
    names = [f"a{i}" for i in range(20)] + ["good"]
    text = f"data:\n  path: german.csv\n  header: false\n  columns: [{', '.join(names)}]\ntarget: good\n"
    made = make_plan(written(tmp_path, text))
    assert made.config["data"] == {
        "path": str(tmp_path / "german.csv"),
        "header": False,
        "columns": names,
    }
    assert made.name == "german"
    assert made.sources["train"].rows == 1000
    assert again(made, tmp_path) == made


def test_a_query_stays_relative_to_its_file(shared_data, tmp_path, monkeypatch):
    import duckdb

    path = shared_data / "tab_penguins/penguins.csv"
    with duckdb.connect(str(tmp_path / "birds.db")) as database:
        database.execute(f"create table birds as select * from '{path}'")
    (tmp_path / "birds.sql").write_text("select * from birds")
    monkeypatch.chdir("/")
    text = "data: {connection: 'duckdb:///birds.db', query: birds.sql}\ntarget: species\n"
    made = make_plan(written(tmp_path, text))
    assert made.config["data"] == {
        "connection": f"duckdb:///{tmp_path}/birds.db",
        "query": str(tmp_path / "birds.sql"),
    }
    assert made.sources["train"].rows == 344
    assert again(made, tmp_path) == made
