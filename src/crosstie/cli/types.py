"""`--type COLUMN=TYPE`, as several commands take it."""

from collections.abc import Sequence

from crosstie.errors import ConfigError, Problem


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
