"""What a server answers with: a model, and where its work is done."""

from abc import ABC, abstractmethod

from crosstie.serving.http.job import Job, Reply
from crosstie.serving.model import Model


class Holder(ABC):
    """A model to ask from an event loop.

    Args:
        model: What answers.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether requests may come."""
        return not self._closed

    def close(self) -> None:
        """Say that no more requests should come; those that do are answered."""
        self._closed = True

    @abstractmethod
    async def open(self) -> None:
        """Return once requests may come.

        Raises:
            ArtifactError: The model cannot be asked.
        """

    @abstractmethod
    async def answer(self, job: Job) -> Reply:
        """What the model says."""

    @abstractmethod
    async def swap(self, model: Model) -> None:
        """Put another model in the place of the one that is asked; what was asked before may be answered by either.

        Raises:
            ArtifactError: It cannot be asked; the old one still is.
        """

    @abstractmethod
    def end(self) -> None:
        """Let go of all that answers."""
