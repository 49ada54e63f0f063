"""An audit: groups of rows by columns that are named or proposed, their intersections, and what became of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.notebook import notebook
from crosstie.data.profile import ColumnProfile
from crosstie.errors import ConfigError, DataError, Problem, nearest
from crosstie.evaluation.fairness import (
    CRITERIA,
    LEAST,
    Criterion,
    Fairness,
    Rate,
    fairness,
    overall,
    quantities,
)
from crosstie.evaluation.groups import LEVELS, Grouping, crossed, grouping, parts, usual_form
from crosstie.evaluation.mitigation import THRESHOLDS, Mitigation, by_thresholds, compared
from crosstie.evaluation.sensitive import Proposal, proposed
from crosstie.evaluation.slices import Condition, Slice, worst_slices
from crosstie.serving.audited import Audited

LIMITS = (
    "An audit tells how groups fared on these rows, not why, and nothing of whom the rows leave out. Criteria may exclude "
    "each other: which one matters is not a question of statistics."
)


@dataclass(frozen=True)
class Audit:
    """What became of groups of rows.

    Attributes:
        output: What is predicted.
        type: `binary`, `category` or `number`.
        positive: Of a binary one, the class that counts as chosen.
        rows: How many rows have a true and a predicted value.
        left_out: How many have not.
        least: A group of fewer rows is not judged.
        proposals: Where no columns were named, why each was taken.
        overall: Rates of all rows.
        by: For each column and then each two of them.
        loss: What `slices` are measured by: `brier`, `error` or `mae`.
        mitigations: For each column, what evening its groups out would cost, by criterion; of two classes whose
            probabilities are known.
        slices: Rows on which predictions are surely worse than on the others, told by any columns.
        slices_seen: How many were looked at.
        notes: What was left out, and what is predicted that is no class, one sentence each.
    """

    output: str
    type: str
    positive: str
    rows: int
    left_out: int
    least: int
    proposals: Sequence[Proposal]
    overall: Mapping[str, Rate]
    by: Sequence[Fairness]
    mitigations: Sequence[Mitigation]
    loss: str
    slices: Sequence[Slice]
    slices_seen: int
    notes: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)

    @property
    def failed(self) -> Sequence[tuple[Fairness, Criterion]]:
        """The criteria that surely do not hold, and of which groups."""
        return [
            (each, found) for each in self.by for found in each.criteria if found.verdict == "fails"
        ]

    @property
    def verdict(self) -> str:
        """How many criteria fail, hold, and cannot be told, in one sentence."""
        told = [each.verdict for one in self.by for each in one.criteria if each.verdict]
        return (
            f"Of {len(told)} criteria with a usual bound {told.count('fails')} surely fail and {told.count('holds')} surely "
            f"hold; for {told.count('unsure')} the rows are too few to say."
        )

    def __repr__(self) -> str:
        what = f"{self.output} on {self.rows} rows by {len(self.by)} groupings"
        return f"Audit({what}: {len(self.failed)} criteria surely fail)"

    def _repr_html_(self) -> str:
        rows = [
            (
                " and ".join(each.columns),
                found.name,
                f"{found.value:.3f}",
                f"{found.low:.3f} to {found.high:.3f}",
                found.verdict,
                found.least,
                found.most,
            )
            for each in self.by
            for found in each.criteria
        ]
        head = ["by", "criterion", "value", "95 % interval", "verdict", "least", "most"]
        return notebook(repr(self), head, rows)


def audit(found: Audited, by: Sequence[str] | None = None, *, least: int = LEAST) -> Audit:
    """Rates and criteria by groups.

    Args:
        found: The rows.
        by: Columns that groups are told apart by; None takes those that seem to be about sex, race, age and the like.
        least: A group of fewer rows is not judged.

    Raises:
        ConfigError: There is no such column, or it makes no groups.
        DataError: No column was named, and none can be proposed.
    """
    notes = list(found.notes)
    if by is None:
        proposals, groupings = _proposed(found, notes)
    else:
        proposals, groupings = [], _named(found, by)
    measured = quantities(found.type, found.target, found.predicted, found.probability)
    rules = CRITERIA[found.type]
    pairs = [crossed(*each) for each in combinations(groupings, 2)]
    own = found.evened.columns if found.evened is not None else ()
    if len(own) > 2 and by is not None and set(own) <= set(by):
        pairs.append(grouped(found, own))
    loss, slices, seen = slices_of(found, least=least)
    return Audit(
        found.output,
        found.type,
        found.positive,
        len(found.target),
        found.left_out,
        least,
        proposals,
        overall(measured),
        [fairness(measured, each, rules, least=least) for each in (*groupings, *pairs)],
        [one for each in (*groupings, *pairs) for one in _mitigations(found, each, least)],
        loss,
        slices,
        seen,
        notes,
    )


def slices_of(found: Audited, *, least: int = LEAST) -> tuple[str, list[Slice], int]:
    """What losses are called, the rows that predictions are surely worse on than on the others, and how many were looked at.

    Args:
        found: The rows.
        least: As for `worst_slices`.
    """
    loss, losses = _losses(found)
    slices, seen = worst_slices(losses, list(_conditions(found)), least=least)
    return loss, slices, seen


def grouped(found: Audited, by: Sequence[str]) -> Grouping:
    """The groups of named columns, of several their intersections.

    Raises:
        ConfigError: As for `audit`.
    """
    first, *others = _named(found, by)
    return reduce(crossed, others, first)


def _named(found: Audited, by: Sequence[str]) -> list[Grouping]:
    """The groups of named columns."""
    problems, groupings = [], []
    for name in dict.fromkeys(by):
        if name not in found.table.columns:
            what = f"no such column; {nearest(name, found.table.columns)}"
            problems.append(Problem(f"by {name!r}", what))
        elif name in found.told:
            problems.append(
                Problem(f"by {name!r}", "holds true or predicted values; name another column")
            )
        elif (groups := _grouping(found, name)) is None:
            problems.append(
                Problem(
                    f"by {name!r}", f"{_too_many(found.profile(name))}. Put them into fewer first"
                )
            )
        else:
            groupings.append(groups)
    if problems:
        raise ConfigError(problems)
    return groupings


def _proposed(found: Audited, notes: list[str]) -> tuple[list[Proposal], list[Grouping]]:
    """The columns that seem to be about what people must not be treated unlike for, and their groups."""
    proposals, groupings = [], []
    for name in found.table.columns:
        proposal = None if name in found.told else proposed(found.profile(name))
        if proposal is None:
            continue
        groups = _grouping(found, name)
        if groups is None:
            notes.append(f"column {name!r} is left out: {_too_many(found.profile(name))}")
        else:
            proposals.append(proposal)
            groupings.append(groups)
    if not groupings:
        raise DataError(
            "no column's name or values tell of sex, race, age or the like. Name the columns that groups are told apart "
            "by: --by COLUMN (in Python by=[…]); they need not be inputs of the model"
        )
    return proposals, groupings


def _grouping(found: Audited, name: str) -> Grouping | None:
    profile = found.profile(name)
    form = usual_form(profile)
    if form is None:
        return None
    column = found.table.column(name, form, style=profile.style)
    return grouping(column, form, private=name in found.private)


def _too_many(profile: ColumnProfile) -> str:
    return f"it holds {profile.distinct} different texts, and groups are made of at most {LEVELS}"


def _mitigations(found: Audited, by: Grouping, least: int) -> list[Mitigation]:
    """What evening out would cost; of two columns only where the model does so."""
    evened = found.evened if found.evened and found.evened.columns == by.columns else None
    if found.type != "binary" or found.classes > 2 or found.probability is None:
        return []
    if evened is None and (len(by.columns) > 1 or not _can_be_evened(found, by.columns[0])):
        return []
    without = found.predicted
    if found.evened is not None:
        without = np.asarray(found.probability >= found.threshold, np.int64)
    made = by_thresholds(
        found.target, without, found.probability, by, least=least, otherwise=found.threshold
    )
    if evened is None:
        return made
    own = compared(
        THRESHOLDS, evened.criterion, found.target, without, found.predicted, by, least=least
    )
    if own is None:
        return made
    told = {
        ", ".join(each or "missing" for each in key): threshold
        for key, threshold in evened.thresholds.items()
    }
    own = replace(own, applied=True, thresholds=told)
    return [own if each.criterion == own.criterion else each for each in made]


def _can_be_evened(found: Audited, name: str) -> bool:
    """Whether a model may have thresholds by this column: its cells lie in it then."""
    return name not in found.private and usual_form(found.profile(name)) == "levels"


def _losses(found: Audited) -> tuple[str, NDArray[np.float64]]:
    """How wrong each row is, and what that is called."""
    if found.type == "number":
        return "mae", np.abs(np.asarray(found.predicted, np.float64) - found.target)
    if found.type == "binary" and found.probability is not None:
        return "brier", (found.probability - found.target) ** 2
    return "error", np.asarray(found.predicted != found.target, np.float64)


def _conditions(found: Audited) -> Iterator[Condition]:
    """What each column can say of a row, but for those that say what is true or predicted."""
    for name in found.table.columns:
        profile = found.profile(name)
        form = usual_form(profile)
        if name in found.told or form is None:
            continue
        column = found.table.column(name, form, style=profile.style)
        for place, (words, mask) in enumerate(parts(column, form), 1):
            yield Condition(name, f"(private) {place}" if name in found.private else words, mask)
