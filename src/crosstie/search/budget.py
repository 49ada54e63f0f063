"""The time that a search has: what is begun, how long it may take, and what has to be left for what comes behind the fits.

A fit ends at a boundary of its units, a tree or an epoch. How long they take on this machine is learned from the first
fit of each learner; before that it is what the learner says of itself.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crosstie.data.batch import Layout
from crosstie.evaluation.bootstrap import ROWS as RESAMPLED
from crosstie.learners.classic import classes, columns
from crosstie.learners.learner import learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.prepare import Prepared
from crosstie.search.blend import MOST
from crosstie.search.greedy import ROUNDS
from crosstie.search.portfolio import Trial
from crosstie.search.trial import Fitted

CLASSICS = (  # that people expect to see compared
    "decision_tree",
    "nearest_neighbors",
    "random_forest",
    "extra_trees",
    "support_vectors",
)
QUICK = 5.0  # seconds that each of them may take where a quick look is all that is wanted
SHARE = 0.5  # of the time that is left, that one trial may take
LEAST = 0.5  # seconds that are worth beginning another trial for
WORTH = 0.5  # of what a trial would take, below which it would say little of itself
FAIR = 0.05  # of the time that is left, that what is only there to be compared may take
SLOW = 0.15  # of it, that trees which are shrunk much may take; else they are shrunk less
RATES = {"gbm": 0.06, "catboost": 0.12}  # to which at most
HASTE = 3  # times as much, where that would still take more than there is
RESAMPLES = 220  # of the rows that a model is judged by, for intervals and figures
SOON = 2.0  # seconds at most that a run's importance, explanations and report take
MIXED = 2 * ROUNDS  # averages that are compared, for each model that may be in one
BEHIND = 0.2  # of what units take, that writing a model and asking it take, before the first of a learner has shown it
AGAIN = 1.1  # of it, that a fit on validation rows, too, takes
ASKED = 0.15  # of what asking the slowest took, that opening what is chosen takes


class Budget:
    """How much time there is, and what it is given to.

    Args:
        limit: Seconds from `began` to the end of the run; None for no limit.
        layout: Of the encoded rows.
        rows: Of the training part of each fold.
        began: As `Session.began`.
        quick: Whether a look at what is quick is all that is wanted.

    Attributes:
        refused: Trials in a row for which there was not enough.
        refitting: Seconds that are kept free to fit once more what is kept.
    """

    def __init__(
        self,
        limit: float | None,
        layout: Layout,
        rows: Sequence[int],
        *,
        began: float,
        quick: bool = False,
    ) -> None:
        self.refused = 0
        self.refitting = 0.0
        self._quick = quick
        self._rows = rows
        self._table = columns(layout), classes(layout.outputs[0])
        self._unit: dict[str, float] = {}  # seconds a unit of work, by learner
        # seconds of units, and behind them, by learner and whether it refits
        self._after: dict[tuple[str, bool], tuple[float, float]] = {}
        self._ends = None if limit is None else began + limit
        reported = SOON if limit is None else min(SOON, 0.4 + 0.03 * limit)
        read = time.monotonic() - began
        self._behind = reported + 0.1 * read  # what reads a table quickly also saves it quickly
        self._judging = self._asking = self._mixing = 0.0
        self._tried = 0

    @classmethod
    def of(cls, options: Auto, data: Sequence[Prepared], began: float) -> "Budget":
        """That of a search; none where a plan says all that is done."""
        rows = [len(each.batches["train"]) for each in data]
        quick = not (options.wide or options.learners or options.plan)
        return cls(options.limit, data[0].layout, rows, began=began, quick=quick)

    @property
    def left(self) -> float:
        """Seconds for fits; infinite where there is no limit."""
        if self._ends is None:
            return float("inf")
        reserve = (
            self._behind
            + RESAMPLES * self._judging
            + ASKED * self._asking
            + MIXED * min(self._tried, MOST) * self._mixing
        )
        return self._ends - reserve - self.refitting - time.monotonic()

    def fitting(self, trial: Trial) -> Trial:
        """The trial, with trees that are shrunk less, and fitted once, where it would take too much of what is left."""
        most = RATES.get(trial.model_type)
        if self._ends is None or most is None:
            return trial
        left, wanted = max(self.left, 1e-3), max(self._wanted(trial), 1e-9)
        # that of a learner as it comes is hardly less
        own = rate = trial.trainer.get("learning_rate", most)
        if own < most and wanted > SLOW * left:
            rate = min(own * wanted / (SLOW * left), most)
        if (hasty := wanted * own / rate) > left:
            rate = min(rate * hasty / left, HASTE * most)
        changed: dict[str, Any] = {} if rate == own else {"learning_rate": round(rate, 4)}
        if wanted > SLOW * left and self._refits(trial):
            changed["refit"] = False  # another trial says more
        return replace(trial, trainer={**trial.trainer, **changed})

    def lacks(self, trial: Trial) -> str:
        """Why a trial is not begun; "" where there is time for it."""
        if self._quick and trial.model_type in CLASSICS and (wanted := self._wanted(trial)) > QUICK:
            return f"would take about {wanted:.1f} s, and a quick look gives it {QUICK:g} s"
        left, wanted = self.left, self._wanted(trial)
        share = left * self._share(trial)
        if left > LEAST and max(share, LEAST) > wanted:
            self.refused = 0
            return ""
        self.refused += 1
        if left <= LEAST:
            return "no time was left"
        shown = max(min(max(share, LEAST), left), 0.0)
        return f"would take about {max(wanted, LEAST):.1f} s, and its share of what is left is {shown:.1f} s"

    def _share(self, trial: Trial) -> float:
        """What of the time that is left a trial may be begun for."""
        if trial.model_type in CLASSICS:
            return FAIR
        if trial.model_type == "ecd" and "gbm" in self._unit:
            return SHARE  # of little worth when it is cut, and trees could have the rest
        return 1 / WORTH

    def deadline(self, trial: Trial) -> float | None:
        """When the next trial should be done, on the monotonic clock."""
        if self._ends is None:
            return None
        left, share = self.left, FAIR
        if trial.model_type not in CLASSICS:
            share = SHARE if self._wanted(trial) < left * SHARE else 1.0  # nothing else would fit
        return time.monotonic() + max(left * share, min(left, LEAST))

    def behind(self, trial: Trial) -> float:
        """Seconds that come behind the last unit of a trial, for each second of units."""
        usual = BEHIND + (AGAIN if self._refits(trial) else 0.0)
        learned, after = self._after.get((trial.model_type, self._refits(trial)), (1.0, usual))
        return after / learned

    def _refits(self, trial: Trial) -> bool:
        """Whether a fit is followed by one on validation rows, too, which nothing ends."""
        refits = trial.model_type in RATES and trial.trainer.get("refit", True)
        return refits and len(self._rows) == 1

    def took(self, trial: Trial, fitted: Fitted, *, compared: float = 0.0) -> None:
        """Learn from a trial how long others will take, and how long what comes behind them.

        Args:
            trial: What was tried.
            fitted: What came of it.
            compared: Seconds that it took to see how good it is.
        """
        candidate, seconds = fitted.candidate, fitted.seconds
        if fitted.learned:
            key = trial.model_type, self._refits(trial)
            learned, after = self._after.get(key, (0.0, 0.0))
            self._after[key] = learned + fitted.learned, after + fitted.behind
        self._tried += 1
        self._mixing = min(self._mixing or compared, compared)  # more is the machine's noise
        unit = seconds / trial.work
        if not any(candidate.cuts):
            self._unit.setdefault(trial.model_type, unit)
        elif unit > self._unit.get(trial.model_type, 0.0):  # as much at least
            self._unit[trial.model_type] = unit
        if trial.model_type not in CLASSICS:  # which are seldom kept
            self._asking = max(self._asking, seconds - candidate.seconds)
        part = candidate.parts.get("test") or candidate.parts.get("validation")
        if self._ends is not None and part is not None:
            outputs = candidate.members[0][0].outputs
            few = part.take(slice(RESAMPLED))
            began = time.monotonic()
            few.score(outputs, {})
            took = time.monotonic() - began
            self._judging = min(self._judging or took, took)

    def _wanted(self, trial: Trial) -> float:
        """Seconds that a trial would take, as far as is known."""
        known = self._unit.get(trial.model_type)
        if known is None:
            learner = learners.get(trial.model_type)
            known = sum(learner.takes(rows, *self._table) for rows in self._rows)
        return known * trial.work
