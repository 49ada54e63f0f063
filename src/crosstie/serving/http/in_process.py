"""A model that is asked in the server's own process."""

from collections.abc import Sequence

from crosstie.serving.http.batcher import Batcher
from crosstie.serving.http.holder import Holder
from crosstie.serving.http.job import Job, Reply, work
from crosstie.serving.model import Model

TOGETHER = 64  # small requests that are predicted together


class InProcess(Holder):
    """A model beside the event loop.

    Small requests go together; a large one goes alone in a thread of its own, so that small ones need not wait for it.

    Args:
        model: What answers.
        max_rows: That a request may have.
    """

    def __init__(self, model: Model, *, max_rows: int = 10_000) -> None:
        super().__init__(model)
        self._max_rows = max_rows
        self._small: Batcher[Job, Reply] = Batcher(self._work, most=TOGETHER)
        self._large: Batcher[Job, Reply] = Batcher(self._work, most=1, quick=0)

    async def open(self) -> None:
        """It can be asked at once."""

    async def answer(self, job: Job) -> Reply:
        """What the model says."""
        return await (self._small if job.small else self._large).ask(job)

    async def swap(self, model: Model) -> None:
        """Ask another from now on; requests that are being predicted are answered by the old one."""
        self.model = model

    def end(self) -> None:
        """Let go of the threads."""
        self._small.end()
        self._large.end()

    def _work(self, jobs: Sequence[Job]) -> list[Reply]:
        return work(self.model, jobs, self._max_rows)
