"""Several looks at the inputs, each at few of them."""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor, nn

from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.sparsemax import sparsemax

ROOT_HALF = math.sqrt(0.5)  # keeps the spread of a sum of two
TINY = 1e-15  # the logarithm of a share of 0 stays finite


@combiners("tabnet")
class TabNet(Combiner):
    """Sequential attention: every step chooses few inputs by sparsemax and adds what it made of them (arXiv:1908.07442).

    Args:
        size: Width of what a step hands to the next one's choice (the paper's N_a).
        output_size: Width of a step's result, and of the output (N_d).
        num_steps: Steps after the first, which only makes the first choice.
        num_total_blocks: Layers of a step's network.
        num_shared_blocks: How many of them all steps share.
        relaxation_factor: How often an input may be chosen again: 1 is once (the paper's gamma).
        sparsity: Weight of the choices' entropy in the loss.
        dropout: Share of the output set to 0 in training.
        bn_momentum: Share of a batch in the running statistics.
        bn_epsilon: Added to variances.
        bn_virtual_bs: Rows that are normalised together in training; None takes the whole batch.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        size: Annotated[int, Ge(1)] = 32,
        output_size: Annotated[int, Ge(1)] = 128,
        num_steps: Annotated[int, Ge(1)] = 3,
        num_total_blocks: Annotated[int, Ge(1)] = 4,
        num_shared_blocks: Annotated[int, Ge(0)] = 2,
        relaxation_factor: Annotated[float, Ge(1)] = 1.5,
        sparsity: Annotated[float, Ge(0)] = 1e-4,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.05,
        bn_momentum: Annotated[float, Gt(0), Lt(1)] = 0.05,
        bn_epsilon: Annotated[float, Gt(0)] = 1e-3,
        bn_virtual_bs: Annotated[int, Ge(2)] | None = 1024,
    ) -> None:
        super().__init__()
        norm = Ghost(bn_virtual_bs, bn_momentum, bn_epsilon)
        inner = size + output_size
        self.shared = nn.ModuleList(
            nn.Linear(parts.width if place == 0 else inner, 2 * inner)
            for place in range(min(num_shared_blocks, num_total_blocks))
        )
        self.before = nn.BatchNorm1d(parts.width, momentum=bn_momentum, eps=bn_epsilon)
        self.steps = nn.ModuleList(
            Step(parts.width, inner, len(self.shared), num_total_blocks, norm)
            for _ in range(num_steps + 1)
        )
        self.choices = nn.ModuleList(
            nn.Sequential(nn.Linear(size, parts.width, bias=False), norm.of(parts.width))
            for _ in range(num_steps)
        )
        self.width = output_size
        self.relaxation_factor = relaxation_factor
        self.sparsity = sparsity
        self.dropout = Dropout(dropout)
        self._entropy: Tensor | None = None

    def masks(self, encoded: Sequence[Tensor]) -> list[Tensor]:
        """What each step looks at: shares of the inputs that add up to 1, `[batch, sum(widths)]` each."""
        return self._run(torch.cat(list(encoded), dim=1))[1]

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """`[batch, output_size]`."""
        found, masks = self._run(torch.cat(list(encoded), dim=1))
        if self.training and self.sparsity:
            entropies = [-(mask * (mask + TINY).log()).sum(1).mean() for mask in masks]
            self._entropy = torch.stack(entropies).mean()
        return found

    def penalty(self) -> Tensor | None:
        """`sparsity` times the mean entropy of the choices."""
        entropy, self._entropy = self._entropy, None  # kept, it would keep the batch's graph alive
        return None if entropy is None else self.sparsity * entropy

    def _run(self, values: Tensor) -> tuple[Tensor, list[Tensor]]:
        values = self.before(values)
        hint = self.steps[0](values, self.shared)[:, self.width :]
        allowed = torch.ones_like(values)
        total = torch.zeros_like(values[:, :1]).expand(-1, self.width)
        masks = []
        for choose, step in zip(self.choices, list(self.steps)[1:], strict=True):
            mask = sparsemax(choose(hint) * allowed)
            masks.append(mask)
            allowed = allowed * (self.relaxation_factor - mask)
            made = step(mask * values, self.shared)
            total = total + torch.relu(made[:, : self.width])
            hint = made[:, self.width :]
        found: Tensor = self.dropout(total)
        return found, masks


class Step(nn.Module):
    """The feature transformer: gated layers, the first of them shared by all steps; each step norms its own."""

    def __init__(self, width: int, inner: int, shared: int, blocks: int, norm: "Ghost") -> None:
        super().__init__()
        self.own = nn.ModuleList(
            nn.Linear(width if place == 0 else inner, 2 * inner) for place in range(shared, blocks)
        )
        self.norms = nn.ModuleList(norm.of(2 * inner) for _ in range(blocks))

    def forward(self, values: Tensor, shared: nn.ModuleList) -> Tensor:
        """`[batch, width]` to `[batch, inner]`, through the shared layers and then its own."""
        layers = [*shared, *self.own]
        for place, (layer, norm) in enumerate(zip(layers, self.norms, strict=True)):
            found = nn.functional.glu(norm(layer(values)), dim=-1)
            values = found if place == 0 else (values + found) * ROOT_HALF
        return values


class Ghost:
    """Makes batch norms that see a few rows at a time in training (arXiv:1705.08741)."""

    def __init__(self, rows: int | None, momentum: float, epsilon: float) -> None:
        self.rows, self.momentum, self.epsilon = rows, momentum, epsilon

    def of(self, width: int) -> "GhostNorm":
        """One for that many inputs."""
        return GhostNorm(width, self.rows, momentum=self.momentum, eps=self.epsilon)


class GhostNorm(nn.BatchNorm1d):
    """Batch normalisation over at most `rows` rows at a time in training; as usual otherwise."""

    def __init__(self, width: int, rows: int | None, *, momentum: float, eps: float) -> None:
        super().__init__(width, momentum=momentum, eps=eps)
        self.rows = rows

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]`."""
        if not self.training or self.rows is None or len(values) <= self.rows:
            return super().forward(values)
        pieces = values.tensor_split(math.ceil(len(values) / self.rows))
        return torch.cat([super(GhostNorm, self).forward(piece) for piece in pieces])
