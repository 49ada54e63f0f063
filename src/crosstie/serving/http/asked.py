"""What a request asks about: its body as a table, whatever form it came in."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crosstie.data.read import open_bytes
from crosstie.data.reader import NO_HEADER, TITLE
from crosstie.data.table import Table
from crosstie.serving.http.arrow_body import arrow_rows
from crosstie.serving.http.described import described
from crosstie.serving.http.json_body import read_json
from crosstie.serving.http.limits import check_rows
from crosstie.serving.http.media import Form
from crosstie.serving.http.refused import of_message, problem, unusable
from crosstie.serving.model import Model

DEEPEST = 4  # lists in lists; the numbers of a picture are 3
MOST = 100  # problems of a column that are named


@dataclass(frozen=True)
class Asked:
    """Rows to predict.

    Attributes:
        table: The rows.
        one: Whether it is one row that came as such, and not as a list of one.
    """

    table: Table
    one: bool = False


def asked(body: bytes, form: Form, model: Model, most: int) -> Asked:
    """The rows of a body.

    Args:
        body: The bytes.
        form: What they are.
        model: Whose columns are read, and which words mean that nothing is there.
        most: Rows.

    Raises:
        Refused: It cannot be read (400), is no table or has cells that are nothing a cell can be (422), or has too
            many rows (413).
        DataError: The text of a CSV holds no table.
    """
    match form:
        case "json":
            return _of_json(body, model, most)
        case "csv":
            return Asked(_of_csv(body, model, most))
        case _:
            columns = set(model.artifact.columns)
            return Asked(arrow_rows(body, form, columns, model.artifact.missing, most))


def _of_json(body: bytes, model: Model, most: int) -> Asked:
    """An object, which is a row, or an array of them."""
    found = read_json(body)
    one = isinstance(found, dict)
    rows = [found] if one else found
    if not isinstance(rows, list):
        raise unusable([_no_object(None, found)])
    check_rows(len(rows), most)
    odd = [
        _no_object(place, each) for place, each in enumerate(rows, 1) if not isinstance(each, dict)
    ]
    if odd:
        raise unusable(odd[:MOST])
    return Asked(of_cells(rows, model), one)


def of_cells(rows: list[dict[str, Any]], model: Model) -> Table:
    """Rows of JSON values as a table.

    Raises:
        Refused: Cells are of a kind that a column cannot have, an object or a list of words; what else is wrong with
            the rows is said too.
    """
    about = described(model)
    if all(type(row.get(name)) in kinds for row in rows for name, kinds in about.plain.items()):
        return Table.from_rows(rows, missing=model.artifact.missing)
    odd: dict[tuple[int, str], dict[str, Any]] = {}
    for name, kinds in about.kinds.items():
        cells = [row.get(name) for row in rows]
        found = set(map(type, cells)) - {type(None)}
        if found <= kinds and list not in found:
            continue
        wrong = (row for row, each in enumerate(cells, 1) if not _is_cell(each, kinds))
        for row in islice(wrong, MOST):
            odd[row, name] = _odd_cell(row, name, about.wanted[name], cells[row - 1])
    if not odd:
        return Table.from_rows(rows, missing=model.artifact.missing)
    blank = [
        {name: None if (place, name) in odd else cell for name, cell in row.items()}
        for place, row in enumerate(rows, 1)
    ]
    others = [
        problem(each) for each in model.check_rows(blank) if (each.row, each.column) not in odd
    ]
    raise unusable(sorted([*odd.values(), *others], key=lambda each: each["row"] or 0))


def _is_cell(value: Any, kinds: AbstractSet[type]) -> bool:
    """Whether a value of JSON can be a cell: of a kind that its column takes, lists no deeper than a picture's."""
    if value is None or type(value) in kinds - {list}:
        return True
    if type(value) not in kinds:
        return False
    level = value
    for _ in range(DEEPEST):
        if dict in set(map(type, level)):
            return False
        level = [each for part in level if type(part) is list for each in part]
    return not level


def _of_csv(body: bytes, model: Model, most: int) -> Table:
    """Lines of cells below a line of names, or as the training table was written."""
    source = model.open(open_bytes(body, "csv", "the body", missing=model.artifact.missing))
    check_rows(source.rows, most)
    odd = [each for each in source.notes if NO_HEADER not in each and TITLE not in each]
    if odd:  # a line that is left out would shift the answers
        raise unusable([of_message(each) for each in odd])
    return source.table()


def _no_object(row: int | None, value: Any) -> Mapping[str, Any]:
    wanted = "an object of cells" if row else "an object of cells, or an array of such"
    where = f"row {row}: " if row else ""
    message = f"{where}wanted {wanted}, got {_kind(value)}"
    return {"row": row, "column": None, "value": None, "wanted": wanted, "message": message}


def _odd_cell(row: int, column: str, wanted: str, value: Any) -> dict[str, Any]:
    message = f"row {row}, column {column!r}: wanted {wanted}, got {_kind(value)}"
    return {"row": row, "column": column, "value": None, "wanted": wanted, "message": message}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")


_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "a truth value",
    type(None): "null",
    list: "an array",
    dict: "an object",
}
