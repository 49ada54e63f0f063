"""How far training is, for whoever watches: a bar on a terminal, a line now and then elsewhere.

Everything goes to standard error: standard output is for results.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.training.callbacks.callback import Callback, Progress, callbacks, flat, part_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

REDRAW = 0.1  # seconds between two looks of the bar
SILENCE = 10.0  # seconds between two lines where there is no terminal
REASONS = {
    "epochs": "all done",
    "early_stop": "stopped early, no more gain",
    "interrupted": "interrupted",
    "time_limit": "stopped at the time limit",
    "failed": "failed",
}


@callbacks("progress_bar")
class ProgressBar(Callback):
    """Shows rate, time left, the current and the best metric.

    On a terminal a bar that one line replaces at the end; elsewhere a line every ten seconds and one at the end.
    """

    def __init__(
        self,
        run: Path,
        console: Any = None,  # a rich Console; its import costs 57 ms
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run = run
        self._console: Console | None = console
        self._clock = clock
        self._bar: tuple[Bar, TaskID] | None = None
        self._started = self._shown = 0.0
        self._from = (0, 0)  # steps and rows when this process began

    def on_train_start(self, progress: Progress) -> None:
        self._started = self._shown = self._clock()
        self._from = (progress.step, progress.rows)
        if self._screen().is_terminal:
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TextColumn("{task.fields[facts]}"),
                console=self._screen(),
                auto_refresh=False,
                transient=True,
            )
            task = bar.add_task(self._name(progress), total=progress.total_steps, facts="")
            bar.start()
            self._bar = (bar, task)

    def on_step_end(self, progress: Progress) -> None:
        now = self._clock()
        if now - self._shown < (REDRAW if self._bar else SILENCE):
            return
        self._shown = now
        facts = " · ".join(self._facts(progress, now))
        if self._bar is None:
            self._say(f"{self._name(progress)}: {facts}")
            return
        bar, task = self._bar
        bar.update(task, completed=progress.step, facts=facts)
        bar.refresh()

    def on_train_end(self, progress: Progress) -> None:
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None
        reason = REASONS.get(progress.stopped, progress.stopped)
        facts = [reason, f"{progress.unit} {progress.step}", *_best(progress)]
        facts.append(f"{self._clock() - self._started:.1f} s")
        self._say(f"{self._name(progress)}: {' · '.join(facts)}")

    def _facts(self, progress: Progress, now: float) -> list[str]:
        seconds = max(now - self._started, 1e-9)
        steps, rows = progress.step - self._from[0], progress.rows - self._from[1]
        facts = [_place(progress), f"{rows / seconds:,.0f} rows/s"]
        current = flat(progress.metrics).get(progress.watched)
        if current is not None:
            facts.append(f"{progress.watched} {current:.4g}")
        facts += _best(progress)
        if progress.total_steps and steps:
            left = seconds / steps * max(progress.total_steps - progress.step, 0)
            facts.append(f"{_clock(left)} left at most")
        return facts

    def _name(self, progress: Progress) -> str:
        part = part_of(progress, self.run)
        return part if part.endswith(progress.learner) else f"{part} {progress.learner}".strip()

    def _say(self, line: str) -> None:
        self._screen().print(line, highlight=False, markup=False, soft_wrap=True)

    def _screen(self) -> "Console":
        if self._console is None:
            from rich.console import Console  # 57 ms

            self._console = Console(stderr=True)
        return self._console


def _place(progress: Progress) -> str:
    if progress.total_epochs is not None:
        return f"epoch {min(progress.epoch + 1, progress.total_epochs)}/{progress.total_epochs}"
    total = f"/{progress.total_steps}" if progress.total_steps else ""
    return f"{progress.unit} {progress.step}{total}"


def _best(progress: Progress) -> list[str]:
    if progress.best is None:
        return []
    return [f"best {progress.watched} {progress.best:.4g} at {progress.unit} {progress.best_step}"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
