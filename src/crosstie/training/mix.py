"""Training rows mixed two by two, so that a network says half of each between them.

mixup (Zhang et al. 2018, arXiv:1710.09412) blends all that two rows hold: pixels as they are, anything else once it
is encoded (manifold mixup, Verma et al. 2019, arXiv:1806.05236), for half of a word is no word. CutMix (Yun et al.
2019, arXiv:1905.04899) puts a piece of one picture into another. The loss is mixed likewise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from crosstie.data.batch import Layout
from crosstie.models.layers.blend import Blend


@dataclass(frozen=True)
class Mixed:
    """A batch that may be mixed.

    Attributes:
        inputs: As `Batch.inputs`.
        blend: How the loss is mixed; None where nothing is.
        inside: What the network has yet to mix; None where nothing, or where the inputs are mixed already.
    """

    inputs: Mapping[str, Tensor]
    blend: Blend | None = None
    inside: Blend | None = None


class Mix:
    """Draws how each batch is mixed, from torch's own generator, whose state a checkpoint keeps.

    Args:
        layout: What the arrays are.
        mixup: Both parameters of the Beta distribution that shares are drawn from; 0 does not blend.
        cutmix: Likewise, of the piece that is cut; 0 does not cut. Where both are asked for, each batch is either.
    """

    def __init__(self, layout: Layout, mixup: float, cutmix: float) -> None:
        self.mixup = mixup
        self.cutmix = cutmix
        self.pictures = [each.array for each in layout.images]

    def __call__(self, inputs: Mapping[str, Tensor]) -> Mixed:
        """The arrays of a batch and how it is mixed."""
        if not (self.mixup or self.cutmix):
            return Mixed(inputs)
        some = next(iter(inputs.values()))
        order = torch.randperm(len(some)).to(some.device)
        if self.cutmix and (not self.mixup or torch.rand(()) < 0.5):
            return self._cut(inputs, order)
        share = _drawn(self.mixup)
        blend = Blend(share.to(some.device), order)
        return Mixed(inputs, blend, blend)

    def _cut(self, inputs: Mapping[str, Tensor], order: Tensor) -> Mixed:
        side = math.sqrt(1 - float(_drawn(self.cutmix)))
        middle = torch.rand(2).tolist()
        changed = {name: inputs[name].clone() for name in self.pictures}
        shares = []
        for name, pixels in changed.items():
            rows, columns = (
                _around(at, side, pixels.shape[axis])
                for at, axis in zip(middle, (2, 3), strict=True)
            )
            pixels[:, :, rows, columns] = inputs[name][order][:, :, rows, columns]
            cut = (rows.stop - rows.start) * (columns.stop - columns.start)
            shares.append(1 - cut / pixels.shape[2:].numel())
        share = torch.tensor(sum(shares) / len(shares), device=order.device)
        return Mixed({**inputs, **changed}, Blend(share, order))


def _drawn(alpha: float) -> Tensor:
    return torch.distributions.Beta(alpha, alpha).sample()


def _around(at: float, side: float, size: int) -> slice:
    """The pixels of a piece along an axis of `size`: `side` of it, around `at`, both from 0 to 1."""
    middle, half = int(at * size), int(side * size) // 2
    return slice(max(middle - half, 0), min(middle + half, size))
