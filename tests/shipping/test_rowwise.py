"""A model with row-wise features in Python, as a wheel: the code goes along and runs where nothing else is installed."""

import subprocess
import sys
import zipfile

import pytest

import crosstie

FEATURES = """import numpy as np

from widths import wide


def features(input: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"island": input["island"], "wide": wide(input["bill_length_mm"], input["bill_depth_mm"])}
"""


@pytest.mark.slow
def test_a_wheel_holds_the_code_of_its_features_and_predicts_alone(
    tmp_path, local_index, monkeypatch
):
    for name, value in local_index.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "widths.py").write_text("def wide(length, depth):\n    return length / depth\n")
    (tmp_path / "model.yaml").write_text(
        "data: dataset:penguins\ntarget: species\nmodel_type: linear\nname: birds\n"
    )
    run = crosstie.train(tmp_path / "model.yaml", runs=tmp_path / "runs")
    (tmp_path / "widths.py").write_text("raise RuntimeError('the run keeps its own')\n")
    done = crosstie.package(run, tmp_path / "dist")
    assert [str(each) for each in done.problems] == []
    assert (done.rows, "numpy" in done.imports, "pandas" in done.imports) == (5, True, False)
    with zipfile.ZipFile(done.wheel) as wheel:
        names = {each for each in wheel.namelist() if each.startswith("birds/_features/")}
        assert names == {
            f"birds/_features/{each}.py" for each in ("__init__", "features", "widths")
        }
        assert not [
            each
            for each in wheel.namelist()
            if each.startswith("birds/model/") and each.endswith(".py")
        ]
        wheel.extractall(tmp_path / "site")
    row = {"island": "Biscoe", "bill_length_mm": 46.5, "bill_depth_mm": 14.0}
    asked = f"from birds import Model; print(Model().predict({row})['species_prediction'])"
    said = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path / "site",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.stdout, said.stderr) == ("Gentoo\n", "")
