"""Functions of a project as gates."""

import pytest

from crosstie.errors import ConfigError
from crosstie.gates.compare import compare
from crosstie.gates.comparison import Comparison
from crosstie.gates.file import ORDER, read_gates
from crosstie.gates.gate import outcomes
from crosstie.gates.own import SHAPE

COMPARISON = Comparison("new", "old", "rows", 7, [], None, {})
QUIET = dict.fromkeys(ORDER, False)


@pytest.fixture
def tests(tmp_path, monkeypatch):
    """Writes files of a project's tests, with the project as the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()

    def write(text, name="gates.py"):
        (tmp_path / "tests" / name).write_text(text, encoding="utf-8")
        return [tmp_path / "tests"]

    return write


def said(own, comparison=COMPARISON, **options):
    """The result and the sentence of each gate of one's own."""
    found = outcomes(comparison, read_gates({**QUIET, **options}, own=own))
    return {each.gate: (each.result, each.what) for each in found}


def wrong(own, **options):
    """What is said of gates that are none."""
    with pytest.raises(ConfigError) as error:
        said(own, **options)
    return str(error.value).splitlines()


def test_a_function_says_whether_it_passes_and_why_or_only_whether(tests):
    own = tests(
        "def gate_many(comparison, least=5):\n"
        '    """There are rows enough."""\n'
        "    return comparison.rows >= least\n\n\n"
        "def gate_told(comparison):\n"
        '    return comparison.rows > 100, f"{comparison.rows} rows"\n\n\n'
        "def gate_sure(comparison):\n"
        "    assert comparison.rows > 100, 'too few'\n"
        "    return True\n\n\n"
        "def helper(nothing, of, the, kind):\n"
        "    raise ValueError\n"
    )
    assert said(own) == {
        "many": ("passed", "There are rows enough."),
        "told": ("failed", "7 rows (tests/gates.py:6)"),
        "sure": ("failed", "too few (tests/gates.py:11)"),
    }
    assert said(own, many={"least": 9}, told=False, sure=False) == {
        "many": ("failed", "There are rows enough. (tests/gates.py:1)")
    }
    assert wrong(own, many={"lest": 9}, told={"most": 1}) == [
        "many.lest: unknown option; did you mean 'least'?",
        "told.most: unknown option; nothing fits here",
    ]
    assert wrong(own, many={"least": "many"}) == ["many.least: must be a whole number, got 'many'"]


def test_what_fails_itself_is_told_all_at_once_with_its_lines(tests):
    own = tests(
        "def gate_misspelt(comparison):\n"
        "    return comparison.outptus['y'].flips.share < 0.1\n\n\n"
        "def gate_forgot(comparison):\n"
        "    comparison.rows < 0\n\n\n"
        "def gate_absent(comparison):\n"
        "    share = len({}['salary'])\n"
        "    return share < 0.1\n"
    )
    none = "'Comparison' object has no attribute 'outptus'"
    assert wrong(own) == [
        "tests/gates.py:10: gate 'absent': KeyError: 'salary'",
        f"tests/gates.py:5: gate_forgot: must {SHAPE}; got None",
        f"tests/gates.py:2: gate 'misspelt': AttributeError: {none}; did you mean 'outputs'?",
    ]


def test_what_is_no_gate_is_told_all_at_once_with_its_lines(tests):
    tests("import nothing_of_the_kind\n\n\ndef gate_one(comparison): ...\n", "gate_one.py")
    tests("def gate_two(comparison):\n    return tru e\n", "gate_two.py")
    tests("raise ValueError('no gate is here, so nobody comes by')\n", "test_other.py")
    own = tests(
        "def gate_flips(comparison): ...\n\n\n"
        "def gate_no(): ...\n\n\n"
        "async def gate_late(comparison): ...\n\n\n"
        "def gate_all(*comparisons): ...\n\n\n"
        "def gate_good(comparison): ...\n\n\n"
        "def gate_good(comparison): ...\n"
    )
    found = [each.replace(str(own[0].parent), "") for each in wrong(own)]
    assert found == [
        "/tests/gate_one.py:1: cannot be imported: ModuleNotFoundError: No module named 'nothing_of_the_kind'",
        "tests/gate_two.py:2: is no Python: invalid syntax",
        "tests/gates.py:1: gate_flips: there is a gate 'flips' already; choose another name",
        "tests/gates.py:4: gate_no: must take the comparison, then its options: def gate_no(comparison, most=0.1):",
        "tests/gates.py:7: gate_late: a gate is a plain function: def gate_late(comparison):",
        "tests/gates.py:10: gate_all: must take the comparison, then its options: def gate_all(comparison, most=0.1):",
        "tests/gates.py:16: gate_good: is in tests/gates.py:13 already; give one of them another name",
    ]


