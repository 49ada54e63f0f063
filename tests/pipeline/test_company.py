import json
import subprocess
import sys

import pytest

import crosstie
from crosstie.config.source import load
from crosstie.errors import ConfigError
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.company import company
from crosstie.search.budget import CLASSICS
from crosstie.training.callbacks.callback import Callback, callbacks


@callbacks("test_diary")
class Diary(Callback):
    """Writes what it is told into the run.

    Args:
        page: The file's name.
    """

    def __init__(self, run, *, page: str = "diary.txt") -> None:
        self.path = run / page

    def on_train_start(self, progress):
        self._write(f"{progress.learner} begins")

    def on_run_end(self, options, metrics):
        self._write(f"the end of {options['name']}: {', '.join(sorted(metrics))}")

    def _write(self, line):
        with self.path.open("a") as file:
            file.write(line + "\n")


@callbacks("test_homeless")
class Homeless(Callback):
    """Takes no run."""


def plan(table, *entries):
    return make_plan(load({"target": "Churn", "callbacks": list(entries)}), source=table)


def names(found):
    return [type(each).__name__ for each in found]


def test_metrics_and_events_are_always_written_and_a_bar_is_shown_to_people(tmp_path):
    assert names(company(tmp_path, progress=False)) == ["MetricsLog", "TensorBoard"]
    assert names(company(tmp_path, progress=True)) == ["MetricsLog", "TensorBoard", "ProgressBar"]


def test_those_that_the_file_names_come_after_with_their_options(tmp_path):
    found = company(tmp_path, [{"type": "test_diary", "page": "own.txt"}], progress=False)
    assert names(found) == ["MetricsLog", "TensorBoard", "Diary"]
    assert found[-1].path == tmp_path / "own.txt"


def test_a_name_or_a_section_is_filled_shown_and_gives_the_same_plan_again(few_customers):
    made = plan(few_customers, "test_diary", {"type": "test_diary", "page": "own.txt"})
    filled = [
        {"type": "test_diary", "page": "diary.txt"},
        {"type": "test_diary", "page": "own.txt"},
    ]
    assert list(made.callbacks) == made.config["callbacks"] == filled
    assert make_plan(load(made.config)) == made


def test_a_file_without_callbacks_shows_none(few_customers):
    assert "callbacks" not in plan(few_customers).config


@pytest.mark.parametrize("model_type", ["linear", "auto"])
def test_it_hears_of_the_whole_run(few_customers, tmp_path, model_type):
    run = crosstie.train(
        {"target": "Churn", "model_type": model_type, "name": "few", "callbacks": ["test_diary"]},
        data=few_customers,
        runs=tmp_path / "runs",
    )
    tried = ["linear", "gbm", *CLASSICS] if model_type == "auto" else [model_type]
    assert (run.path / "diary.txt").read_text().splitlines() == [
        *(f"{each} begins" for each in tried),
        "the end of few: test, train, validation",
    ]
    again = crosstie.train(run.path / "config.yaml", runs=tmp_path / "runs")
    assert (again.path / "diary.txt").read_text() == (run.path / "diary.txt").read_text()


def test_all_that_is_wrong_is_said_before_anything_is_learned(few_customers, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError) as error:
        crosstie.train(
            {
                "target": "Churn",
                "callbacks": [
                    "mlfow",
                    {"type": "test_diary", "pages": 3},
                    "tensorboard",
                    "mlflow",
                    "test_homeless",
                    7,
                ],
            },
            data=few_customers,
            runs=tmp_path / "runs",
        )
    assert [str(each) for each in error.value.problems] == [
        "callbacks[0]: 'mlfow' is no callback; did you mean 'mlflow'?",
        "callbacks[1].pages: unknown option; did you mean 'page'?",
        "callbacks[5]: must be the name of a callback or a section, got 7",
        "callbacks[2]: 'tensorboard' listens to every run anyway; leave it out",
        (
            "callbacks[3]: the mlflow callback needs mlflow-skinny, which is not installed. "
            "Type: pip install 'crosstie[mlflow]'"
        ),
        (
            "callbacks[4]: 'test_homeless' cannot be built from the run's folder and its options: "
            "Homeless() takes no arguments"
        ),
    ]
    assert not (tmp_path / "runs").exists()


def test_a_value_that_came_from_the_environment_is_not_written_to_the_run(
    few_customers, tmp_path, monkeypatch
):
    monkeypatch.setenv("DIARY_PAGE", "page-of-a-secret.txt")
    run = crosstie.train(
        {
            "target": "Churn",
            "model_type": "linear",
            "callbacks": [{"type": "test_diary", "page": "${DIARY_PAGE}"}],
        },
        data=few_customers,
        runs=tmp_path / "runs",
    )
    assert (run.path / "page-of-a-secret.txt").is_file()
    config = (run.path / "config.yaml").read_text()
    assert "page: ${DIARY_PAGE}" in config
    assert "secret" not in config + json.dumps(run.manifest)


@pytest.mark.parametrize("model_type", ["linear", "gbm"])
def test_a_run_that_learns_no_network_loads_no_torch_though_all_listen(
    few_customers, tmp_path, model_type
):
    code = (
        "import sys; import crosstie; "
        f"run = crosstie.train({str(few_customers)!r}, target='Churn', model_type={model_type!r}, "
        f"output={str(tmp_path / 'run')!r}, progress=True); "
        "print(sorted({'torch', 'accelerate', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert list((tmp_path / "run" / "tensorboard").iterdir())
    assert (tmp_path / "run" / "metrics.jsonl").stat().st_size


@pytest.mark.slow
def test_a_network_is_learned_and_written_without_torchs_compiler(few_customers, tmp_path):
    code = (
        "import sys; import crosstie; "
        f"crosstie.train({str(few_customers)!r}, target='Churn', model_type='ecd', "
        f"output={str(tmp_path / 'run')!r}, set=['trainer.epochs=1']); "
        "print(sorted({'torch._dynamo', 'torch._inductor', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
