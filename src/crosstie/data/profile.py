"""What a column looks like: all that a vote on its type and a warning about it need, and no more."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data import parse
from crosstie.data.cells import Stored
from crosstie.data.media import Media, most
from crosstie.data.parse import detect
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table

if TYPE_CHECKING:
    from crosstie.data.source import Source  # which a served model need not load


@dataclass(frozen=True)
class ColumnProfile:
    """One column, counted. Shares are of the present (not missing) cells and 0 when there are none.

    Attributes:
        name: The column's name in the table.
        rows: Rows looked at; `total_rows` are in the table.
        missing: How many of `rows` are missing.
        distinct: Different present texts among `rows`.
        top: Up to 20 most frequent texts with their counts, most frequent first.
        numbers: Share of cells that read as a finite number.
        integers: Share that read as a whole number.
        dates: Share that read as a date (a bare number is none).
        bools: Share that read as yes or no: true/false, yes/no, y/n, t/f, on/off, 0/1.
        lists: Share that are lists, stored or as JSON text; `max_items` is the longest one's length.
        repeating: Share that are lists with an item more than once.
        vectors: Share that read as a row of `width` numbers; `width` is 0 when widths differ.
        series: Share that read as numbers one after the other, any number of them or several a step; 0 where they
            are whole numbers in a plain row, which may be ids. `max_steps` is the longest one's length.
        infinities: Cells that hold an infinity.
        minimum: Of the numbers, as are `maximum`, `mean` and `std`; None when there are none.
        words: Mean number of words.
        length: Mean number of characters; `max_length` the most.
        ascending: Numbers or dates never fall from row to row (as a running id or a log does).
        earliest: Of the dates, as ISO text; "" when there are none. `latest` likewise.
        unparsed: Up to five cells that are no number where most are.
        stored: How the file holds it: text in a CSV, typed elsewhere; "class" where it is said to be one,
            as a folder's name is; "empty" when nothing is present.
        style: How its numbers and dates are written.
        media: What nearly all cells hold, where they are files: their names, or their bytes.
        private: Whether nobody is to read its cells: no message and no file shows one.
    """

    name: str
    rows: int
    total_rows: int
    missing: int = 0
    distinct: int = 0
    top: tuple[tuple[str, int], ...] = ()
    numbers: float = 0.0
    integers: float = 0.0
    dates: float = 0.0
    bools: float = 0.0
    lists: float = 0.0
    max_items: int = 0
    repeating: float = 0.0
    vectors: float = 0.0
    width: int = 0
    series: float = 0.0
    max_steps: int = 0
    infinities: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    words: float = 0.0
    length: float = 0.0
    max_length: int = 0
    ascending: bool = False
    earliest: str = ""
    latest: str = ""
    unparsed: tuple[str, ...] = ()
    stored: Stored = "text"
    style: Style = PLAIN
    media: Media | None = None
    private: bool = False

    @property
    def present(self) -> int:
        """Rows that hold something."""
        return self.rows - self.missing

    @property
    def sampled(self) -> bool:
        """Whether only part of the table was looked at."""
        return self.rows < self.total_rows

    @property
    def constant(self) -> bool:
        """Whether every present cell is the same (or none is present)."""
        return self.distinct <= 1

    @property
    def unique(self) -> bool:
        """Whether every present cell is different, as an id's are."""
        return self.present > 1 and self.distinct == self.present

    def told(self, text: str) -> str:
        """A cell as a message may show it."""
        return HIDDEN if self.private else repr(text)

    def state(self) -> dict[str, Any]:
        """As JSON values, for `profile.json`; of a private column only what does not show its cells."""
        whole = asdict(self)
        return {name: whole[name] for name in COUNTED} if self.private else whole


HIDDEN = "(private)"  # what stands in a message where a cell would
COUNTED = ("name", "rows", "total_rows", "missing", "distinct", "stored", "private")
FIRST = (
    50_000  # rows looked at from the beginning of a large table, and as many drawn from the rest
)
TOP = 20
LOOKED_INTO = 200  # cells that are asked whether they are files
_BOOLS = frozenset((*parse.YES, *parse.NO))
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_PARTED = re.compile(r"[\s,;\[]")  # in every text of more than one item


def profile(
    source: "Source", *, private: Collection[str] = (), seed: int = 0
) -> dict[str, ColumnProfile]:
    """What each column of a table looks like, by name.

    A table of more than 100,000 rows is judged by its first 50,000 and 50,000 drawn from the rest.

    Args:
        source: The table.
        private: Columns whose cells nobody is to read.
        seed: Draws the rows.
    """
    table = looked_at(source, seed)
    return {
        name: look(table, name, total=source.rows, private=name in private)
        for name in source.columns
    }


def looked_at(source: "Source", seed: int = 0) -> Table:
    """The rows of a table that its columns are judged by."""
    if source.rows <= 2 * FIRST:
        return source.table()
    rng = np.random.default_rng(seed)
    drawn = FIRST + np.sort(rng.choice(source.rows - FIRST, FIRST, replace=False))
    wanted = np.concatenate([np.arange(FIRST), drawn])
    parts, start = [], 0
    for chunk in source.chunks():
        inside = wanted[(wanted >= start) & (wanted < start + len(chunk))] - start
        parts.append(chunk.take(inside))
        start += len(chunk)
    return Table.concat(parts, source.columns)


