"""By which rows models are compared, and why by those: said before a search, and kept in its plan."""

from collections.abc import Sequence

from crosstie.data.split import Split
from crosstie.data.splits.datetime import Datetime
from crosstie.data.splits.fixed import Fixed
from crosstie.data.splits.group import Group
from crosstie.data.splits.order import Order
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.sampling import Sampled


def compared_by(plan: Plan, data: Sequence[Prepared]) -> str:
    """A sentence's end: "570 validation rows, drawn at random".

    Args:
        plan: Of the run.
        data: Of each fold.
    """
    rows = f"{sum(len(each.batches.get('validation', ())) for each in data):,}"
    split, group = inner(plan.split), group_of(plan.split)
    if len(data) > 1:
        apart = "" if group is None else f", whole groups by {group!r}"
        return f"{rows} rows in {len(data)} folds{apart}: each is judged by the models that never saw it"
    if "validation" not in data[0].batches:
        return "the training rows themselves, for there are no others"
    if "validation" in plan.sources:
        return f"the {rows} rows of {plan.sources['validation'].name}"
    if isinstance(split, Datetime):
        return f"{rows} validation rows, those before the test rows by {split.column!r}"
    if isinstance(split, Order):
        return f"{rows} validation rows, those before the test rows in the table's order"
    if isinstance(split, Fixed):
        return f"{rows} validation rows, as {split.column!r} has them"
    if group is not None:
        return f"{rows} validation rows, of groups by {group!r} that are in no other part"
    return f"{rows} validation rows, drawn at random"


def inner(split: Split | None) -> Split | None:
    """The split of all rows, where some are left out."""
    return split.split if isinstance(split, Sampled) else split


def group_of(split: Split | None) -> str | None:
    """The column whose groups are kept together, if any."""
    found = inner(split)
    return found.column if isinstance(found, Group) else None
