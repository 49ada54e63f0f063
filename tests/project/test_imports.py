"""A build that has nothing to do must answer at once, so building imports only what it uses."""

import ast
import subprocess
import sys

HEAVY = {"numpy", "onnxruntime", "pandas", "pyarrow", "duckdb", "IPython", "pdb", "torch"}


def test_building_and_looking_at_steps_import_nothing_heavy():
    code = "import crosstie, sys; crosstie.build, crosstie.graph; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    modules = ast.literal_eval(done.stdout)
    assert "crosstie.project.build.build" in modules
    assert HEAVY.intersection(modules) == set()
