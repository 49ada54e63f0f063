"""`features.py`: what a function is given and may return, and that it looks at no other row."""

from pathlib import Path

import pytest

from crosstie.data.profile import look
from crosstie.data.read import open_source
from crosstie.data.rowwise.function import digest_of, files_of, use_features
from crosstie.data.rowwise.python import RowwisePython
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.table import Table
from crosstie.errors import DataError

HEAD = (
    "import numpy as np, pandas as pd, polars as pl, pyarrow as pa\nimport pyarrow.compute as pc\n"
)
DO = "(50 of 50 rows differ). A request is one row; work it out in a step, or from the row alone"
HAS = "PassengerId, Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, Cabin, Embarked"
FORMS = {
    "pandas": """def features(input: pd.DataFrame) -> pd.DataFrame:
    return input[["Sex", "Age"]].assign(log=np.log1p(input["Fare"]), both=input["Pclass"].astype(str) + input["Sex"])""",
    "polars": """def features(input: pl.DataFrame) -> pl.DataFrame:
    both = pl.col("Pclass").cast(pl.String) + pl.col("Sex")
    return input.select("Sex", "Age", log=pl.col("Fare").log1p(), both=both)""",
    "arrow": """def features(input: pa.Table) -> pa.Table:
    both = pc.binary_join_element_wise(pc.cast(input["Pclass"], pa.string()), input["Sex"], "")
    log = pc.log1p(input["Fare"])
    return input.select(["Sex", "Age"]).append_column("log", log).append_column("both", both)""",
    "numpy": """def features(input: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    both = np.array([f"{a}{b}" for a, b in zip(input["Pclass"], input["Sex"])], object)
    return {"Sex": input["Sex"], "Age": input["Age"], "log": np.log1p(input["Fare"]), "both": both}""",
}


@pytest.fixture(scope="module")
def titanic(shared_data):
    table = open_source(shared_data / "tab_titanic" / "train.csv").table()
    return table.select([name for name in table.columns if name != "Survived"])


def made(folder: Path, code: str, table: Table) -> RowwisePython:
    folder.mkdir(exist_ok=True)
    path = folder / "features.py"
    path.write_text(HEAD + code + "\n", encoding="utf-8")
    looks = {
        name: RawColumn.of(look(table, name), table.distinct(name)[1]) for name in table.columns
    }
    return RowwisePython.tried(
        use_features(path), {n: each for n, each in looks.items() if each}, table
    )


def refused(folder: Path, code: str, table: Table) -> list[str]:
    with pytest.raises(DataError) as caught:
        made(folder, code, table)
    return [str(each).replace(f"{folder}/", "") for each in caught.value.problems]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_row_alone_is_what_it_is_in_the_table_in_every_form(form, tmp_path, titanic):
    found = made(tmp_path, FORMS[form], titanic).only(["Sex", "Age", "log", "both"])
    assert (found.function.form, found.reads) == (form, ("Pclass", "Sex", "Age", "Fare"))
    together, _ = found.of(titanic, strict=True)
    assert [together.cells(name)[0] for name in ("Sex", "Age", "both")] == ["male", "22", "3male"]
    assert float(together.cells("log")[0]) == pytest.approx(2.1102132)
    for row in range(0, len(titanic), 60):
        cells = {name: titanic.cells(name)[row] for name in found.reads}
        alone, _ = found.of(Table.from_rows([cells]))
        assert [alone.cells(name)[0] for name in alone.columns] == [
            together.cells(name)[row] for name in together.columns
        ]


@pytest.mark.slow
def test_a_missing_cell_where_training_had_none_changes_no_other_row(tmp_path, titanic):
    found = made(tmp_path, FORMS["pandas"], titanic)
    rows = [{name: titanic.cells(name)[row] for name in titanic.columns} for row in range(3)]
    usual, _ = found.of(Table.from_rows(rows))
    odd, read = found.of(Table.from_rows([rows[0], {**rows[1], "Pclass": "first"}, rows[2]]))
    assert usual.cells("both") == ["3male", "1female", "3female"]
    assert odd.cells("both") == ["3male", None, "3female"]
    assert (read["Pclass"].unparsed, read["Pclass"].unparsed_examples) == (1, ("first",))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "def features(input: pd.DataFrame):\n    return input[['Sex']].assign(f=input.Fare - input.Fare.mean())",
            f"'f' looks at other rows: row 3 gives '-24.279207968574635' in the table and '0' alone {DO}",
        ),
        (
            "def features(input: pl.DataFrame):\n    return input.select('Sex', s=pl.col('Fare').shift(1))",
            f"'s' looks at other rows: row 3 gives '71.2833' in the table and nothing alone {DO}",
        ),
        (
            "def features(input: pd.DataFrame):\n    return input[['Age']].dropna()",
            "was given 891 rows and returned 714 (it has 714); return one for each, in their order",
        ),
        ("def features(input: pd.DataFrame):\n    pass", "returned a NoneType; return pd.DataFrame, pl.DataFrame, pa.Table or dict[str, np.ndarray]"),
        ("def features(input):\n    return {}", "returned no column"),
        ("def feature(input):\n    pass", "has no function features(input), which makes a model's columns of a table's; did you mean 'feature'?"),
    ],
)  # fmt: skip
def test_what_a_function_may_not_do_is_told(code, told, tmp_path, titanic):
    assert refused(tmp_path, code, titanic) == [f"features.py: {told}"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def features(input: pd.DataFrame)\n    pass", "3: is no Python: expected ':'"),
        ("def features(input: list):\n    pass", "3: rows cannot be given as list; say pd.DataFrame, pl.DataFrame, pa.Table or dict[str, np.ndarray]"),
        ("def features(input, other):\n    pass", "3: features takes one thing, the rows: `def features(input: pd.DataFrame)`"),
        ("import nothere\ndef features(input):\n    pass", "3: cannot be imported: ModuleNotFoundError: No module named 'nothere'"),
        (
            "def features(input: dict[str, np.ndarray]):\n    one = 1\n    return {'x': input['Survived']}",
            f"5: fails for 891 rows: KeyError: 'Survived'. input has {HAS}",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(code, told, tmp_path, titanic):
    assert refused(tmp_path, code, titanic) == [f"features.py:{told}"]


def test_a_digest_is_of_what_code_does_and_of_what_it_imports(tmp_path):
    features, helpers = tmp_path / "features.py", tmp_path / "helpers.py"
    features.write_text(
        "from helpers import half\n\n\ndef features(input):\n    return half(input)\n"
    )
    helpers.write_text("def half(x):\n    return x / 2\n")
    first = digest_of(files_of(features))
    assert [name for name, _ in files_of(features)] == ["features", "helpers"]
    features.write_text(
        "from helpers import half\ndef features(input):  # of it\n\n    return half( input )\n"
    )
    assert digest_of(files_of(features)) == first
    helpers.write_text("def half(x):\n    return x / 3\n")
    assert digest_of(files_of(features)) != first
