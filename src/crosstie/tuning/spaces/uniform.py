"""Ranges of numbers, drawn evenly or evenly on a log scale, as they are or rounded."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Gt

from crosstie.config.words import ANYTHING, Answer, Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.tuning.space import Space, ordered, spaces

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Lower = Annotated[float, Elsewhere("low", "min", "minimum", "from")]
Upper = Annotated[float, Elsewhere("high", "max", "maximum", "to")]
BASE = {"base": Answer("draws the same whichever it is", (ANYTHING,))}
MOST = 1000  # steps of a range that are gone through one by one


@spaces("uniform", elsewhere=("float", "real", "suggest_uniform", "suggest_float"))
class Uniform(Space):
    """A number of a range, each as likely.

    Args:
        lower: The least.
        upper: The most.
    """

    log = False

    def __init__(self, *, lower: Lower, upper: Upper) -> None:
        ordered(lower, upper, log=self.log)
        self.lower = lower
        self.upper = upper

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.lower, self.upper, log=self.log)

    def corners(self) -> list[Any]:
        return [self.lower, self.upper]


@spaces("loguniform", elsewhere=("log_uniform", "suggest_loguniform"))
class LogUniform(Uniform):
    """A number of a range, each order of magnitude as likely.

    Args:
        lower: The least, above 0.
        upper: The most.
    """

    log = True
    answers: ClassVar[dict[str, Answer]] = BASE


@spaces("quniform", elsewhere=("suggest_discrete_uniform",))
class QUniform(Uniform):
    """A number of a range in steps, each as likely.

    Args:
        lower: The least.
        upper: The most; where the steps do not meet it, the last before it.
        q: The step, from `lower` on.
    """

    def __init__(
        self, *, lower: Lower, upper: Upper, q: Annotated[float, Gt(0), Elsewhere("step")]
    ) -> None:
        super().__init__(lower=lower, upper=upper)
        self.q = q
        if q > upper - lower:
            raise ConfigError(Problem("q", f"must be at most upper - lower, got {q:g}"))

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.lower, self.points()[-1], step=self.q)

    def corners(self) -> list[Any]:
        return [self.lower, self.points()[-1]]

    def points(self) -> list[Any]:
        steps = int((self.upper - self.lower) / self.q + 1e-9)
        return [round(self.lower + i * self.q, 12) for i in range(steps + 1)]

    def value(self, drawn: Any) -> Any:
        return round(drawn, 12)


@spaces("qloguniform")
class QLogUniform(LogUniform):
    """As `loguniform`, rounded to a multiple.

    Args:
        lower: The least, above 0.
        upper: The most.
        q: What is rounded to.
    """

    def __init__(
        self, *, lower: Lower, upper: Upper, q: Annotated[float, Gt(0), Elsewhere("step")]
    ) -> None:
        super().__init__(lower=lower, upper=upper)
        self.q = q

    def value(self, drawn: Any) -> Any:
        return min(max(round(round(drawn / self.q) * self.q, 12), self.lower), self.upper)
