"""Two ways to say what is judged: a model and its data, or a table that holds what somebody's model said."""

from collections.abc import Mapping
from pathlib import Path

from crosstie.errors import ConfigError, Problem

VALUES = {"--target": "true", "--prediction": "predicted"}


def of_a_model(
    model: str | None, columns: object, no_header: bool, components: Path | None
) -> dict[str, object]:
    """What every command takes for a model and its data, each None where it is not given."""
    return {
        "MODEL": model,
        "--columns": columns,
        "--no-header": no_header or None,
        "--components": components,
    }


def predictions_asked(
    predictions: Path, needed: Mapping[str, str | None], misplaced: Mapping[str, object]
) -> tuple[str, ...]:
    """The columns that are needed, where nothing is given that needs a model.

    Args:
        predictions: The table.
        needed: Of `--target` and `--prediction` those that are, and the columns, each None where it is not given.
        misplaced: Arguments that need a model, each None where it is not given.

    Raises:
        ConfigError: One of the columns is not named, or an argument has no meaning.
    """
    problems = [
        Problem(name, "has no meaning with --predictions, which is a table by itself; leave it out")
        for name, given in misplaced.items()
        if given is not None
    ]
    problems += [
        Problem(
            name, f"--predictions needs it: the column of {VALUES[name]} values in {predictions}"
        )
        for name, given in needed.items()
        if given is None
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(given for given in needed.values() if given is not None)


def model_asked(
    command: str,
    model: str | None,
    data: str | None,
    misplaced: Mapping[str, object],
    *,
    columns: str = "--target COLUMN --prediction COLUMN",
) -> tuple[str, str]:
    """The model and its data, where no option is given that goes with a table of predictions.

    Args:
        command: What is asked.
        model: The model.
        data: Its rows.
        misplaced: Options that go with a table of predictions, each None where it is not given.
        columns: What such a table needs.

    Raises:
        ConfigError: One of both is absent, or an option has no meaning.
    """
    problems = [
        Problem(name, "goes with --predictions FILE, a table that holds what somebody's model said")
        for name, given in misplaced.items()
        if given is not None
    ]
    if model is None or data is None:
        problems.append(
            Problem(
                command,
                f"give a model and its data, as in `crosstie {command} churn/latest later.csv`, or a table of predictions: "
                f"--predictions FILE {columns}",
            )
        )
    if problems:
        raise ConfigError(problems)
    assert model is not None
    assert data is not None
    return model, data
