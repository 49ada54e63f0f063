"""What a build runs, restores and leaves alone, each case a fault that build tools are known for."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from crosstie.errors import ProjectError
from crosstie.project.build.accept import accept
from crosstie.project.build.build import build, standing
from crosstie.project.build.open import opened
from crosstie.project.build.state import Built, alone
from crosstie.project.store.store import Record

FILES = {
    "pyproject.toml": '[project]\nname = "calls"\n\n[tool.crosstie]\ndefaults = "0.1"\n',
    "environments/development.yaml": "params: {least: 2, kind: 'a  b'}\n",
    "environments/strict.yaml": "params: {least: 2, kind: 'a  b'}\nlibraries: stale\n",
    "data/calls.csv": "id,minutes,kind\n1,5,a  b\n2,1,c\n3,9,a  b\n4,4,c\n",
    "steps/10_long.sql": "-- long ones\nSELECT id, minutes, kind, 'a  b' AS said FROM calls WHERE minutes >= :least;\n",
    "steps/20_shaped.py": '''"""Shapes."""
import pandas as pd

from lib.rates import Rate


def shaped(long: pd.DataFrame, factor: int = 2) -> pd.DataFrame:
    """Cost by call."""
    rate = Rate()
    return long.assign(cost=[rate.of(each) * factor for each in long["minutes"]])


def unrelated():
    return 1
''',
    "steps/30_few.sql": "SELECT id, cost FROM shaped ORDER BY id DESC",
    "lib/__init__.py": "",
    "lib/rates.py": "from lib.base import Base, twice\n\n\nclass Rate(Base):\n    @twice\n    def of(self, minutes):\n        return self.price(minutes)\n",
    "lib/base.py": "PRICE = 3\n\n\ndef twice(function):\n    return lambda *given: 2 * function(*given)\n\n\nclass Base:\n    def price(self, minutes, plus=1):\n        return PRICE * minutes + plus\n",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A project that is built."""
    root = tmp_path_factory.mktemp("original") / "calls"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outcome = build(opened(root))
    assert outcome.to_json() == {"ran": ["long", "shaped", "few"], "cached": [], "failed": []}
    return root


@pytest.fixture
def project(original, tmp_path):
    """It, moved."""
    return Path(shutil.copytree(original, tmp_path / "moved"))


def edit(project, name, before, after):
    path = project / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def states(project, env=None):
    return {each.step.name: each.standing for each in standing(opened(project, env))}


def put_under_older_rules(project):
    """As if it had been built by a Crosstie that counted otherwise: other digests and keys, the same sources."""
    here = opened(project)
    for name in here.steps:
        built = here.state.get(name)
        value = here.store.record(name, built.key).to_json()
        for component in ("code", "sql"):
            if value["fingerprint"][component]:
                value["fingerprint"][component] |= {"canon": "0", "digest": f"older {name}"}
        here.store.write(Record.from_json({**value, "key": f"older {name}"}))
        here.state.put(name, Built(f"older {name}", built.digest, built.file))


def why(project, step):
    return next(each.why for each in standing(opened(project)) if each.step.name == step)


def run(project, *steps, **more):
    said = []
    outcome = build(opened(project, more.pop("env", None)), steps, say=said.append, **more)
    return outcome.to_json(), said


def table(project, name):
    return parquet.read_table(project / f".crosstie/tables/development/{name}.parquet").to_pylist()


CURRENT = {"calls": "current", "long": "current", "shaped": "current", "few": "current"}


