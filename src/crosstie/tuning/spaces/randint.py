"""Ranges of whole numbers, drawn evenly or evenly on a log scale."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Ge

from crosstie.config.words import Answer, Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.tuning.space import Space, ordered, spaces
from crosstie.tuning.spaces.uniform import BASE, MOST

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Lower = Annotated[int, Elsewhere("low", "min", "minimum", "from")]
Upper = Annotated[int, Elsewhere("high", "max", "maximum", "to")]
Step = Annotated[int, Ge(1), Elsewhere("step")]


@spaces("randint", elsewhere=("int", "integer", "suggest_int", "uniform_int"))
class RandInt(Space):
    """A whole number of a range, each as likely.

    Args:
        lower: The least.
        upper: The most; it may be drawn, too.
    """

    log = False
    q = 1

    def __init__(self, *, lower: Lower, upper: Upper) -> None:
        ordered(lower, upper, log=self.log)
        self.lower = lower
        self.upper = upper

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import IntDistribution

        return IntDistribution(self.lower, self._last, log=self.log, step=self.q)

    def corners(self) -> list[Any]:
        return [self.lower, self._last]

    @property
    def _last(self) -> int:
        return self.upper - (self.upper - self.lower) % self.q

    def points(self) -> range | None:
        found = range(self.lower, self.upper + 1, self.q)
        return found if len(found) <= MOST else None


@spaces("lograndint")
class LogRandInt(RandInt):
    """A whole number of a range, each order of magnitude as likely.

    Args:
        lower: The least, above 0.
        upper: The most; it may be drawn, too.
    """

    log = True
    answers: ClassVar[dict[str, Answer]] = BASE


@spaces("qrandint")
class QRandInt(RandInt):
    """A whole number of a range in steps, each as likely.

    Args:
        lower: The least.
        upper: The most; where the steps do not meet it, the last before it.
        q: The step, from `lower` on.
    """

    def __init__(self, *, lower: Lower, upper: Upper, q: Step) -> None:
        super().__init__(lower=lower, upper=upper)
        if q > upper - lower:
            raise ConfigError(Problem("q", f"must be at most upper - lower, got {q}"))
        self.q = q


@spaces("qlograndint")
class QLogRandInt(LogRandInt):
    """As `lograndint`, rounded to a multiple.

    Args:
        lower: The least, above 0.
        upper: The most; it may be drawn, too.
        q: What is rounded to.
    """

    def __init__(self, *, lower: Lower, upper: Upper, q: Step) -> None:
        super().__init__(lower=lower, upper=upper)
        self.step = q

    def value(self, drawn: Any) -> Any:
        return min(max(round(drawn / self.step) * self.step, self.lower), self.upper)

    def points(self) -> None:
        return None
