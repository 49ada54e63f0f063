"""What a gate is: something that looks at a comparison and says whether a candidate may take production's place."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crosstie.config.registry import Registry
from crosstie.errors import ConfigError, CrosstieError, Problem
from crosstie.gates.blame import line_of, words_of
from crosstie.gates.comparison import Comparison, Finding, Outcome
from crosstie.gates.predicted import NotApplicable


class Gate(ABC):
    """A check of a candidate. Its keyword-only constructor parameters are its options in `gates.yaml`.

    Example:
        >>> from crosstie.gates.gate import gates
        >>> @gates("enough_rows")
        ... class EnoughRows(Gate):
        ...     '''The holdout is large enough to tell.
        ...
        ...     Args:
        ...         least: How many rows it needs.
        ...     '''
        ...
        ...     def __init__(self, *, least: int = 100) -> None:
        ...         self.least = least
        ...
        ...     def check(self, comparison):
        ...         few = comparison.rows < self.least
        ...         what = f"the holdout has {comparison.rows} rows"
        ...         return [Finding("failed" if few else "passed", what)]
    """

    @property
    def code(self) -> Any:
        """What is looked for in a traceback: its class, or the function that it stands for."""
        return type(self)

    @abstractmethod
    def check(self, comparison: Comparison) -> list[Finding]:
        """Look at a comparison.

        Returns:
            One finding for each thing looked at: an output, a column, the whole. One that is `not applicable` says
            why nothing could be looked at.
        """


gates: Registry[Gate] = Registry("gate", home=f"{__package__}.rules")


def outcome(name: str, findings: Sequence[Finding]) -> Outcome:
    """What a gate says in one line: its worst finding, and how many others are as bad.

    Args:
        name: The gate's.
        findings: What `check` gave.
    """
    for result in ("failed", "warned", "passed", "not applicable"):
        those = [each for each in findings if each.result == result]
        if those:
            first = those[0]
            where = f"{first.where}: " if first.where else ""
            bad = result in {"failed", "warned"}
            more = f" (and {len(those) - 1} more)" if bad and len(those) > 1 else ""
            what = f"{where}{first.what}{more}"
            return Outcome(name, first.result, what, first.value, first.bound, list(findings))
    return Outcome(name, "not applicable", "found nothing to look at")


def outcomes(comparison: Comparison, chosen: Mapping[str, Gate]) -> list[Outcome]:
    """What gates say of a comparison, in their order.

    Raises:
        ConfigError: Gates of the project's own fail themselves; all of them, each with its line.
    """
    found: list[Outcome] = []
    problems: list[Problem] = []
    for name, gate in chosen.items():
        try:
            found.append(outcome(name, _asked(name, gate, comparison)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def _asked(name: str, gate: Gate, comparison: Comparison) -> list[Finding]:
    if not gates.is_own(type(gate)):
        return gate.check(comparison)
    try:
        found = gate.check(comparison)
    except NotApplicable as why:
        return [Finding("not applicable", str(why))]
    except ConfigError as error:
        where = line_of(error, gate.code)
        raise ConfigError([
            each if each.where else Problem(where, f"gate {name!r}: {each.what}")
            for each in error.problems
        ]) from error  # fmt: skip
    except CrosstieError:
        raise
    except Exception as error:  # somebody's own code: whatever it raises is told with its line
        what = f"gate {name!r}: {words_of(error)}"
        raise ConfigError(Problem(line_of(error, gate.code), what)) from error
    if not isinstance(found, list) or not all(isinstance(each, Finding) for each in found):
        kind = type(found).__name__
        raise ConfigError(f"gate {name!r}: check must return a list of Finding, and gives a {kind}")
    return [
        replace(
            each,
            value=None if each.value is None else float(each.value),
            bound=None if each.bound is None else float(each.bound),
        )
        for each in found
    ]
