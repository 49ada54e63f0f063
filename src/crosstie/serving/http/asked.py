"""What a request asks about: its body as a table, whatever form it came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosstie.data.table import Table
from crosstie.serving.http.json_body import read_json
from crosstie.serving.http.refused import Refused, unusable
from crosstie.serving.model import Model


@dataclass(frozen=True)
class Asked:
    """Rows to predict.

    Attributes:
        table: The rows.
        one: Whether it is one row that came as such, and not as a list of one.
    """

    table: Table
    one: bool = False


def of_json(body: bytes, model: Model, most: int) -> Asked:
    """An object, which is a row, or an array of them.

    Args:
        body: JSON.
        model: Which words mean that nothing is there.
        most: Rows.

    Raises:
        Refused: It is no JSON (400), neither of the two (422), or has too many rows (413).
    """
    found = read_json(body)
    one = isinstance(found, dict)
    rows = [found] if one else found
    if not isinstance(rows, list):
        raise unusable([_no_object(None, found)])
    check_rows(len(rows), most)
    problems = [
        _no_object(place, each) for place, each in enumerate(rows, 1) if not isinstance(each, dict)
    ]
    if problems:
        raise unusable(problems)
    return Asked(Table.from_rows(rows, missing=model.artifact.missing), one)


def check_rows(rows: int, most: int) -> None:
    """Refuse more rows than a request may have."""
    if rows > most:
        raise Refused(
            413, f"{rows} rows are more than the {most} that a request may have. Send them in parts"
        )


def _no_object(row: int | None, value: Any) -> Mapping[str, Any]:
    wanted = "an object of cells" if row else "an object of cells, or an array of such"
    got = _KINDS.get(type(value), "a number")
    where = f"row {row}: " if row else ""
    return {
        "row": row,
        "column": None,
        "value": None,
        "wanted": wanted,
        "message": f"{where}wanted {wanted}, got {got}",
    }


_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "a truth value",
    type(None): "null",
    list: "an array",
    dict: "an object",
}