def test_tables_are_what_steps_make(project):
    assert states(project) == CURRENT
    assert table(project, "shaped") == [
        {"id": 1, "minutes": 5, "kind": "a  b", "said": "a  b", "cost": 64},
        {"id": 3, "minutes": 9, "kind": "a  b", "said": "a  b", "cost": 112},
        {"id": 4, "minutes": 4, "kind": "c", "said": "a  b", "cost": 52},
    ]
    assert table(project, "few") == [{"id": 4, "cost": 52}, {"id": 3, "cost": 112}, {"id": 1, "cost": 64}]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("steps/20_shaped.py", '"""Cost by call."""', '"""What a call costs."""  # in cents'),
        ("steps/20_shaped.py", "    rate = Rate()\n", "\n    rate = (\n        Rate()\n    )\n"),
        ("steps/20_shaped.py", "    return 1\n", "    return 2\n"),
        ("lib/base.py", "PRICE = 3\n", "# the price\n\nPRICE   =   3\n"),
        ("steps/10_long.sql", "-- long ones\nSELECT id, minutes", "/* all */ select  id,\n  minutes"),
        ("environments/development.yaml", "least: 2", "least: 2, other: 5"),
    ],
    ids=["docstring", "format", "unrelated function", "comment", "SQL written otherwise", "a setting that nothing reads"],
)  # fmt: skip
def test_what_changes_nothing_runs_nothing(project, name, before, after):
    edit(project, name, before, after)

    assert states(project) == CURRENT


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("lib/base.py", "PRICE = 3", "PRICE = 4", "code: lib/base.py:PRICE: PRICE = 3 → PRICE = 4"),
        ("lib/base.py", "plus=1", "plus=2", "code: lib/base.py:Base changed"),
        ("lib/base.py", "return lambda *given: 2 *", "return lambda *given: 3 *", "code: lib/base.py:twice changed"),
        ("lib/rates.py", "return self.price(minutes)", "return self.price(minutes + 1)", "code: lib/rates.py:Rate changed"),
        ("steps/20_shaped.py", "factor: int = 2", "factor: int = 3", None),
        ("environments/development.yaml", "least: 2", "least: 2, factor: 5", "settings: factor: 2 → 5"),
    ],
    ids=["constant", "default argument", "decorator", "base class, two imports deep", "setting", "setting of the environment"],
)  # fmt: skip
def test_what_a_step_reaches_runs_it(project, name, before, after, said):
    edit(project, name, before, after)

    assert states(project) == {**CURRENT, "shaped": "stale", "few": "waiting"}
    if said is not None:
        assert why(project, "shaped") == said


def test_a_parameter_of_a_query_and_a_literal_in_it_count(project):
    edit(project, "steps/10_long.sql", "'a  b'", "'a b'")
    assert states(project)["long"] == "stale"

    edit(project, "steps/10_long.sql", "'a b'", "'a  b'")
    edit(project, "environments/development.yaml", "least: 2", "least: 6")
    assert why(project, "long") == "settings: least: 2 → 6"
    edit(project, "steps/10_long.sql", "minutes >= :least", "minutes >= 2")
    assert why(project, "long").startswith("query: steps/10_long.sql")


def test_a_renamed_variable_runs_the_step_and_none_behind_it(project):
    edit(project, "steps/20_shaped.py", "rate", "price")
    edit(project, "steps/20_shaped.py", "lib.prices", "lib.rates")

    assert run(project)[0] == {"ran": ["shaped"], "cached": ["long", "few"], "failed": []}


