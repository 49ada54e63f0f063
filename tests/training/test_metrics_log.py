import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.callbacks.metrics_log import MetricsLog


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def untimed(run):
    return [{**line, "time": None} for line in lines(run)]


def progress(run, part, step, value=0.5):
    return Progress(
        "ecd",
        step=step,
        metrics={"validation": {"y": {"roc_auc": value}}},
        watched="validation/y/roc_auc",
        folder=run / part / "checkpoints",
    )


def test_each_evaluation_is_one_line(fit, tmp_path):
    log = MetricsLog(tmp_path)
    made = fit(epochs=3, batch_size=100, callbacks=[log]).run()
    found = lines(tmp_path)
    assert [(line["step"], line["epoch"], line["rows"]) for line in found] == [
        (2, 1, 200),
        (4, 2, 400),
        (6, 3, 600),
    ]
    assert abs(datetime.fromisoformat(found[-1].pop("time")) - datetime.now(UTC)) < timedelta(
        hours=1
    )
    assert found[-1] == {
        "part": "",
        "learner": "ecd",
        "unit": "step",
        "step": 6,
        "epoch": 3,
        "rows": 600,
        "loss": made.progress.loss,
        "learning_rate": 0.002,
        "watched": "validation/y/roc_auc",
        "best": made.progress.best,
        "best_step": made.progress.best_step,
        "metrics": made.progress.metrics,
    }


def test_a_killed_and_resumed_fit_leaves_the_lines_of_one_that_was_not(fit, tmp_path):
    class Die(Callback):
        def on_step_end(self, progress):
            if progress.step == 9:
                raise MemoryError

    options = {"epochs": 6, "batch_size": 100, "early_stop": -1}
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = {**options, "folder": tmp_path / "whole" / "checkpoints"}
    fit(callbacks=[MetricsLog(tmp_path / "whole")], **whole).run()
    killed = {**options, "folder": tmp_path / "killed" / "checkpoints", "steps_per_checkpoint": 3}
    with pytest.raises(MemoryError):
        fit(callbacks=[MetricsLog(tmp_path / "killed"), Die()], **killed).run()
    with (tmp_path / "killed" / "metrics.jsonl").open("a") as file:
        file.write('{"part": "", "st')  # the kill came while a line was written
    fit(callbacks=[MetricsLog(tmp_path / "killed")], **killed).run(resume=True)
    assert untimed(tmp_path / "killed") == untimed(tmp_path / "whole")


def test_beginning_again_takes_back_the_lines_of_that_part_alone(tmp_path):
    log = MetricsLog(tmp_path)
    for part in ("folds/0", "folds/1"):
        log.on_train_start(progress(tmp_path, part, 0))
        log.on_evaluate(progress(tmp_path, part, 5))
    log.on_train_start(progress(tmp_path, "folds/1", 0))
    assert [(line["part"], line["step"]) for line in lines(tmp_path)] == [("folds/0", 5)]


def test_what_is_not_a_number_is_null(tmp_path):
    MetricsLog(tmp_path).on_evaluate(progress(tmp_path, "", 1, math.nan))
    assert lines(tmp_path)[0]["metrics"]["validation"]["y"]["roc_auc"] is None
