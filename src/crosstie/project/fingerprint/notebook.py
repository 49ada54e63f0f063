"""A notebook's code: its code cells in order. Outputs, counts, metadata and the cells' names are no part of it."""

import ast
import json
import re

from crosstie.errors import Problem, ProjectError

_COMMAND = re.compile(r"^(\s*)((?:[%!]|\?).*)$", re.MULTILINE)


def code_cells(text: str, path: str) -> str:
    """The code of a notebook's cells, one below the other, as Python.

    What only IPython understands (`%matplotlib inline`, `!ls`, a cell that begins with `%%`) becomes an expression that
    holds its text, so that it counts too.

    Args:
        text: The file's.
        path: What errors call it.

    Raises:
        ProjectError: It is no notebook.
    """
    try:
        value = json.loads(text)
        cells = [_source(each) for each in value["cells"] if each["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        raise ProjectError(
            Problem(
                path, "is not a notebook: it is not JSON with 'cells'. Save it again from Jupyter."
            )
        ) from None
    return "\n\n".join(cells) + "\n"


def _source(cell: dict[str, str | list[str]]) -> str:
    source = "".join(cell["source"])
    if source.lstrip().startswith("%%"):
        return _kept(source)
    try:
        ast.parse(source)
    except SyntaxError:
        return _COMMAND.sub(lambda found: f"{found[1]}{_kept(found[2])}", source)
    return source


def _kept(command: str) -> str:
    return f"get_ipython().run({command!r})"
