"""Preparing in memory and in files: the same bytes, and memory that does not grow with the table."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import crosstie
from crosstie.pipeline.candidate import Session, fit
from crosstie.pipeline.prepare import assign, prepare


def planned(customers, learner):
    trainer = {"ecd": ["trainer.epochs=2"], "gbm": ["trainer.n_estimators=30"]}
    return crosstie.check(
        customers,
        target="Churn",
        set=[f"model_type={learner}", *trainer.get(learner, [])],
        types={"customerID": "category"},
    )


@pytest.fixture(scope="module")
def both(customers, tmp_path_factory):
    """The same table prepared in memory and in files, and its plan."""
    plan = planned(customers, "gbm")
    folder = tmp_path_factory.mktemp("prepared")
    assignment = assign(plan)
    return (
        prepare(plan, assignment, folder=folder),
        prepare(plan, assignment, folder=folder, in_memory=0),
    )


def test_a_table_prepared_in_files_has_the_bytes_of_one_in_memory(both):
    memory, files = both
    assert set(files.batches) == {"train", "validation", "test"}
    for part, batch in files.batches.items():
        assert all(isinstance(each, np.memmap) for each in batch.inputs.values())
        assert not any(isinstance(each, np.memmap) for each in memory.batches[part].inputs.values())
        for arrays, others in (
            (batch.inputs, memory.batches[part].inputs),
            (batch.targets, memory.batches[part].targets),
        ):
            assert {name: (each.dtype, each.tobytes()) for name, each in arrays.items()} == {
                name: (each.dtype, each.tobytes()) for name, each in others.items()
            }
        assert files.rows[part].tolist() == memory.rows[part].tolist()
    assert files.counts == memory.counts
    assert files.dropped == memory.dropped


def written(plan, prepared, folder):
    folder.mkdir()
    candidate = fit(
        plan, prepared, folder, Session(), model_type=plan.model_type, trainer=plan.trainer
    )
    files = {
        str(each.relative_to(folder)): each.read_bytes()
        for each in [folder / "graph.onnx", *sorted((folder / "network").iterdir())]
    }
    return files, {name: part.raw["Churn"].tobytes() for name, part in candidate.parts.items()}


@pytest.mark.parametrize("learner", ["gbm", "linear"])
def test_a_model_learned_from_files_has_the_bytes_of_one_learned_in_memory(
    both, customers, tmp_path, learner
):
    plan = planned(customers, learner)
    memory, files = both

    assert written(plan, files, tmp_path / "files") == written(plan, memory, tmp_path / "memory")


def test_repeated_rows_of_the_rarer_class_lie_in_files_where_the_others_do(
    both, customers, tmp_path
):
    plan = replace(planned(customers, "gbm"), oversample=0.9)
    memory, files = both

    found = written(plan, files, tmp_path / "files")

    assert found == written(plan, memory, tmp_path / "memory")
    assert found != written(planned(customers, "gbm"), memory, tmp_path / "usual")
    repeated = files.folder / "repeated-gbm"
    assert len(np.load(repeated / "inputs.0.npy")) > 1.2 * len(files.batches["train"])


@pytest.mark.slow
def test_a_network_learned_from_files_is_the_same_every_time(both, customers, tmp_path):
    plan = planned(customers, "ecd")
    memory, files = both

    first = written(plan, files, tmp_path / "first")

    assert written(plan, files, tmp_path / "second") == first
    assert written(plan, memory, tmp_path / "memory") != first  # rows come in another order


MEASURE = '''
import json, sys, threading, time
from pathlib import Path
import numpy as np
import crosstie
from crosstie.data.source import Source
from crosstie.data.table import Table
from crosstie.pipeline.candidate import Session, fit
from crosstie.pipeline.prepare import assign, prepare

COLUMNS = tuple(f"x{i}" for i in range(16))

class Endless:
    """A table that is made as it is read, and too large to be kept."""

    size = 1 << 40
    columns = (*COLUMNS, "y")
    notes = []

    def __init__(self, rows):
        self.rows = rows

    def chunks(self, rows, columns):
        for start in range(0, self.rows, rows):
            rng = np.random.default_rng(start)
            x = rng.normal(size=(min(rows, self.rows - start), 16)).astype(np.float32)
            found = {name: x[:, i] for i, name in enumerate(COLUMNS)}
            found["y"] = (x[:, 0] > x[:, 1] * x[:, 2]).astype(int)
            import pyarrow as pa
            yield Table.from_arrow(pa.table({name: found[name] for name in columns}))

    def table(self, columns):
        return Table.concat(list(self.chunks(100_000, columns)), columns)

def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) * 1024

peak = {"prepare": 0, "fit": 0}
phase = "prepare"
def watch():
    while phase:
        peak[phase] = max(peak[phase], anonymous())
        time.sleep(0.002)

rows, folder = int(sys.argv[1]), Path(sys.argv[2])
settings = ["model_type=gbm", "trainer.n_estimators=5", "trainer.refit=false"]
plan = crosstie.check(Source("endless", [Endless(rows)]), target="y", set=settings)
threading.Thread(target=watch, daemon=True).start()
prepared = prepare(plan, assign(plan), folder=folder, in_memory=0)
phase = "fit"
fit(plan, prepared, folder, Session(), model_type="gbm", trainer=plan.trainer)
phase = ""
print(json.dumps(peak))
'''


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_encoded_table(tmp_path):
    """16 float32 columns are 64 bytes a row; `docs/decisions/memory.md` says what is held instead."""

    def peak(rows):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(rows), str(tmp_path / str(rows))],
            capture_output=True,
            text=True,
            check=True,
            env={"OMP_NUM_THREADS": "1", "PATH": ""},
        )
        return json.loads(done.stdout)

    few, many = 200_000, 600_000
    small, large = peak(few), peak(many)
    grown = {phase: (large[phase] - small[phase]) / (many - few) for phase in small}

    assert grown["prepare"] < 40, grown  # 14 when this was written
    assert grown["fit"] < 80, grown  # 57
