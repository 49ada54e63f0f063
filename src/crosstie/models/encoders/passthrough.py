"""Numbers as they are."""

from torch import Tensor

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("passthrough", of=("number", "binary"), elsewhere=("identity", "none", "raw"))
class Passthrough(Encoder):
    """Each number stands for itself."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.widths = (1,) * len(columns.names)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, columns]` unchanged."""
        return values
