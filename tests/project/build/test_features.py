"""When a build trains anew for a change of row-wise features, and what it says of it."""

import pytest

from crosstie.errors import ProjectError
from crosstie.project.build.open import opened

SQL = "-- of a call\nSELECT minutes, ln(minutes + 1) AS long FROM input\n"
PYTHON = '''"""Of a call."""

import numpy as np

from lib.prices import price


def features(input: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"price": price(input["minutes"], 9)}


def unrelated():
    return 1
'''


@pytest.fixture
def project(calls):
    (calls / "model.yaml").write_text("data: cost\ntarget: cost\n")
    return calls


def model(project):
    here = opened(project)
    return here.fingerprint(here.steps["model"], {"cost": "digest"})


def test_what_a_statement_does_counts_and_how_it_looks_does_not(project):
    without = model(project)
    path = project / "features.sql"
    path.write_text(SQL)
    first = model(project)
    assert first.key != without.key
    path.write_text("select minutes,\n  ln( minutes+1 ) as long -- longer\nfrom input")
    assert model(project).key == first.key
    path.write_text(SQL.replace("+ 1", "+ 2"))
    now = model(project)
    (change,) = now.moved(first)["sql"]
    assert (change.name, change.before.splitlines()[-1], change.after.splitlines()[-1]) == (
        "features.sql",
        "SELECT minutes, ln(minutes + 1) AS long FROM input",
        "SELECT minutes, ln(minutes + 2) AS long FROM input",
    )
    path.write_text(SQL)
    (project / "model.yaml").write_text("data: cost\ntarget: cost\nfeatures: null\n")
    assert model(project).sql is None


def test_what_a_function_reaches_counts_and_its_neighbours_do_not(project):
    path = project / "features.py"
    path.write_text(PYTHON)
    first = model(project)
    path.write_text(PYTHON.replace("return 1", "return 2").replace("Of a call", "Of calls"))
    assert model(project).key == first.key
    (project / "lib" / "prices.py").write_text(
        "def price(minutes, longest):\n    return minutes * 4 // longest\n"
    )
    (change,) = model(project).moved(first)["code"]
    assert change.name == "lib/prices.py:price"
    (project / "components").mkdir()
    (project / "components" / "mine.py").write_text("def mine():\n    return 1\n")
    assert {"components/mine.py:mine", "features.py:features", "lib/prices.py:price"} <= {
        *model(project).code.parts
    }


def test_what_a_function_imports_is_listed_for_production(project):
    (project / "features.py").write_text(
        "import pandas as pd\nimport numpy\n\ndef features(input: pd.DataFrame):\n    return input\n"
    )
    written = (project / "pyproject.toml").read_text()
    listed = '\n[dependency-groups]\ntrain = ["pandas"]\n'
    (project / "pyproject.toml").write_text(written + listed)
    with pytest.raises(ProjectError) as caught:
        _ = opened(project).steps
    assert str(caught.value) == (
        "features.py:1: imports pandas, and pyproject.toml does not list pandas for production. Add it: under dependencies, "
        "for it runs on each request"
    )
    (project / "pyproject.toml").write_text(
        written.replace('"calls"\n', '"calls"\ndependencies = ["pandas>=2"]\n') + listed
    )
    assert "model" in opened(project).steps
