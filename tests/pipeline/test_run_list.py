from pathlib import Path

import pytest

from crosstie.data.files import write_text
from crosstie.errors import ConfigError
from crosstie.pipeline.run import Run
from crosstie.pipeline.run_list import chosen, columns, told


@pytest.fixture
def three(tmp_path: Path) -> list[Run]:
    found = []
    for name, auc, epochs in (("linear", 0.8, None), ("ecd", 0.9, 10), ("gbm", None, None)):
        run = Run.create(tmp_path, name, name)
        trainer = f"  epochs: {epochs}" if epochs else "  early_stop: false"
        write_text(run.path / "config.yaml", f"name: m\ntrainer:\n{trainer}\n")
        run.write("manifest.json", {"learner": name, "exit": "done" if auc else "failed"})
        if auc:
            run.write("metrics.json", {"test": {"y": {"roc_auc": auc}}, "train": {"y": {"roc_auc": 1}}})  # fmt: skip
        found.append(run)
    return found


def names(found: list[Run]) -> list[str]:
    return [run.manifest["learner"] for run in found]


@pytest.mark.parametrize(
    ("where", "met"),
    [
        (["learner=ecd"], ["ecd"]),
        (["learner != ecd"], ["linear", "gbm"]),
        (["roc_auc>0.8"], ["ecd"]),
        (["roc_auc >= 0.8", "y/roc_auc<0.9"], ["linear"]),
        (["train/y/roc_auc=1"], ["linear", "ecd"]),
        (["trainer.epochs<=10"], ["ecd"]),
        (["trainer.early_stop=false"], ["linear", "gbm"]),
        (["exit=failed"], ["gbm"]),
        (["roc_auc!=0.8"], ["ecd", "gbm"]),
    ],
)
def test_runs_are_found_by_facts_options_and_figures(three, where, met):
    assert names(chosen(three, where=where, sort=None)) == met


def test_runs_are_sorted_and_those_without_come_first(three):
    assert names(chosen(three, where=[], sort="roc_auc")) == ["gbm", "linear", "ecd"]
    assert names(chosen(three, where=[], sort="learner")) == ["ecd", "gbm", "linear"]


def test_all_that_is_wrong_is_said(three):
    with pytest.raises(ConfigError) as error:
        chosen(three, where=["gbm", "roc_acu>1"], sort="trainer.epoch")

    assert [str(each) for each in error.value.problems] == [
        "--where: 'gbm' is no condition; write learner=gbm or roc_auc>0.8",
        "--where: no run has 'roc_acu'; did you mean 'roc_auc'?",
        "--sort: no run has 'trainer.epoch'; did you mean 'trainer.epochs'?",
    ]


def test_what_was_asked_about_gets_a_column():
    assert columns(["learner=ecd", "roc_auc>0.8"], "trainer.epochs") == [
        "roc_auc",
        "trainer.epochs",
    ]


def test_values_are_told_as_the_file_has_them():
    assert [told(each) for each in (None, True, 3, 0.25, "a")] == ["", "true", "3", "0.2500", "a"]
