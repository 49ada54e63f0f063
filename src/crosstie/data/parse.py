"""Text into numbers, dates and missing: the only place where that happens, in training and in production.

A cell's meaning depends on its own text, the column's `Style` and the missing words, never on its
neighbours: the fast paths for many cells give the same values as the slow path for one.
"""

import datetime as dt
import hashlib
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.style import PLAIN, Style

MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?", "-", "#N/A", "<NA>")
YES = ("true", "yes", "y", "t", "on", "1")
NO = ("false", "no", "n", "f", "off", "0")
INFINITIES = ("inf", "infinity")

_CURRENCY = "$€£¥₹"
_SPACES = " \u00a0\u202f'\u2019"  # what parts thousands beside a comma or a dot
_NUMBER = {
    mark: re.compile(
        rf"(?:\d{{1,3}}(?:([{group}{_SPACES}])\d{{3}})(?:\1\d{{3}})*|\d+|(?=[{mark}]\d))"
        rf"(?:[{mark}]\d*)?(?:[eE][+-]?\d+)?",
        re.ASCII,
    )
    for mark, group in ((".", ","), (",", "."))
}
_NUMBERISH = re.compile(r"[+-]?[\d.,]*\d[\d.,]*", re.ASCII)
_WHOLE = re.compile(r"-?\d+\.0+", re.ASCII)

_MONTHS = {
    name: i
    for i, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?"
)
_DATES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME,
        r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<other>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)" + _TIME,
        r"(?:[A-Za-z]{3,9},?\s+)?(?P<day>\d{1,2})(?P<mark>[-\s/])(?P<name>[A-Za-z]{3,9})\.?(?P=mark)(?P<year>\d{4}|\d\d)"
        + _TIME,
        r"(?:[A-Za-z]{3,9},?\s+)?(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
        + _TIME,
        r"(?P<year>\d{4})-(?P<month>\d\d)" + _TIME,
        r"(?P<name>[A-Za-z]{3,9})\.?[-\s]\s*(?P<year>\d{4})" + _TIME,
        r"(?P<year>\d{4})[-\s](?P<name>[A-Za-z]{3,9})\.?(?:[-\s](?P<day>\d{1,2}))?" + _TIME,
        r"(?P<name>[A-Za-z]{3,9})(?P<mark>[-/])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME,
        # as C and Twitter write it
        (
            r"[A-Za-z]{3}\s+(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)"
            r":(?P<second>\d\d)(?P<fraction>)(?P<half>)\s+(?:(?P<zone>UTC|GMT|[+-]\d{4})\s+)?(?P<year>\d{4})"
        ),
    )
)
_QUARTER = re.compile(
    r"(?P<year>\d{4})[-\s/]?[Qq](?P<quarter>[1-4])|[Qq](?P<first>[1-4])[-\s/]?(?P<after>\d{4})",
    re.ASCII,
)
_LARGEST = sys.float_info.max
_EPOCH = dt.datetime(1970, 1, 1)  # all arithmetic here is in UTC without saying so


def text(cell: Any) -> str | None:
    """A cell of any type as text, surrounding spaces gone; None where it holds nothing.

    The same value has the same text whatever file it came from: `1`, `1.0` and `Decimal("1.00")` are "1",
    booleans "true" and "false", dates ISO, lists and mappings compact JSON. Text stays as it is written.

    Examples:
        >>> text(3.0), text(True), text(" x "), text([1, 2]), text(float("nan"))
        ('3', 'true', 'x', '[1,2]', None)
    """
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None:
        return None
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return _float_text(cell)
    return _other_text(cell)


def _float_text(cell: float | np.floating[Any]) -> str | None:
    value = float(cell)
    if math.isnan(value):
        return None
    if abs(value) < 1e16 and value.is_integer():
        return str(int(value))
    # of a float32 the shortest text that gives it back, as a CSV would hold it: 0.1, not 0.10000000149
    return str(cell) if isinstance(cell, np.floating) else repr(cell)


