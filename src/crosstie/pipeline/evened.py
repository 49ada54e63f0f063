"""An audited model that decides each group by a threshold of its own, whoever made it: nothing is trained."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crosstie.artifact.saving import decide_by_groups
from crosstie.errors import ConfigError, Problem
from crosstie.evaluation.group_thresholds import BOUND
from crosstie.evaluation.groups import usual_form
from crosstie.features.row_groups import row_groups
from crosstie.pipeline.evening import Fair, ungrouped, with_groups
from crosstie.serving.audited import Audited
from crosstie.serving.model import Model


def even_out_model(
    model: Model, found: Audited, by: Sequence[str], criterion: str, folder: Path
) -> None:
    """Write a model that decides each group by a threshold of its own, chosen on audited rows.

    Args:
        model: What was audited; it stays as it is.
        found: Its rows.
        by: The columns that tell groups apart, of several their intersections.
        criterion: Of `EVENED`.
        folder: Gets the model; must not be there.

    Raises:
        ConfigError: It is there, or these groups of this output cannot be evened out.
    """
    problems = [
        Problem("by", f"{name!r} is private, and thresholds by it would lie in the model")
        for name in by
        if name in found.private
    ]
    problems += [
        Problem("by", ungrouped(found.profile(name)))
        for name in by
        if usual_form(found.profile(name)) != "levels"
    ]
    binary = {each.name: each for each in model.artifact.outputs if each.type == "binary"}
    if found.output not in binary or found.probability is None:
        problems.append(
            Problem(
                "even_out", f"is for yes/no outputs, and {found.output!r} is none; leave it out"
            )
        )
    elif found.positive != binary[found.output].labels[1]:
        problems.append(
            Problem(
                "positive",
                f"a model has thresholds of its own positive class, {binary[found.output].labels[1]!r}; leave it out",
            )
        )
    if problems:
        raise ConfigError(problems)
    assert found.probability is not None
    keys = row_groups(found.table, by)
    settings = with_groups(
        model.artifact.settings[found.output],
        Fair(tuple(by), criterion, reweighing=False, bound=BOUND),
        found.target,
        found.probability,
        np.fromiter(keys, object, len(keys)),
        [],
        costs=None,
        weights=None,
    )
    part = folder.with_name(f".{folder.name}.even")
    shutil.rmtree(part, ignore_errors=True)
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; give another name, or remove it")
    model.save(part)
    try:
        decide_by_groups(part, {found.output: settings})
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
