"""Convolutions one after the other."""

from collections.abc import Sequence

from torch import Tensor, nn

from crosstie.models.layers.convolution import Convolution, Filter


class Convolutions(nn.Module):
    """Each `Filter` over what the one before it found.

    Attributes:
        width: Of the output.
    """

    def __init__(self, width: int, filters: Sequence[Filter]) -> None:
        super().__init__()
        widths = [width, *(each.num_filters for each in filters)]
        self.layers = nn.ModuleList(
            Convolution(each, layer) for each, layer in zip(widths, filters, strict=False)
        )
        self.width = widths[-1]

    def forward(self, vectors: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors `[batch, length, width]`, zero where padded, and bool `[batch, length]` to the same, shorter if pooled."""
        for layer in self.layers:
            vectors, present = layer(vectors, present)
        return vectors, present