def _other_text(cell: Any) -> str | None:
    if isinstance(cell, np.datetime64):
        return None if np.isnat(cell) else _other_text(cell.astype("datetime64[us]").item())
    if isinstance(cell, dt.datetime):
        if cell != cell:  # noqa: PLR0124 - NaT, which claims to be a datetime
            return None
        moment = cell if cell.tzinfo is None else cell.astimezone(dt.UTC).replace(tzinfo=None)
        return str(moment.isoformat(sep=" "))
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        if cell.is_nan():
            return None
        return str(int(cell)) if cell == cell.to_integral_value() else str(cell.normalize())
    if isinstance(cell, np.ndarray):
        cell = cell.tolist() if cell.ndim < 2 else _array_text(cell)  # a picture
    if isinstance(cell, set | frozenset):
        cell = sorted(cell, key=str)
    if isinstance(cell, list | tuple | Mapping):
        return json.dumps(cell, ensure_ascii=False, separators=(",", ":"), default=text)
    if isinstance(cell, bytes | bytearray | memoryview):
        return _bytes_text(bytes(cell))
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    return str(cell).strip() or None


def _bytes_text(cell: bytes) -> str | None:
    """Text in UTF-8 as it is; of a file's content a name that tells it from others."""
    if len(cell) < 1 << 16 and b"\0" not in cell:
        try:
            return cell.decode().strip() or None
        except UnicodeDecodeError:
            pass  # no text
    return f"<{len(cell)} bytes {_digest(cell)}>"


def _array_text(cell: NDArray[Any]) -> str:
    shape = "x".join(map(str, cell.shape))
    return f"<array {shape} {_digest(np.ascontiguousarray(cell).tobytes())}>"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def media(cell: Any, missing: Collection[str] = MISSING) -> Any:
    """A cell as a decoder of files opens it: a path or an address, bytes, an array; None where it holds nothing.

    A mapping with `bytes` or `path`, as Hugging Face's data sets hold, is what it holds; a list of numbers, as
    JSON has it, is an array. What is nothing of the kind stays as it is, for the decoder to refuse.

    Examples:
        >>> media(" a.png "), media({"bytes": None, "path": "b.jpg"}), media("NA")
        ('a.png', 'b.jpg', None)
    """
    if isinstance(cell, Mapping) and ("bytes" in cell or "path" in cell):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytearray | memoryview):
        cell = bytes(cell)
    if isinstance(cell, bytes):
        return cell or None
    if isinstance(cell, str | PurePath):
        found = str(cell).strip()
        return None if not found or found in missing else found
    if isinstance(cell, list | tuple):
        try:
            array = np.asarray(cell)
        except ValueError:  # rows of different lengths
            return cell
        return array if array.dtype.kind in "biuf" else cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return None if type(cell).__name__ in ("NAType", "NaTType") else cell


def level(text: str) -> str:
    """The text under which a level is known: "1.0" is "1", "TRUE" and "True" are "true".

    So a column of whole numbers or booleans has the same levels from a CSV that pandas wrote, from Parquet
    and from JSON. All other text is its own level.
    """
    if text in ("True", "TRUE", "False", "FALSE"):
        return text.lower()
    return text[: text.index(".")] if text.endswith("0") and _WHOLE.fullmatch(text) else text


def number(text: str, style: Style = PLAIN) -> float | None:
    """The number that a text holds; None if it is none. Infinities are none.

    Thousands may be parted, a currency sign or % may stand at either end (12% is 12), brackets are a minus.

    Examples:
        >>> number("1,234.5"), number("$ 7"), number("(3)"), number("1.234,5", Style(decimal=","))
        (1234.5, 7.0, -3.0, 1234.5)
    """
    if style.decimal == "." or not ("." in text or "," in text):
        try:
            value = float(text)
        except ValueError:
            pass
        else:
            return value if math.isfinite(value) and "_" not in text else None
    return _dressed_number(text, style)


def _dressed_number(text: str, style: Style) -> float | None:
    if not any("0" <= c <= "9" for c in text) or len(text) > 100:
        return None
    bare = text.strip().replace("\u2212", "-")
    negative = bare.startswith("(") and bare.endswith(")")
    if negative:
        bare = bare[1:-1].strip()
    bare = bare.lstrip(_CURRENCY).lstrip()
    sign = bare[:1] if bare[:1] in ("+", "-") else ""
    bare = bare[len(sign) :].lstrip(_CURRENCY).lstrip().rstrip(_CURRENCY + "%").rstrip()
    if sign and negative:
        return None
    match = _NUMBER[style.decimal].fullmatch(bare)
    if match is None:
        return None
    if match[1]:
        bare = bare.replace(match[1], "")
    value = float(bare.replace(",", ".") if style.decimal == "," else bare)
    if not math.isfinite(value):
        return None
    return -value if negative or sign == "-" else value


