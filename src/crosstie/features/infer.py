"""Which type a column is, and whether it should be an input at all, with the reason in words.

Every feature type votes on the column's profile. What is predicted is voted on differently: a class is often
written as a small whole number, and what looks like an id is never left out.
"""

import re
from dataclasses import dataclass

from crosstie.data.profile import ColumnProfile
from crosstie.features.feature import feature_types
from crosstie.features.output_feature import OutputFeature

ENOUGH_ROWS = 30  # below this even a measurement may be different in every row
FEW_CELLS = 5  # below this the training rows may well hold none of them
NEARLY = 0.95  # share of different cells from which a column only tells rows apart
WRITTEN = 3  # words a cell from which on a target mostly different from row to row is to be written
CLASSES = 20  # more different whole numbers than this are an amount
PARTED = ("tokens", "vector", "date", "image", "series")  # kinds whose cells are made of parts
ID_TAIL = re.compile(r"(^|[_\s\-.])(?i:id|uuid|guid|index)$|[a-z](Id|ID)$")


@dataclass(frozen=True)
class Inference:
    """The verdict on a column.

    Attributes:
        type: The feature type that fits best.
        why: The reason, as the second half of "age is a number: …".
        exclude: Whether it should be no input; then `why` says why not.
    """

    type: str
    why: str
    exclude: bool = False


def infer(profile: ColumnProfile, *, output: bool) -> Inference:
    """The type of the column behind `profile`.

    Args:
        profile: What the column looks like.
        output: Whether it is to be predicted.
    """
    if output:
        return _output(profile)
    votes = {name: cls.affinity(profile) for _, name, cls in feature_types.items()}
    best = max(sorted(votes), key=votes.__getitem__)
    reason = _no_input(profile, best)
    return Inference(best, reason or feature_types.get(best).because(profile), exclude=bool(reason))


def _output(profile: ColumnProfile) -> Inference:
    outputs = {
        name: cls
        for _, name, cls in feature_types.items()
        if issubclass(cls, OutputFeature) and not feature_types.is_own(cls)
    }
    votes = {name: cls.affinity(profile) for name, cls in outputs.items()}
    if profile.stored == "class":
        kind = "binary" if profile.distinct == 2 else "category"
        return Inference(kind, f"{profile.distinct} classes")
    if profile.words < WRITTEN or profile.distinct <= profile.present / 2:
        votes["text"] = 0.0  # texts that come back are classes, whatever their length
    best = max(sorted(votes), key=votes.__getitem__)
    if best == "number" and _coded(profile):
        why = f"{profile.distinct} small whole numbers that repeat look like classes"
        return Inference("category", f"{why}; say type: number if they are an amount")
    return Inference(best, outputs[best].because_predicted(profile))


def _coded(profile: ColumnProfile) -> bool:
    return (
        profile.integers >= 1
        and profile.distinct <= CLASSES
        and profile.present >= 5 * profile.distinct
        and profile.minimum is not None
        and profile.maximum is not None
        and profile.minimum >= -CLASSES
        and profile.maximum <= 100
    )


def _no_input(profile: ColumnProfile, best: str) -> str:
    if not profile.present:
        return "no cell holds anything"
    if profile.present < FEW_CELLS and profile.rows >= ENOUGH_ROWS:
        return f"only {profile.present} of {profile.rows} cells hold anything"
    if profile.constant and not profile.missing:  # there or not there can say something
        return f"always {profile.told(profile.top[0][0])}" if profile.top else "always the same"
    if profile.present < ENOUGH_ROWS or feature_types.get(best).kind in PARTED:
        return ""
    if not profile.unique:
        return _nearly_an_id(profile, best)
    if profile.integers >= 1:
        assert profile.minimum is not None
        assert profile.maximum is not None
        dense = profile.maximum - profile.minimum < 1.1 * profile.rows
        named = bool(ID_TAIL.search(profile.name))
        if dense:
            return "a running number, different in every row"
        return "an id, different in every row" if named else ""
    if profile.numbers > 0.9:
        return ""
    return "an id, different in every row"


def _nearly_an_id(profile: ColumnProfile, best: str) -> str:
    if best == "category" and profile.distinct >= NEARLY * profile.present:
        return f"an id, {profile.distinct} different ones in {profile.present} rows"
    return ""
