"""What all routes share: the model, the limits, and asking the one within the other."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.serving.http.holder import Answer, ModelHolder
from crosstie.serving.http.metrics import Metrics
from crosstie.serving.http.refused import Refused, WrongRows, of_message, unusable
from crosstie.serving.http.settings import Settings
from crosstie.serving.model import Model

LARGE = 1 << 16  # bytes that other requests would wait for, were they read on their thread

Rows = TypeVar("Rows")


class Service:
    """A model within its limits.

    Args:
        holder: The model.
        settings: The limits.
    """

    def __init__(self, holder: ModelHolder, settings: Settings) -> None:
        self.holder = holder
        self.settings = settings
        self.metrics = Metrics()
        self.in_flight = 0

    async def read(self, reading: Callable[[], Rows], *, quick: bool) -> Rows:
        """Make rows of a body.

        Args:
            reading: Does it.
            quick: Whether that takes less than going to another thread does.

        Raises:
            Refused: As `reading`; or the rows are no table (422), or it takes too long (504).
        """
        try:
            if quick:
                return reading()
            async with asyncio.timeout(self.settings.timeout):
                return await asyncio.to_thread(reading)
        except DataError as error:
            raise of_data(error) from None
        except TimeoutError:
            raise Refused(
                504,
                f"the body was not read within {self.settings.timeout:g} s. Send fewer rows at once",
            ) from None

    async def ask(self, model: Model, table: Table) -> Answer:
        """Predict the rows of a request.

        Args:
            model: The one that the request began with.
            table: Its rows.

        Raises:
            Refused: The rows cannot be used (422), too many requests are being answered (503), or it takes too
                long (504).
        """
        if self.in_flight >= self.settings.concurrency:
            raise Refused(
                503,
                f"{self.in_flight} requests are being answered, as many as may be at once. Ask again",
                headers={"Retry-After": "1"},
            )
        self.in_flight += 1
        self.metrics.flight(1)
        try:
            async with asyncio.timeout(self.settings.timeout):
                answer = await self.holder.predict(model, table)
        except WrongRows as error:
            raise error.refused() from None
        except DataError as error:
            raise of_data(error) from None
        except TimeoutError:
            raise Refused(
                504,
                f"the rows were not predicted within {self.settings.timeout:g} s. Send fewer at once",
            ) from None
        finally:
            self.in_flight -= 1
            self.metrics.flight(-1)
        self.metrics.rows(len(table), answer.counts)
        return answer


def of_data(error: DataError) -> Refused:
    """A 422 of a table that the model cannot take."""
    return unusable([of_message(str(each)) for each in error.problems])
