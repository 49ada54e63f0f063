"""Numbers around a mean."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Gt

from crosstie.config.words import Elsewhere
from crosstie.tuning.space import Space, spaces

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

TAIL = 1e-4  # of the draws on either side, which are not drawn: less than 3.72 deviations away


@spaces("randn", elsewhere=("normal", "gaussian"))
class RandN(Space):
    """A number around a mean, normally distributed. What a study keeps of it is its quantile, for optuna draws no normals.

    Args:
        mean: The middle.
        sd: The standard deviation.
    """

    def __init__(
        self,
        *,
        mean: Annotated[float, Elsewhere("mu", "loc")] = 0.0,
        sd: Annotated[float, Gt(0), Elsewhere("sigma", "std", "scale")] = 1.0,
    ) -> None:
        self.normal = NormalDist(mean, sd)

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import FloatDistribution

        return FloatDistribution(TAIL, 1 - TAIL)

    def value(self, drawn: Any) -> Any:
        return self.normal.inv_cdf(drawn)

    def corners(self) -> list[Any]:
        return [TAIL, 1 - TAIL]


@spaces("qrandn")
class QRandN(RandN):
    """As `randn`, rounded to a multiple.

    Args:
        mean: The middle.
        sd: The standard deviation.
        q: What is rounded to.
    """

    def __init__(
        self,
        *,
        q: Annotated[float, Gt(0), Elsewhere("step")],
        mean: Annotated[float, Elsewhere("mu", "loc")] = 0.0,
        sd: Annotated[float, Gt(0), Elsewhere("sigma", "std", "scale")] = 1.0,
    ) -> None:
        super().__init__(mean=mean, sd=sd)
        self.q = q

    def value(self, drawn: Any) -> Any:
        return round(round(super().value(drawn) / self.q) * self.q, 12)
