import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crosstie.data.files import sha256
from crosstie.data.table import Table
from crosstie.gates.alone import ask_alone
from crosstie.gates.skew import skew_of
from crosstie.serving.model import Model


@pytest.fixture
def table(birds):
    return Table.from_columns(birds)


@pytest.mark.slow
def test_a_sound_model_says_the_same_everywhere(species, table):
    found = skew_of(species, table)
    assert (found.rows, found.problems) == (50, [])


@pytest.mark.slow
def test_a_model_that_says_otherwise_than_where_it_was_trained_is_found(species, table, tmp_path):
    folder = shutil.copytree(species.artifact.folder, tmp_path / "model")
    manifest = json.loads((folder / "manifest.json").read_text())
    example = json.loads((folder / "example.json").read_text())
    example["predictions"][0]["species_prediction"] = "Emu"
    (folder / "example.json").write_text(json.dumps(example))
    manifest["files"]["example.json"] = sha256(folder / "example.json")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    said = species.predict(example["rows"])[0]["species_prediction"]
    problem = f"example row 1, species_prediction: expected 'Emu', got {said!r}"
    assert problem in skew_of(Model.load(folder), table).problems


@pytest.mark.slow
def test_the_process_of_its_own_predicts_and_imports_nothing_of_training(species, birds):
    rows = [{name: cells[i] for name, cells in birds.items()} for i in range(3)]
    said = ask_alone(species.artifact.folder, rows)
    assert said.problems == []
    assert [each["species_prediction"] for each in said.predictions] == [
        each["species_prediction"] for each in species.predict(rows)
    ]


@pytest.mark.slow
def test_a_process_that_fails_says_why(tmp_path):
    said = ask_alone(tmp_path, [])
    assert said.predictions == []
    assert len(said.problems) == 1
    assert said.problems[0].startswith("fails in a process of its own: ")
    assert "manifest.json" in said.problems[0]


OWN = """
from pathlib import Path

import crosstie
from crosstie.config.registry import use_components
from crosstie.gates.compare import compare

use_components(Path("components"))
rows = {"host": [f"{i}.0.3.{i}" for i in range(200)], "inside": ["yes", "no"] * 100}
run = crosstie.train(rows, target="inside", model_type="linear", output="run")
model = crosstie.load(run.path)
print([each.type for each in model.artifact.inputs], compare(model, None, rows).skew.problems)
"""


@pytest.mark.slow
def test_a_model_with_an_own_feature_type_is_given_it_in_a_process_of_its_own(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "own-components.md"
    shown = re.search(r"```python components/ipv4.py\n(.*?)```", page.read_text(), re.DOTALL)
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "ipv4.py").write_text(shown[1], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", OWN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("['ipv4'] []\n", "")
