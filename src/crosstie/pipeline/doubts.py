"""What the data says against the file: columns that cannot be what they should be, and things that look wrong.

Types that cannot hold and targets without information are problems; a column that gives the answer away,
rare classes, repeated ids and rows in the order of time are warnings, because only the user can know.
Looks at the first `ROWS` rows for the former: a check is quick.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.config.document import Place
from crosstie.data import parse
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.data.read import Source
from crosstie.data.split import Split
from crosstie.data.table import Table
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.tables import Tables

ROWS = 20_000
FEW_ROWS = 20
FEW = 10  # rows of a class below which a test part holds one or none
RARE = 0.1  # of a binary target: below this share of the rarer class it is said
BINS = 32
CERTAIN = 0.995  # so well one column may not predict
EXACT = 1e-6  # share of variance that a sum may miss
MIXED = 0.5  # share of numbers from which a column of texts is worth a word
MANY_LEVELS = 0.5  # levels to rows, above which a column tells rows apart, not classes


def doubts(
    columns: Columns,
    tables: Tables,
    profile: Mapping[str, ColumnProfile],
    split: Split | None,
    findings: Findings,
) -> None:
    """Note problems and warnings of the first table, and columns that the others lack."""
    source = tables.train
    assert source is not None
    if source.rows < FEW_ROWS:
        rows = "1 row" if source.rows == 1 else f"{source.rows} rows"
        findings.wrong(source.name, f"has {rows}; give at least {FEW_ROWS}")
    _check_parts(columns, tables, findings)
    for entry in (*columns.inputs, *columns.outputs):
        if entry.column in profile:
            _check_type(entry, profile[entry.column], findings)
    for entry in columns.outputs:
        if entry.column in profile:
            _check_target(entry, profile[entry.column], columns.inputs, findings)
    if findings.problems:
        return
    names = list(dict.fromkeys(entry.column for entry in (*columns.inputs, *columns.outputs)))
    with np.errstate(over="ignore", invalid="ignore"):  # features tell which numbers are too large
        _check_giveaways(sample(source, names), columns, profile, findings)
    _check_split(columns, profile, split, findings)


def _check_giveaways(
    table: Table, columns: Columns, profile: Mapping[str, ColumnProfile], findings: Findings
) -> None:
    for entry in columns.outputs:
        together = sums_up(table, entry, columns.inputs, profile)
        if together:
            findings.warnings.append(
                f"{' and '.join(map(repr, together))} give {entry.column!r} away: it is their weighted sum. "
                "If they are not known when predicting, exclude them"
            )
        for statistic, level in statistics(table, entry, columns.inputs, profile):
            findings.warnings.append(
                f"{statistic!r} is the mean of {entry.column!r} for each {level!r}, of these very rows: scores will be too "
                "good. Exclude it, or have it made of training rows only (gbm's constructed_columns does that)"
            )
        for giveaway, why in giveaways(table, entry, columns.inputs, profile):
            findings.warnings.append(
                f"{giveaway!r} gives {entry.column!r} away: {why}. If it is not known when predicting, exclude it"
            )


def sample(source: Source, names: list[str]) -> Table:
    """All rows of a small table, the first of a large one."""
    table: Table = next(iter(source.chunks(ROWS, names)))
    return table


class Typed(Protocol):
    """A column of some feature type: an entry of a file, or the feature that was made of it."""

    @property
    def column(self) -> str:
        """Its name in the table."""

    @property
    def type(self) -> str:
        """Of which feature type it is."""


def giveaways(
    table: Table, output: Typed, inputs: Sequence[Typed], profile: Mapping[str, ColumnProfile]
) -> list[tuple[str, str]]:
    """(column, how well it alone predicts the output) of those that predict it nearly perfectly.

    A column's values are learned on every other row and judged on the rest, so that ids, whose every value
    is new there, are not taken for answers.
    """
    found = []
    if output.type == "number":
        column = _numbers(table, output.column, profile)
        target = np.asarray(column.values, dtype=np.float64)
    elif output.type in {"binary", "category"}:
        column = table.column(output.column, "levels")
        target = np.asarray(column.values, dtype=np.float64)
    else:
        return []
    for entry in inputs:
        if output.type == "number" and entry.type == "number":
            other = _numbers(table, entry.column, profile)
            rows = column.valid & other.valid
            share = (
                _followed(np.asarray(other.values)[rows], target[rows])
                if rows.sum() >= FEW_ROWS
                else 0.0
            )
            if share >= CERTAIN:
                found.append((entry.column, f"it alone explains {share:.1%} of its variance"))
            continue
        codes = _codes(table, entry, profile)
        if codes is None:
            continue
        rows = column.valid & (codes >= 0)
        if rows.sum() < FEW_ROWS:
            continue
        if output.type == "number":
            share = _explained(codes[rows], target[rows])
            if share >= CERTAIN:
                found.append((entry.column, f"it alone explains {share:.1%} of its variance"))
        else:
            share, usual = _right(codes[rows], target[rows].astype(np.int64))
            if share >= CERTAIN and 1 - share < 0.1 * (1 - usual):
                found.append((entry.column, f"it alone is right in {share:.1%} of rows"))
    return found


def sums_up(
    table: Table, output: Entry, inputs: list[Entry], profile: Mapping[str, ColumnProfile]
) -> list[str]:
    """The number columns, two to four, whose weighted sum a number output is; none if it is no such sum."""
    if output.type != "number":
        return []
    names = [entry.column for entry in inputs if entry.type == "number"]
    column = _numbers(table, output.column, profile)
    others = [_numbers(table, name, profile) for name in names]
    if len(others) < 2:
        return []
    rows = np.logical_and.reduce([column.valid, *(each.valid for each in others)])
    if rows.sum() < 4 * len(others) + FEW_ROWS:
        return []
    values = np.stack([np.asarray(each.values)[rows] for each in others], axis=1)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    target = np.asarray(column.values)[rows]
    target = (target - target.mean()) / (target.std() or 1)
    if not (np.isfinite(values).all() and np.isfinite(target).all()):
        return []  # too large to square
    weights = np.linalg.lstsq(values[::2], target[::2], rcond=None)[0]
    missed = float(((target[1::2] - values[1::2] @ weights) ** 2).mean())
    parts = [name for name, weight in zip(names, weights, strict=True) if abs(weight) > 0.01]
    return parts if missed < EXACT and 2 <= len(parts) <= 4 else []


def statistics(
    table: Table, output: Entry, inputs: list[Entry], profile: Mapping[str, ColumnProfile]
) -> list[tuple[str, str]]:
    """(number column, category) of those numbers that are the mean target of a category's level, the row's own included."""
    if output.type == "number":
        column = _numbers(table, output.column, profile)
    elif output.type == "binary":
        column = table.column(output.column, "levels")
    else:
        return []
    target = np.asarray(column.values, np.float64)
    numbers = {
        entry.column: _numbers(table, entry.column, profile)
        for entry in inputs
        if entry.type == "number" and profile[entry.column].distinct > 2
    }
    found = []
    for entry in inputs:
        codes = _codes(table, entry, profile) if entry.type == "category" else None
        if codes is None or not numbers:
            continue
        rows = column.valid & (codes >= 0)
        count = np.bincount(codes[rows])
        mean = np.bincount(codes[rows], target[rows]) / np.maximum(count, 1)
        for name, other in numbers.items():
            both = rows & other.valid
            if both.sum() < FEW_ROWS:
                continue
            told, means = np.asarray(other.values, np.float64)[both], mean[codes[both]]
            sides = (means, 1 - means) if output.type == "binary" else (means,)
            near = 1e-4 * np.ptp(means)
            if np.ptp(means) > 0 and any(np.abs(told - side).max() <= near for side in sides):
                found.append((name, entry.column))
    return found


def _codes(
    table: Table, entry: Typed, profile: Mapping[str, ColumnProfile]
) -> NDArray[np.int64] | None:
    """The column as few codes `[rows]`, -1 where missing; None for types that say too much at once."""
    if entry.type == "number":
        column = _numbers(table, entry.column, profile)
        values = np.asarray(column.values, dtype=np.float64)
        known = values[column.valid]
        if not len(known):
            return None
        edges = np.unique(known)
        if len(edges) > BINS:
            shares = np.linspace(0, 1, min(8 * BINS, max(len(known) // 10, 2)))
            edges = np.unique(np.quantile(known, shares))
        return np.where(column.valid, np.searchsorted(edges, values), -1)
    if entry.type in {"category", "binary"}:
        column = table.column(entry.column, "levels")
        if len(column.levels) > MANY_LEVELS * max(len(column), 1):
            return None
        return np.asarray(column.values, dtype=np.int64)
    return None


def _numbers(table: Table, name: str, profile: Mapping[str, ColumnProfile]) -> Column:
    """A column as numbers, written in its own style."""
    return table.column(name, "number", style=profile[name].style)


def _right(codes: NDArray[np.int64], target: NDArray[np.int64]) -> tuple[float, float]:
    """(share of held-out rows whose class the column alone tells, share of the commonest class there)."""
    learn, judge = slice(0, None, 2), slice(1, None, 2)
    counts = np.zeros((codes.max() + 1, target.max() + 1), dtype=np.int64)
    np.add.at(counts, (codes[learn], target[learn]), 1)
    told = counts.argmax(axis=1)
    told[counts.sum(axis=1) == 0] = -1
    usual = np.bincount(target[learn]).argmax()
    return float((told[codes[judge]] == target[judge]).mean()), float(
        (target[judge] == usual).mean()
    )


def _explained(codes: NDArray[np.int64], target: NDArray[np.float64]) -> float:
    """R² on held-out rows of the mean by code."""
    learn, judge = slice(0, None, 2), slice(1, None, 2)
    count = np.bincount(codes[learn], minlength=codes.max() + 1)
    total = np.bincount(codes[learn], weights=target[learn], minlength=codes.max() + 1)
    means = np.where(count > 0, total / np.maximum(count, 1), target[learn].mean())
    spread = float(((target[judge] - target[judge].mean()) ** 2).sum())
    if spread == 0:
        return 0.0
    return 1 - float(((target[judge] - means[codes[judge]]) ** 2).sum()) / spread


def _followed(values: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """R² on held-out rows of the line through the learned rows' targets, in the order of the values."""
    learn, judge = slice(0, None, 2), slice(1, None, 2)
    points, places = np.unique(values[learn], return_inverse=True)
    means = np.bincount(places, weights=target[learn]) / np.bincount(places)
    spread = float(((target[judge] - target[judge].mean()) ** 2).sum())
    if spread == 0:
        return 0.0
    return (
        1 - float(((target[judge] - np.interp(values[judge], points, means)) ** 2).sum()) / spread
    )