def test_data_that_is_touched_is_the_same_and_an_edit_within_one_tick_is_not(project):
    path = project / "data" / "calls.csv"
    os.utime(path)
    assert states(project) == CURRENT

    text, before = path.read_text(), path.stat()
    path.write_text(text.replace("1,5,", "1,6,"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert states(project)["calls"] == "stale"


def test_rows_that_are_the_same_after_all_run_nothing_more(project):
    edit(project, "data/calls.csv", "1,5,a  b", '"1",5,a  b')

    assert run(project)[0] == {"ran": [], "cached": ["long", "shaped", "few"], "failed": []}


def test_a_table_that_is_gone_is_restored_and_one_changed_by_hand_is_put_aside(project):
    path = project / ".crosstie/tables/development/long.parquet"
    path.unlink()
    assert states(project)["long"] == "cached"
    assert run(project) == (
        {"ran": [], "cached": ["long", "shaped", "few"], "failed": []},
        ["long: restored"],
    )

    parquet.write_table(pa.table({"id": [7]}), path)
    assert states(project)["long"] == "stale"
    outcome, said = run(project)
    assert outcome["ran"] == []
    assert len(table(project, "long")) == 3
    assert said[0].startswith("long: its table was changed by hand; yours is now .crosstie/edited/")
    (aside,) = (project / ".crosstie/edited").iterdir()
    assert parquet.read_table(aside).to_pylist() == [{"id": 7}]


def test_a_table_that_is_accepted_is_what_the_step_gives(project):
    path = project / ".crosstie/tables/development/shaped.parquet"
    parquet.write_table(pa.table({"id": [7], "cost": [8]}), path)

    assert accept(opened(project), "shaped") == (
        "shaped is what lies at .crosstie/tables/development/shaped.parquet from now on"
    )

    assert run(project)[0] == {"ran": ["few"], "cached": ["long", "shaped"], "failed": []}
    assert table(project, "few") == [{"id": 7, "cost": 8}]


def test_an_edit_that_is_taken_back_is_restored(project):
    edit(project, "lib/base.py", "PRICE = 3", "PRICE = 4")
    assert run(project)[0]["ran"] == ["shaped", "few"]
    edit(project, "lib/base.py", "PRICE = 4", "PRICE = 3")

    assert run(project) == (
        {"ran": [], "cached": ["long", "shaped", "few"], "failed": []},
        ["shaped: restored", "few: restored"],
    )
    assert table(project, "few")[0] == {"id": 4, "cost": 52}


def test_another_who_shares_the_store_finds_what_is_there(project, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns(".crosstie"))
    edit(
        other,
        "environments/development.yaml",
        "params",
        f"store: {project}/.crosstie/store\nparams",
    )

    assert run(other)[0] == {"ran": [], "cached": ["long", "shaped", "few"], "failed": []}


def test_a_store_may_be_anything_that_fsspec_reaches(project):
    edit(project, "environments/development.yaml", "params", "store: memory://calls\nparams")

    assert run(project)[0]["ran"] == ["long", "shaped", "few"]
    shutil.rmtree(project / ".crosstie" / "tables")
    shutil.rmtree(project / ".crosstie" / "state")
    assert run(project)[0]["cached"] == ["long", "shaped", "few"]


def test_a_step_that_does_not_give_the_same_twice_is_reported(project):
    (project / "steps/40_random_ones.py").write_text(
        "import random\n\ndef random_ones(long):\n    return {'x': [random.random()]}\n"
    )
    run(project)

    _, said = run(project, "random_ones", force=["random_ones"])

    assert any("it is not deterministic" in each for each in said)


def test_a_step_that_fails_leaves_the_rest_done_and_the_next_build_goes_on(project):
    (project / "steps/15_also.sql").write_text("SELECT count(*) AS calls FROM calls")
    edit(project, "lib/base.py", "return PRICE * minutes + plus", "return PRICE / 0")

    outcome, said = run(project)

    assert outcome == {"ran": ["also"], "cached": ["long"], "failed": ["shaped", "few"]}
    (why_,) = [each for each in said if each.startswith("shaped: failed: ")]
    assert why_ == (
        "shaped: failed: lib/base.py:10: ZeroDivisionError: division by zero (all of it: .crosstie/logs/development/shaped.log)"
    )
    assert "Traceback" in (project / ".crosstie/logs/development/shaped.log").read_text()
    edit(project, "lib/base.py", "return PRICE / 0", "return PRICE * minutes + plus")
    assert run(project)[0] == {"ran": [], "cached": ["long", "also", "shaped", "few"], "failed": []}


def test_a_step_whose_process_is_killed_leaves_nothing_half_done(project):
    edit(
        project,
        "steps/20_shaped.py",
        "    rate = Rate()\n",
        "    import os; os.kill(os.getpid(), 9)\n",
    )

    outcome, said = run(project)

    assert outcome["failed"] == ["shaped", "few"]
    assert "was ended by signal 9, as the system does when memory runs out" in said[0]
    assert states(project)["shaped"] == "stale"
    assert not (project / ".crosstie/work").exists()


@pytest.mark.slow
def test_a_build_that_is_killed_is_gone_on_with(project):
    edit(project, "lib/base.py", "PRICE = 3", "PRICE = 5")
    edit(project, "steps/20_shaped.py", "    rate = Rate()\n", "    rate = Rate(); open('begun', 'w'); __import__('time').sleep(60)\n")  # fmt: skip
    command = [sys.executable, "-m", "crosstie.cli.main", "build"]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.DEVNULL)
    while not (project / "begun").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    edit(project, "steps/20_shaped.py", "; open('begun', 'w'); __import__('time').sleep(60)", "")

    assert run(project)[0] == {"ran": ["shaped", "few"], "cached": ["long"], "failed": []}


def test_the_test_environment_begins_with_nothing_and_takes_a_sample(project):
    (project / "environments/test.yaml").write_text("sample: 3\nparams: {least: 2, kind: c}\n")

    for _ in range(2):
        assert run(project, env="test")[0] == {"ran": ["long", "shaped", "few"], "cached": [], "failed": []}  # fmt: skip
    assert parquet.read_metadata(project / ".crosstie/tables/test/calls.parquet").num_rows == 3
    assert states(project) == CURRENT


def test_an_engine_that_cannot_run_queries_is_refused(project):
    edit(
        project,
        "environments/development.yaml",
        "params",
        "engine: mysq://here/calls\nparams",
    )

    with pytest.raises(ProjectError) as error:
        states(project)

    assert str(error.value) == (
        "environments/development.yaml engine: mysq cannot run steps; did you mean 'mysql'?"
    )


def test_cells_are_typed_and_words_stay_as_they_are_written(project):
    rows = "id,paid,agreed,zip,day\n1,Yes,t,01067,2024-01-31\n2,No,f,80331,2024-02-01\n"
    (project / "data" / "people.csv").write_text(rows)
    (project / "steps" / "10_all.sql").write_text("SELECT * FROM people")

    run(project, "all")
    first, second = table(project, "all")
    assert first == {
        "id": 1,
        "paid": "Yes",
        "agreed": "t",
        "zip": "01067",
        "day": date(2024, 1, 31),
    }
    assert (second["paid"], second["agreed"], second["zip"]) == ("No", "f", "80331")


def test_a_table_whose_lines_end_in_two_ways_is_read_all_the_same(project):
    with (project / "data/calls.csv").open("a", newline="") as file:
        file.write('5,7,c\r\n6,8,"a\r\n')

    assert run(project, "long")[0]["ran"] == ["long"]
    assert [row["id"] for row in table(project, "long")] == [1, 3, 4, 5, 6]


def test_two_do_not_build_at_once(project):
    with alone(project / ".crosstie"), pytest.raises(ProjectError) as error:
        run(project)

    assert str(error.value) == f"process {os.getpid()} builds here now. Wait for it, or end it: kill {os.getpid()}"  # fmt: skip


def test_a_library_that_is_another_now_is_told_or_makes_stale(project):
    state = opened(project).store
    record = state.records("shaped")[-1]
    record.fingerprint["env"]["versions"]["pandas"] = "1.0"
    state.write(record, instead=True)

    said = next(each for each in standing(opened(project)) if each.step.name == "shaped")
    assert said.standing == "current"
    assert said.why.startswith("built with other libraries: pandas: 1.0 → ")
    assert states(project, "strict")["long"] == "cached" or states(project, "strict")["long"] == "waiting"  # fmt: skip


def test_better_rules_of_what_counts_run_nothing(project):
    put_under_older_rules(project)
    assert states(project) == CURRENT
    edit(project, "lib/base.py", "PRICE = 3", "PRICE = 4")
    assert why(project, "shaped") == "code: lib/base.py:PRICE: PRICE = 3 → PRICE = 4"


def test_all_that_is_wrong_with_steps_is_said_at_once(project):
    (project / "steps/10_b-c.sql").write_text("select 1")
    (project / "steps/11_long.py").write_text("def long(): return []")
    (project / "steps/12_empty.py").write_text("def emty(): return []")
    (project / "steps/13_far.sql").write_text("select * from shapd")
    (project / "steps/14_odd.py").write_text(
        "def odd(calls, *more, when=sorted([1])): return calls"
    )
    (project / "steps/calls.sql").write_text("select 1")

    with pytest.raises(ProjectError) as error:
        states(project)

    assert str(error.value).splitlines() == [
        "steps/10_b-c.sql: 'b-c' cannot be the name of a table; use letters, digits and _",
        "steps/11_long.py: makes the table 'long', and so does 10_long.sql; rename one",
        "steps/12_empty.py: has no function empty(), which makes the table 'empty'; did you mean 'emty'?",
        "steps/14_odd.py:1: more: name each table that the step takes",
        "steps/14_odd.py:1: when: the default of a setting must be written out, as a number or text",
        "steps/calls.sql: makes the table 'calls', which is data/calls.csv already; rename one",
        "steps/13_far.sql: needs the table 'shapd', which no file of data/ or steps/ makes; did you mean 'shaped'?",
    ]


def test_a_package_that_the_project_does_not_list_may_not_be_imported(project):
    used = "import json\nimport yaml_of_nobody\nimport numpy as np\nPRICE = int(np.int64(3))"
    edit(project, "lib/base.py", "PRICE = 3", used)
    edit(project, "pyproject.toml", '"calls"\n', '"calls"\ndependencies = ["Pandas>=2"]\n')

    with pytest.raises(ProjectError) as error:
        states(project)

    rest = "Add it: under dependencies if the model needs it in production, else under [dependency-groups] train"
    assert set(str(error.value).splitlines()) == {
        f"lib/base.py:2: imports yaml_of_nobody, and pyproject.toml does not list yaml_of_nobody. {rest}",
        f"lib/base.py:3: imports numpy, and pyproject.toml does not list numpy. {rest}",
    }
    edit(project, "lib/base.py", "import yaml_of_nobody\n", "")
    edit(project, "pyproject.toml", '>=2"', '>=2", "numpy"')
    assert states(project)["shaped"] == "stale"


def test_steps_that_need_each_other_are_refused(project):
    (project / "steps/10_long.sql").write_text("select * from few")

    with pytest.raises(ProjectError, match="steps need each other in a circle: "):
        states(project)


def test_a_query_reads_tables_only_and_a_parameter_without_a_value_is_said(project):
    (project / "secret.csv").write_text("a\n1\n")
    (project / "steps/50_peek.sql").write_text("select * from read_csv('secret.csv')")
    (project / "steps/60_since.sql").write_text("select * from calls where minutes > :since")

    _, said = run(project)

    failed = dict(each.split(": failed: ") for each in said)
    assert failed["since"] == (
        "steps/60_since.sql: :since has no value; give it in environments/development.yaml under params"
    )
    assert failed["peek"].startswith("steps/50_peek.sql: ")
    assert failed["peek"].endswith("put the file into data/ and name it without its ending")


def test_a_setting_that_a_variable_holds_is_kept_as_a_digest_only(project, monkeypatch):
    monkeypatch.setenv("LEAST", "hush-hush")
    edit(project, "environments/development.yaml", "least: 2", "least: '${LEAST}'")
    edit(project, "steps/10_long.sql", "minutes >= :least", "kind <> :least")

    assert run(project, "long")[0]["ran"] == ["long"]
    kept = [
        path
        for path in (project / ".crosstie").rglob("*")
        if path.is_file() and b"hush" in path.read_bytes()
    ]
    assert kept == []
    monkeypatch.setenv("LEAST", "another")
    assert why(project, "long").startswith("settings: least changed")


def test_a_setting_that_a_variable_holds_is_not_said_when_a_step_fails_on_it(project, monkeypatch):
    monkeypatch.setenv("LEAST", "hush-hush")
    edit(project, "environments/development.yaml", "least: 2", "least: '${LEAST}', other: 1")

    _, said = run(project, "long")

    assert said == [
        "long: failed: steps/10_long.sql: Conversion Error: Could not convert string '…' to INT64"
    ]
    kept = [
        path
        for path in (project / ".crosstie").rglob("*")
        if path.is_file() and b"hush" in path.read_bytes()
    ]
    assert kept == []


def test_what_a_step_returns_must_be_a_table(project):
    (project / "steps/50_nothing.py").write_text("def nothing(calls):\n    calls.head()\n")

    _, said = run(project)

    assert len(said) == 1
    assert said[0].startswith(
        "nothing: failed: nothing() returns nothing; return a table: a DataFrame, "
    )


@pytest.mark.parametrize(
    ("annotation", "module", "body"),
    [
        ("pa.Table", "import pyarrow as pa", "calls.select(['id'])"),
        ("pl.DataFrame", "import polars as pl", "calls.select('id')"),
        ("'pandas.DataFrame'", "import pandas", "calls[['id']]"),
        ("ibis.Table", "import ibis", "calls.select('id')"),
    ],
)
def test_a_step_is_given_the_frame_that_it_asks_for(project, annotation, module, body):
    (project / "steps/50_ids.py").write_text(
        f"{module}\n\n\ndef ids(calls: {annotation}):\n    return {body}\n"
    )

    assert run(project, "ids")[0]["ran"] == ["ids"]
    assert table(project, "ids") == [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]
