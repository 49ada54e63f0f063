"""The whole of what a test against production finds: plain values, from which table, page and JUnit are made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any, Literal

from crosstie.gates.costs import Cost
from crosstie.gates.predicted import Predicted
from crosstie.gates.tables import Training, Versions

Result = Literal["passed", "warned", "failed", "not applicable"]
STRETCH = 3.29 / 1.96  # normal quantiles of 99.9 % and 95 %


def signed(value: float) -> str:
    """A change, short enough for a table.

    Examples:
        >>> signed(0.012345), signed(-2797.3), signed(0.0)
        ('+0.0123', '-2797', '+0')
    """
    return f"{value:+.0f}" if abs(value) >= 1000 else f"{value:+.3g}"


@dataclass(frozen=True)
class Breach:
    """A difference between what two models take and give.

    Attributes:
        kind: `output`, `label`, `input` or `type`.
        where: The column.
        breaks: Whether somebody who calls production would trip over it.
        what: One sentence.
        share: Of the holdout's rows, those that it is about; 1 of what concerns every caller.
    """

    kind: Literal["output", "label", "input", "type"]
    where: str
    breaks: bool
    what: str
    share: float = 1.0


@dataclass(frozen=True)
class Skew:
    """Whether rows are seen alike alone, in a batch, in training and in a process of their own.

    Attributes:
        rows: How many rows of the holdout were tried.
        problems: What differs, one sentence each.
    """

    rows: int
    problems: Sequence[str]


@dataclass(frozen=True)
class Measured:
    """A metric of both models on the same rows.

    Attributes:
        after: The candidate's.
        before: Production's; None where there is none, as are the next three.
        change: `after - before`.
        low: Lower end of the 95 % interval of the change; None where resampling cannot bound it.
        high: Its upper end.
        greater_is_better: False of errors and losses.
        perfect: Of a model that is always right.
    """

    after: float
    before: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    greater_is_better: bool = True
    perfect: float = 1.0

    @property
    def worse_by(self) -> float | None:
        """How much worse it became, as a share of production's distance from perfect; negative where better."""
        if self.change is None or self.before is None:
            return None
        lost = (-self.change if self.greater_is_better else self.change) + 0.0  # no -0
        distance = abs(self.perfect - self.before)
        if not distance:
            return 0.0 if lost <= 0 else float("inf")
        return lost / distance

    @property
    def surely_worse(self) -> bool:
        """Whether the interval that one change in 1,000 leaves by chance holds nothing but worse.

        It is the 95 % interval stretched, as a normal one would be: several gates look at several metrics, and one in
        twenty of each would be an alarm a day.
        """
        return self._surely(-1 if self.greater_is_better else 1)

    @property
    def surely_better(self) -> bool:
        """Likewise, nothing but better."""
        return self._surely(1 if self.greater_is_better else -1)

    def _surely(self, sign: int) -> bool:
        if self.change is None or self.low is None or self.high is None:
            return False
        near = self.low if sign > 0 else self.high
        return sign * (self.change + STRETCH * (near - self.change)) > 0


@dataclass(frozen=True)
class Flips:
    """Rows whose prediction became another.

    Attributes:
        share: Of the rows compared.
        rows: How many.
        wrong: Share of the rows that production gets wrong.
        ways: The most frequent, as (before, after, rows).
    """

    share: float
    rows: int
    wrong: float
    ways: Sequence[tuple[str, str, int]]


@dataclass(frozen=True)
class Amounts:
    """How far predicted numbers moved, in the unit of the column.

    Attributes:
        mean: Of the changes, their signs kept.
        mean_absolute: Of their sizes.
        max_absolute: The largest.
        of_error: `mean_absolute` by production's mean absolute error; None where that is 0.
    """

    mean: float
    mean_absolute: float
    max_absolute: float
    of_error: float | None


@dataclass(frozen=True)
class Segment:
    """A part of the holdout, and how much worse the candidate is there.

    Attributes:
        column: What it is told by.
        values: Which values, in words: `= Two year`, `12 to 24`, `missing`.
        rows: How many.
        before: Production's mean loss there.
        after: The candidate's.
        low: Lower end of the interval of `after - before`, which holds for all segments looked at together.
        high: Its upper end.
    """

    column: str
    values: str
    rows: int
    before: float
    after: float
    low: float
    high: float

    @property
    def worse_by(self) -> float:
        """How much larger the loss became, as a share of production's there."""
        if not self.before:
            return float("inf") if self.after > 0 else 0.0
        return (self.after - self.before) / self.before


@dataclass(frozen=True)
class Moved:
    """A row whose prediction moved far.

    Attributes:
        row: Its number in the holdout, from 1.
        key: Of its key columns, the cells.
        truth: What stands in the holdout.
        before: What production says of it.
        after: What the candidate says.
        distance: For numbers the change; for classes the probability that changed sides.
        cells: The other inputs as text, None where missing, `(private)` where nobody is to see them.
    """

    row: int
    key: Mapping[str, str | None]
    truth: str | None
    before: str
    after: str
    distance: float
    cells: Mapping[str, str | None]