def _check_parts(columns: Columns, tables: Tables, findings: Findings) -> None:
    for part, source in tables.sources.items():
        if part == "train":
            continue
        lacking = [
            entry.column
            for entry in (*columns.inputs, *columns.outputs)
            if entry.column not in source.columns
        ]
        if lacking:
            place = findings.document.at("data", part) if part in tables.specs else part
            findings.wrong(
                place, f"{source.name} lacks the columns {', '.join(map(repr, lacking))}"
            )


def _check_type(entry: Entry, looks: ColumnProfile, findings: Findings) -> None:
    place = entry.place.at("type") if entry.section["type"] else entry.place
    if looks.present and not entry.section["type"]:
        _check_mixed(entry, looks, findings)
    if not looks.present or not entry.section["type"]:
        return
    examples = ", ".join(looks.told(text) for text, _ in looks.top[:3])
    if entry.type == "number" and looks.numbers < 0.5:
        findings.wrong(
            place,
            f"column {entry.column!r} cannot be a number: {1 - looks.numbers:.0%} of its {looks.present} cells "
            f"are none, for example {examples}. Use type: {'text' if looks.words > 4 else 'category'}",
        )
    if entry.type == "date" and looks.dates < 0.5 and looks.numbers < 0.5:
        findings.wrong(
            place,
            f"column {entry.column!r} cannot be a date: {1 - looks.dates:.0%} of its {looks.present} cells "
            f"are none, for example {examples}. Use type: category",
        )
    if entry.type == "binary" and looks.distinct > 2 and looks.bools < 1:
        findings.wrong(
            place,
            f"column {entry.column!r} cannot be binary: it holds {looks.distinct} values, for example {examples}. "
            "Use type: category",
        )