def numbers(texts: Sequence[str], style: Style = PLAIN) -> NDArray[np.float64]:
    """`number` of many texts, NaN for None: float64 `[texts]`."""
    if style.decimal == "." and len(texts) > 32:
        try:
            values = np.array(texts, dtype=object).astype(np.float64)
        except (ValueError, TypeError):
            pass
        else:
            if np.isfinite(values).all() and "_" not in "".join(texts):
                return values
    return np.array([math.nan if (v := number(t, style)) is None else v for t in texts], np.float64)


def date(text: str, style: Style = PLAIN) -> float | None:
    """Seconds since 1970 in UTC of the moment that a text names; None if it is no date.

    Read are 2016-01-31, 2016/01/31, 2016-01, 31.01.2016, 01/31/2016 or 31/01/2016 as `style` says (the other way
    round where only that is a date), 31-Jan-2016, Jan-31-2016, January 31, 2016, January 2016 and 2016 Jan, and a
    quarter, 2016 Q1, by its first day; all but that with a time, AM or PM, a
    fraction and an offset if need be; Sun Jan 31 10:30:00 2016. Without an offset the time is UTC. A bare number is no date. Years are 1000 to 9999;
    of two digits 69 to 99 are 19xx.

    Examples:
        >>> date("1970-01-02"), date("Jan 1, 1970 01:00 +01:00"), date("5")
        (86400.0, 0.0, None)
    """
    if len(text) < 8 and (quarter := _QUARTER.fullmatch(text)):
        return _quarter(quarter)
    if not 6 < len(text) < 45:
        return _short_date(text, style)
    for shape in _DATES:
        if match := shape.fullmatch(text):
            return _seconds(match.groupdict(), style)
    return None


def _short_date(text: str, style: Style) -> float | None:
    match = _DATES[1].fullmatch(text) if 6 <= len(text) < 45 else None
    return _seconds(match.groupdict(), style) if match else None


def _quarter(found: re.Match[str]) -> float | None:
    year = int(found["year"] or found["after"])
    month = 3 * int(found["quarter"] or found["first"]) - 2
    if year < 1000:
        return None
    return float((dt.datetime(year, month, 1) - _EPOCH) // dt.timedelta(seconds=1))


def _seconds(found: dict[str, str | None], style: Style) -> float | None:
    year = int(found["year"] or 0)
    if len(found["year"] or "") == 2:
        year += 1900 if year >= 69 else 2000
    if found.get("first"):
        month, day = int(found["first"] or 0), int(found["other"] or 0)
        if style.dates == "day" or found["mark"] == "." or month > 12:
            month, day = day, month
        if month > 12:
            month, day = day, month
    else:
        name = found.get("name")
        month = _MONTHS.get(name.lower(), 0) if name else int(found["month"] or 0)
        day = int(found.get("day") or 1)
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    try:
        moment = dt.datetime(
            year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0)
        )
    except ValueError:
        return None
    if year < 1000:
        return None
    whole = (moment - _EPOCH) // dt.timedelta(seconds=1) - _offset(found["zone"])
    fraction = found["fraction"]
    return float(whole) + (float(f"0.{fraction}") if fraction else 0.0)


