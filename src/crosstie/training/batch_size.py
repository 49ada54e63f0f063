"""How many rows are learned from at once: what the trainer's five options on it come to for some rows."""

from typing import Literal

from crosstie.data.batch import Batch
from crosstie.errors import ConfigError, Problem

# Rows up to which a batch size fits (TabM, arXiv:2410.24210); larger tables take the last.
BATCH_SIZES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
LARGEST_BATCH = 1024
PICTURES = 64  # a batch: one epoch of 7,000 digits of MNIST .94 with 64, .93 with 256
BATCH_BYTES = 1 << 22  # of a batch's inputs: long texts make for smaller batches


class BatchSize:
    """Rows a step, an update and an evaluation; decided by the number of rows and their size, never by timing.

    Args:
        rows: A step, as `batch_size` has them.
        evaluation: At once where nothing is learned, as `eval_batch_size`.
        most: That `auto` takes, as `max_batch_size`.
        update: Rows an update, as `effective_batch_size`.
        times: Batches an update, as `gradient_accumulation_steps`.

    Raises:
        ConfigError: An update is not a whole number of batches.
    """

    def __init__(
        self,
        rows: int | Literal["auto"],
        *,
        evaluation: int | Literal["auto"] | None,
        most: int | None,
        update: int | Literal["auto"],
        times: int | Literal["auto"],
    ) -> None:
        self.rows = rows
        self.evaluation = evaluation
        self.most = most
        self.update = update
        self.times = times
        self._check()

    def rows_a_step(self, train: Batch) -> int:
        """The batch size for these rows."""
        rows = len(train)
        if self.rows != "auto":
            return min(self.rows, rows)
        fitting = next((size for most, size in BATCH_SIZES if rows < most), LARGEST_BATCH)
        row_bytes = sum(array[:1].nbytes for array in train.inputs.values())
        fitting = max(min(fitting, BATCH_BYTES // max(row_bytes, 1)), 16)
        if any(array.ndim == 4 for array in train.inputs.values()):
            fitting = min(fitting, PICTURES)
        fitting = min(fitting, self.most or fitting)
        if self.update != "auto":
            whole = self.update
            if self.times != "auto":
                fitting = whole // self.times
            else:
                fitting = max(size for size in range(1, fitting + 1) if whole % size == 0)
        return min(fitting, rows)

    def rows_an_evaluation(self, batch_size: int) -> int:
        """Rows to measure at once: no activations are kept, so more than are learned from at once."""
        if self.evaluation in (None, "auto"):
            return max(2 * batch_size, 256)
        return int(self.evaluation)

    def batches_an_update(self, batch_size: int) -> int:
        """How many batches' gradients are added up before a step."""
        if self.times != "auto":
            return self.times
        return 1 if self.update == "auto" else -(-self.update // batch_size)

    def _check(self) -> None:
        whole, each, times = self.update, self.rows, self.times
        if whole == "auto":
            return
        told = "batch_size" if each != "auto" else "gradient_accumulation_steps"
        factor = each if each != "auto" else times
        if factor == "auto":
            return
        wrong = whole % factor if each == "auto" or times == "auto" else whole - each * times
        if wrong:
            product = (
                "" if each == "auto" or times == "auto" else f" times {times} batches an update"
            )
            raise ConfigError(
                Problem(
                    "trainer.effective_batch_size",
                    f"must be {'a multiple of ' if not product else ''}{told} {factor}{product}, got {whole}. "
                    "Leave one of them out",
                )
            )
