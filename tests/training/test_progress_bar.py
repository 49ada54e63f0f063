import io

import pytest
from rich.console import Console

from crosstie.training.callbacks.callback import Progress
from crosstie.training.callbacks.progress_bar import ProgressBar


@pytest.fixture
def shown(tmp_path):
    """What is printed for a training in which every step takes `pace` seconds."""

    def make(progress, *, pace, steps=3, terminal=False):
        out = io.StringIO()
        now = [100.0]
        console = Console(file=out, force_terminal=terminal, width=120)
        bar = ProgressBar(tmp_path, console, lambda: now[0])
        bar.on_train_start(progress)
        for _ in range(steps):
            now[0] += pace
            progress.step += 1
            progress.rows += 50
            bar.on_step_end(progress)
        progress.stopped = "early_stop"
        bar.on_train_end(progress)
        return out.getvalue()

    return make


def trees(folder):
    return Progress("gbm", unit="tree", total_steps=30, folder=folder)


def test_piped_there_is_a_line_now_and_then_and_one_at_the_end(shown, tmp_path):
    progress = Progress(
        "ecd",
        total_steps=300,
        total_epochs=10,
        watched="validation/y/roc_auc",
        metrics={"validation": {"y": {"roc_auc": 0.91234}}},
        best=0.92349,
        best_step=1,
        folder=tmp_path / "checkpoints",
    )
    assert shown(progress, pace=6).splitlines() == [
        (
            "ecd: epoch 1/10 · 8 rows/s · validation/y/roc_auc 0.9123 · best validation/y/roc_auc 0.9235 at step 1"
            " · 29:48 left at most"
        ),
        "ecd: stopped early, no more gain · step 3 · best validation/y/roc_auc 0.9235 at step 1 · 18.0 s",
    ]


def test_a_quick_training_is_one_line(shown, tmp_path):
    assert shown(trees(tmp_path / "checkpoints"), pace=0.1).splitlines() == [
        "gbm: stopped early, no more gain · tree 3 · 0.3 s"
    ]


def test_parts_of_a_run_are_named(shown, tmp_path):
    fold = shown(trees(tmp_path / "folds" / "2" / "checkpoints"), pace=0.1)
    assert fold.startswith("folds/2 gbm: ")
    candidate = shown(trees(tmp_path / "candidates" / "gbm" / "checkpoints"), pace=0.1)
    assert candidate.startswith("candidates/gbm: ")


def test_on_a_terminal_a_bar_gives_way_to_one_line(shown, tmp_path):
    text = shown(trees(tmp_path / "checkpoints"), pace=1, terminal=True)
    assert "━" in text
    assert "tree 2/30 · 50 rows/s · 0:28 left at most" in text
    assert text.rstrip().endswith("gbm: stopped early, no more gain · tree 3 · 3.0 s")
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor is back


def test_the_rate_after_a_resume_is_that_of_this_process(shown, tmp_path):
    progress = trees(tmp_path / "checkpoints")
    progress.step, progress.rows = 20, 1_000_000
    assert "tree 22/30 · 5 rows/s · 1:20 left at most" in shown(progress, pace=10, steps=2)
