"""A large Parquet file to predictions in Parquet: rows a second and memory, beside LightGBM predicting with the same trees.

The rows are Adult's, drawn again and again, their numbers shifted a little. A million; and as many as `--rows`
says: memory should not grow with them. Processor seconds tell more than the clock where the machine has other work.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from adult import run_of
from process import CROSSTIE, PEERS, ROOT, Failed
from pyarrow import parquet
from tables import TABLES, prepared

TITLE = "Bulk prediction"
MILLION = 1_000_000
GROUP = 100_000  # rows of a row group
SHIFT = 0.05  # of a column's spread
NEAR = 1e-5
CASES = ("parquet",)
sizes = {MILLION}


@dataclass(frozen=True)
class Watched:
    """What a whole process took.

    Attributes:
        seconds: By the clock.
        processor: Seconds of all cores together.
        peak: MB of resident memory at most.
    """

    seconds: float
    processor: float
    peak: int


def measure(_case: str) -> list[dict[str, Any]]:
    """Two models and the booster alone, at each size."""
    rows = []
    for size in sorted(sizes):
        with TemporaryDirectory() as name:
            folder = Path(name)
            source, theirs = folder / "rows.parquet", folder / "peer.parquet"
            make(size, source)
            beside = watched(sys.executable, PEERS / "lightgbm_bulk.py", run_of("gbm"), source, theirs)  # fmt: skip
            for learner in ("gbm", "ecd"):
                out = folder / f"{learner}.parquet"
                found = watched(*CROSSTIE, "predict", run_of(learner), source, "-o", out, "-q")
                if learner == "gbm":
                    check_same(out, theirs)
                rows.append(row(size, learner, found, beside))
    return rows


def row(size: int, learner: str, ours: Watched, theirs: Watched) -> dict[str, Any]:
    """One line of the table."""
    return {
        "what": f"{size:,} rows, {learner}",
        "rows_s": [round(size / each.seconds) for each in (ours, theirs)],
        "processor_s": [round(each.processor, 1) for each in (ours, theirs)],
        "peak_mb": [each.peak for each in (ours, theirs)],
        "load": round(os.getloadavg()[0], 1),
    }


def make(rows: int, path: Path) -> None:
    """Adult's test rows at random, whole numbers shifted but for zeros, which mean that there is none."""
    table = pd.read_csv(prepared("adult")[1], keep_default_na=False, na_values=[""])
    table = table.drop(columns=TABLES["adult"].target)
    rng, writer = np.random.default_rng(0), None
    for start in range(0, rows, GROUP):
        n = min(GROUP, rows - start)
        drawn = table.iloc[rng.integers(0, len(table), n)].reset_index(drop=True)
        for name in table.select_dtypes("number"):
            shift = np.rint(rng.normal(size=n) * SHIFT * table[name].std()).astype(int)
            moved = drawn[name] + shift * (drawn[name] != 0)
            drawn[name] = moved.clip(lower=table[name].min())
        piece = pa.Table.from_pandas(drawn, preserve_index=False).replace_schema_metadata(None)
        writer = writer or parquet.ParquetWriter(path, piece.schema, compression="zstd")
        writer.write_table(piece, row_group_size=GROUP)
    assert writer is not None, "no rows"
    writer.close()


def watched(*words: str | Path) -> Watched:
    """Run it and look at what it holds.

    Raises:
        Failed: Its exit code is not 0.
    """
    start, peak = time.perf_counter(), 0
    running = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, cwd=ROOT)
    status = Path(f"/proc/{running.pid}/status")
    while True:
        ended, code, used = os.wait4(running.pid, os.WNOHANG)
        if ended:
            break
        held = [line.split()[1] for line in status.read_text().splitlines() if line[:6] == "VmHWM:"]
        peak = max(peak, *map(int, held), 0)
        time.sleep(0.02)
    if code:
        raise Failed(f"{' '.join(map(str, words))}: exit {os.waitstatus_to_exitcode(code)}")
    processor = used.ru_utime + used.ru_stime
    return Watched(time.perf_counter() - start, processor, peak // 1024)


def check_same(ours: Path, theirs: Path) -> None:
    """Raise unless both say the same of every row."""
    pairs = zip(
        *(parquet.ParquetFile(each, pre_buffer=False).iter_batches() for each in (ours, theirs)),
        strict=True,
    )
    for one, other in pairs:
        apart = np.abs(one.column(2).to_numpy() - other.column(2).to_numpy())
        assert apart.max() < NEAR, apart.max()
        assert one.column(0) == other.column(0), "another class"


def markdown(done: dict[str, list[dict[str, Any]]]) -> str:
    """The table for the docs."""
    lines = [
        "| figure | rows/s | LightGBM | ours / peer | processor seconds | peak memory | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in done["parquet"]:
        (fast, their_fast), (took, their_took) = each["rows_s"], each["processor_s"]
        peak, their_peak = each["peak_mb"]
        lines.append(
            f"| {each['what']} | {fast:,} | {their_fast:,} | {fast / their_fast:.2f} | {took} / {their_took} | "
            f"{peak} / {their_peak} MB | {each['load']} |"
        )
    return "\n".join(lines)