def look(
    table: Table, name: str, *, total: int | None = None, private: bool = False
) -> ColumnProfile:
    """The profile of one column of a table in memory."""
    levels = table.column(name, "levels")
    codes, texts = np.asarray(levels.values), list(levels.levels)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    present = int(counts.sum())
    stored = table.stored(name)
    empty = ColumnProfile(
        name,
        rows=len(table),
        total_rows=total or len(table),
        missing=len(table) - present,
        private=private,
    )
    if not present:
        return replace(empty, stored="empty")
    style = detect(texts[:10_000]) if stored == "text" else PLAIN
    numbers = parse.numbers(texts, style)
    finite = np.isfinite(numbers)
    dates = np.full(len(texts), np.nan)
    if stored not in ("number", "integer") and not finite.all():  # no number is a date
        dates[~finite] = parse.dates([texts[i] for i in np.flatnonzero(~finite)], style)
    dated = np.isfinite(dates)
    bools = np.array([len(each) < 6 and each.lower() in _BOOLS for each in texts])
    lengths = np.array([len(each) for each in texts])
    words = np.array([_words(each) for each in texts])
    order = np.argsort(-counts, kind="stable")[:TOP]
    some = _some(table, name, codes) if finite.sum() < len(texts) else []

    def share(which: NDArray[np.bool_]) -> float:
        return float(counts[which].sum() / present)

    return replace(
        empty,
        distinct=len(texts),
        top=tuple((texts[i], int(counts[i])) for i in order),
        numbers=share(finite),
        integers=share(finite & (np.floor(numbers) == numbers)),
        dates=share(dated),
        bools=share(bools),
        words=float(words @ counts / present),
        length=float(lengths @ counts / present),
        max_length=int(lengths.max()),
        infinities=int(counts[[_is_infinity(each) for each in texts]].sum()),
        unparsed=tuple(islice((texts[i] for i in np.flatnonzero(~finite)), 5))
        if share(finite) > 0.5
        else (),
        ascending=_ascending(numbers if finite.sum() >= dated.sum() else dates, codes),
        earliest=_iso(np.nanmin(dates)) if dated.any() else "",
        latest=_iso(np.nanmax(dates)) if dated.any() else "",
        stored=stored,
        style=style,
        media=most(some),
        **_moments(numbers[finite], counts[finite]),
        **(_lists(texts, counts, present) | _arrays(some)),
    )


def _some(table: Table, name: str, codes: NDArray[np.int32]) -> list[Any]:
    """Cells as they are, of rows all over the table."""
    present = np.flatnonzero(codes >= 0)
    some = present[:: -(-len(present) // LOOKED_INTO)]
    return list(table.select([name]).take(some).column(name, "media").values)


def _arrays(some: list[Any]) -> dict[str, Any]:
    """Steps with several numbers each, as arrays: their text shows a shape alone."""
    steps = [
        len(each)
        for each in some
        if isinstance(each, np.ndarray) and each.ndim == 2 and each.dtype.kind in "iuf"
    ]
    if not steps or most(some):
        return {}
    return {"series": len(steps) / len(some), "max_steps": max(steps)}


def _moments(values: NDArray[np.float64], counts: NDArray[np.int64]) -> dict[str, Any]:
    if not len(values):
        return {}
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.average(values, weights=counts)
        std = np.sqrt(np.average((values - mean) ** 2, weights=counts))
    found = {"minimum": values.min(), "maximum": values.max(), "mean": mean, "std": std}
    return {name: float(each) for name, each in found.items() if np.isfinite(each)}


def _lists(texts: list[str], counts: NDArray[np.int64], present: int) -> dict[str, Any]:
    """JSON lists, and rows of numbers whatever parts them."""
    lists = longest = several = steps = broken = repeating = 0
    widths: Counter[int] = Counter()
    for text, count in zip(texts, counts.tolist(), strict=True):
        if not _PARTED.search(text):
            continue
        if text[0] == "[" and text[-1] == "]":
            items = parse.items(text)
            if items is not None:
                lists += count
                longest = max(longest, len(items))
                repeating += count * (len(set(map(str, items))) < len(items))
        vector = parse.vector(text) if text[-1] in "0123456789.]" else None
        if vector is not None and len(vector) > 1:
            widths[len(vector)] += count
        series = parse.series(text) if text[-1] in "0123456789.]" else None
        if series is not None and series.size > 1:
            several += count
            steps = max(steps, len(series))
            # whole numbers one after the other may be ids of anything, but ids are no list of steps
            parted = text.startswith("[[") or series.shape[1] > 1
            parted = parted or bool((series != np.rint(series)).any())
            broken += count * parted
    width, most = widths.most_common(1)[0] if widths else (0, 0)
    return {
        "lists": lists / present,
        "max_items": longest,
        "repeating": repeating / present,
        "vectors": most / present,
        "width": width if len(widths) == 1 else 0,
        "series": several / present if broken > several / 2 else 0.0,
        "max_steps": steps,
    }


def _words(text: str) -> float:
    """Words between spaces; of Chinese and Japanese, which set none, two signs are one."""
    signs = 0 if text.isascii() else len(_SIGN.findall(text))
    return max(len(text.split()), signs / 2)


def _is_infinity(text: str) -> bool:
    return text.lstrip("+-").lower() in parse.INFINITIES


def _ascending(values: NDArray[np.float64], codes: NDArray[np.int32]) -> bool:
    values = values[codes[codes >= 0]]
    return (
        len(values) > 2 and bool((values[1:] >= values[:-1]).all()) and bool(values[0] < values[-1])
    )


def _iso(seconds: float) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=float(seconds))
    return moment.replace(tzinfo=None).isoformat(sep=" ")
