"""Encoders, a combiner and decoders as one network: packed arrays in, the logits of every output out."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from crosstie.config.options import build
from crosstie.data.batch import (
    Batch,
    Categories,
    Date,
    Image,
    Layout,
    Output,
    Series,
    Tokens,
    Vector,
)
from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.decoders.decoder import Decoder, decoders
from crosstie.models.inputs import Inputs
from crosstie.models.layers.initial import build_part
from crosstie.models.losses.loss import Loss, losses


class Network(nn.Module):
    """A model of tables, texts and sets.

    Args:
        layout: What the arrays are.
        architecture: The filled sections as plain dicts: `inputs` by name (`type`, `encoder`), `combiner`,
            `outputs` by name (`type`, `decoder`, `loss` with `weight`, `dependencies`).
        train: Training rows, for what starts from data (quantiles, which columns have missing values, how
            many members). None when a saved network is rebuilt from `to_config` and its weights.

    Attributes:
        members: Networks in the ensemble; 1 where there is no member axis.
    """

    def __init__(
        self, layout: Layout, architecture: Mapping[str, Any], train: Batch | None = None
    ) -> None:
        super().__init__()
        self.layout = layout
        self.inputs = Inputs(layout, architecture["inputs"], train)
        options = dict(architecture["combiner"])
        kind = options.pop("type")
        parts = Parts(self.inputs.parts, rows=0 if train is None else len(train))
        self.combiner: Combiner = build_part(combiners.get(kind), parts, section=options)
        self.members = self.combiner.members
        self.outputs = {output.name: output for output in layout.outputs}
        sections = architecture["outputs"]
        self.needs = {
            name: tuple(sections[name].get("dependencies") or ()) for name in self.outputs
        }
        self.order = _order(self.needs)
        self.decoders = nn.ModuleDict()
        self.losses = nn.ModuleDict()
        self.loss_weights: dict[str, float] = {}
        for name in self.order:
            self._add_output(self.outputs[name], sections[name])
        config = {
            "layout": asdict(layout),
            "architecture": {
                "inputs": self.inputs.sections,
                "combiner": {**architecture["combiner"], **self.combiner.decided},
                "outputs": {name: dict(section) for name, section in sections.items()},
            },
        }
        self._config: dict[str, Any] = json.loads(json.dumps(config))  # lists for tuples

    def _add_output(self, output: Output, section: Mapping[str, Any]) -> None:
        width = self.combiner.width + sum(
            self.outputs[each].size for each in self.needs[output.name]
        )
        options = dict(section["decoder"])
        made = decoders.get(options.pop("type"), of=output.type)
        decoder: Decoder = build_part(made, output, width, self.members, section=options)
        options = dict(section["loss"])
        self.loss_weights[output.name] = options.pop("weight", 1.0)
        loss: Loss = build(losses.get(options.pop("type"), of=output.type), output, **options)
        self.decoders[output.array] = decoder
        self.losses[output.array] = loss

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Logits by output name.

        Args:
            inputs: As `Batch.inputs`.

        Returns:
            number, binary `[batch]`; category, set `[batch, size]`; with members an axis for them in second
            place: `[batch, members]`, `[batch, members, size]`.
        """
        combined = self.combiner(self.inputs(inputs))
        found: dict[str, Tensor] = {}
        for name in self.order:
            values = combined
            if self.needs[name]:
                before = [_wide(found[each], self.outputs[each]) for each in self.needs[name]]
                values = torch.cat([combined, *before], -1)
            found[name] = self.decoders[self.outputs[name].array](values)
        return found

    def loss(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        weights: Tensor | None = None,
    ) -> Tensor:
        """What training makes small: the outputs' losses, each times its weight, and the combiner's penalty.

        Args:
            logits: Of `forward`.
            targets: As `Batch.targets`.
            weights: `[batch]`, or None.

        Returns:
            A scalar; with members the mean of their losses, never the loss of their mean.
        """
        total: Tensor | None = None
        for name, weight in self.loss_weights.items():
            one = self.losses[self.outputs[name].array](logits[name], targets[name], weights)
            one = one if weight == 1 else weight * one
            total = one if total is None else total + one
        assert total is not None, "a network has an output"
        penalty = self.combiner.penalty() if self.training else None
        return total if penalty is None else total + penalty

    def predict(self, logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the graph puts out, by `Output.array`: members' probabilities averaged, numbers likewise.

        Returns:
            number `[batch]`, standardised; binary `[batch]`, of the positive class; category, set `[batch, size]`.
        """
        return {
            output.array: self._probabilities(output, logits[name].float())
            for name, output in self.outputs.items()
        }

    def _probabilities(self, output: Output, logits: Tensor) -> Tensor:
        if output.type == "category":
            logits = logits.softmax(-1)
        elif output.type != "number":
            logits = logits.sigmoid()
        return logits.mean(1) if self.members > 1 else logits

    def to_config(self) -> dict[str, Any]:
        """Plain JSON values from which `from_config` builds the same network, weights aside."""
        return self._config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The network that `to_config` described, with weights yet to be loaded."""
        return cls(_layout(config["layout"]), config["architecture"])

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters that weight decay is for, and those it is not for.

        Not for biases, norms, scalings of members and what numbers are embedded with (as TabM does).
        """
        spared = {
            id(parameter)
            for module in self.modules()
            if getattr(module, "undecayed", False)
            for parameter in module.parameters()
        }
        decayed: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            spare = parameter.dim() < 2 or name.endswith("bias") or id(parameter) in spared
            (rest if spare else decayed).append(parameter)
        return decayed, rest


def _wide(logits: Tensor, output: Output) -> Tensor:
    """With a last axis of `output.size`."""
    return logits if output.type in ("category", "set") else logits.unsqueeze(-1)


def _order(needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Outputs so that each comes after those it depends on; otherwise as given."""
    found: list[str] = []
    while len(found) < len(needs):
        ready = [
            name
            for name in needs
            if name not in found and all(each in found for each in needs[name])
        ]
        assert ready, f"outputs depend on each other in a ring: {dict(needs)}"
        found.append(ready[0])
    return tuple(found)


def _layout(plain: Mapping[str, Any]) -> Layout:
    """From `asdict`, JSON's lists and all."""
    return Layout(
        numbers=tuple(plain["numbers"]),
        categories=tuple(Categories(**each) for each in plain["categories"]),
        tokens=tuple(Tokens(**each) for each in plain["tokens"]),
        vectors=tuple(Vector(**each) for each in plain["vectors"]),
        dates=tuple(Date(**each) for each in plain["dates"]),
        images=tuple(
            Image(**{**each, "mean": tuple(each["mean"]), "std": tuple(each["std"])})
            for each in plain.get("images", ())
        ),
        series=tuple(Series(**each) for each in plain.get("series", ())),
        outputs=tuple(
            Output(
                **{**each, "prior": tuple(each["prior"]), "labels": tuple(each.get("labels", ()))}
            )
            for each in plain["outputs"]
        ),
    )
