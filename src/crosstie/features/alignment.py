"""Outputs with a label for each token of an input: rows must have as many of one as of the other."""

from collections.abc import Sequence

import numpy as np

from crosstie.data.column import Column
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature


def check_aligned(
    output: OutputFeature, column: Column, source: Feature, tokens: Sequence[Sequence[str]]
) -> None:
    """See that every row that has tags has one for each token.

    Args:
        output: Whose tags.
        column: Of the output.
        source: The input whose tokens they are for.
        tokens: Of the same rows.

    Raises:
        DataError: A row has more or fewer.
    """
    tags = output.tokens(column)
    odd = [
        row
        for row in np.flatnonzero(column.valid).tolist()
        if tags[row] and len(tags[row]) != len(tokens[row])
    ]
    if odd:
        first = odd[0]
        rows = "1 row has" if len(odd) == 1 else f"{len(odd)} rows have"
        raise DataError(
            Problem(
                f"column {output.column!r}",
                f"{rows} another number of tags than {source.column!r} has tokens, the first is row {first + 1} "
                f"with {len(tags[first])} tags and {len(tokens[first])} tokens ({' '.join(tokens[first][:8])} …). "
                "Give one tag a token, both parted in the same way: `preprocessing: {tokenizer: space}`, or lists.",
            )
        )
