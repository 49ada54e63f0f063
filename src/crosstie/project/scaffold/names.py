"""What things may be called: a word of Python and SQL, not taken, so that files, functions, tables and classes can bear it."""

import re
from collections.abc import Iterable
from keyword import iskeyword, issoftkeyword

from crosstie.errors import Problem

# of DuckDB and PostgreSQL: a table or column so called has to be quoted
SQL = frozenset(
    """all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
    deferrable desc describe distinct do else end except false fetch for foreign from grant group having in initially
    intersect into lambda lateral leading limit not null offset on only or order pivot placing primary qualify references
    returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when
    where window with user current_date""".split()  # noqa: SIM905 - words read better as such
)


def wrong_name(name: str, *, where: str, taken: Iterable[str] = ()) -> list[Problem]:
    """Why something may not be called so, and what comes near.

    Args:
        name: The name.
        where: What a message calls the place.
        taken: Names that are in use.

    Examples:
        >>> [str(each) for each in wrong_name("My step", where="NAME")]
        ["NAME: 'My step' is no name that Python and SQL can call: a-z, 0-9 and _; did you mean 'my_step'?"]
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        what = "is no name that Python and SQL can call: a-z, 0-9 and _"
    elif iskeyword(name) or issoftkeyword(name):
        what = "is a word of Python itself"
    elif name in SQL:
        what = "is a word of SQL itself"
    elif name in taken:
        what = "is taken"
    else:
        return []
    return [Problem(where, f"{name!r} {what}; did you mean {usable(name, taken)!r}?")]


def usable(name: str, taken: Iterable[str] = ()) -> str:
    """The nearest name that something may have.

    Examples:
        >>> usable("Telco-Customer (1)"), usable("2024"), usable("order"), usable("a", {"a", "a_2"})
        ('telco_customer_1', 'my_2024', 'my_order', 'a_3')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not plain[:1].isalpha() or iskeyword(plain) or issoftkeyword(plain) or plain in SQL:
        plain = f"my_{plain or 'table'}"
    used, free, number = set(taken), plain, 1
    while free in used:
        number += 1
        free = f"{plain}_{number}"
    return free
