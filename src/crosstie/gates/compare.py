"""`compare`: a candidate against the model in production, on the same rows, with no test code written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.data.table import Table
from crosstie.errors import ConfigError
from crosstie.gates.answers import answers
from crosstie.gates.comparison import Comparison, Output
from crosstie.gates.contract import breaches
from crosstie.gates.costs import Cost
from crosstie.gates.file import read_gates
from crosstie.gates.gate import Gate, outcomes
from crosstie.gates.holdout import Holdout
from crosstie.gates.outputs import compare_output
from crosstie.gates.predicted import predicted
from crosstie.gates.skew import skew_of
from crosstie.gates.tables import Versions
from crosstie.gates.training import check_key, compare_training
from crosstie.serving.model import Model


def compare(
    candidate: Model,
    production: Model | None,
    holdout: Any,
    *,
    production_holdout: Any = None,
    key: str | Sequence[str] | None = None,
    training: tuple[Any, Any | None] | None = None,
    versions: Versions | None = None,
    costs: Mapping[str, Cost] | None = None,
    gates: str | Path | Mapping[str, Any] | None = None,
    own: str | Path | Sequence[str | Path] = (),
    seed: int = 0,
) -> Comparison:
    """Predict a holdout with both models and hold the difference against gates.

    Args:
        candidate: What may take production's place.
        production: What is there now; None where nothing is: what needs both is then not applicable.
        holdout: Rows that neither was trained on, as for `Model.predict`, the targets in them.
        production_holdout: The same rows in the same order as production takes them, where the code that makes its inputs
            has moved; None where both take them alike.
        key: Columns that name a row, shown beside the rows that moved; the candidate's training table is searched
            for them.
        training: `(the candidate's training table, production's)`, each as for `Model.predict`; the second may be
            None. None where there are none: what looks at them is then not applicable.
        versions: Of the training table, production's and the candidate's, row by row; None where nobody compared them.
        costs: What it took to make the candidate, step by step; None where nobody says.
        gates: As for `read_gates`.
        own: Likewise.
        seed: Of the resampling, and of the rows tried one by one.

    Returns:
        All that was found, the gates' outcomes among it.

    Raises:
        ConfigError: The gates' file is wrong, a gate of one's own fails, or a table lacks the key.
        DataError: The holdout lacks a column that a model needs, or has no usable target; a training table is another.

    Example:
        >>> import crosstie
        >>> from crosstie.gates.compare import compare
        >>> model = crosstie.load("customers/latest")
        >>> found = compare(model, model, "later_customers.csv")
        >>> found.passed
        True
    """
    for model, what in ((candidate, "candidate"), (production, "production")):
        if not isinstance(model, Model) and (model is not None or what == "candidate"):
            kind = type(model).__name__
            raise ConfigError(f"{what}: give a model, as `crosstie.load` opens one; got a {kind}")
    chosen = read_gates(gates, own=own)
    tables = None if training is None else _two(training)
    keys = [key] if isinstance(key, str) else list(key or ())
    said = answers(candidate, holdout)
    table = said.table
    check_key(keys, table, "the holdout")
    was = holdout if production_holdout is None else production_holdout
    old = None if production is None else answers(production, was)
    if old is not None and production_holdout is not None and len(old.table) != len(table):
        raise ConfigError(f"production_holdout: has {len(old.table)} rows and the holdout {len(table)}; they must be the same rows")  # fmt: skip
    artifact = candidate.artifact
    private = {*artifact.private, *(production.artifact.private if production else ())}
    styles = artifact.members[0].preprocessor.styles
    rows = Holdout(_with_made(artifact, table), artifact.inputs, keys, private, styles)
    outputs: dict[str, Output] = {
        name: compare_output(old.outputs.get(name) if old else None, each, rows, seed=seed)
        for name, each in said.outputs.items()
    }
    found = Comparison(
        candidate=_called(candidate),
        production=None if production is None else _called(production),
        holdout=said.name,
        rows=len(table),
        contract=breaches(production.artifact, artifact, table) if production else (),
        skew=skew_of(candidate, table, seed=seed) if "skew" in chosen else None,
        outputs=outputs,
        training=None
        if tables is None
        else compare_training((candidate, production), tables, table, keys, seed=seed),
        versions=None if versions is None else versions.without(private),
        costs=costs,
        predicted=predicted(table, said.outputs, old.outputs if old else {}),
    )
    return judged(found, chosen)


def judged(comparison: Comparison, chosen: Mapping[str, Gate]) -> Comparison:
    """The same comparison with what gates say of it."""
    return replace(comparison, outcomes=outcomes(comparison, chosen))


def _with_made(artifact: Artifact, table: Table) -> Table:
    """A table with the columns that a model makes of it beside its own."""
    made = artifact.seen(table)
    own = {name: name for name in table.columns if name not in made.columns}
    return table.derived([*own, *made.columns], own, made)


def _called(model: Model) -> str:
    return str(model.path or model.artifact.folder or model.artifact.manifest["name"])


def _two(training: tuple[Any, Any | None]) -> tuple[Any, Any | None]:
    if not isinstance(training, tuple) or len(training) != 2 or training[0] is None:
        raise ConfigError(
            "training: give two tables, (the candidate's, production's); the second may be None"
        )
    return training
