"""Two ways to say what is judged: a model and its data, or a table that holds what somebody's model said."""

from collections.abc import Mapping
from pathlib import Path

from crosstie.errors import ConfigError, Problem


def predictions_asked(
    predictions: Path, target: str | None, prediction: str | None, misplaced: Mapping[str, object]
) -> tuple[str, str]:
    """The columns of true and predicted values, where nothing is given that needs a model.

    Args:
        predictions: The table.
        target: The column of true values.
        prediction: The column of predicted ones.
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
        Problem(name, f"--predictions needs it: the column of {what} values in {predictions}")
        for name, given, what in (
            ("--target", target, "true"),
            ("--prediction", prediction, "predicted"),
        )
        if given is None
    ]
    if problems:
        raise ConfigError(problems)
    assert target is not None
    assert prediction is not None
    return target, prediction


def model_asked(
    command: str, model: str | None, data: str | None, misplaced: Mapping[str, object]
) -> tuple[str, str]:
    """The model and its data, where no option is given that goes with a table of predictions.

    Args:
        command: What is asked.
        model: The model.
        data: Its rows.
        misplaced: Options that go with a table of predictions, each None where it is not given.

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
                "--predictions FILE --target COLUMN --prediction COLUMN",
            )
        )
    if problems:
        raise ConfigError(problems)
    assert model is not None
    assert data is not None
    return model, data
