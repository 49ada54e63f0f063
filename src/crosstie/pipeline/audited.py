"""How groups of people, and slices that nobody named, fare under the model of a run: measured at its end.

`fairness.json` where the file has a `fairness:` section, as `crosstie audit` writes it; `slices.json` of every run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings
from crosstie.data.source import HELD
from crosstie.data.table import Table
from crosstie.evaluation.fairness import AUDITED
from crosstie.evaluation.group_thresholds import EVENED
from crosstie.evaluation.mitigation import REWEIGHING, Mitigation, compared
from crosstie.features.output_feature import OutputFeature
from crosstie.pipeline.candidate import Part
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.reports.audit import audit_blocks, slice_block
from crosstie.reports.blocks import Block
from crosstie.serving.audit import audit, grouped, slices_of
from crosstie.serving.audited import Audited, predicted_as

# rows that slices are looked for in, fewer where columns are many: a tenth of a second with 14 columns as with 100
MOST, LEAST, CELLS = 10_000, 1_000, 140_000


def audited(
    plan: Plan,
    outputs: Sequence[OutputFeature],
    part: Part,
    prepared: Prepared,
    judged: str,
    settings: Mapping[str, OutputSettings],
) -> dict[str, Audited]:
    """By output, the rows that judge a model as an audit takes them; of outputs that can be audited.

    Nothing of a table too large to be held, which would have to be read once more, nor of one that was cut into
    series, whose rows are in no group.

    Args:
        plan: For the sources.
        outputs: What is predicted.
        part: What is true and what the model says, calibrated.
        prepared: For the numbers of the rows.
        judged: Which part of the data it is.
        settings: By output.
    """
    source = plan.sources.get(judged, plan.sources["train"])
    if plan.windows is not None or source.size > HELD:
        return {}
    by = plan.fairness.by if plan.fairness is not None else ()
    wanted = list(dict.fromkeys([*(each.column for each in plan.inputs), *by]))
    limits = part.limits(settings)
    found = {}
    table: Table | None = None
    for feature in outputs:
        if feature.type not in AUDITED:
            continue
        target, raw = part.truth[feature.name], part.raw[feature.name]
        if table is None:
            table = source.table(wanted).take(prepared.rows[judged][: len(target)])
        own = settings[feature.name]
        found[feature.name] = replace(
            predicted_as(feature, target, raw, limits[feature.name], own),
            table=table,
            private=plan.private,
            profiles={name: plan.profile[name] for name in wanted if name in plan.profile},
        )
    return found


def fairness_json(
    by: Sequence[str], found: Audited, without: NDArray[np.int64] | None, part: str
) -> dict[str, Any]:
    """What `fairness.json` holds.

    Args:
        by: The columns that tell groups apart.
        found: The rows.
        without: What the same learner decides that was not taught by weights, `[rows]`; None where there is none.
        part: Which part of the data the rows are.
    """
    told = audit(found, by)
    if without is not None:
        told = replace(told, mitigations=[*_reweighed(by, found, without), *told.mitigations])
    shown = [each for each in audit_blocks(told) if each["id"] != "fairness-slices"]
    return {"part": part, **told.to_dict(), "blocks": shown}


def _reweighed(
    by: Sequence[str], found: Audited, without: NDArray[np.int64]
) -> Iterator[Mitigation]:
    """What weights of training rows did, by each criterion, each with the threshold of all rows."""
    assert found.probability is not None, "two classes have one"
    said = np.asarray(found.probability >= found.threshold, np.int64)
    for criterion in EVENED:
        each = compared(REWEIGHING, criterion, found.target, without, said, grouped(found, by))
        if each is not None:
            yield replace(each, applied=True)


def slices_json(found: Mapping[str, Audited], part: str) -> dict[str, Any] | None:
    """What `slices.json` holds: by output, where the model is surely worse than elsewhere; None where nothing is known.

    Args:
        found: By output.
        part: Which part of the data the rows are.
    """
    told: dict[str, Any] = {}
    shown: list[Block] = []
    for name, each in found.items():
        rows, most = len(each.target), max(min(MOST, CELLS // len(each.table.columns)), LEAST)
        some = each
        if rows > most:
            some = each.take(np.sort(np.random.default_rng(0).choice(rows, most, replace=False)))
        loss, slices, seen = slices_of(some)
        own = [vars(one) for one in slices]
        told[name] = {"loss": loss, "seen": seen, "rows": len(some.target), "slices": own}
        title = f"Worst slices: {name}" if len(found) > 1 else "Worst slices"
        if seen:  # of a model of texts alone there are none
            shown.append(slice_block(f"slices-{len(shown)}", title, loss, slices, seen))
    return {"part": part, "outputs": told, "blocks": shown} if told else None
