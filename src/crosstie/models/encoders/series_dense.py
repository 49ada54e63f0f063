"""A series through fully connected layers: for windows of one length."""

from torch import Tensor

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.series_passthrough import flattened
from crosstie.models.encoders.vector_dense import VectorDense


@encoders("dense", of=("timeseries",))
class SeriesDense(VectorDense):
    """Fully connected layers over all numbers of a row and marks where one is missing."""

    @staticmethod
    def reads(columns: Columns) -> int:
        length, channels = columns.shape
        return 2 * length * channels

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, length, channels]` to `[batch, output_size]`."""
        return super().forward(flattened(values))