def _check_mixed(entry: Entry, looks: ColumnProfile, findings: Findings) -> None:
    """Say that a column is of numbers but for a few words that come again and again."""
    words = [each for each in looks.top if parse.number(each[0]) is None][:3]
    others = (1 - looks.numbers) * looks.present
    few = sum(count for _, count in words) > 0.9 * others > 1
    if entry.type in {"category", "text"} and looks.numbers >= MIXED and few:
        findings.warnings.append(
            f"{entry.column!r} is taken for a {entry.type}, though {looks.numbers:.0%} of its cells are numbers: "
            f"{', '.join(looks.told(text) for text, _ in words)} is none. If such cells mean that nothing is known, say "
            "type: number; they then count as missing"
        )


def _check_target(
    entry: Entry, looks: ColumnProfile, inputs: list[Entry], findings: Findings
) -> None:
    place = entry.place.at("name") if entry.index is not None else entry.place
    if looks.private:
        findings.wrong(
            findings.document.at("private"),
            f"{entry.column!r} is predicted, so what it holds is what predictions show; take it out",
        )
    if not looks.present:
        findings.wrong(place, f"column {entry.column!r} is empty, so there is nothing to learn")
    elif looks.constant:
        value = repr(looks.top[0][0]) if looks.top else "the same"
        findings.wrong(
            place,
            f"column {entry.column!r} is {value} in all {looks.present} rows, so there is nothing to learn",
        )
    elif looks.present < FEW_ROWS <= looks.rows:
        findings.wrong(
            place,
            f"column {entry.column!r} holds something in {looks.present} of {looks.rows} rows; "
            f"give at least {FEW_ROWS} that do",
        )
    elif looks.missing:
        cut = (entry.section["preprocessing"] or {}).get("horizon") is not None
        then = "a step that windows around it lack" if cut else "which are left out"
        findings.warnings.append(
            f"{entry.column!r} is missing in {looks.missing} of {looks.rows} rows, {then}"
        )
    if entry.type in {"binary", "category"} and looks.present and not looks.constant:
        _check_classes(entry, looks, place, inputs, findings)


