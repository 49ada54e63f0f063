"""`monotone_constraints` of the learners that keep them: names of number inputs, as a direction for each column."""

from collections.abc import Mapping, Sequence

from crosstie.errors import ConfigError, Problem, nearest

PLACE = "trainer.monotone_constraints"


def directions(constraints: Mapping[str, int], numbers: Sequence[str], columns: int) -> list[int]:
    """1 for a column whose effect may only rise, -1 for one that may only fall, 0 for the others.

    Args:
        constraints: By number input.
        numbers: The number inputs, which are the first columns, in order.
        columns: How many there are in all.

    Raises:
        ConfigError: Constraints of what is no number input; all of them.
    """
    problems = [
        Problem(
            f"{PLACE}.{name}",
            f"only a number can rise or fall, and no number input has this name; {nearest(name, numbers)}",
        )
        for name in constraints
        if name not in numbers
    ]
    if problems:
        raise ConfigError(problems)
    others = columns - len(numbers)
    return [*(constraints.get(name, 0) for name in numbers), *([0] * others)]
