"""Requests that are not answered with predictions: which status, why, and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.serving.strict import Wrong


class Refused(Exception):
    """A request that is turned away.

    Args:
        status: Of HTTP.
        why: What is wrong and what to do, for whoever sent it.
        problems: What is wrong with its rows, each by itself.
        headers: To send along.
    """

    def __init__(
        self,
        status: int,
        why: str,
        *,
        problems: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.problems = problems
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """As JSON values: `{"error": …}`, and `"problems": […]` where rows are wrong."""
        found: dict[str, Any] = {"error": self.why}
        if self.problems:
            found["problems"] = list(self.problems)
        return found


def unusable(problems: Sequence[Mapping[str, Any]]) -> Refused:
    """A 422 that lists what is wrong."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return Refused(422, f"{count} in the rows; nothing was predicted", problems=problems)


def problem(wrong: Wrong) -> dict[str, Any]:
    """What is wrong with a cell or column, as JSON values."""
    return {
        "row": wrong.row,
        "column": wrong.column,
        "value": wrong.value,
        "wanted": wrong.wanted,
        "message": str(wrong),
    }


def of_message(text: str) -> dict[str, Any]:
    """What is wrong with the rows as a whole, as JSON values."""
    return {"row": None, "column": None, "value": None, "wanted": None, "message": text}
