"""What of a step's Python counts as changed. Each case edits a small project in one place."""

import ast
import json
import random
import sys
import types
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosstie.errors import ProjectError
from crosstie.project.fingerprint import python
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.python import Code, Codes, code_of
from crosstie.project.fingerprint.tree import Kept

STEP = "steps/20_shaped.py"
PROJECT = {
    STEP: '''\
"""Callers in shape."""

import pandas as pd

from helpers import clean
from helpers.rates import Monthly as Rates

COLUMNS = ("name", "paid")


def shaped(callers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row a caller."""
    rates = Rates(callers)
    frame = callers.merge(orders)[list(COLUMNS)]
    return frame.assign(name=frame["name"].map(clean), rate=rates.rate())


def unrelated(x):
    return x + 1
''',
    "helpers/__init__.py": "from .text import clean\n",
    "helpers/text.py": '''\
import re

from helpers.deep import fold

PATTERN = re.compile(r"[a-z]+")


def clean(text: str, keep: int = 3) -> str:
    """Letters only."""
    return fold(" ".join(PATTERN.findall(text)))[:keep]


def unrelated(text):
    return text.upper()
''',
    "helpers/deep.py": """\
def fold(text):
    return text.casefold()
""",
    "helpers/rates.py": """\
import functools
from dataclasses import dataclass

LIMIT = 10


def timed(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


class Base:
    factor = 2

    @property
    def scaled(self):
        return self.factor * LIMIT


@dataclass
class Monthly(Base):
    frame: object
    months: int = 12

    @timed
    def rate(self):
        return super().scaled * self.months


@timed
def unrelated(frame):
    return frame
""",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def code(files: dict[str, str], path: str = STEP, function: str | None = "shaped") -> Code:
    return Codes(Kept(files)).of(path, function)


def edited(name: str, old: str, new: str) -> dict[str, str]:
    assert PROJECT[name].count(old) == 1, f"{old!r} stands {PROJECT[name].count(old)} times"
    return {**PROJECT, name: PROJECT[name].replace(old, new)}


def moved(before: Code, after: Code) -> set[str]:
    names = {*before.parts, *after.parts}
    return {
        name
        for name in names
        if name not in before.parts
        or name not in after.parts
        or before.parts[name].digest != after.parts[name].digest
    }


NOTHING = {
    "a comment": (STEP, "    rates = ", "    # by month\n    rates = "),
    "a docstring": (STEP, "One row a caller.", "One row for each caller."),
    "a docstring less": ("helpers/text.py", '    """Letters only."""\n', ""),
    "blank lines": (STEP, "    rates = ", "\n\n    rates = "),
    "quotes and line breaks": (STEP, '("name", "paid")', "(\n    'name',\n    'paid',\n)"),
    "parentheses": ("helpers/deep.py", "return text.casefold()", "return (text.casefold())"),
    "an annotation of a helper": ("helpers/text.py", "text: str, keep: int", "text, keep: 'int'"),
    "what a function says it returns": (STEP, " -> pd.DataFrame:", ":"),
    "an annotation of a decorated helper": ("helpers/rates.py", "def rate(self):", "def rate(self) -> int:"),
    "another function of the step's file": (STEP, "return x + 1", "return x + 2"),
    "another function of a helper's file": ("helpers/text.py", "text.upper()", "text.lower()"),
    "another function with the same decorator": ("helpers/rates.py", "return frame", "return [frame]"),
    "an import that nothing uses": ("helpers/text.py", "import re\n", "import re\nimport numpy as np\nimport os\n"),
    "one more import": (STEP, "import pandas as pd\n", "import json\nimport pandas as pd\n\njson.__doc__\n"),
    "one more name from the same import": ("helpers/__init__.py", "import clean", "import clean, unrelated"),
    "pass": ("helpers/rates.py", "    factor = 2\n", "    factor = 2\n    pass\n"),
    "what is run as a program only": (
        STEP,
        "def unrelated(x):",
        'if __name__ == "__main__":\n    print(shaped(1, 2))\n\n\ndef unrelated(x):',
    ),
    "what only type checkers read": (
        STEP,
        "COLUMNS =",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars\n\nCOLUMNS =",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", NOTHING.values(), ids=NOTHING)
def test_an_edit_that_changes_nothing_leaves_the_code_as_it_is(edit):
    after = code(edited(*edit))
    assert moved(code(PROJECT), after) == set()
    assert after.digest == code(PROJECT).digest


SOMETHING = {
    "a helper two imports deep": ("helpers/deep.py", "casefold", "lower", {"helpers/deep.py:fold"}),
    "a constant": (STEP, '"paid"', '"owed"', {f"{STEP}:COLUMNS"}),
    "a constant that a method reads": ("helpers/rates.py", "LIMIT = 10", "LIMIT = 11", {"helpers/rates.py:LIMIT"}),
    "a value made on import": ("helpers/text.py", "[a-z]+", "[a-z]*", {"helpers/text.py:PATTERN"}),
    "a default argument": ("helpers/text.py", "keep: int = 3", "keep: int = 4", {"helpers/text.py:clean"}),
    "a decorator": ("helpers/rates.py", "return function(*args)", "return function(*args[:2])", {"helpers/rates.py:timed"}),
    "a decorator more": ("helpers/rates.py", "    @timed\n", "    @timed\n    @timed\n", {"helpers/rates.py:Monthly"}),
    "a base class": ("helpers/rates.py", "factor = 2", "factor = 3", {"helpers/rates.py:Base"}),
    "a property of a base class": ("helpers/rates.py", "self.factor * L", "self.factor + L", {"helpers/rates.py:Base"}),
    "a field of a dataclass": ("helpers/rates.py", "months: int = 12", "months: int = 11", {"helpers/rates.py:Monthly"}),
    "an annotation in a class": ("helpers/rates.py", "frame: object", "frame: list", {"helpers/rates.py:Monthly"}),
    "the name of a variable": (STEP, "    rates = Rates(callers)\n", "    rates = other = Rates(callers)\n", {f"{STEP}:shaped"}),
    "what kind of frame the step wants": (STEP, "orders: pd.DataFrame", "orders: pd.Series", {f"{STEP}:shaped"}),
    "the name of an upstream table": (STEP, "(callers: pd.DataFrame, orders:", "(orders: pd.DataFrame, callers:", {f"{STEP}:shaped"}),
    "where a name comes from": ("helpers/__init__.py", "from .text import clean", "from .deep import fold as clean", {
        "helpers/__init__.py:clean", "helpers/text.py:PATTERN", "helpers/text.py:clean", "helpers/text.py:fold", "helpers/text.py:re",
    }),
    "the type of a number": ("helpers/rates.py", "LIMIT = 10", "LIMIT = 10.0", {"helpers/rates.py:LIMIT"}),
    "a space within a text": ("helpers/text.py", '" ".join', '"  ".join', {"helpers/text.py:clean"}),
    "a constant changed below": (
        "helpers/rates.py", "LIMIT = 10\n", "LIMIT = 10\nLIMIT += 1\n",
        {"helpers/rates.py:LIMIT (2)"},
    ),
    "a class changed from another file": (
        "helpers/__init__.py",
        "from .text import clean\n",
        "from .text import clean\nfrom . import rates\nrates.Base.factor = 5\n",
        {"helpers/__init__.py:rates", "helpers/__init__.py:statement 1"},
    ),
    "an import for its effect": (
        "helpers/text.py",
        "import re\n",
        "import re\nfrom sklearn.experimental import enable_iterative_imputer\n",
        {"helpers/text.py:enable_iterative_imputer"},
    ),
    "a setting of a library": (
        "helpers/deep.py",
        "def fold(text):",
        'import pandas\n\npandas.set_option("mode.copy_on_write", True)\n\ndef fold(text):',
        {"helpers/deep.py:pandas", "helpers/deep.py:statement 1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", SOMETHING.values(), ids=SOMETHING)
def test_an_edit_of_what_the_step_reaches_changes_its_code(edit):
    *change, parts = edit
    after = code(edited(*change))
    assert moved(code(PROJECT), after) == parts
    assert after.digest != code(PROJECT).digest


def test_a_step_imports_what_its_closure_imports_and_where():
    assert code(PROJECT).imports == {
        "dataclasses": "helpers/rates.py:2",
        "functools": "helpers/rates.py:1",
        "pandas": "steps/20_shaped.py:3",
        "re": "helpers/text.py:1",
    }


def test_a_part_is_shown_as_it_is_written():
    assert code(PROJECT).source("helpers/text.py:clean") == (
        "def clean(text: str, keep: int = 3) -> str:\n"
        '    """Letters only."""\n'
        '    return fold(" ".join(PATTERN.findall(text)))[:keep]'
    )


def test_a_moved_project_is_the_same(tmp_path):
    here, there = write(tmp_path / "here", PROJECT), write(tmp_path / "else" / "where", PROJECT)
    assert code_of(here / STEP, "shaped", here) == code_of(there / STEP, "shaped", there)


def test_a_step_with_another_number_is_the_same():
    renamed = {name.replace("20_", "30_"): text for name, text in PROJECT.items()}
    assert code(renamed, "steps/30_shaped.py").digest == code(PROJECT).digest


def test_windows_line_ends_are_no_change(tmp_path):
    write(tmp_path, PROJECT)
    for name, text in PROJECT.items():
        (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode())
    assert code_of(tmp_path / STEP, "shaped", tmp_path) == code(PROJECT)


def test_two_functions_of_one_name_are_told_apart():
    files = {
        "a.py": "def f():\n    return 1\n",
        "b.py": "def f():\n    return 2\n",
        "step.py": "import a\nimport b\n\ndef step(x):\n    return b.f()\n",
    }
    before = code(files, "step.py", "step")
    other = code({**files, "a.py": "def f():\n    return 3\n"}, "step.py", "step")
    same = code({**files, "b.py": "def f():\n    return 3\n"}, "step.py", "step")
    assert before.digest == other.digest
    assert moved(before, same) == {"b.py:f"}


REACHED = {
    "through an attribute of a module": "import lib as h\ndef step(x): return h.target()",
    "through a package": "import pkg.sub\ndef step(x): return pkg.sub.target()",
    "through a relative import": "from .lib import target\ndef step(x): return target()",
    "through an import in the function": "def step(x):\n    from lib import target as t\n    return t()",
    "through a module imported in the function": "def step(x):\n    import pkg.sub as s\n    return s.target()",
    "through a nested function": "from lib import target\ndef step(x):\n    def inner(): return target()\n    return inner()",
    "through a lambda": "from lib import target\nstep = lambda x: target()",
    "through partial": "import functools\nfrom lib import target\ndo = functools.partial(target)\ndef step(x): return do()",
    "through a table of functions": "from lib import target\nDO = {'a': target}\ndef step(x): return DO['a']()",
    "through a default": "from lib import target\ndef step(x, y=target()): return y",
    "through a comprehension": "from lib import target\ndef step(x): return [target() for _ in x]",
    "through a class in a class": "from lib import target\nclass A:\n    class B:\n        def go(self): return target()\ndef step(x): return A.B().go()",
    "through a base class's method": "import lib\nclass A(lib.Base): pass\ndef step(x): return A().go()",
    "through a condition": "import sys\nif sys.platform == 'win32':\n    def f(): return 1\nelse:\n    from lib import target as f\ndef step(x): return f()",
    "through a fallback": "try:\n    from absent import f\nexcept ImportError:\n    from lib import target as f\ndef step(x): return f()",
    "through a metaclass": "import lib\nclass A(metaclass=lib.Meta): pass\ndef step(x): return A()",
    "through a text that pandas reads": "from lib import target\nVALUE = target()\ndef step(x): return x.query('a > @VALUE')",
    "through a text that DuckDB reads": "import duckdb\nfrom lib import target\nTABLE = target()\ndef step(x): return duckdb.sql('select * from TABLE')",
    "through a name changed by a function": "from lib import target\nSTATE = 0\ndef init():\n    global STATE\n    STATE = target()\ninit()\ndef step(x): return STATE",
    "through a list that others enter": "from lib import target\nDO = []\ndef enter(f):\n    DO.append(f)\n    return f\n@enter\ndef one(): return target()\ndef step(x): return [f() for f in DO]",
    "through subclasses that enter themselves": "from lib import target\nclass A:\n    known = []\n    def __init_subclass__(cls): A.known.append(cls)\nclass B(A):\n    def go(self): return target()\ndef step(x): return [k().go() for k in A.known]",
    "through all subclasses": "from lib import target\nclass A: pass\nclass B(A):\n    def go(self): return target()\ndef step(x): return [k().go() for k in A.__subclasses__()]",
    "through an import for its effect": "import reg\nimport plugins\ndef step(x): return [f() for f in reg.DO]",
    "through a dispatcher": "import functools\nfrom lib import target\n@functools.singledispatch\ndef f(x): return 0\n@f.register\ndef _(x: int): return target()\ndef step(x): return f(x)",
    "through a function replaced from elsewhere": "import plugins\nimport victim\ndef step(x): return victim.f()",
    "through an alias of a table": "from lib import target\nA = {}\nB = A\nB['x'] = target()\ndef step(x): return A['x']",
    "through a class that is written to by a function": "from lib import target\nclass A: x = 1\ndef fill(c): c.x = target()\nfill(A)\ndef step(x): return A.x",
    "through a class that is written to from elsewhere": "from lib import target\nclass A: x = 1\nsetattr(A, 'x', target())\ndef step(x): return A.x",
    "through an object that others enter": "import reg\nfrom lib import target\nclass Box:\n    def __init__(self): self.known = []\n    def put(self, f): self.known.append(f)\nBOX = Box()\nBOX.put(target)\ndef step(x): return BOX.known[0]()",
    "through a loop that fills a table": "from lib import target\nA = {}\nfor n in 'ab':\n    A[n] = target()\ndef step(x): return A",
    "through an entry made in a file that is opened": "from lib import target\nwith open('x') as f:\n    A = target()\ndef step(x): return A",
    "through a fallback of stars": "try:\n    from absent import *\nexcept ImportError:\n    from lib import *\ndef step(x): return target()",
    "through a star of a star": "from pkg2 import *\ndef step(x): return target()",
    "through a name bound twice": "from lib import target as f\nf = f()\ndef step(x): return f",
    "through a match": "import lib\ndef step(x):\n    match x:\n        case lib.Base(): return lib.Base().go()",
    "through an exception's class": "import lib\nclass Wrong(lib.Base, Exception): pass\ndef step(x):\n    try: return x\n    except Wrong as e: return e.go()",
    "through a package that sets a module's value": "import pkg3.use\ndef step(x): return pkg3.use.value()",
    "through sys.modules": "import sys, lib\ndef step(x): return sys.modules['lib'].target()",
    "through a pickle": "import pickle\ndef step(x): return pickle.loads(x).go()",
    "through a method of a class made by a call": "import lib\nA = type('A', (lib.Base,), {})\ndef step(x): return A().go()",
    "through a string annotation in a class": "import pydantic\nfrom lib import Base\nclass A(pydantic.BaseModel):\n    x: 'list[Base]'\ndef step(x): return A(x=x)",
    "through a class variable of a function's default": "import lib\ndef f(x, y=lib.target): return y()\ndef step(x): return f(x)",
    "through a place that is added to the path": "import sys\nsys.path.insert(0, 'more')\nimport far\ndef step(x): return far.target()",
    "through an accessor of pandas": "import accessor\nimport pandas as pd\ndef step(x): return x.own.go()",
    "through __getattr__ of a module": "import lazy\ndef step(x): return lazy.anything()",
}  # fmt: skip
AROUND = {
    "lib.py": (
        "def target():\n    return 1\n\nclass Base:\n    def go(self): return target()\n\n"
        "class Meta(type):\n    def __call__(cls): return target()\n"
    ),
    "pkg/__init__.py": "",
    "pkg/sub.py": "from lib import target\n",
    "reg.py": "DO = []\ndef enter(f):\n    DO.append(f)\n    return f\n",
    "victim.py": "def f():\n    return 0\n",
    "pkg2/__init__.py": "from .impl import *\n",
    "pkg2/impl.py": "from lib import target\n",
    "pkg3/__init__.py": "from lib import target\nfrom . import settings\nsettings.VALUE = target\n",
    "pkg3/settings.py": "VALUE = 0\n",
    "pkg3/use.py": "from pkg3 import settings\ndef value(): return settings.VALUE()\n",
    "more/far.py": "from lib import target\n",
    "accessor.py": (
        "import pandas as pd\nfrom lib import target\n@pd.api.extensions.register_dataframe_accessor('own')\n"
        "class Own:\n    def go(self): return target()\n"
    ),
    "lazy.py": "def __getattr__(name):\n    from lib import target\n    return target\n",
    "plugins.py": "import reg\nimport victim\nfrom lib import target\n@reg.enter\ndef one(): return target()\nvictim.f = target\n",
}


@pytest.mark.parametrize("text", REACHED.values(), ids=REACHED)
def test_a_helper_is_reached(text):
    files = {**AROUND, "step.py": text + "\n"}
    before = code(files, "step.py", "step")
    changed = {**files, "lib.py": AROUND["lib.py"].replace("return 1", "return 2")}
    after = code(changed, "step.py", "step")
    assert moved(before, after) == {"lib.py:target"}
    assert before.digest != after.digest


def test_a_file_beside_the_step_is_found():
    files = {
        "steps/10_one.py": "import json\nimport rates\ndef one(x): return rates.RATE\n",
        "steps/rates.py": "RATE = 1\n",
        "steps/json.py": "",
    }
    found = code(files, "steps/10_one.py", "one")
    assert {*found.parts} == {"steps/10_one.py:one", "steps/10_one.py:rates", "steps/rates.py:RATE"}
    files["steps/10_one.py"] = "import json\ndef one(x): return json.dumps\n"
    assert code(files, "steps/10_one.py", "one").imports == {"json": "steps/10_one.py:1"}


WHOLE = {
    "getattr on a module": (
        "import lib\ndef step(x): return getattr(lib, x)()",
        {"lib.py": "step.py:2 uses it as a value"},
    ),
    "a star import": (
        "from lib import *\ndef step(x): return target()",
        {"lib.py": "step.py:1 imports * from it"},
    ),
    "eval": (
        "import lib\ndef step(x): return eval(x)",
        {"lib.py": "step.py:2 uses eval", "step.py": "step.py:2 uses eval"},
    ),
    "globals": ("def step(x): return globals()[x]()", {"step.py": "step.py:1 uses globals"}),
    "an import by name": (
        "import importlib\ndef step(x): return importlib.import_module('lib').target()",
        {"lib.py": "step.py:2 imports it by name"},
    ),
    "an import from a package by a name made at run time": (
        "import importlib\ndef step(x): return importlib.import_module(f'pkg.{x}')",
        {
            "pkg/__init__.py": "step.py:2 imports one of its modules by name",
            "pkg/sub.py": "step.py:2 imports one of its modules by name",
        },
    ),
}


@pytest.mark.parametrize(("text", "wholes"), WHOLE.values(), ids=WHOLE)
def test_a_module_is_taken_whole_where_it_cannot_be_followed(text, wholes):
    files = {
        "lib.py": "def target():\n    return 1\n\ndef other():\n    return 2\n",
        "pkg/__init__.py": "",
        "pkg/sub.py": "def other():\n    return 2\n",
        "step.py": text + "\n\ndef other():\n    return 2\n",
    }
    before = code(files, "step.py", "step")
    assert before.wholes == wholes
    for name in wholes:
        if "return 2" in files[name]:
            after = code(
                {**files, name: files[name].replace("return 2", "return 3")}, "step.py", "step"
            )
            assert moved(before, after) == {f"{name}:other"}


def test_an_import_by_any_name_takes_the_project_whole_and_says_so_once(tmp_path):
    write(tmp_path, {"broken.py": "def (:\n", "lib.py": "A = 1\n", ".venv/x.py": "B = 1\n"})
    write(
        tmp_path,
        {"step.py": "import importlib\ndef step(x):\n    return importlib.import_module(x)\n"},
    )
    found = code_of(tmp_path / "step.py", "step", tmp_path)
    assert found.warning == (
        "step.py: any change counts in broken.py, lib.py, step.py "
        "(step.py:3 imports a module whose name is made when it runs)"
    )
    (tmp_path / "broken.py").write_bytes(b"'caf\xe9'")
    again = code_of(tmp_path / "step.py", "step", tmp_path)
    write(tmp_path, {"lib.py": "A = 2\n"})
    last = code_of(tmp_path / "step.py", "step", tmp_path)
    assert len({each.digest for each in (found, again, last)}) == 3


def test_annotations_count_where_something_reads_them():
    files = {
        "step.py": "import pydantic\nfrom lib import f\ndef step(x): return f(x)\n",
        "lib.py": "import pydantic\n@pydantic.validate_call\ndef f(x: int): return x\n",
    }
    text = {**files, "lib.py": files["lib.py"].replace("int", "str")}
    assert moved(code(files, "step.py", "step"), code(text, "step.py", "step")) == {"lib.py:f"}


def test_imports_that_lead_round_in_a_circle_end():
    files = {
        "a.py": "import b\ndef f(n): return b.g(n)\n",
        "b.py": "from a import f\ndef g(n): return f(n) if n else 1\n",
        "step.py": "from a import f\ndef step(x): return f(x)\n",
    }
    assert {*code(files, "step.py", "step").parts} == {
        "a.py:b", "a.py:f", "b.py:f", "b.py:g", "step.py:f", "step.py:step",
    }  # fmt: skip


def test_a_local_name_hides_a_function_of_the_file():
    text = (
        "def rows(): return {}\ndef step(x):\n    rows = [x]\n    return [rows for rows in rows]\n"
    )
    assert {*code({"step.py": text}, "step.py", "step").parts} == {"step.py:step"}


def test_functions_that_nothing_runs_on_import_may_stand_in_any_order():
    one, two = "def one(): return two()\n", "def two(): return 2\n"
    last = "def step(x): return one()\n"
    first = code({"step.py": one + two + last}, "step.py", "step")
    assert first.digest == code({"step.py": last + two + one}, "step.py", "step").digest


def test_the_order_of_statements_that_run_counts():
    head, last = "A = []\n", "def step(x): return A\n"
    one, two = "A.append(1)\n", "A.append(2)\n"
    first = code({"step.py": head + one + two + last}, "step.py", "step")
    assert first.digest != code({"step.py": head + two + one + last}, "step.py", "step").digest


def test_files_that_texts_name_are_found(tmp_path):
    names = (
        "data/rates.csv",
        "data/more/x.txt",
        "steps/beside.json",
        "raw/a.csv",
        "sql/a/b.sql",
        "p/a",
        "up/a.csv",
    )
    write(tmp_path, dict.fromkeys(names, "x"))
    text = (
        "from pathlib import Path\nHERE = Path(__file__).parent\n"
        "def step_(x):\n    '''See data/more/x.txt'''\n"
        "    return open('data/rates.csv'), Path('data') / 'more', HERE / 'beside.json', HERE / '../up/a.csv', 'data/none.csv', '.', './'\n"
        "def other(x): return 'p/a'\n"
        "def step(x, f=1): return step_(x), Path('raw').glob('*.csv'), open(f'sql/a/{x}.sql'), 'p', 'a.csv', Path('p').joinpath('b.csv')\n"
    )
    write(tmp_path, {"steps/step.py": text})
    found = code_of(tmp_path / "steps" / "step.py", "step", tmp_path)
    assert found.files == (
        "data/more",
        "data/rates.csv",
        "raw",
        "sql/a",
        "steps/beside.json",
        "up/a.csv",
    )


def test_a_notebook_is_its_code_cells(tmp_path):
    def notebook(*sources: str, count: int = 1) -> str:
        cells = [
            {"cell_type": "markdown", "source": [f"# Title {count}"], "id": f"m{count}"},
            *(
                {
                    "cell_type": "code",
                    "id": f"{count}",
                    "source": each.splitlines(keepends=True),
                    "outputs": [count],
                    "execution_count": count,
                }
                for each in sources
            ),
        ]
        return json.dumps({"cells": cells, "metadata": {"n": count}})

    write(tmp_path, {"lib.py": "def f(): return 1\n"})
    cells = ("%matplotlib inline\nimport lib", "%%bash\nls", "lib.f()  # run")
    digests = []
    for text in (
        notebook(*cells),
        notebook(*cells, count=2),
        notebook(*cells[:2], "lib.f()"),
        notebook("%matplotlib agg\nimport lib", *cells[1:]),
    ):
        write(tmp_path, {"clean.ipynb": text})
        digests.append(code_of(tmp_path / "clean.ipynb", None, tmp_path).digest)
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_a_compiled_module_of_the_project_is_its_bytes(tmp_path):
    write(tmp_path, {"steps/step.py": "from lib.fast import f\ndef step(x): return f(x)\n"})
    found = []
    for content in (b"one", b"two", b"one"):
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(content)
        found.append(code_of(tmp_path / "steps" / "step.py", "step", tmp_path))
    assert found[0].digest == found[2].digest != found[1].digest
    assert found[0].imports == {}
    assert (
        Code.from_json({**found[0].to_json(), "canon": "0"}, found[0].texts).renewed() == found[2]
    )


ERRORS = {
    "a function that is absent": (
        STEP, "def shaped(", "def shape(",
        "steps/20_shaped.py: has no function 'shaped'; did you mean 'shape'?",
    ),
    "a helper that is not Python": (
        "helpers/deep.py", "return text.casefold()", "return text.casefold(",
        "helpers/deep.py:2: is not Python that can be read: '(' was never closed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", ERRORS.values(), ids=ERRORS)
def test_a_mistake_is_said_with_its_place(edit):
    *change, message = edit
    with pytest.raises(ProjectError) as error:
        code(edited(*change))
    assert str(error.value) == message


def test_a_file_in_another_encoding_is_read_as_it_says(tmp_path):
    text = "# -*- coding: latin-1 -*-\nNAME = 'café'\ndef step(x): return NAME\n"
    (tmp_path / "step.py").write_bytes(text.encode("latin-1"))
    found = code_of(tmp_path / "step.py", "step", tmp_path)
    assert found.source("step.py:NAME") == "NAME = 'café'"
    (tmp_path / "step.py").write_bytes(
        text.encode("latin-1").replace(b"coding: latin-1", b"nothing")
    )
    with pytest.raises(ProjectError) as error:
        code_of(tmp_path / "step.py", "step", tmp_path)
    assert str(error.value) == "step.py:2: is not text in utf-8; save it as UTF-8"


@pytest.mark.parametrize(("terms", "wholes"), [(500, set()), (50_000, {"step.py"})])
def test_a_file_that_is_nested_too_deeply_to_follow_is_its_text(terms, wholes):
    text = f"TOTAL = {' + '.join(['1'] * terms)}\ndef step(x): return TOTAL\n"
    before = code({"step.py": text}, "step.py", "step")
    after = code({"step.py": text.replace("= 1", "= 2")}, "step.py", "step")
    assert before.digest != after.digest
    assert {*before.wholes} == wholes


def test_a_step_that_is_made_when_its_file_is_run_is_the_whole_file():
    text = "for name in ['step']:\n    globals()[name] = lambda x: 1\n"
    before = code({"step.py": text}, "step.py", "step")
    assert before.wholes == {"step.py": "step.py:2 uses globals"}
    assert before.digest != code({"step.py": text.replace("1", "2")}, "step.py", "step").digest


def test_a_step_outside_of_the_project_is_refused(tmp_path):
    write(tmp_path, {"step.py": "def step(x): return x\n", "project/model.yaml": ""})
    with pytest.raises(ProjectError, match=r"step\.py: lies outside of the project"):
        code_of(tmp_path / "step.py", "step", tmp_path / "project")


def test_code_goes_through_json_and_back():
    found = code(PROJECT)
    assert Code.from_json(found.to_json(), found.texts) == found


def test_other_rules_change_nothing_for_code_whose_texts_were_kept():
    now = code(PROJECT)
    kept = Code.from_json({**now.to_json(), "canon": "0", "digest": "of older rules"}, now.texts)
    assert kept.renewed() == now


def test_what_a_cache_knows_is_what_reading_gives(tmp_path):
    write(tmp_path, PROJECT)
    file = tmp_path / ".crosstie" / "cache.json"
    cache = Cache(file)
    first = code_of(tmp_path / STEP, "shaped", tmp_path, cache)
    cache.save()
    assert repr(Cache(file)) == "Cache(5 modules)"
    assert code_of(tmp_path / STEP, "shaped", tmp_path, Cache(file)) == first
    file.write_text("{broken")
    assert code_of(tmp_path / STEP, "shaped", tmp_path, Cache(file)) == first


SOURCES = sorted(Path(python.__file__).parents[2].rglob("*.py"))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(SOURCES))
def test_a_real_file_written_otherwise_is_the_same(path):
    text = path.read_text(encoding="utf-8")
    shaken = "# a comment\n\n" + ast.unparse(ast.parse(text)).replace(
        "\nclass ", "\n\n# another\nclass "
    )
    assert code({"a.py": text}, "a.py", None).digest == code({"a.py": shaken}, "a.py", None).digest


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(SOURCES), seed=st.integers(0, 1000))
def test_a_real_file_with_another_constant_is_another(path, seed):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    before = code({"a.py": ast.unparse(tree)}, "a.py", None)
    silent = {
        id(part) for node in ast.walk(tree) for part in _silent(node) for part in ast.walk(part)
    }
    constants = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and id(node) not in silent
        and type(node.value) in (int, float, str)
    ]
    if not constants:
        return
    chosen = random.Random(seed).choice(constants)
    value = chosen.value
    chosen.value = f"{value} " if isinstance(value, str) else value * 2 + 1  # 1e300 + 1 is the same
    assert code({"a.py": ast.unparse(tree)}, "a.py", None).digest != before.digest


def _silent(node: ast.AST):
    """What does not count, as a reader sees it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (each for each in (node.returns,) if each)
        yield from (
            each.annotation
            for each in ast.walk(node.args)
            if isinstance(each, ast.arg) and each.annotation
        )
    if isinstance(node, ast.AnnAssign):
        yield node.annotation


# each makes a `target` of its own out of that of the module before it
LINKS = [
    "from {lib} import target",
    "from {lib} import target as t\ndef target(): return t() + 1",
    "import {lib} as h\ndef target(): return h.target()",
    "def target():\n    from {lib} import target as t\n    return t()",
    "from {lib} import *",
    "import functools\nfrom {lib} import target as t\ntarget = functools.partial(t)",
    "from {lib} import target as t\nclass A:\n    @property\n    def v(self): return t()\nclass B(A): pass\ndef target(): return B().v",
    "from {lib} import target as t\nDO = []\ndef enter(f):\n    DO.append(f)\n    return f\n@enter\ndef one(): return t()\ndef target(): return DO[0]()",
    "from {lib} import target as t\nTABLE = {{}}\nTABLE['a'] = t()\ndef target(): return TABLE['a']",
    "from {lib} import target as t\nVALUE = t()\ndef target(x=VALUE): return x",
    "try:\n    import absent as t\nexcept ImportError:\n    from {lib} import target as t\ndef target(): return t()",
    "from {lib} import target as t\nclass K: v = 0\ndef fill(c): c.v = t()\nfill(K)\ndef target(): return K.v",
    "from {lib} import target as t\ndef added(f):\n    def w(*a): return f(*a) + t()\n    return w\n@added\ndef target(): return 1",
    "import {lib}\nCHOICES = {{'a': {lib}.target}}\ndef target(): return CHOICES['a']()",
    "import {lib}\ndef target(): return getattr({lib}, 'tar' + 'get')()",
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(LINKS), min_size=1, max_size=4), st.data())
def test_whatever_changes_what_a_step_gives_changes_its_code(links, data):
    files = {"m0.py": "def target():\n    return 1\n\ndef unrelated(): return 5\n"}
    for place, link in enumerate(links):
        text = link.format(lib=f"m{place}")
        files[f"m{place + 1}.py"] = f"{text}\n\ndef unrelated(): return 5\n"
    last = f"m{len(links)}"
    files["step.py"] = f"from {last} import target\ndef step(): return target()\n"
    before = code(files, "step.py", "step")
    changed = {**files, "m0.py": files["m0.py"].replace("return 1", "return 2")}
    assert given_by(changed) != given_by(files)
    assert code(changed, "step.py", "step").digest != before.digest
    name = data.draw(st.sampled_from([each for each in files if each != "step.py"]))
    edited = {**files, name: files[name].replace("return 5", "return 6")}
    assert given_by(edited) == given_by(files)
    same = code(edited, "step.py", "step").digest == before.digest
    assert same == (name not in before.wholes)


def given_by(files: dict[str, str]) -> object:
    """What the step gives when it is run."""
    try:
        for name in sorted(files):
            module = types.ModuleType(name.removesuffix(".py"))
            sys.modules[module.__name__] = module
            exec(files[name], module.__dict__)
        return sys.modules["step"].step()
    finally:
        for name in files:
            del sys.modules[name.removesuffix(".py")]
