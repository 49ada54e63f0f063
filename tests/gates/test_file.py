import pytest

from crosstie.config import registry
from crosstie.errors import ConfigError
from crosstie.gates.file import ORDER, read_gates
from crosstie.gates.gate import gates


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


def test_a_gate_of_the_projects_components_holds_and_takes_options(tmp_path, monkeypatch):
    (tmp_path / "enough.py").write_text(
        "from crosstie.gates.comparison import Finding\n"
        "from crosstie.gates.gate import Gate, gates\n\n"
        "@gates('enough_rows')\n"
        "class EnoughRows(Gate):\n"
        "    '''Enough rows.\n\n    Args:\n        least: How many.\n    '''\n\n"
        "    def __init__(self, *, least: int = 100) -> None:\n"
        "        self.least = least\n\n"
        "    def check(self, comparison):\n"
        "        few = comparison.rows < self.least\n"
        "        return [Finding('failed' if few else 'passed', f'{comparison.rows} rows')]\n"
    )
    monkeypatch.setattr(registry, "_project_folders", [])
    monkeypatch.setattr(gates, "_classes", dict(gates._classes))
    registry.use_components(tmp_path)
    assert tuple(read_gates()) == (*ORDER, "enough_rows")
    assert read_gates({"enough_rows": {"least": 7}})["enough_rows"].least == 7
    with pytest.raises(
        ConfigError, match=r"^enough_rows\.lest: unknown option; did you mean 'least'"
    ):
        read_gates({"enough_rows": {"lest": 7}})
