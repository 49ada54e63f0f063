import pytest

from crosstie.config import registry
from crosstie.errors import ConfigError
from crosstie.gates.comparison import Comparison
from crosstie.gates.file import ORDER, read_gates
from crosstie.gates.gate import gates, outcomes


def written(tmp_path, text):
    path = tmp_path / "gates.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_gate_holds_unless_the_file_says_false(tmp_path):
    assert tuple(read_gates()) == ORDER
    assert tuple(read_gates(written(tmp_path, "# nothing\n"))) == ORDER
    path = written(tmp_path, "metric: {worse_by: 0.02}\nflips: false\nsegments: true\ndrift:\n")
    found = read_gates(path)
    assert tuple(found) == tuple(each for each in ORDER if each != "flips")
    assert (found["metric"].worse_by, found["metric"].metric) == (0.02, None)


def test_everything_wrong_is_said_at_once_with_its_line(tmp_path):
    path = written(
        tmp_path,
        "metrics: {worse_by: 0.1}\nflips: {mots: 0.1}\ncalibration: 0.1\nmetric:\n  worse_by: -1\n"
        "contract: {allow: [outputs]}\nchange: {most: true}\n",
    )
    with pytest.raises(ConfigError) as error:
        read_gates(path)
    assert str(error.value).replace(str(path), "gates.yaml").splitlines() == [
        "gates.yaml:1 metrics: unknown gate; did you mean 'metric'?",
        "gates.yaml:6 contract.allow[0]: must be 'output', 'label', 'input' or 'type', got 'outputs'",
        "gates.yaml:5 metric.worse_by: must be at least 0, got -1",
        "gates.yaml:3 calibration: must be a section of options or false, got 0.1",
        "gates.yaml:2 flips.mots: unknown option; did you mean 'most'?",
        "gates.yaml:7 change.most: must be a number, got true",
    ]


def test_a_metric_that_is_none_is_told_with_its_line(tmp_path):
    path = written(tmp_path, "\nmetric: {metric: roc_acu}\n")
    with pytest.raises(
        ConfigError, match=r":2 metric: metric 'roc_acu' is none; did you mean 'roc_auc'\?$"
    ):
        read_gates(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"gates.yaml: no such file$"):
        read_gates(tmp_path / "gates.yaml")


@pytest.fixture
def component(tmp_path, monkeypatch):
    """Makes a gate named `mine` of a project, whose check does what is given."""
    monkeypatch.setattr(registry, "_project_folders", [])
    monkeypatch.setattr(gates, "_classes", dict(gates._classes))

    def write(does):
        (tmp_path / "mine.py").write_text(
            "from crosstie.gates.comparison import Finding\n"
            "from crosstie.gates.gate import Gate, gates\n\n"
            "@gates('mine')\n"
            "class Mine(Gate):\n"
            "    '''Enough rows.\n\n    Args:\n        least: How many.\n    '''\n\n"
            "    def __init__(self, *, least: int = 100) -> None:\n"
            "        self.least = least\n\n"
            "    def check(self, comparison):\n"
            f"        {does}\n"
        )
        registry.use_components(tmp_path)

    return write


COMPARISON = Comparison("new", "old", "rows", 7, [], None, {})


def test_a_gate_of_the_projects_components_holds_and_takes_options(component):
    component("return [Finding('passed', 'enough', value=comparison.rows, bound=self.least)]")
    assert tuple(read_gates()) == (*ORDER, "mine")
    chosen = read_gates({"mine": {"least": 5}})
    assert chosen["mine"].least == 5
    [found] = outcomes(COMPARISON, {"mine": chosen["mine"]})
    assert (found.gate, found.result, found.value, found.bound) == ("mine", "passed", 7.0, 5.0)
    assert "mine" not in read_gates({"mine": False})
    with pytest.raises(ConfigError, match=r"^mine\.lest: unknown option; did you mean 'least'"):
        read_gates({"mine": {"lest": 7}})


def test_a_gate_that_fails_itself_is_told_with_its_line(component, tmp_path):
    component("return comparison.outputs['salary']")
    with pytest.raises(ConfigError) as error:
        outcomes(COMPARISON, {"mine": read_gates()["mine"]})
    assert str(error.value) == f"{tmp_path / 'mine.py'}:16: gate 'mine': KeyError: 'salary'"


def test_a_gate_that_gives_no_findings_is_told(component):
    component("return None")
    with pytest.raises(
        ConfigError,
        match=r"^gate 'mine': check must return a list of Finding, and gives a NoneType$",
    ):
        outcomes(COMPARISON, {"mine": read_gates()["mine"]})