def test_a_gate_may_import_what_lies_beside_it_and_in_the_project(tests):
    tests("LEAST = 5\n", "bounds.py")
    (own,) = tests(
        "from bounds import LEAST\nfrom prices import MOST\n\n\n"
        "def gate_between(comparison):\n    return LEAST <= comparison.rows <= MOST, 'rows'\n"
    )
    (own.parent / "prices.py").write_text("MOST = 9\n")
    assert said([own]) == {"between": ("passed", "rows")}


@pytest.mark.slow
def test_rows_are_asked_by_their_cells_and_had_as_a_frame(tests, churn, churn_parts):
    own = tests(
        "def gate_seniors(comparison, most=0.5):\n"
        "    share = comparison.flips(SeniorCitizen=1)\n"
        '    return share <= most, f"{share:.1%} of senior citizens"\n\n\n'
        "def gate_none(comparison):\n"
        "    return comparison.flips(SeniorCitizen=7) < 0.1\n\n\n"
        "def gate_frame(comparison):\n"
        "    rows = comparison.frame()\n"
        "    moved = rows[(rows.before != rows.after) & (rows.tenure > 12)]\n"
        "    return len(moved) < 100 and set(rows.true) == {'Yes', 'No'}, 'few of long standing'\n"
    )
    candidate, production = churn[1], churn[0]
    found = compare(candidate, production, churn_parts[2], gates=QUIET, own=own)
    outcome = {each.gate: (each.result, each.what) for each in found.outcomes}
    before, after = (model.predict(churn_parts[2]) for model in (production, candidate))
    told = [each["Churn_prediction"] for each in (before, after)]
    flipped = [one != other for one, other in zip(*told, strict=True)]
    seniors = [cell == "1" for cell in churn_parts[2]["SeniorCitizen"]]
    share = sum(f for f, old in zip(flipped, seniors, strict=True) if old) / sum(seniors)
    assert outcome == {
        "frame": ("passed", "few of long standing"),
        "none": ("not applicable", "no row of the holdout has SeniorCitizen = 7"),
        "seniors": ("passed", f"{share:.1%} of senior citizens"),
    }
    assert found.flips() == found.outputs["Churn"].flips.share == sum(flipped) / 400
    assert "predicted" not in found.state()
    with pytest.raises(ConfigError, match=r"^the holdout has no column 'Senior'; did you mean"):
        found.flips(Senior=1)
    with pytest.raises(ConfigError, match=r"^there is no output 'churn'; did you mean 'Churn'\?"):
        found.flips("churn")


def test_with_nothing_in_production_a_gate_that_needs_it_does_not_apply(tests, churn, churn_parts):
    own = tests(
        "def gate_asked(comparison):\n    return comparison.flips() < 0.1\n\n\n"
        "def gate_by_hand(comparison):\n    return comparison.outputs['Churn'].flips.share < 0.1\n\n\n"
        "def gate_alone(comparison):\n    return comparison.outputs['Churn'].metrics['roc_auc'].after > 0.7, 'good'\n"
    )
    found = compare(churn[1], None, churn_parts[2], gates=QUIET, own=own)
    why = "nothing is in production to compare with"
    assert {each.gate: (each.result, each.what) for each in found.outcomes} == {
        "alone": ("passed", "good"),
        "asked": ("not applicable", why),
        "by_hand": ("not applicable", f"{why}; tests/gates.py:6 needs it"),
    }
