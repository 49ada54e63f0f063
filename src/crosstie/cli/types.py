"""Arguments that several commands take: a table, which may be `-`, and `--type COLUMN=TYPE`."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from crosstie.errors import ConfigError, Problem

STDIN = (
    "@stdin"  # what `-` is called while the command line is parsed, which takes it for an option
)


def hide_stdin(tokens: Sequence[str]) -> list[str]:
    """Command-line words with each `-` said so that the parser does not take it for an option.

    Examples:
        >>> hide_stdin(["predict", "churn/latest", "-", "-o", "-"])
        ['predict', 'churn/latest', '@stdin', '--output=-']
    """
    found: list[str] = []
    for word in tokens:
        if word != "-":
            found.append(word)
        elif found and found[-1] in {"-o", "--output"}:
            found[-1] = "--output=-"
        else:
            found.append(STDIN)
    return found


def _table(kind: Any, tokens: Sequence[Any]) -> str:
    word = str(tokens[0].value)
    return "-" if word == STDIN else word


TablePath = Annotated[str, Parameter(converter=_table)]


def column_types(pairs: Sequence[str]) -> dict[str, str]:
    """`["zip=category"]` as `{"zip": "category"}`.

    Raises:
        ConfigError: Some are not of that form.
    """
    found = {}
    problems = []
    for text in pairs:
        column, equals, kind = text.rpartition("=")
        if equals and column and kind:
            found[column] = kind
        else:
            problems.append(
                Problem(f"--type {text}", "is not of the form COLUMN=TYPE, as in zip=category")
            )
    if problems:
        raise ConfigError(problems)
    return found


def names(given: Sequence[str] | None) -> list[str] | None:
    """`["a,b", "c"]` as `["a", "b", "c"]`; None stays None.

    Examples:
        >>> names(["id,town", "age"])
        ['id', 'town', 'age']
    """
    return None if given is None else [name for each in given for name in each.split(",")]
