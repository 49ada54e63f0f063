"""A project in an environment: its steps, what each is made from now, and what lies there of it."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from crosstie.data.postgres import SCHEMES, shown
from crosstie.errors import Problem, ProjectError
from crosstie.pipeline.packages import others
from crosstie.pipeline.run import Run
from crosstie.project.build.costs import Costs
from crosstie.project.build.model_file import ModelFile
from crosstie.project.build.state import Failed, State
from crosstie.project.dependencies import unlisted
from crosstie.project.environment import DUCKDB, Environment
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.content import Contents
from crosstie.project.fingerprint.environment import Installed
from crosstie.project.fingerprint.fingerprint import Fingerprint
from crosstie.project.fingerprint.module import digest
from crosstie.project.fingerprint.params import params_of
from crosstie.project.fingerprint.python import Code, Codes
from crosstie.project.fingerprint.sql import Sql, Sqls
from crosstie.project.fingerprint.tree import Folder
from crosstie.project.place import Project
from crosstie.project.steps.postgres.connection import Database
from crosstie.project.steps.raw import READING
from crosstie.project.steps.read import MODEL, read_steps
from crosstie.project.steps.sink import address, read_sinks
from crosstie.project.steps.step import Step
from crosstie.project.steps.task import Task
from crosstie.project.store.place import place_of
from crosstie.project.store.store import Record, Store

UNSEEN = "is a table in {engine}, of which nothing tells whether it has changed: what reads it is run each time"
TRAINS_WITH = ("catboost", "lightgbm", "torch")  # whose versions a model depends on


class Workspace:
    """What a build works on.

    Args:
        project: Whose.
        environment: In which.
    """

    def __init__(self, project: Project, environment: Environment) -> None:
        self.project = project
        self.environment = environment
        self.model_file = ModelFile(project.model_file)
        self._cache = Cache(project.own / "cache.json")
        self.contents = Contents(self._cache, root=project.root)
        self._codes = Codes(Folder(project.root), self._cache)
        self._sqls = Sqls(self._cache, schema=environment.engine.schema)
        self._reached: dict[str, Code] = {}
        self._fresh: dict[str, tuple[str, str]] = {}
        self._installed = Installed(self._cache)
        self.warnings: list[str] = []

    @cached_property
    def store(self) -> Store:
        """Where products are kept."""
        return Store(place_of(self.environment.store, self.project.root))

    @property
    def is_shared(self) -> bool:
        """Whether the store lies outside of the project, where others may reach it."""
        store = self.environment.store
        return "://" in store or not (self.project.root / store).is_relative_to(self.project.own)

    @cached_property
    def state(self) -> State:
        """What lies there."""
        return State(self.project.own / "state" / f"{self.environment.name}.json")

    @property
    def costs(self) -> Costs:
        """What the runs of its steps took."""
        return Costs(self.project.own / "costs" / f"{self.environment.name}.json")

    @property
    def failed(self) -> Failed:
        """What failed."""
        return Failed(self.project.own / "state" / f"{self.environment.name}.failed.json")

    @cached_property
    def steps(self) -> dict[str, Step]:
        """All that can be built, in order: the files of data that something reads, the steps, and the model."""
        raw = self.project.raw_tables()
        fetched = self.environment.sources.connection
        steps = read_steps(self.project, self._read_sql, engine=self._engine or fetched or "")
        self._check_imports(steps.values())
        model = self._model({*raw, *steps})
        sinks = read_sinks(self.project, {*raw, *steps})
        wanted = {each for step in [*steps.values(), *model, *sinks.values()] for each in step.upstreams}  # fmt: skip
        settings = {"sample": self.environment.sample}
        read = [Step(name, path, "raw", (), settings=settings) for name, path in raw.items() if name in wanted]  # fmt: skip
        far = sorted(each for each in wanted if each not in raw and each not in steps)
        environment = self.project.root / "environments" / f"{self.environment.name}.yaml"
        sources = [Step(name, environment, "fetched", (), settings=settings) if fetched else Step(name, environment, "source", ()) for name in far]  # fmt: skip
        return {
            each.name: each for each in [*sources, *read, *steps.values(), *sinks.values(), *model]
        }

    def fingerprint(self, step: Step, inputs: Mapping[str, str]) -> Fingerprint:
        """What a step is made from now.

        Args:
            step: Which.
            inputs: The digest of each table that it takes.

        Raises:
            ProjectError: Its settings are not given, or cannot be written as text.
            ConfigError: The address of a sink names a variable that is not set.
        """
        where = self.where(step)
        match step.kind:
            case "raw":
                settings = {**step.settings, "reading": READING}
                return Fingerprint(params=params_of(settings), inputs={where: self.contents.of(step.path)})  # fmt: skip
            case "sql":
                sql = self._sqls.of(step.path.read_text(encoding="utf-8"), "duckdb", where)
                engine = (
                    {"(engine)": self._engine} if self._engine else {}
                )  # the same query may give another result
                return Fingerprint(sql=sql, params=params_of(self._noted(step) | engine), inputs=inputs)  # fmt: skip
            case "fetched":
                settings = {**step.settings, "sources": shown(self.environment.sources.connection or "")}  # fmt: skip
                return Fingerprint(params=params_of(settings))
            case "sink":
                known = {**step.settings, "connection": shown(address(step, where))}
                return Fingerprint(params=params_of(known), inputs=inputs)
            case "python" | "notebook":
                code = self._code(step)
                self._warn(code.warning)
                files = {each: self.contents.of(self.project.root / each) for each in code.files}
                env = self._installed.environment(code.imports, self.contents)
                return Fingerprint(code, None, params_of(self._noted(step)), {**files, **inputs}, env)  # fmt: skip
            case _:
                own = sorted(map(self.from_root, self.project.components.glob("*.py")))
                if self._feature_code is not None:
                    own.append(f"{self._feature_code.path}::features")
                parts = self._codes.of_all(own) if own else None
                brought = () if self._feature_code is None else self._feature_code.imports
                env = self._installed.environment([*TRAINS_WITH, *brought], self.contents)
                return Fingerprint(parts, self._feature_sql, params_of(self.model_file.settings), inputs, env)  # fmt: skip

    def key(self, fingerprint: Fingerprint) -> str:
        """What the store knows a product by: with the versions of libraries only where another one makes it stale."""
        return fingerprint.keyed(with_env=self.environment.libraries == "stale")

    def under_older_rules(self, step: Step, fingerprint: Fingerprint) -> Record | None:
        """What the store knows of a step under other rules of what counts, if it was made of the same; see `renewed`.

        Each record is read anew once: what its key is now stays noted.
        """
        wanted = self.key(fingerprint)
        for key in self.store.keys(step.name):
            if key.startswith(f"{fingerprint.rules}-"):
                continue
            noted = f"{step.name} {key} {fingerprint.rules} {self.environment.libraries}"
            now = self._cache.get("renewed", noted)
            if now is None:
                now = self._renewed_key(step.name, key)
                self._cache.put("renewed", noted, now)
            if now == wanted:
                return self.store.record(step.name, key)
        return None

    def _renewed_key(self, step: str, key: str) -> str:
        """The key of a record under the rules of today; "" where that cannot be known."""
        record = self.store.record(step, key)
        try:
            return self.key(Fingerprint.from_json(record.fingerprint).renewed()) if record else ""
        except ProjectError:  # damaged, or of a later Crosstie
            return ""

    def settings(self, step: Step) -> dict[str, Any]:
        """The values of a step's parameters here.

        Raises:
            ProjectError: One of a query has none.
        """
        here = self.environment.params
        found = {name: here.get(name, usual) for name, usual in step.settings.items()}
        lacking = [name for name in found if step.kind == "sql" and name not in here]
        if lacking:
            where = f"environments/{self.environment.name}.yaml"
            raise ProjectError([
                Problem(self.where(step), f":{name} has no value; give it in {where} under params")
                for name in lacking
            ])  # fmt: skip
        return found

    def task(self, step: Step, *, to: Path) -> Task:
        """What running a step takes.

        Args:
            step: Which; not the model.
            to: The Parquet file to write.

        Raises:
            ProjectError: A parameter of a query has no value.
        """
        takes = [self.steps[each] for each in step.upstreams]
        own = [each for each in takes if each.kind != "source"]
        return Task.of(
            step,
            self.project.root,
            tables={each.name: self.place(each) for each in own},
            settings=step.settings
            if step.kind in {"raw", "fetched", "sink"}
            else self.settings(step),
            hidden=self.hidden(step),
            database=self._database(step, own),
            foreign=[each.name for each in takes if each.kind == "source"],
            to=to,
        )

    def wipe(self) -> None:
        """Forget what was built here: the tables, what is known of them, and the store if it lies in the project."""
        own, name = self.project.own, self.environment.name
        shutil.rmtree(own / "tables" / name, ignore_errors=True)
        for kept in (f"{name}.json", f"{name}.failed.json"):
            (own / "state" / kept).unlink(missing_ok=True)
        if not self.is_shared:
            shutil.rmtree(self.project.root / self.environment.store, ignore_errors=True)

    @cached_property
    def _engine(self) -> str:
        """What queries run in, if not in DuckDB.

        Raises:
            ProjectError: Nothing here runs queries there.
        """
        name = self.environment.engine.connection.partition("://")[0]
        if name == DUCKDB:
            return ""
        if name not in SCHEMES:
            from crosstie.project.steps.through_ibis import check_engine  # 20 ms

            if wrong := check_engine(name):
                where = f"environments/{self.environment.name}.yaml engine"
                raise ProjectError(Problem(where, f"{name} cannot run steps; {wrong}"))
            return name
        return SCHEMES[0]

    def _database(self, step: Step, takes: Sequence[Step]) -> dict[str, Any] | None:
        """Where a step's query runs, with what is in the tables that are brought there; None for in DuckDB. Or what else it speaks to."""
        if step.kind == "fetched":
            return {"connection": self.environment.sources.connection}
        if step.kind == "sink":
            where = self.where(step)
            return {**step.settings, "connection": address(step, where), "root": str(self.project.root), "where": f"{where} to"}  # fmt: skip
        if step.kind != "sql" or not self._engine:
            return None
        engine = self.environment.engine
        if self._engine not in SCHEMES:
            return {"connection": engine.connection, "engine": self._engine}
        built = {each.name: self.state.get(each.name) for each in takes}
        digests = {name: each.digest for name, each in built.items() if each is not None}
        return {"connection": engine.connection, "schema": engine.schema, "digests": digests}

    def freshness(self, table: str) -> tuple[str, str]:
        """A digest that is another when a table of the database has changed, and a note on it; it is asked for once.

        Raises:
            DataError: There is no such table, or the database cannot be reached.
        """
        if self._engine not in SCHEMES:
            return digest(uuid4().hex), UNSEEN.format(engine=self._engine)
        if table not in self._fresh:
            from crosstie.project.steps.postgres.freshness import freshness

            engine = self.environment.engine
            self._fresh[table] = freshness(table, Database(engine.connection, engine.schema))
        return self._fresh[table]

    def hidden(self, step: Step) -> list[str]:
        """Those of its settings that a variable holds, so that they may be secrets."""
        written = self.environment.written.get("params", {})
        return [name for name in step.settings if "${" in str(written.get(name))]

    def _check_imports(self, steps: Iterable[Step]) -> None:
        """Raise where a step imports a package that the project does not say it needs."""
        imports = [
            self._code(each).imports for each in steps if each.kind in {"python", "notebook"}
        ]
        wrong = unlisted(self.project.root, imports, self._installed, sys.stdlib_module_names)
        if self._feature_code is not None:
            imports = [self._feature_code.imports]
            wrong += unlisted(
                self.project.root, imports, self._installed, sys.stdlib_module_names, serving=True
            )
        if wrong:
            raise ProjectError(wrong)

    @cached_property
    def _feature_code(self) -> Code | None:
        """What those run, if they are Python.

        Raises:
            ProjectError: The file is no Python, or has no function `features`.
        """
        made = self.model_file.features
        if made is None or made.suffix != ".py":
            return None
        return self._codes.of(self.from_root(made), "features")

    @property
    def _feature_sql(self) -> Sql | None:
        """What those do, if they are SQL."""
        made = self.model_file.features
        if made is None or made.suffix != ".sql":
            return None
        return self._sqls.of(made.read_text(encoding="utf-8-sig"), "duckdb", self.from_root(made))

    def _code(self, step: Step) -> Code:
        """What a step runs, worked out once: all that it reaches is followed."""
        if step.name not in self._reached:
            function = step.name if step.kind == "python" else None
            self._reached[step.name] = self._codes.of(self.where(step), function)
        return self._reached[step.name]

    def _noted(self, step: Step) -> dict[str, Any]:
        """Its settings as they may be kept: of one that may be a secret, the digest."""
        hidden = self.hidden(step)
        return {
            name: digest(str(value)) if name in hidden else value
            for name, value in self.settings(step).items()
        }

    def place(self, step: Step) -> Path:
        """Where what a step makes lies; of the model, where its last run does."""
        if step.kind == "model":
            built = self.state.get(step.name)
            return self.project.root / (built.file if built else "runs")
        return self.project.table(self.environment.name, step.name)

    def notebook(self, step: Step) -> Path:
        """Where a notebook lies as it was run last."""
        return self.project.own / "notebooks" / self.environment.name / f"{step.name}.ipynb"

    def training_data(self, model: Step) -> Path:
        """What the model is trained on: a table that was built, or a file of data as it is where all of it is wanted."""
        table = self.steps[model.upstreams[0]]
        whole = table.kind == "raw" and self.environment.sample is None
        return table.path if whole else self.place(table)

    def lies(self, step: Step) -> str | None:
        """The digest of what lies there of a step; None if nothing does."""
        path = self.place(step)
        path = path / "model" if step.kind == "model" else path
        return self.contents.of(path) if path.exists() else None

    def rows(self, name: str) -> int | None:
        """Of the table that lies there of a step; None where that is not known."""
        built = self.state.get(name)
        record = None if built is None else self.store.record(name, built.key)
        return None if record is None else record.product.rows

    def where(self, step: Step) -> str:
        """Its file as messages name it."""
        return self.from_root(step.path)

    def other_packages(self, run: Run) -> str:
        """As `pipeline.packages.others`, worked out again only when something was installed since: it costs 100 ms."""
        key, folders = self.from_root(run.path), [*self._installed.folders]
        known = self._cache.get("packages", key)
        if known is None or known["folders"] != folders:
            known = {"folders": folders, "said": others(run)}
            self._cache.put("packages", key, known)
        return str(known["said"])

    def save(self) -> None:
        """Keep what was worked out."""
        self._cache.save()

    def from_root(self, path: Path) -> str:
        """A path as messages and records name it."""
        return path.relative_to(self.project.root).as_posix()

    def _read_sql(self, text: str, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = self._sqls.of(text, "duckdb", where)
        for each in found.warnings:
            self._warn(each)
        return found.tables, found.parameters

    def _warn(self, warning: str) -> None:
        if warning and warning not in self.warnings:
            self.warnings.append(warning)

    @property
    def model_name(self) -> str | None:
        """What the model is called where its file does not say: as the project."""
        return None if "name" in self.model_file.settings else self.project.name

    def _model(self, tables: set[str]) -> list[Step]:
        """The model as a step, if there is a model file."""
        file = self.model_file
        return [Step(MODEL, file.path, "model", (file.table(tables),))] if file.is_there else []
