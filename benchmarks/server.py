"""The server: one row over HTTP beside a bare echo, cold start, memory, and answers under load, each checked.

Figures of `ludwig serve` are quoted from another machine of the same size; they are marked so.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adult import booster, run_of
from asking import Asked, ask
from process import CROSSTIE, ROOT, peer
from table import CACHE
from tables import TABLES, prepared

TITLE = "Serving"
Row = dict[str, Any]
SECONDS = float(os.environ.get("CROSSTIE_BENCH_SECONDS", "60"))  # of the run under load
HERE = CACHE / "serving"
ECHO = (sys.executable, ROOT / "benchmarks" / "bare_echo.py")
NEAR = 1e-5


def row() -> list[Row]:
    """One row of Adult over loopback, one after the other; and as many as there are with 32 clients."""
    bodies, right = _asked(_model())
    alone = peer("lightgbm_row.py", booster(), prepared("adult")[1]).json["row_us"] / 1000
    rows = []
    with _served() as (url, _), _echo() as echo:
        kinds = (("one client", 1), ("32 clients", 32))
        for what, clients in kinds:
            ours, bare = Asked(), Asked()
            for _ in range(3):  # in turn, for the machine may have other work
                _add(bare, ask(echo, bodies, lambda *_: True, clients=clients, seconds=3))
                _add(ours, ask(url, bodies, right, clients=clients, seconds=3))
            assert not ours.wrong, ours.wrong[:3]
            if clients == 1:
                rows.append(_row(
                    "a row over HTTP, p50, beside one in process", f"{ours.at(0.5):.2f} ms", f"{alone:.2f} ms",
                    ours.at(0.5) / alone, "LightGBM through pandas",
                ))  # fmt: skip
            rows.append(_row(
                f"a row over HTTP, {what}, p50 / p99",
                f"{ours.at(0.5):.2f} / {ours.at(0.99):.2f} ms",
                f"{bare.at(0.5):.2f} / {bare.at(0.99):.2f} ms",
                ours.at(0.5) / bare.at(0.5),
                "bare Starlette echo, same uvicorn; target 2; Ludwig 21.7 / 27.4 ms (quoted)",
            ))  # fmt: skip
            rows.append(_row(
                f"rows over HTTP, {what}", f"{ours.rate:,.0f} /s", f"{bare.rate:,.0f} /s",
                ours.rate / bare.rate, "the same echo; one row a request",
            ))  # fmt: skip
    return rows


def start() -> list[Row]:
    """From the start of the process to the first 200 of /readyz, and what it holds then and after 100,000 rows."""
    model, seconds = _model(), []
    bodies, right = _asked(model, rows=1000)
    for _ in range(5):
        begun = time.perf_counter()
        with _served() as (url, _):
            _until_ready(url)
            seconds.append(time.perf_counter() - begun)
    with _served() as (url, process):
        _until_ready(url)
        idle = _resident(process.pid)
        asked = ask(url, bodies, right, clients=2, seconds=10)
        after = _resident(process.pid)
    rows = 1000 * len(asked.seconds)
    return [
        _row("start to ready", f"{min(seconds):.2f} s", "15.2 s", min(seconds) / 15.2, "best of 5; Ludwig (quoted); target 0.7 s"),
        _row("resident memory, idle", f"{idle} MB", "632 MB", idle / 632, "Ludwig (quoted); target 150 MB"),
        _row(f"resident memory after {rows:,} rows", f"{after} MB", "643 MB", after / 643, "Ludwig (quoted), after 100 rows"),
    ]  # fmt: skip


def package() -> list[Row]:
    """What a packaged model takes on disk with all that it needs, and the time to make one that has been tried out."""
    import crosstie

    with TemporaryDirectory() as folder:
        begun = time.perf_counter()
        made = crosstie.package(_model().parent, output=folder, name="adult")
        seconds = time.perf_counter() - begun
    assert not made.problems, made.problems
    size, training = made.installed / 1e6, made.training / 1e6
    return [
        _row("installed size of a packaged model", f"{size:,.0f} MB", "1,927 MB", size / 1927, f"Ludwig (quoted); here {training:,.0f} MB are installed to train"),
        _row("a wheel made, locked and tried in an environment of its own", f"{seconds:.1f} s", "", None, f"{made.size / 1e6:.1f} MB"),
    ]  # fmt: skip


def memory() -> list[Row]:
    """What a server holds while it answers a million rows and more, 1,000 a request."""
    bodies, right = _asked(_model(), rows=1000)
    with _served() as (url, process):
        held, rows = [], 0
        while rows < 1_000_000:
            asked = ask(url, bodies, right, clients=2, seconds=5)
            assert not asked.wrong, asked.wrong[:3]
            rows += 1000 * len(asked.seconds)
            held.append((rows, _resident(process.pid)))
    first, last = held[0], held[-1]
    curve = ", ".join(f"{count / 1e6:.1f} M: {each} MB" for count, each in held)
    return [
        _row(f"resident memory after {last[0]:,} rows", f"{last[1]} MB", f"{first[1]} MB", last[1] / first[1], f"after {first[0]:,} rows; {curve}")
    ]  # fmt: skip


def load() -> list[Row]:
    """Saturated by 32 clients with two workers, one of which is killed, and two swaps; every answer is looked at."""
    with TemporaryDirectory() as folder:
        pointer = Path(folder) / "latest"
        for name in ("one", "two"):
            shutil.copytree(_model(), Path(folder) / name / "model")
        pointer.write_text("one\n")
        bodies, right = _asked(_model())
        with _served("--workers", "2", "--watch", model=pointer) as (url, process):

            def meanwhile() -> None:
                time.sleep(SECONDS / 4)
                pointer.write_text("two\n")
                time.sleep(SECONDS / 4)
                os.kill(_children(process.pid)[0], signal.SIGKILL)
                time.sleep(SECONDS / 4)
                pointer.write_text("one\n")

            asked = ask(url, bodies, right, clients=32, seconds=SECONDS, meanwhile=meanwhile)
            _until_ready(url)
            swaps = re.search(r'swaps_total{outcome="swapped"} (\d+)', _get(url, "/metrics"))
    others = {code: n for code, n in asked.statuses.items() if code != 200}
    note = (
        f"{SECONDS:g} s, 32 clients, 2 workers; {swaps[1] if swaps else 0} swaps in workers, one killed: "
        f"{asked.lost} connections ended with it before an answer began; other statuses: {others or 'none'}"
    )
    return [_row("answers under load, wrong", f"{len(asked.wrong)} of {len(asked.seconds):,}", f"{asked.rate:,.0f} /s", None, note)]  # fmt: skip


@contextmanager
def _served(*options: str, model: Path | None = None) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server of Adult: its address and process. Its log goes to a file, as it would."""
    words = [*CROSSTIE, "serve", model or _model(), "--port", "0", *options]
    log = HERE / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(list(map(str, words)), stderr=file, cwd=ROOT)
    try:
        while not (found := re.search(r"http://\S+?:\d+", log.read_text())):
            if process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.005)
        yield found[0], process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _echo() -> Iterator[str]:
    process = subprocess.Popen(list(map(str, ECHO)), stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _model() -> Path:
    """The model/ of Adult's trees."""
    return run_of("gbm") / "model"


def _asked(model: Path, rows: int = 1) -> tuple[list[bytes], Callable[[int, Any], bool]]:
    """Bodies of 20 requests, and whether an answer is what the model says in this process."""
    import pandas as pd

    import crosstie

    table = pd.read_csv(prepared("adult")[1], dtype=str, keep_default_na=False)
    table = table.drop(columns=TABLES["adult"].target)
    loaded, some = crosstie.load(model, threads=1), 20
    cells = [json.loads(each) for each in table.head(2000).to_json(orient="records", lines=True).splitlines()]  # fmt: skip
    groups = [[cells[(rows * i + j) % len(cells)] for j in range(rows)] for i in range(some)]
    expected = [loaded.predict(each) for each in groups]

    def right(place: int, answer: Any) -> bool:
        answers = answer if isinstance(answer, list) else [answer]
        return len(answers) == rows and all(
            abs(said[key] - value) <= NEAR if isinstance(value, float) else said[key] == value
            for said, wanted in zip(answers, expected[place], strict=True)
            for key, value in wanted.items()
        )

    return [json.dumps(each if rows > 1 else each[0]).encode() for each in groups], right


def _add(total: Asked, part: Asked) -> None:
    total.seconds += part.seconds
    total.wrong += part.wrong
    total.took += part.took


def _get(url: str, path: str) -> str:
    import urllib.request

    with urllib.request.urlopen(url + path) as answer:
        return answer.read().decode()


def _until_ready(url: str) -> None:
    while "ready" not in _get(url, "/readyz"):
        time.sleep(0.005)


def _resident(process: int) -> int:
    """MB of memory, files of libraries included."""
    said = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", said)[1]) // 1024


def _children(process: int) -> list[int]:
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


def _row(what: str, ours: str, other: str, ratio: float | None, note: str) -> Row:
    shown = "" if ratio is None else f"{ratio:.2f}"
    return {"what": what, "ours": ours, "peer": other, "ratio": shown, "note": note}


CASES: dict[str, Callable[[], list[Row]]] = {
    each.__name__: each for each in (row, start, package, memory, load)
}


def measure(name: str) -> list[Row]:
    """The rows of one figure."""
    HERE.mkdir(parents=True, exist_ok=True)
    return CASES[name]()


def markdown(done: dict[str, list[Row]]) -> str:
    """The table for the docs."""
    lines = ["| figure | ours | peer | ours / peer | peer and note |", "|---|---|---|---|---|"]
    for name in CASES:
        lines += [
            f"| {each['what']} | {each['ours']} | {each['peer']} | {each['ratio']} | {each['note']} |"
            for each in done.get(name, [])
        ]
    return "\n".join(lines)
