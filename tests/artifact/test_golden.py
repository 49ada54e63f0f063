"""Models that were saved once and lie here for good: every later version opens them and says what they said.

They are never written again. A new format gets a folder of its own beside the old ones.
"""

import json
from pathlib import Path

import pytest

import crosstie
from crosstie.artifact.artifact import plain
from crosstie.artifact.example import check_example, check_skew, same
from crosstie.artifact.loading import FORMAT

GOLDEN = Path(__file__).parent / "golden"
MODELS = sorted(path.parent for path in GOLDEN.glob("*/*/manifest.json"))


def test_the_format_of_today_has_its_models():
    assert [path.name for path in MODELS if path.parent.name == f"format-{FORMAT}"] == [
        "ecd",
        "gbm",
        "linear",
    ]


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)
def test_a_model_of_an_earlier_version_says_what_it_said(folder):
    model = crosstie.load(folder)
    expected = json.loads((folder.parent / "expected.json").read_text())
    columns = model.artifact.columns
    rows = [{name: row[name] for name in columns} for row in expected["rows"]]

    together = model.predict(rows)
    alone = [model.predict(row) for row in rows]

    for wanted, found, one in zip(
        expected["predictions"][folder.name], together, alone, strict=True
    ):
        assert list(found) == list(wanted)
        assert all(same(wanted[key], plain(found[key])) for key in wanted), (wanted, found)
        assert all(same(wanted[key], one[key]) for key in wanted), (wanted, one)
    assert check_example(folder) == []
    assert check_skew(folder) == []