def _offset(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def dates(texts: Sequence[str], style: Style = PLAIN) -> NDArray[np.float64]:
    """`date` of many texts, NaN for None: float64 `[texts]`."""
    if len(texts) > 32 and (length := len(texts[0])) in (10, 19):
        fast = _iso_dates(texts, length)
        if fast is not None:
            return fast
    return np.array([math.nan if (v := date(t, style)) is None else v for t in texts], np.float64)


def _iso_dates(texts: Sequence[str], length: int) -> NDArray[np.float64] | None:
    """2016-01-31 or 2016-01-31 12:00:00 in every cell, 10 times as fast as one by one; else None."""
    if any(len(each) != length for each in texts):
        return None
    letters = np.array(texts, dtype=f"U{length}").view(np.uint32).reshape(len(texts), length)
    marks = {4: "-", 7: "-", **({10: "T ", 13: ":", 16: ":"} if length == 19 else {})}
    for place in range(length):
        column = letters[:, place]
        if place in marks:
            if not np.isin(column, [ord(each) for each in marks[place]]).all():
                return None
        elif column.min() < 48 or column.max() > 57:
            return None
    if letters[:, 0].min() == 48:
        return None
    try:
        return np.array(texts, dtype="datetime64[s]").astype(np.int64).astype(np.float64)
    except ValueError:
        return None


def items(text: str) -> list[Any] | None:
    """The items of a JSON list; None if the text is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def vector(cell: Any) -> list[float] | None:
    """The numbers of a list, of a JSON array or of numbers parted by spaces, commas or semicolons."""
    if isinstance(cell, str):
        bare = cell.strip()
        if bare.startswith("["):
            try:
                cell = json.loads(bare)
            except (ValueError, RecursionError):
                cell = bare.strip("[]").replace(",", " ").split()
        else:
            cell = re.split(r"[\s,;]+", bare)
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    if not isinstance(cell, list | tuple) or not cell:
        return None
    found = []
    for each in cell:
        value = number(each) if isinstance(each, str) else each
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            return None
        if not _is_finite(value):
            return None
        found.append(float(value))
    return found


def series(cell: Any, missing: Collection[str] = MISSING) -> NDArray[np.float64] | None:
    """The numbers of a cell in time, `[length, channels]`, NaN where one is missing; None where it is no series.

    A list of numbers is one channel; a list of lists is a step each, with a number a channel. In text, numbers
    are parted by spaces, commas or semicolons.

    Examples:
        >>> series("1 NA 3").tolist(), series([[1, 2], [3, None]]).tolist(), series("1 two")
        ([[1.0], [nan], [3.0]], [[1.0, 2.0], [3.0, nan]], None)
    """
    if isinstance(cell, str):
        bare = cell.strip()
        cell = items(bare) if bare.startswith("[") else None
        if cell is None and bare:
            cell = _PARTS.split(bare.strip("[] "))
    if (
        isinstance(cell, np.ndarray)
        and cell.dtype.kind in "iuf"
        and cell.ndim in (1, 2)
        and cell.size
    ):
        found = cell.astype(np.float64).reshape(len(cell), -1)
        return np.where(np.isfinite(found), found, np.nan)
    if not isinstance(cell, list | tuple | np.ndarray) or not len(cell):
        return None
    deep = isinstance(cell[0], list | tuple | np.ndarray)
    steps = cell if deep else [[each] for each in cell]
    width = len(steps[0])
    if not width or any(not isinstance(each, list | tuple | np.ndarray) for each in steps):
        return None
    if any(len(each) != width for each in steps):
        return None
    flat = [_value(each, missing) for step in steps for each in step]
    if any(each is None for each in flat):
        return None
    found = np.array(flat, np.float64).reshape(-1, width)
    return None if np.isnan(found).all() else found


_PARTS = re.compile(r"\s*[,;]\s*|\s+")


def _value(cell: Any, missing: Collection[str]) -> float | None:
    """A number, NaN where it is missing; None where it is something else."""
    if isinstance(cell, str):
        text = cell.strip()
        return math.nan if not text or text in missing else number(text)
    if cell is None:
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, int | float | np.number):
        return None
    return float(cell) if _is_finite(cell) else math.nan


def _is_finite(value: float | np.number[Any]) -> bool:
    """Whether a float can hold it: of a whole number of hundreds of digits `math.isfinite` does not say."""
    return bool(-_LARGEST <= value <= _LARGEST)


def held(cell: Any, missing: Collection[str] = MISSING) -> bool:
    """Whether a cell holds anything."""
    found = text(cell)
    return found is not None and found not in missing


def detect(texts: Iterable[str]) -> Style:
    """How a column is written, from some of its different texts.

    A decimal comma must show (1,5) and nothing may speak against it (1.5, or the list 1,2,3). In 01/02/2016 the
    day comes first if more cells have a first part above 12 than a second one; with nothing to go by, the month.
    """
    commas, against = 0, False
    order: Counter[str] = Counter()
    for each in texts:
        if not each or len(each) > 45 or not (each[-1].isalnum() or each[-1] in "%€$£¥₹)."):
            continue
        if "," in each or "." in each:
            plain = number(each) is not None
            comma = _dressed_number(each, Style(decimal=",")) is not None
            commas += comma and not plain
            against = against or (plain and not comma)
            against = against or (not plain and not comma and bool(_NUMBERISH.fullmatch(each)))
        if (match := _DATES[1].fullmatch(each)) and match["mark"] != ".":
            first, other = int(match["first"]), int(match["other"])
            order["day"] += first > 12 >= other
            order["month"] += other > 12 >= first
    return Style(
        decimal="," if commas and not against else ".",
        dates="day" if order["day"] > order["month"] else "month",
    )