def _check_classes(
    entry: Entry, looks: ColumnProfile, place: Place, inputs: list[Entry], findings: Findings
) -> None:
    counts = [count for _, count in looks.top]
    if entry.type == "binary" and counts and counts[-1] / looks.present < RARE:
        share = f"{counts[-1] / looks.present:.1%} of rows"
        if counts[-1] < FEW:
            share = f"{counts[-1]} of {looks.present} rows, too few to measure well"
        findings.warnings.append(
            f"the classes of {entry.column!r} are unbalanced: {looks.top[-1][0]!r} is {share}. "
            "Look at average_precision rather than accuracy"
        )
    _check_spelling(entry, looks, findings)
    single = [text for text, count in looks.top if count < 2]
    if entry.type == "category" and looks.distinct > max(looks.present / 2, FEW_ROWS):
        instead = "Predict another column"
        if looks.numbers > 0.9:
            instead = "Say type: number"
        elif entry.spelled and any(each.type in ("text", "sequence") for each in inputs):
            instead += ", or say type: text to have it written letter by letter"
        findings.wrong(
            place,
            f"column {entry.column!r} has {looks.distinct} classes in {looks.present} rows, too few of each to "
            f"learn. {instead}",
        )
    elif entry.type == "category" and single and looks.distinct <= len(looks.top):
        findings.warnings.append(
            f"classes of {entry.column!r} with a single row cannot be tested: {', '.join(map(repr, single))}"
        )


def _check_spelling(entry: Entry, looks: ColumnProfile, findings: Findings) -> None:
    """Say that classes differ in nothing but capitals."""
    spelled: dict[str, list[str]] = {}
    for text, _ in looks.top:
        spelled.setdefault(text.casefold(), []).append(text)
    alike = [" and ".join(map(repr, each)) for each in spelled.values() if len(each) > 1]
    if alike and entry.type == "category":
        findings.warnings.append(
            f"classes of {entry.column!r} differ only in capitals and are learned apart: {', '.join(alike)}. If "
            "they are the same, spell them alike"
        )


def _check_split(
    columns: Columns, profile: Mapping[str, ColumnProfile], split: Split | None, findings: Findings
) -> None:
    """Rows that belong together, or follow each other, under a split that pays no heed."""
    if split is None or type(split).__name__.lower() not in {"random", "stratify"}:
        return
    dated = []
    for name, looks in profile.items():
        if name in {entry.column for entry in columns.outputs}:
            continue
        if (
            names_id(name)
            and not looks.unique
            and looks.present
            and 0.02 < looks.distinct / looks.present < 0.95
        ):
            findings.warnings.append(
                f"{name!r} looks like an id and repeats ({looks.distinct} in {looks.present} rows): a random split "
                f"puts rows of one into training and test. If rows of one belong together: "
                f"preprocessing.split: {{type: group, column: {name}}}"
            )
        elif looks.dates > 0.95 and looks.distinct > 10:
            dated.append(looks)
    dated.sort(key=lambda looks: not looks.ascending)
    if dated:  # one word for all of them: a table may have many
        findings.warnings.append(_in_time(dated[0], others=len(dated) - 1))


def _in_time(looks: ColumnProfile, *, others: int) -> str:
    since, until = (
        looks.told(each.removesuffix(" 00:00:00")).strip("'")
        for each in (looks.earliest, looks.latest)
    )
    what = "rows are in the order of time" if looks.ascending else "rows have a time"
    more = f" and {others} more {'date' if others == 1 else 'dates'}" if others else ""
    return (
        f"{what} ({looks.name!r}, {since} to {until}{more}) and are split at random. If the model is to "
        f"predict what comes later: preprocessing.split: {{type: datetime, column: {looks.name}}}"
    )


def names_id(name: str) -> bool:
    """Whether a column's name says that it is an id: `id`, `customer_id`, `CustomerID`, `uuid`."""
    return name.lower() in {"id", "uuid", "guid", "key"} or name.endswith(
        ("_id", "ID", "Id", " id", "-id")
    )
