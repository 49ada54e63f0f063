"""One change of the weights: the gradients of some batches, added up, then a step of the optimizer.

Where several processes train together each computes the gradients of its own rows of every batch.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from crosstie.models.network import Network
from crosstie.training.augment import Augment
from crosstie.training.feed import Rows
from crosstie.training.mix import Mix
from crosstie.training.optimizers.optimizer import Groups
from crosstie.training.regularization import Regularization
from crosstie.training.runner import Runner
from crosstie.training.trainer import Trainer


class Update:
    """Turns batches into changes of a network's weights.

    Args:
        options: The trainer.
        network: Changed in place; it is on the runner's device.
        runner: Computes the gradients.
        rate: That the optimizer begins with.
        seed: Of what processes that train together draw, each for itself.

    Attributes:
        forward: The network, or what it was compiled to.
        parameters: All of the network's, those that rest too.
        bare: The optimizer as it is; the one that is stepped with may be wrapped.
        loss: Sum over the batches since the last step, each times its share.
        heard: Whether any process was asked to stop before the last step.
    """

    def __init__(
        self, options: Trainer, network: Network, runner: Runner, *, rate: float, seed: int
    ) -> None:
        self.network = network
        self.runner = runner
        self.seed = seed
        self.augment = Augment(network.layout, network.inputs.sections)
        self.mix = Mix(network.layout, options.mixup, options.cutmix)
        self.forward: Any = torch.compile(network) if options.compile else network
        self.parameters = list(network.parameters())
        decayed, spared = network.parameter_groups()
        groups = _by_rate(
            options.optimizer.groups(decayed, spared), network.rates(options.rate_ratio)
        )
        self.bare = options.optimizer.build(groups, rate)
        self.optimizer = runner.prepare(network, self.bare)
        self.regularization = Regularization(
            decayed, options.regularization_type, options.regularization_lambda
        )
        self.clipping = options.clipping
        self.loss = torch.zeros((), device=runner.device)
        self.heard = False

    def gradients(
        self, rows: Rows, *, share: float = 1.0, moment: tuple[int, int] = (0, 0)
    ) -> None:
        """Add up the gradients of a batch, and its loss, which is not waited for.

        Args:
            rows: The batch.
            share: Of the update that the batch makes up.
            moment: The step and the batch of the epoch: what a process draws depends on them, so that a resumed
                training draws the same.
        """
        own, part = self.own(rows, moment)
        if not part:
            return
        mixed = self.mix(self.augment(own.inputs))
        with self.runner.autocast():
            logits = self.forward(mixed.inputs, own.targets, mixed.inside)
            loss = self.network.loss(logits, own.targets, own.weights)
            if mixed.blend is not None:
                own_share, others = mixed.blend.share, own.take(mixed.blend.order)
                other = self.network.loss(logits, others.targets, others.weights)
                loss = own_share * loss + (1 - own_share) * other
        share *= part
        self.runner.backward(loss if share == 1 else loss * share)
        self.loss += loss.detach() if part == 1 else loss.detach() * part

    def own(self, rows: Rows, moment: tuple[int, int]) -> tuple[Rows, float]:
        """This process's rows of a batch, and how much of the batch's loss is theirs."""
        processes, index = self.runner.processes, self.runner.index
        if processes == 1:
            return rows, 1.0
        torch.manual_seed(hash((self.seed, index, *moment)))
        count = len(rows)
        if count < 2 * processes:  # a row alone has no batch statistics
            return rows, float(index == 0)
        own = rows.slice(index * count // processes, (index + 1) * count // processes)
        if rows.weights is None or own.weights is None:
            return own, len(own) / count
        return own, float(own.weights.sum() / rows.weights.sum().clamp(min=1e-12))

    def step(self, *, asked: bool) -> Tensor:
        """Change the weights by the gradients that were added up.

        Args:
            asked: Whether this process was asked to stop; the others hear of it.

        Returns:
            The sum of the batches' losses.
        """
        self.heard, loss = self.runner.collect(self.parameters, self.loss, asked=asked)
        self.loss = torch.zeros_like(loss)
        self.runner.unscale()
        self.regularization.apply()
        self.clipping.apply(self.parameters)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def use_rate(self, rate: float) -> None:
        """Step at this rate from now on; slower where a part's own scale says so."""
        for group in self.bare.param_groups:
            group["lr"] = rate * group["scale"]


def _by_rate(groups: Groups, rates: Mapping[int, float]) -> Groups:
    """Parameter groups parted by what the learning rate is multiplied by, their `scale`."""
    found: Groups = []
    for group in groups:
        parts: dict[float, list[Any]] = {}
        for parameter in group["params"]:
            parts.setdefault(rates.get(id(parameter), 1.0), []).append(parameter)
        found += [{**group, "params": each, "scale": scale} for scale, each in parts.items()]
    return found
