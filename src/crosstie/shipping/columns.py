"""The columns that a model made elsewhere reads, found in an example, as features that pass them on unchanged."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crosstie.data.parse import detect
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.errors import DataError, Problem
from crosstie.features.binary import WORDS, Binary
from crosstie.features.category import FIRST, Category
from crosstie.features.feature import Feature
from crosstie.features.number import Number
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Preprocessor
from crosstie.shipping.foreign import Asked, Fed, Place, Task

SHOWN = 8  # names that a message lists
_UNNAMED = re.compile(r"|(Column_|feature_|input_?|f|x)\d*", re.IGNORECASE)


def found_in(example: Table, asked: Sequence[Asked], target: str) -> list[str]:
    """The example's columns that a model reads, in its own order.

    Args:
        example: Some rows; it may hold the target and more columns.
        asked: What the model reads.
        target: The column that is predicted.

    Raises:
        DataError: They are not there.
    """
    there = [name for name in example.columns if name != target]
    plain = {_plain(name): name for name in there}
    by_name = [each.name if each.name in there else plain.get(_plain(each.name)) for each in asked]
    named = [each for each in by_name if each is not None]
    if len(set(named)) == len(asked):
        return named
    if len(there) == len(asked) and all(_UNNAMED.fullmatch(each.name) for each in asked):
        return there
    if all(_UNNAMED.fullmatch(each.name) for each in asked):
        raise DataError(
            f"the example: has {len(there)} columns beside {target!r}, and the model reads {len(asked)}, which it has "
            f"no names for. Give just those, in its order; there are {_some(there)}. The column that is predicted is "
            "named with --target"
        )
    absent = [each.name for each, name in zip(asked, by_name, strict=True) if name is None]
    raise DataError(
        f"the example: lacks {_some(absent)}, which the model reads. It has {_some(there)}"
    )


def features_for(example: Table, asked: Sequence[Asked], names: Sequence[str]) -> list[Feature]:
    """One feature for each column, fitted so that numbers stay as they are and words are known.

    Args:
        example: Some rows.
        asked: What the model reads.
        names: The columns, as `found_in` gives them.

    Raises:
        DataError: Cells are not what the model reads; all such columns are named.
    """
    features: list[Feature] = []
    problems: list[Problem] = []
    for each, name in zip(asked, names, strict=True):
        try:
            features.append(_feature(example, each, name))
        except DataError as error:
            problems.extend(error.problems)
    if problems:
        raise DataError(problems)
    return features


def output_for(target: str, task: Task, labels: Sequence[str]) -> OutputFeature:
    """What is predicted, as a feature that was never fitted and need not be."""
    if task == "number":
        return Number(target, normalization=None)
    if task == "category":
        fitted = {"levels": list(labels), "mode": labels[0]}
        state = {"options": Category(target).options(), "fitted": fitted}
        return Category.from_state(target, state, {"counts": np.ones(len(labels), np.int64)})
    words = [WORDS.get(each.lower()) for each in labels] == [False, True]
    sides = ["false", "true"] if words else list(labels)
    known = {"words": words, "sides": sides, "labels": list(labels), "share": 0.5}
    return Binary.from_state(target, {"options": Binary(target).options(), "fitted": known}, {})


def preprocessor_for(
    example: Table, inputs: Sequence[Feature], outputs: Sequence[OutputFeature]
) -> Preprocessor:
    """The features together; an input may be empty where it is in some row of the example."""
    styles = {each.column: _style(example, each.column) for each in inputs}
    plain = Preprocessor(
        inputs,
        outputs,
        styles={column: style for column, style in styles.items() if style != PLAIN},
    )
    state, arrays = plain.state()
    missing = {each.name: int((~plain.column(example, each).valid).sum()) for each in plain.inputs}
    return Preprocessor.from_state({**state, "missing": missing}, arrays)


def fed(preprocessor: Preprocessor) -> Fed:
    """What a model's graph is fed with: features in the order of its columns."""
    places: list[Place] = []
    count = {"numbers": 0, "categories": 0}
    for each in preprocessor.inputs:
        array: Place = (
            ("categories", count["categories"])
            if each.kind == "category"
            else ("numbers", count["numbers"])
        )
        places.append(array)
        count[array[0]] += 1
    return Fed(preprocessor.layout, places, [each.words for each in preprocessor.inputs])


def cells(
    preprocessor: Preprocessor, example: Table, asked: Sequence[Asked]
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.bool_]]]:
    """By column, what the tool that made a model would be given, and which cells are missing: see `Foreign.says`."""
    found, absent = [], []
    for feature, each in zip(preprocessor.inputs, asked, strict=True):
        column = preprocessor.column(example, feature)
        absent.append(~column.valid)
        if isinstance(feature, Number):
            found.append(np.asarray(column.values, np.float64))
            continue
        encoded = feature.encode(column).astype(np.float64)
        if feature.kind == "category":
            codes = {level: code for code, level in enumerate(each.levels)}
            table = [np.nan] * FIRST + [codes.get(level, np.nan) for level in feature.words]
            encoded = np.array(table)[encoded.astype(np.int64)]
        found.append(encoded)
    return found, absent


def _feature(example: Table, asked: Asked, name: str) -> Feature:
    if asked.kind == "category":
        levels = list(asked.levels)
        state = {
            "options": Category(name).options(),
            "fitted": {"levels": levels, "mode": levels[0]},
        }
        return Category.from_state(name, state, {"counts": np.ones(len(levels), np.int64)})
    column = example.column(name, "number", style=_style(example, name))
    if column.valid.any() and not column.unparsed:
        return Number(name, normalization=None, outlier_strategy=None).fit(column)
    levels_ = example.column(name, "levels")
    if levels_.valid.any() and all(each.lower() in WORDS for each in levels_.levels):
        return Binary(name).fit(levels_)
    if not column.valid.any() and not column.unparsed:
        raise DataError(Problem(name, "every cell of the example is empty. Give some that are not"))
    shown = ", ".join(map(repr, column.unparsed_examples[:3]))
    raise DataError(
        Problem(
            name, f"the model reads a number here, and the example holds {shown}. Mend the example"
        )
    )


def _style(example: Table, name: str) -> Style:
    return detect(example.distinct(name)[1]) if example.stored(name) == "text" else PLAIN


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name).lower()


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(map(repr, names[:SHOWN])) or 'none'}{more}"
