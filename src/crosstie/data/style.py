"""How a column writes its numbers and dates: found once on training rows, stored, used again in production.

"1.234" is one and a bit or more than a thousand, "01/02/2016" is January or February. Which one it is
shows in the column, not in the cell; a request of one row must be read as its training rows were.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Style:
    """The way one column is written.

    Attributes:
        decimal: The sign before the fraction. With "," a dot separates thousands: 1.234,5.
        dates: Which comes first in 01/02/2016.
    """

    decimal: Literal[".", ","] = "."
    dates: Literal["month", "day"] = "month"

    def state(self) -> dict[str, Any]:
        """As JSON values; `Style(**state)` is the way back."""
        return asdict(self)


PLAIN = Style()
