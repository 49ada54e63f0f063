"""What other tools call the ways to fill a missing cell, and what is said of those that there are not here."""

from crosstie.config.words import Elsewhere

_NEIGHBOURS = (
    "would make a cell depend on the row beside it, which a single row to predict does not have"
)
_MODE = "is for categories; write fill_with_const, or leave missing cells missing"
FILLS = Elsewhere(
    "imputation",
    "imputer",
    "fillna",
    "handle_missing",
    values={
        "mean": "fill_with_mean",
        "constant": "fill_with_const",
        "const": "fill_with_const",
        "zero": "fill_with_const",
        "mode": "fill_with_mode",
        "most_frequent": "fill_with_mode",
        "drop": "drop_row",
        "dropna": "drop_row",
    },
    never={
        "bfill": _NEIGHBOURS,
        "ffill": _NEIGHBOURS,
        "backfill": _NEIGHBOURS,
        "pad": _NEIGHBOURS,
        "fill_with_mode": _MODE,
        "fill_with_true": "is `missing_value_strategy: fill_with_const, fill_value: true`",
        "median": "is not kept; write fill_with_mean",
    },
)
