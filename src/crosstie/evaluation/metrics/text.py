"""Metrics of a text: true texts `[rows]` against written ones, by the libraries whose figures papers quote."""

import importlib.util
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import MissingExtra
from crosstie.evaluation.metric import Array, Metric, metrics, ratio
from crosstie.evaluation.metrics.sequence import Counted

OF = ("text",)
ORDERS = 4  # of n-grams
Counts = NDArray[np.float64]


@metrics("bleu", of=OF)
class Bleu(Counted):
    """BLEU of all rows together, 0 to 100 (Papineni et al. 2002): sacrebleu's defaults, one reference a row."""

    perfect = 100.0
    any_unit = False  # while training nothing is written

    def __init__(self) -> None:
        require("sacrebleu", needed_for="BLEU")

    @cached_property
    def _bleu(self) -> Any:
        from sacrebleu.metrics import BLEU  # 60 ms

        # texts may end in ` .`: what was written is judged as it is; a row's own BLEU is not looked at
        return BLEU(force=True, effective_order=True)

    def counts(self, target: Array, prediction: Array) -> Counts:
        found = np.zeros((len(target), 2 + 2 * ORDERS))
        for row, (true, said) in enumerate(zip(target, prediction, strict=True)):
            one = self._bleu.sentence_score(said, [true])
            found[row] = [one.sys_len, one.ref_len, *one.counts, *one.totals]
        return found

    def of(self, total: Counts) -> float:
        said, true, *rest = total.tolist()
        if not rest[ORDERS]:
            return 0.0
        found = self._bleu.compute_bleu(
            rest[:ORDERS], rest[ORDERS:], round(said), round(true), smooth_method="exp"
        )
        return float(found.score)


@metrics("chrf", of=OF)
class ChrF(Metric):
    """chrF of all rows together, 0 to 100 (Popović 2015): sacrebleu's defaults, rows counting alike."""

    perfect = 100.0
    any_unit = False

    def __init__(self) -> None:
        require("sacrebleu", needed_for="chrF")

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        from sacrebleu.metrics import CHRF  # 60 ms

        return float(CHRF().corpus_score(list(prediction), [list(target)]).score)


@metrics("rouge_l", of=OF)
class RougeL(Counted):
    """The mean F1 of rows' longest common subsequences of words (Lin 2004), 0 to 1: rouge-score's, not stemmed."""

    any_unit = False

    def __init__(self) -> None:
        require("rouge_score", needed_for="ROUGE")

    def counts(self, target: Array, prediction: Array) -> Counts:
        from rouge_score.rouge_scorer import RougeScorer  # 2 s: it imports nltk

        scorer = RougeScorer(["rougeL"])
        pairs = zip(target, prediction, strict=True)
        return np.array(
            [[scorer.score(true, said)["rougeL"].fmeasure, 1.0] for true, said in pairs]
        )

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]))


@metrics("row_accuracy", of=OF)
@metrics("accuracy", of=OF)
class RowAccuracy(Counted):
    """The share of texts that are written exactly, spaces aside."""

    any_unit = False

    def counts(self, target: Array, prediction: Array) -> Counts:
        pairs = zip(target, prediction, strict=True)
        right = [" ".join(true.split()) == " ".join(said.split()) for true, said in pairs]
        return np.stack([np.array(right, np.float64), np.ones(len(right))], 1)

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]))


@metrics("loss", of=OF)
class Loss(Metric):
    """The mean negative log-likelihood of a token, which only training knows: texts alone have none, so it is NaN."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return float("nan")


def require(package: str, *, needed_for: str) -> None:
    """Look whether a package of the extra `generation` is there.

    Raises:
        MissingExtra: It is not.
    """
    if importlib.util.find_spec(package) is None:
        name = package.replace("_", "-")
        raise MissingExtra(name, "generation", needed_for=needed_for)
