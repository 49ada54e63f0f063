"""What is left when a command of a project is killed: `python benchmarks/killed.py 20`, or 200 times by run.py.

Each round edits the project and begins one command (build, promote, roll back, push a build, push a model), which SIGKILL ends
at a moment that chance picks within the time that the command takes: alone, or with the processes of its steps. Then all
that is on disk is looked through, the command is given again, and must do its work as if nothing had been.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from process import CROSSTIE, ROOT
from pyarrow import parquet

from crosstie.errors import CrosstieError
from crosstie.pipeline.published import verify

TITLE = "Killed"
CASES = ("project",)
ROUNDS = 200
ROWS = 300
COMMANDS = (
    "build",
    "promote",
    "build",
    "push build",
    "build",
    "promote",
    "roll back",
    "push model",
)
FILES = {
    "pyproject.toml": '[project]\nname = "churn"\n\n[tool.crosstie]\n',
    "environments/development.yaml": "params: {least: 0}\n",
    "steps/10_paying.sql": "SELECT * FROM customers WHERE MonthlyCharges > :least\n",
    "steps/20_shaped.py": "import pandas as pd\n\n\ndef shaped(paying: pd.DataFrame, factor: float = 1.0) -> pd.DataFrame:\n"
    '    return paying.assign(yearly=paying["MonthlyCharges"] * 12 * factor)\n',
    "model.yaml": "data: shaped\ntarget: Churn\nmodel_type: linear\nexclude: [customerID]\n"
    "split: {type: hash, column: customerID}\n",
}
# what a command may answer although it was killed before: it had done its work by then
DONE_ALREADY = ("is in production already", "is not empty", "nothing was in production before")


def measure(_: str, rounds: int = ROUNDS, seed: int = 0) -> dict[str, Any]:
    """How often what was killed, and what was wrong afterwards."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        seconds: dict[str, list[float]] = {}
        for each in ("build", "promote", "push build", "push model"):
            world.edit(chance)
            seconds[each] = [world.finish(each, 0)[0]]
        world.edit(chance)
        world.finish("build", 0)
        world.finish("promote", 0)
        seconds["roll back"] = [world.finish("roll back", 0)[0]]
        killed: Counter[str] = Counter()
        wrong: list[str] = []
        begun = time.monotonic()
        for number in range(1, rounds + 1):
            what = COMMANDS[number % len(COMMANDS)]
            if what == "build":
                world.edit(chance)
            after = chance.uniform(0.15, statistics.median(seconds[what]) * 1.05)
            if world.kill(what, number, after, whole=chance.random() < 0.5):
                killed[what] += 1
            wrong += [f"round {number}, after {what}: {each}" for each in world.wrong()]
            took, said = world.finish(what, number)
            if said:
                wrong.append(f"round {number}, {what} again: {said}")
            else:
                seconds[what].append(took)
            wrong += [f"round {number}, {what} again: {each}" for each in world.wrong()]
            print(f"{number} {what} killed after {after:.2f} s; wrong so far: {len(wrong)}", file=sys.stderr)  # fmt: skip
        wrong += world.differs_elsewhere()
        return {
            "rounds": rounds,
            "killed": dict(killed),
            "seconds": round(time.monotonic() - begun),
            "left": world.left(),
            "wrong": wrong,
        }


def markdown(answers: dict[str, Any]) -> str:
    found = answers["project"]
    killed = ", ".join(f"{name} {count}" for name, count in sorted(found["killed"].items()))
    left = ", ".join(f"{count} {name}" for name, count in found["left"].items()) or "none"
    return "\n".join([
        "A command of a project ended by SIGKILL at a moment that chance picks, its steps with it or not; then every object, record,",
        "table and pointer is looked through, the command given again, and at the end all of it built from the store elsewhere.",
        "",
        "| rounds | killed while running | something lost or half-done | files that nothing needs, left |",
        "|---|---|---|---|",
        f"| {found['rounds']} | {sum(found['killed'].values())}: {killed} | {len(found['wrong'])} | {left} |",
    ])  # fmt: skip


