"""Peak memory of training on a table made for it: `python benchmarks/memory.py --rows 6000000 --learner gbm`.

Counts anonymous memory only: pages of memory-mapped files go when they are wanted elsewhere. The table goes
with the temporary folder it is made in.
"""

import argparse
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

AT_ONCE = 250_000
QUICK = {"gbm": ["trainer.n_estimators=20"], "ecd": ["trainer.epochs=1"], "linear": []}


def make(rows: int, path: Path) -> None:
    """14 numbers, 4 categories (one of 300,000 levels), a date and a binary target."""
    rng = np.random.default_rng(0)
    cities = np.array([f"city {i}" for i in range(400)])
    writer = None
    for start in range(0, rows, AT_ONCE):
        n = min(AT_ONCE, rows - start)
        x = rng.normal(size=(n, 13)).round(5)
        city, kind = rng.integers(0, 400, n), rng.integers(0, 5, n)
        days = np.datetime64("2015-01-01") + rng.integers(0, 3000, n)
        score = x[:, 0] - x[:, 1] * x[:, 2] + 0.3 * kind + 0.01 * (city % 50) + rng.normal(size=n)
        columns = {
            f"x{i}": pa.array(x[:, i], mask=rng.random(n) < 0.03 if i < 3 else None)
            for i in range(13)
        } | {
            "count": pa.array(rng.poisson(20, n)),
            "city": pa.array(cities[city]),
            "kind": pa.array(np.array(list("abcde"))[kind]),
            "flag": pa.array(np.where(rng.random(n) < 0.4, "yes", "no")),
            "user": pa.array(np.char.add("u", rng.integers(0, 300_000, n).astype(str))),
            "day": pa.array(days.astype(str)),
            "y": pa.array(np.where(score > 0.8, "yes", "no")),
        }
        table = pa.table(columns)
        if writer is None:
            writer = csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None, "no rows"
    writer.close()


def train(path: str, learner: str, in_memory: int) -> None:
    """In a process of its own."""
    import crosstie
    from crosstie.pipeline import prepare
    from crosstie.pipeline import train as runs

    runs.prepare = functools.partial(prepare.prepare, in_memory=in_memory)
    crosstie.train(path, target="y", model_type=learner, threads=1, set=QUICK[learner])


def peak(command: list[str], folder: Path) -> tuple[int, float]:
    """(MB of anonymous memory at most, seconds) of a process."""
    started, most = time.perf_counter(), 0
    running = subprocess.Popen(command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
    while running.poll() is None:
        status = Path(f"/proc/{running.pid}/status").read_text()
        held = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")]
        most = max(most, *map(int, held), 0)
        time.sleep(0.02)
    if running.returncode:
        sys.exit(running.returncode)
    return most // 1024, time.perf_counter() - started


def main() -> None:
    """Make the table, train, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--learner", choices=QUICK, default="gbm")
    parser.add_argument("--in-memory", type=int, default=1 << 30, help="bytes; 0: all in files")
    parser.add_argument("--table", help="train on this table, in this process")
    given = parser.parse_args()
    if given.table:
        train(given.table, given.learner, given.in_memory)
        return
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        make(given.rows, table)
        options = ["--learner", given.learner, "--in-memory", str(given.in_memory)]
        command = [sys.executable, str(Path(__file__).resolve()), "--table", str(table), *options]
        most, seconds = peak(command, Path(folder))
        megabytes = table.stat().st_size >> 20
    print(f"{given.learner}: {given.rows} rows, {megabytes} MB: {most} MB, {seconds:.0f} s")


if __name__ == "__main__":
    main()
