import re
import zipfile

import pytest

from crosstie.config.source import load
from crosstie.data.read import open_source
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.initial import initial


@pytest.mark.parametrize(
    ("data", "target"),
    [
        ("tab_titanic/train.csv", "Survived"),
        ("tab_penguins/penguins.csv", "species"),
        ("tab_telco_churn/Telco-Customer-Churn.csv", "Churn"),
        ("tab_california_housing/housing.csv", "median_house_value"),
        ("tab_bike_sharing/day.csv", "cnt"),
        ("tab_employee_salaries/employee_salaries.zip", "current_annual_salary"),
        ("tab_german_credit/german.csv", None),
    ],
)
def test_the_file_gives_the_plan_it_was_written_from(shared_data, tmp_path, data, target):
    path = shared_data / data
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = next(each for each in archive.namelist() if each.endswith(".csv"))
            path = tmp_path / "table.csv"
            path.write_bytes(archive.read(name))
    target = target or open_source(path).columns[-1]
    made = make_plan(load({}), source=path, target=target)
    (tmp_path / "model.yaml").write_text(initial(made, folder=tmp_path))
    assert make_plan(load(tmp_path / "model.yaml")) == made


def test_the_file_is_short_and_says_why(shared_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "titanic.csv").write_bytes((shared_data / "tab_titanic/train.csv").read_bytes())
    made = make_plan(load({}), source="titanic.csv", target="Survived")
    assert (
        initial(made, folder=tmp_path)
        == """\
# titanic: 891 rows, 12 columns. Train it: crosstie train FILE
# Every option with its default: crosstie show FILE

name: titanic
data: titanic.csv

# Survived: binary, two levels, '0' and '1' (positive)
target: Survived

exclude:
  - PassengerId  # a running number, different in every row

# Tries linear and boosted models, and a network where there is text or a set; keeps the best.
model_type: auto
# Rows to train, validate and test on: 70% / 10% / 20%, random. Another: preprocessing.split

# Inputs, as inferred. To change one, write only that one:
# input_features:
#   - {name: Pclass, type: number}      # all cells are numbers
#   - {name: Name, type: text}          # 4 words a cell, 891 different cells
#   - {name: Sex, type: binary}         # two levels, 'male' and 'female'
#   - {name: Age, type: number}         # all cells are numbers; 177 missing
#   - {name: SibSp, type: number}       # all cells are numbers
#   - {name: Parch, type: number}       # all cells are numbers
#   - {name: Ticket, type: category}    # 681 levels
#   - {name: Fare, type: number}        # all cells are numbers
#   - {name: Cabin, type: category}     # 147 levels; 687 missing
#   - {name: Embarked, type: category}  # 3 levels; 2 missing
"""
    )


def test_said_types_are_written(shared_data, tmp_path):
    path = shared_data / "tab_titanic/train.csv"
    made = make_plan(load({}), source=path, target="Survived", types={"Pclass": "category"})
    (tmp_path / "model.yaml").write_text(initial(made))
    loaded = load(tmp_path / "model.yaml")
    assert loaded.value["input_features"] == [{"name": "Pclass", "type": "category"}]
    assert make_plan(loaded) == made


def test_odd_column_names_survive(tmp_path):
    columns = {
        'a "b"': [f"x{i % 3}" for i in range(40)],
        "yes": [i * 1.5 for i in range(40)],
        "c: #d": [f"k{i}" for i in range(40)],
        "  ": [i % 4 + 0.5 for i in range(40)],
        "1": ["u", "v"] * 20,
    }
    (tmp_path / "t.csv").write_text(
        "\n".join(
            ",".join('"' + str(cell).replace('"', '""') + '"' for cell in row)
            for row in [list(columns), *zip(*columns.values(), strict=True)]
        )
    )
    made = make_plan(load({}), source=tmp_path / "t.csv", target="1")
    (tmp_path / "model.yaml").write_text(initial(made, folder=tmp_path))
    assert make_plan(load(tmp_path / "model.yaml")) == made


def test_a_type_that_was_said_and_those_to_uncomment_are_one_list(few_customers, tmp_path):
    made = make_plan(
        load({}),
        source=few_customers,
        target="Churn",
        types={"tenure": "category", "gender": "text"},
    )
    text = initial(made, folder=tmp_path)
    (tmp_path / "model.yaml").write_text(text)
    assert make_plan(load(tmp_path / "model.yaml")) == made
    assert text.count("input_features:") == 1

    bare = re.sub(r"(?m)^# (?=  - \{)", "", text).replace(
        "{name: MonthlyCharges, type: number}", "{name: MonthlyCharges, type: category}"
    )
    (tmp_path / "model.yaml").write_text(bare)
    again = make_plan(load(tmp_path / "model.yaml"))
    assert {each.name: each.type for each in again.inputs} == {
        **{each.name: each.type for each in made.inputs},
        "MonthlyCharges": "category",
    }


@pytest.mark.parametrize(
    "split",
    [
        "{type: hash, column: PassengerId}",
        "{type: hash}",
        "{type: stratify, column: Survived, probabilities: [0.6, 0.2, 0.2]}",
        "{type: random, probabilities: [0.6, 0.2, 0.2]}",
    ],
)
def test_a_split_that_was_asked_for_is_written(shared_data, tmp_path, split):
    table = shared_data / "tab_titanic/train.csv"
    asked = {"overrides": [f"split={split}"]}
    made = make_plan(load({}), source=table, target="Survived", **asked)
    (tmp_path / "model.yaml").write_text(initial(made, folder=tmp_path))
    assert make_plan(load(tmp_path / "model.yaml")) == made
