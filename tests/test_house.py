"""The house as a whole: what each room may load, and how quickly it opens."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "accelerate", "sklearn", "scipy", "pandas", "lightgbm")
BELOW_THE_LINE = (
    "crosstie",
    "crosstie.errors",
    "crosstie.config.source",
    "crosstie.config.options",
    "crosstie.data.read",
    "crosstie.data.split",
    "crosstie.data.store",
    "crosstie.datasets.load",
    "crosstie.features.preprocessor",
    "crosstie.features.infer",
    "crosstie.evaluation.score",
    "crosstie.evaluation.bootstrap",
    "crosstie.evaluation.thresholds",
    "crosstie.artifact.saving",
    "crosstie.serving.http.serve",
    "crosstie.serving.model",
    "crosstie.gates.compare",
    "crosstie.reports.write",
    "crosstie.api",
    "crosstie.project.fingerprint.python",
    "crosstie.project.environment",
    "crosstie.project.scaffold.new",
    "crosstie.cli.main",
    "crosstie.cli.train",
)


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("module", BELOW_THE_LINE)
def test_rooms_below_the_torch_line_load_nothing_heavy(module):
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


def test_every_feature_type_loads_without_heavy_packages():
    code = "from crosstie.features.feature import feature_types; list(feature_types.items())"
    assert loaded_by(code).isdisjoint(HEAVY)


def test_the_package_itself_loads_no_third_party_code():
    assert loaded_by("import crosstie").isdisjoint(
        {"numpy", "rich", "cyclopts", "pydantic", "onnxruntime"}
    )


def test_no_room_takes_the_place_of_a_public_name():
    """Importing a part of a package sets its name there: a verb of that name would be gone."""
    import crosstie

    rooms = {path.name for path in Path(crosstie.__file__).parent.iterdir() if path.is_dir()}
    assert rooms & set(crosstie.__all__) == {"datasets"}  # which is itself what a user takes


def test_looking_up_a_learner_loads_no_other_learners_packages():
    code = (
        "from crosstie.learners.learner import learners; learners.get('gbm'); learners.get('ecd')"
    )
    assert loaded_by(code).isdisjoint({"torch", "lightgbm", "sklearn"})
