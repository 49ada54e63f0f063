"""A query and the values of its `:names`: bound, never pasted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crosstie.data.sql_parameters import parameters
from crosstie.errors import DataError, MissingExtra, Problem, nearest


@dataclass(frozen=True)
class Bound:
    """A query and what its `:names` are, of which none is pasted.

    Attributes:
        pieces: What stands between the names.
        names: Them, as they come.
        values: Of each name, in the order in which they come first.
    """

    pieces: Sequence[str]
    names: Sequence[str]
    values: Mapping[str, Any]

    def text(self, mark: Callable[[str], str]) -> str:
        """It, with the mark of each name in its place."""
        marks = [*map(mark, self.names), ""]
        return "".join(f"{piece}{each}" for piece, each in zip(self.pieces, marks, strict=True))


def bound(written: str, params: Any, dialect: str, name: str) -> Bound:
    """A query with the values of its `:names`.

    Args:
        written: The query.
        params: Values by name.
        dialect: As sqlglot calls it.
        name: Of the query, for messages.

    Raises:
        DataError: A name has no value, or a value no name.
    """
    if params is not None and not isinstance(params, Mapping):
        raise DataError(f"data.params: must be a section of values, as in {{since: 2024-01-01}}, got {params!r}")  # fmt: skip
    given: Mapping[str, Any] = params or {}
    found = _names(written, dialect, name) if ":" in written else []
    names = [each.text for _, each in found]
    wrong = [f"{name}: :{each} has no value; give it in data.params" for each in dict.fromkeys(names) if each not in given]  # fmt: skip
    wrong += [f"data.params.{each}: there is no :{each} in {name}; {nearest(each, names)}" for each in given if each not in names]  # fmt: skip
    if wrong:
        raise DataError([Problem("", each) for each in wrong])
    ends = [0, *(each.end + 1 for _, each in found)]
    begins = [*(colon.start for colon, _ in found), len(written)]
    pieces = [written[end:begin] for end, begin in zip(ends, begins, strict=True)]
    return Bound(pieces, names, {each: given[each] for each in dict.fromkeys(names)})


def _names(written: str, dialect: str, name: str) -> list[tuple[Any, Any]]:
    try:
        from sqlglot import tokenize  # 60 ms
        from sqlglot.errors import SqlglotError
    except ModuleNotFoundError:
        raise MissingExtra("sqlglot", "train", needed_for="a colon in a query") from None
    try:
        return list(parameters(tokenize(written, read=dialect)))
    except SqlglotError:
        raise DataError(f"{name}: a text, a name or a comment in it does not end") from None
