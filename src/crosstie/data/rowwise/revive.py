"""Row-wise features of a model on disk, perhaps a stranger's."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.config.registry import own_folders
from crosstie.data.rowwise.function import known
from crosstie.data.rowwise.rowwise import Rowwise


def revived(state: Mapping[str, Any], missing: Sequence[str] | None) -> Rowwise:
    """The row-wise features that a `state` came from, checked as if a stranger had written it.

    Args:
        state: As `Rowwise.state` gives.
        missing: As `Artifact.missing`.

    Raises:
        DataError: It calls what it may not.
        LookupError: It needs a function that is not here.
        MissingExtra: Its engine is not installed.
        ValueError: It is no such state.
    """
    from crosstie.data.rowwise.sql import RowwiseSql  # one of the two

    if state.get("kind") == "sql":
        return RowwiseSql.from_state(state, missing)
    if state.get("kind") == "python":
        from crosstie.data.rowwise.python import RowwisePython

        function = known(str(state["digest"]), str(state["file"]), own_folders())
        if function is None:
            raise LookupError(str(state["file"]))
        return RowwisePython.from_state(state, missing, function)
    raise ValueError(f"no kind of row-wise features {state.get('kind')!r}")