class World:
    """A project, a store that others reach, and a folder of published models."""

    def __init__(self, folder: Path) -> None:
        self.project, self.shared, self.models = (folder / each for each in ("churn", "shared", "models"))  # fmt: skip
        self._elsewhere = folder / "elsewhere"
        self._known: set[str] = set()
        self._promoted: list[str] = []
        self.models.mkdir()
        for name, text in FILES.items():
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            (self.project / name).write_text(text)
        rows = (ROOT / "examples/churn/customers.csv").read_text().splitlines(keepends=True)
        (self.project / "data").mkdir()
        (self.project / "data/customers.csv").write_text("".join(rows[: ROWS + 1]))

    @property
    def store(self) -> Path:
        return self.project / ".crosstie/store"

    def edit(self, chance: random.Random) -> None:
        """Something that makes all or some of it stale."""
        if chance.random() < 0.5:
            text = f"params: {{least: {chance.uniform(0, 30):.4f}}}\n"
            (self.project / "environments/development.yaml").write_text(text)
        else:
            step = self.project / "steps/20_shaped.py"
            head, _, tail = step.read_text().partition("factor: float = ")
            step.write_text(f"{head}factor: float = {chance.uniform(0, 9):.6f}{tail[tail.index(')') :]}")  # fmt: skip

    def words(self, what: str, number: int) -> Sequence[str]:
        match what:
            case "build":
                return ("build", "--quiet")
            case "promote":
                return ("promote", "--anyway")
            case "roll back":
                return ("promote", "--rollback")
            case "push build":
                return ("push", "--store", str(self.shared))
            case _:
                return ("push", "churn/latest", str(self.models / str(number)), "--quiet")

    def begin(self, what: str, number: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*CROSSTIE, *self.words(what, number)],
            cwd=self.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill(self, what: str, number: int, after: float, *, whole: bool) -> bool:
        """Begin a command and end it; whether it was running then."""
        process = self.begin(what, number)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            below = list(_below(process.pid)) if whole else []
            for each in (process.pid, *below):
                try:
                    os.kill(each, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.communicate()
            return True
        process.communicate()
        return False

    def finish(self, what: str, number: int) -> tuple[float, str]:
        """Give a command again and let it end: its seconds, and what it said if that is wrong."""
        begun = time.monotonic()
        process = self.begin(what, number)
        said, _ = process.communicate()
        took = time.monotonic() - begun
        well = process.returncode == 0 or any(each in said for each in DONE_ALREADY)
        return took, "" if well else f"exit {process.returncode}: {said.strip()}"

    def wrong(self) -> list[str]:
        """What is lost or half-done."""
        return [*self._stores(), *self._production(), *self._tables(), *self._models()]

    def _stores(self) -> Iterator[str]:
        for store in (self.store, self.shared):
            for path in store.glob("objects/*/*"):
                if (
                    path.name[0] != "."
                    and hashlib.sha256(path.read_bytes()).hexdigest() != path.name
                ):
                    yield f"{path} holds something else"
            there = {each.name for each in store.glob("objects/*/*")}
            for path in [*store.glob("records/*/*.json"), *store.glob("builds/*.json")]:
                if path.name[0] == ".":
                    continue
                self._known.add(str(path))
                lacking = set(_objects(json.loads(path.read_text()))) - there
                if lacking:
                    yield f"{path} names {len(lacking)} objects that are not there"
        yield from (f"{path} is gone" for path in self._known if not Path(path).is_file())

    def _production(self) -> Iterator[str]:
        path = self.store / "aliases/production.json"
        if not path.is_file():
            if self._promoted:
                yield "nothing is in production any more"
            return
        alias = json.loads(path.read_text())
        runs = [each["run"] for each in (alias["now"], *alias["before"])]
        before, self._promoted = self._promoted, runs
        one_more, one_less = runs[1:] == before, runs == before[1:]
        if before and not (runs == before or one_more or one_less):
            yield f"{len(before)} were promoted, and now {len(runs)}"
        there = {each.name for each in self.store.glob("objects/*/*")}
        if set(_objects(alias)) - there:
            yield "what is in production is not in the store"
        pointer = self.project / "runs/churn/production"
        if not (self.project / ".crosstie/moving.json").is_file() and not self.follows():
            yield "runs/churn/production is not what the store says"
        if pointer.is_file() and not (pointer.parent / pointer.read_text().strip() / "model/manifest.json").is_file():  # fmt: skip
            yield "runs/churn/production names no model"

    def follows(self) -> bool:
        """Whether what `serve --watch` follows is what the store says."""
        pointer, path = (
            self.project / "runs/churn/production",
            self.store / "aliases/production.json",
        )
        run = json.loads(path.read_text())["now"]["run"]
        return pointer.is_file() and pointer.read_text().strip() == Path(run).name

    def _tables(self) -> Iterator[str]:
        for path in self.project.glob(".crosstie/tables/*/[!.]*.parquet"):
            try:
                parquet.read_table(path)
            except (OSError, ValueError) as error:
                yield f"{path}: {error}"
        state = self.project / ".crosstie/state/development.json"
        if state.is_file():
            steps = json.loads(state.read_text())
            yield from (
                f"{name} has no digest" for name, each in steps.items() if not each["digest"]
            )

    def _models(self) -> Iterator[str]:
        for path in self.models.glob("[!.]*"):
            try:
                verify(path, ("model", "network"))
            except CrosstieError as error:
                yield str(error)

    def differs_elsewhere(self) -> Iterator[str]:
        """Whether another who shares the store has to run anything, and gets the same."""
        if not self.follows():
            yield "runs/churn/production is not what the store says"
        self.finish("build", 0)
        shutil.copytree(self.project, self._elsewhere, ignore=shutil.ignore_patterns(".crosstie", "runs"))  # fmt: skip
        (self._elsewhere / ".crosstie").mkdir()
        shutil.copytree(self.store, self._elsewhere / ".crosstie/store")
        done = subprocess.run([*CROSSTIE, "build", "--json", "--quiet"], cwd=self._elsewhere, capture_output=True, text=True, check=True)  # fmt: skip
        if json.loads(done.stdout)["ran"]:
            yield f"elsewhere this was run again: {done.stdout}"
        for path in self.project.glob(".crosstie/tables/development/*.parquet"):
            other = self._elsewhere / path.relative_to(self.project)
            if not parquet.read_table(path).equals(parquet.read_table(other)):
                yield f"{path.stem} is another table elsewhere"

    def left(self) -> dict[str, int]:
        """Files under names of work in progress."""
        found: Counter[str] = Counter()
        for top in (self.project, self.shared, self.models):
            for path in top.rglob(".*"):
                if path.name.endswith(".part") or path.name.startswith(".crosstie-push-") or path.parent.name == ".parts":  # fmt: skip
                    found[f"in {path.parent.relative_to(top.parent).parts[0]}"] += 1
        return dict(found)


def _objects(value: Any) -> Iterator[str]:
    """Hashes of objects that a record, a build or an alias names."""
    if isinstance(value, dict):
        if "objects" in value:
            yield from value["objects"].values()
        yield from (value[each] for each in ("code", "packages", "lock") if isinstance(value.get(each), str) and "steps" in value and value[each])  # fmt: skip
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _below(process: int) -> Iterator[int]:
    """The processes that one began, and those that they began."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process:
            yield int(path.parent.name)
            yield from _below(int(path.parent.name))


if __name__ == "__main__":
    print(json.dumps(measure("project", int(sys.argv[1]) if sys.argv[1:] else ROUNDS), indent=1))
