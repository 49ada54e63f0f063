"""`python -m crosstie.gates.alone MODEL`: a packaged model in a process where nothing of training was ever loaded.

Rows come on standard input as JSON, with the folders of own components; one line of JSON goes out: what the model says of them, what differs in its own
example rows, and which packages that only training needs were imported all the same.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.artifact.artifact import plain
from crosstie.artifact.example import check_example, check_skew
from crosstie.artifact.loading import load
from crosstie.config.registry import own_folders, use_components
from crosstie.data.rowwise.function import feature_folders, look_in
from crosstie.data.table import Table
from crosstie.errors import CrosstieError

TRAINING = ("torch", "sklearn", "scipy", "pandas", "lightgbm", "catboost", "transformers")


@dataclass(frozen=True)
class Said:
    """What came back of it.

    Attributes:
        predictions: One a row.
        problems: What is wrong with the model there, one sentence each.
    """

    predictions: Sequence[dict[str, Any]]
    problems: Sequence[str]


def ask_alone(folder: Path, rows: Sequence[dict[str, Any]]) -> Said:
    """Predict rows in a new process, started in an empty folder.

    Args:
        folder: The model's.
        rows: Their cells as text, None where missing.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = {
        "rows": list(rows),
        "components": [str(each) for each in own_folders()],
        "features": [str(each) for each in feature_folders()],
    }
    with TemporaryDirectory(prefix="crosstie-") as empty:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(folder.resolve())],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
            cwd=empty,
            env=environment,
        )
    if done.returncode:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        return Said([], [f"fails in a process of its own: {last}"])
    said = json.loads(done.stdout)
    return Said(said["predictions"], said["problems"])


def main(words: Sequence[str]) -> int:
    """Do what the process is for."""
    (folder,) = words
    told = json.loads(sys.stdin.read())
    for each in told["components"]:
        use_components(Path(each))
    for each in told["features"]:
        look_in(Path(each))
    rows = told["rows"]
    artifact = load(Path(folder))
    problems = [str(each) for each in (*check_example(artifact), *check_skew(artifact))]
    predictions: list[dict[str, Any]] = []
    if rows:
        encoded = artifact.encode(Table.from_rows(rows, missing=artifact.missing))
        found = artifact.decode(artifact.raw(encoded), encoded[0])
        predictions = [
            {key: plain(values[i]) for key, values in found.items()} for i in range(len(rows))
        ]
    problems += [
        f"{each} is imported to predict; a package of this model would not have it"
        for each in TRAINING
        if each in sys.modules and each not in artifact.manifest["requirements"]
    ]
    answer = {"predictions": predictions, "problems": problems}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CrosstieError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
