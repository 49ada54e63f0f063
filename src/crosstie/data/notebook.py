"""How an object shows itself in a notebook: a line and a table, every text in them escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

SHOWN = 50  # rows; more would push the next cell out of sight


def notebook(line: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """HTML for `_repr_html_`; of long tables the first `SHOWN` rows.

    Examples:
        >>> notebook("Model('a<b')", ["column"], [["age"]])
        '<p>Model(&#x27;a&lt;b&#x27;)</p><table><tr><th>column</th></tr><tr><td>age</td></tr></table>'
    """
    rows = iter(rows)
    body = "".join(_row(each, "td") for each in islice(rows, SHOWN))
    left = sum(1 for _ in rows)
    more = f"<p>and {left} more</p>" if left else ""
    return f"<p>{escape(line)}</p><table>{_row(head, 'th')}{body}</table>{more}"


def _row(cells: Sequence[object], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(str(each))}</{tag}>' for each in cells)}</tr>"
