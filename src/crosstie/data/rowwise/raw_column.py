"""A column of `input` as SQL and frames see it: its type, found once on the training table and kept with the model.

Text becomes a number or a date here as everywhere, by `data/parse.py` and the column's style; what cannot be read is
missing, and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import brief
from crosstie.data import parse
from crosstie.data.column import Column, Form
from crosstie.data.profile import ColumnProfile
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table

Kind = Literal["BOOLEAN", "BIGINT", "DOUBLE", "TIMESTAMP", "VARCHAR"]

FORMS: Mapping[Kind, Form] = {
    "BOOLEAN": "levels",
    "BIGINT": "number",
    "DOUBLE": "number",
    "TIMESTAMP": "date",
    "VARCHAR": "text",
}
WANTED: Mapping[Kind, str] = {
    "BOOLEAN": "true or false",
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "TIMESTAMP": "a date",
    "VARCHAR": "a text",
}
MOSTLY = 0.9  # of the cells are read as what the column is taken for, as type inference has it
LARGEST = 1 << 53  # whole numbers up to which every one is a float too
WORDS, LONGEST = 20, 40  # of an example's levels, and characters of one
OFTEN = 5  # times that a text must be there for an example to show it


@dataclass(frozen=True)
class RawColumn:
    """One column.

    Attributes:
        name: In the user's table.
        type: In SQL.
        style: How its text writes numbers and dates.
        nullable: Whether training rows had missing cells, so that a request may lack it.
        span: Of numbers and dates, smallest and largest; for examples.
        levels: Of texts, some that many rows hold; for examples.
        private: Whether no message of training may show a cell.
    """

    name: str
    type: Kind
    style: Style = PLAIN
    nullable: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    levels: tuple[str, ...] = field(default=(), repr=False)
    private: bool = False

    @classmethod
    def of(cls, look: ColumnProfile, texts: Sequence[str]) -> Self | None:
        """As a training table has it; None of lists and files, which have no type here.

        Args:
            look: The column's profile.
            texts: Its different texts.
        """
        if look.stored == "list" or (look.media is not None and look.stored != "text"):
            return None
        kind = _kind(look, texts)
        span = (look.minimum or 0.0, look.maximum or 0.0)
        if kind == "TIMESTAMP":
            found = parse.dates([look.earliest, look.latest])
            span = (float(found[0]), float(found[1]))
        levels: tuple[str, ...] = ()
        if kind == "VARCHAR" and not look.private:
            levels = tuple(text for text, n in look.top if n >= OFTEN and len(text) <= LONGEST)[:WORDS]  # fmt: skip
        if look.private:
            span = (0.0, 0.0)
        return cls(look.name, kind, look.style, bool(look.missing), span, levels, look.private)

    @property
    def form(self) -> Form:
        """How its cells are read."""
        return FORMS[self.type]

    @property
    def wanted(self) -> str:
        """What a cell should hold, in words."""
        return WANTED[self.type]

    def readable(self, column: Column) -> NDArray[np.bool_]:
        """Which cells of a column, read in `form`, are of the type."""
        if self.type == "BIGINT":
            values = np.asarray(column.values)
            with np.errstate(invalid="ignore"):
                whole: NDArray[np.bool_] = (values == np.floor(values)) & (abs(values) < LARGEST)
            return column.valid & whole
        if self.type == "BOOLEAN":
            known = [text.lower() in (*parse.YES, *parse.NO) for text in column.levels]
            held: NDArray[np.bool_] = np.array([*known, False])[np.asarray(column.values)]
            return held
        return column.valid

    def read(self, table: Table) -> Column:
        """The column of a table, cells that are not of the type missing; all of them where it has no such column."""
        if self.name not in table.columns:
            return self.absent(len(table))
        column = table.column(self.name, self.form, style=self.style)
        valid = self.readable(column)
        lost = np.flatnonzero(column.valid & ~valid)
        if self.type == "BOOLEAN":
            yes = [float(text.lower() in parse.YES) for text in column.levels]
            values = np.array([*yes, np.nan])[np.asarray(column.values)]
            column = replace(column, values=np.where(valid, values, np.nan), levels=())
        if not len(lost):
            return column
        cells = table.select([self.name]).take(lost[:1000]).cells(self.name)
        examples = dict.fromkeys(brief(each or "") for each in cells)
        more = tuple(dict.fromkeys((*column.unparsed_examples, *examples)))[:5]
        if not isinstance(column.values, list):
            column = replace(column, values=np.where(valid, column.values, np.nan))
        return replace(column, valid=valid, unparsed=column.unparsed + len(lost), unparsed_examples=more)  # fmt: skip

    def absent(self, rows: int) -> Column:
        """A column in which every cell is missing."""
        values: Any = [""] * rows if self.type == "VARCHAR" else np.full(rows, np.nan)
        return Column(self.name, values, np.zeros(rows, np.bool_))

    def cells(self, column: Column) -> list[Any]:
        """Python values of what `read` gives, None where missing: texts, floats, ints, bools, microseconds of dates."""
        if isinstance(column.values, list):
            there = zip(column.values, column.valid.tolist(), strict=True)
            return [_plain(each) if held else None for each, held in there]
        values = column.values
        if self.type == "TIMESTAMP":
            values = np.rint(values * 1e6)
        found = values.tolist()
        kind = {"DOUBLE": float, "BOOLEAN": bool}.get(self.type, int)
        if column.valid.all():
            return found if kind is float else [kind(each) for each in found]
        return [
            kind(each) if held else None
            for each, held in zip(found, column.valid.tolist(), strict=True)
        ]

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        """Cells that nobody ever had, as a request might bring them."""
        low, high = self.span
        if self.type == "VARCHAR":
            levels = self.levels or ("a",)
            return [levels[i] for i in rng.integers(len(levels), size=n)]
        if self.type == "BOOLEAN":
            return [bool(each) for each in rng.integers(2, size=n)]
        values = rng.uniform(low, high, n)
        if self.type == "TIMESTAMP":
            days = np.floor(values / 86_400) * 86_400
            return [str(np.datetime64(int(each), "s")).replace("T", " ") for each in days]
        if self.type == "BIGINT":
            return [int(each) for each in np.rint(values)]
        return [float(f"{each:.4g}") for each in values]

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        style = {"style": self.style.state()} if self.style != PLAIN else {}
        like = {"levels": list(self.levels)} if self.levels else {"span": list(self.span)}
        return {"type": self.type, "nullable": self.nullable, **style, **like}

    @classmethod
    def from_state(cls, name: str, state: Mapping[str, Any]) -> Self:
        """The column that `state` came from.

        Raises:
            ValueError: There is no such type.
        """
        if state["type"] not in FORMS:
            raise ValueError(f"column {name!r}: no type {state['type']!r}")
        low, high = state.get("span", (0.0, 1.0))
        return cls(
            name,
            state["type"],
            Style(**state.get("style", {})),
            bool(state["nullable"]),
            (float(low), float(high)),
            tuple(map(str, state.get("levels", ()))),
        )


def _kind(look: ColumnProfile, texts: Sequence[str]) -> Kind:
    if look.stored == "bool" or (texts and {each.lower() for each in texts} <= {"true", "false"}):
        return "BOOLEAN"
    if look.stored in ("integer", "number") or look.numbers >= MOSTLY:
        if look.stored == "text" and any(each[:1] == "0" and each[1:2].isdigit() for each in texts):
            return "VARCHAR"  # 01307 is a postcode
        within = max(abs(look.minimum or 0), abs(look.maximum or 0)) < LARGEST
        return "BIGINT" if look.integers == look.numbers > 0 and within else "DOUBLE"
    if look.stored == "date" or look.dates >= MOSTLY:
        return "TIMESTAMP"
    return "VARCHAR"


def _plain(text: str) -> str:
    """A text that is UTF-8, whatever came."""
    return text if text.isascii() else text.encode(errors="replace").decode()
