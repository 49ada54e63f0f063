"""What moved between two builds, in words; and what the store knows a product by."""

import json

import pytest

from crosstie.errors import ProjectError
from crosstie.project.fingerprint.change import Change
from crosstie.project.fingerprint.environment import Environment
from crosstie.project.fingerprint.fingerprint import Fingerprint
from crosstie.project.fingerprint.params import params_of
from crosstie.project.fingerprint.python import Code, Codes
from crosstie.project.fingerprint.sql import sql_of
from crosstie.project.fingerprint.tree import Kept

FILES = {
    "steps/20_shaped.py": "from helpers import clean\n\ndef shaped(callers):\n    return clean(callers)\n",
    "helpers.py": "LIMIT = 3\n\ndef clean(frame):\n    # the first\n    return frame[:LIMIT]\n",
}


def code(**changed: str) -> Code:
    files = {**FILES, **{f"{name}.py": text for name, text in changed.items()}}
    return Codes(Kept(files)).of("steps/20_shaped.py", "shaped")


def fingerprint(**components) -> Fingerprint:
    given = {
        "code": code(),
        "params": params_of({"rate": 0.1}),
        "inputs": {"callers": "a1"},
        "env": Environment("3.11", {"pandas": "2.2.0"}),
    }
    return Fingerprint(**{**given, **components})


def test_nothing_moved_between_equals():
    assert fingerprint().moved(fingerprint()) == {}
    assert fingerprint().key == fingerprint().key


def test_each_component_that_moved_is_named_with_what_of_it():
    now = fingerprint(
        code=code(helpers=FILES["helpers.py"].replace("frame[:LIMIT]", "frame[LIMIT:]")),
        params=params_of({"rate": 0.2, "depth": 3}),
        inputs={"callers": "b2", "orders": "c3"},
        env=Environment("3.12", {"pandas": "2.3.0", "numpy": "2.0"}),
    )
    moved = now.moved(fingerprint())
    assert {name: [str(each) for each in changes] for name, changes in moved.items()} == {
        "code": ["helpers.py:clean changed"],
        "params": ["depth is new", "rate: 0.1 → 0.2"],
        "inputs": ["callers: a1 → b2", "orders is new"],
        "env": ["numpy is new", "pandas: 2.2.0 → 2.3.0", "python: 3.11 → 3.12"],
    }
    (change,) = moved["code"]
    assert change.line == 3
    assert change.diff() == [
        " def clean(frame):",
        "     # the first",
        "-    return frame[:LIMIT]",
        "+    return frame[LIMIT:]",
    ]


def test_a_setting_that_is_gone_moved():
    moved = fingerprint(params=params_of({})).moved(fingerprint())
    assert moved == {"params": (Change("rate", "0.1", None),)}
    assert str(moved["params"][0]) == "rate is gone"


def test_the_statement_that_moved_is_shown():
    before = Fingerprint(
        sql=sql_of("create temp table a as select 1;\nselect *\nfrom a", where="s.sql")
    )
    now = Fingerprint(
        sql=sql_of("create temp table a as select 1;\nselect *\nfrom b", where="s.sql")
    )
    ((change,),) = now.moved(before).values()
    assert (change.name, change.line) == ("s.sql: statement 2", 2)
    assert change.diff() == [" select *", "-from a", "+from b"]


def test_statements_that_changed_places_are_said():
    text = "A = []\nA.append(1)\nA.append(2)\ndef clean(frame): return A\n"
    other = "A = []\nA.append(2)\nA.append(1)\ndef clean(frame): return A\n"
    one, two = fingerprint(code=code(helpers=text)), fingerprint(code=code(helpers=other))
    assert set(two.moved(one)) == {"code"}


def test_the_environment_is_told_but_is_no_part_of_the_key():
    upgraded = fingerprint(env=Environment("3.11", {"pandas": "3.0.0"}))
    assert upgraded.key == fingerprint().key
    assert set(upgraded.moved(fingerprint())) == {"env"}


@pytest.mark.parametrize(
    "other",
    [
        {"code": None},
        {"sql": sql_of("select 1")},
        {"params": params_of({"rate": 0.3})},
        {"inputs": {"callers": "b"}},
        {"inputs": {"orders": "a1"}},
    ],
    ids=str,
)
def test_every_other_component_is_a_part_of_the_key(other):
    assert fingerprint(**other).key != fingerprint().key


def test_a_fingerprint_goes_through_json_and_back():
    found = fingerprint(sql=sql_of("select * from t", where="s.sql"))
    text = json.dumps(found.to_json())
    assert Fingerprint.from_json(json.loads(text)) == found


def test_texts_may_be_kept_elsewhere_once_for_many_fingerprints():
    one, two = fingerprint().to_json(), fingerprint(inputs={}).to_json()
    texts = {**one.pop("texts"), **two.pop("texts")}
    assert sorted(texts.values()) == sorted(FILES.values())
    assert Fingerprint.from_json({**two, "texts": texts}) == fingerprint(inputs={})


def test_better_rules_make_nothing_move():
    value = fingerprint(sql=sql_of("select * from t")).to_json()
    value["code"] |= {"canon": "0", "digest": "other", "parts": {}}
    value["sql"] |= {"canon": "0 sqlglot 1.0", "digest": "other"}
    old = Fingerprint.from_json(value)
    now = fingerprint(sql=sql_of("select  *\nfrom t"))
    assert old.key != now.key
    assert now.moved(old) == {}
    assert old.renewed() == fingerprint(sql=sql_of("select * from t"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "a later Crosstie has written this fingerprint; upgrade to read it"),
        ({"texts": {}}, "a fingerprint is damaged: KeyError("),
        ({"params": 3}, "a fingerprint is damaged: TypeError("),
    ],
    ids=["later", "texts", "params"],
)
def test_a_fingerprint_that_cannot_be_read_is_refused(change, message):
    with pytest.raises(ProjectError) as error:
        Fingerprint.from_json({**fingerprint().to_json(), **change})
    assert str(error.value).startswith(message)