@dataclass(frozen=True)
class Bin:
    """Rows of which a model says nearly the same.

    Attributes:
        rows: How many.
        predicted: The mean of what it says: a probability, or a number.
        observed: How often it came true, or the mean of the true numbers.
    """

    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Output:
    """What became of one output.

    Attributes:
        type: As whose metrics it is measured.
        rows: How many rows were compared.
        left_out: Rows without a true value that the models know.
        main: The metric that tells most.
        metrics: By name.
        loss: Which mean loss segments are measured by.
        incomparable: Why the two models cannot be compared; then only the candidate's own metrics are there.
        flips: Of classes, sets, tags and texts.
        amounts: Of numbers and series.
        calibration: `before` and `after`, of classes and numbers.
        segments: The worst first.
        segments_seen: How many had enough rows to be looked at.
        moved: The rows that moved most.
    """

    type: str
    rows: int
    left_out: int
    main: str
    metrics: Mapping[str, Measured]
    loss: str = ""
    incomparable: str = ""
    flips: Flips | None = None
    amounts: Amounts | None = None
    calibration: Mapping[str, Sequence[Bin]] = field(default_factory=dict)
    segments: Sequence[Segment] = ()
    segments_seen: int = 0
    moved: Sequence[Moved] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that a gate looked at.

    Attributes:
        result: What came of it.
        what: One sentence, the numbers in it.
        where: The output or the column it is about; "" where it is about the whole.
        value: What was measured.
        bound: What it is held against.
    """

    result: Result
    what: str
    where: str = ""
    value: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a gate says.

    Attributes:
        gate: Its name.
        result: `failed` if anything failed, `warned` if anything warns; `not applicable` if nothing could be looked at.
        what: The sentence of what tells most.
        value: As of that finding.
        bound: Likewise.
        findings: All.
    """

    gate: str
    result: Result
    what: str
    value: float | None = None
    bound: float | None = None
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Comparison:
    """A candidate beside the model in production.

    Attributes:
        candidate: Where it came from.
        production: Likewise; None where nothing is in production.
        holdout: What the rows are called.
        rows: How many.
        contract: What a caller would find other than before.
        skew: Of the candidate; None where that gate is left out, for it starts a process.
        outputs: By name, those that the candidate has.
        training: Of both, where their tables were given.
        versions: The table that production was trained on, and the candidate's; None where there are none.
        costs: What the last run of each of the candidate's steps took; None where nobody says.
        outcomes: What the gates say.
        predicted: The rows and what was said of each, for gates of a project's own; no part of `state`.
    """

    candidate: str
    production: str | None
    holdout: str
    rows: int
    contract: Sequence[Breach]
    skew: Skew | None
    outputs: Mapping[str, Output]
    training: Training | None = None
    versions: Versions | None = None
    costs: Mapping[str, Cost] | None = None
    outcomes: Sequence[Outcome] = ()
    predicted: Predicted | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether no gate failed."""
        return not self.failed

    @property
    def failed(self) -> list[Outcome]:
        """The gates that said no."""
        return [each for each in self.outcomes if each.result == "failed"]

    @property
    def warned(self) -> list[Outcome]:
        """The gates that warn, and let it pass."""
        return [each for each in self.outcomes if each.result == "warned"]

    def flips(self, output: str | None = None, **where: Any) -> float:
        """The share of rows whose predicted class, set, tags or text became another.

        Args:
            output: Which; None where there is one only.
            where: Only rows with these cells, as in `comparison.flips(Contract="Two year")`; None is a missing cell.

        Raises:
            ConfigError: There is no such output or column. In a gate, with nothing in production or no such row, that
                gate is not applicable.
        """
        return self._predicted().flips(output, where)

    def frame(self, output: str | None = None) -> Any:
        """The holdout's rows as pandas has them, and beside them `true`, `before` (production) and `after`.

        Args:
            output: Which; None where there is one only.

        Raises:
            ConfigError: There is no such output.
            MissingExtra: pandas is absent.
        """
        return self._predicted().frame(output)

    def state(self) -> dict[str, Any]:
        """As JSON values; `passed` among them. What is infinite, as a loss by a perfect one before, is null."""
        found = asdict(replace(self, predicted=None))
        del found["predicted"]
        return {"passed": self.passed, **_finite(found)}

    def _predicted(self) -> Predicted:
        assert self.predicted is not None, "a comparison made by hand has no rows"
        return self.predicted

    def __repr__(self) -> str:
        if not self.outcomes:
            said = "no gates"
        elif self.passed:
            said = "passed"
        else:
            said = f"failed: {', '.join(each.gate for each in self.failed)}"
        beside = "nothing" if self.production is None else repr(self.production)
        return f"Comparison({self.candidate!r} against {beside}: {said})"


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value
