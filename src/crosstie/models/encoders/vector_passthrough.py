"""A vector as it is."""

from torch import Tensor

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("passthrough", of=("vector",))
class VectorPassthrough(Encoder):
    """The vector itself."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.widths = (columns.sizes[0],)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]` unchanged."""
        return values
