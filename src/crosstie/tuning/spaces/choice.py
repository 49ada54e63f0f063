"""Lists of values: texts, numbers, true and false, or whole sections."""

from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import MinLen

from crosstie.config.words import Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.tuning.space import Space, label, spaces

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Listed(Space):
    """Values one by one.

    Args:
        values: The values.
        option: What the file calls the list.
    """

    def __init__(self, values: list[Any], option: str) -> None:
        self.values = values
        self.labels = tuple(map(label, values))
        again = [each for i, each in enumerate(self.labels) if each in self.labels[:i]]
        if again:
            raise ConfigError(Problem(option, f"has {again[0]} twice; keep one"))

    def distribution(self) -> "BaseDistribution":
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.labels)

    def value(self, drawn: Any) -> Any:
        return self.values[self.labels.index(drawn)]

    def corners(self) -> list[Any]:
        return list(self.labels)

    def points(self) -> list[Any]:
        return list(self.labels)


@spaces("choice", elsewhere=("category", "categorical", "suggest_categorical", "sample"))
class Choice(Listed):
    """One of a list; a list by itself means the same.

    Args:
        categories: The values. One that is a section goes into the file as it stands: with a `type` it takes the place of
            what is there, without one its keys are set.
    """

    def __init__(
        self, *, categories: Annotated[list[Any], MinLen(1), Elsewhere("choices", "options")]
    ) -> None:
        super().__init__(categories, "categories")


@spaces("grid_search", elsewhere=("grid",))
class GridSearch(Listed):
    """Each of a list: all of them are tried, with all of every other `grid_search`.

    Args:
        values: As in `choice`.
    """

    whole = True

    def __init__(
        self, *, values: Annotated[list[Any], MinLen(1), Elsewhere("categories", "choices")]
    ) -> None:
        super().__init__(values, "values")
