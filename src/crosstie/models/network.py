"""Encoders, a combiner and decoders as one network: packed arrays in, the logits of every output out."""

import json
import math
from collections.abc import Iterable, Mapping
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
from crosstie.errors import ConfigError, Problem
from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.decoders.decoder import Decoder, decoders
from crosstie.models.inputs import Inputs, States
from crosstie.models.layers.blend import Blend
from crosstie.models.layers.initial import build_part
from crosstie.models.layers.level import Level, back
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
        combiner: None where every output reads an input token by token.
        read: The input that such an output reads, by the output's name.
        written: Those of them that are texts.

    Raises:
        ConfigError: An output reads an input that has no vector for each token, or it cannot be told which.
    """

    def __init__(
        self, layout: Layout, architecture: Mapping[str, Any], train: Batch | None = None
    ) -> None:
        super().__init__()
        self._frozen: list[nn.Module] = []
        self.layout = layout
        self.inputs = Inputs(layout, architecture["inputs"], train)
        self.outputs = {output.name: output for output in layout.outputs}
        followed = sorted({output.follows for output in layout.outputs} - {""})
        self.levels = nn.ModuleDict({array: Level() for array in followed})
        sections = architecture["outputs"]
        self.read = {
            name: _input(name, sections[name]["decoder"], layout, self.inputs)
            for name, output in self.outputs.items()
            if _decoder(output, sections[name]).reads == "states"
        }
        self.written = {
            name for name in self.read if _decoder(self.outputs[name], sections[name]).writes
        }
        options = dict(architecture["combiner"])
        self.combiner: Combiner | None = None
        if len(self.read) < len(self.outputs):
            parts = Parts(self.inputs.parts, rows=0 if train is None else len(train))
            kind = combiners.get(options.pop("type"))
            self.combiner = build_part(kind, parts, section=options)
        self.members = 1 if self.combiner is None else self.combiner.members
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
            "layout": {**asdict(layout), "units": ()},  # which a network does not read
            "architecture": {
                "inputs": self.inputs.sections,
                "combiner": {
                    **architecture["combiner"],
                    **({} if self.combiner is None else self.combiner.decided),
                },
                "outputs": {name: dict(section) for name, section in sections.items()},
            },
        }
        self._config: dict[str, Any] = json.loads(json.dumps(config))  # lists for tuples

    @property
    def parts(self) -> dict[str, list[nn.Module]]:
        """What can be frozen, by name: `encoders`, `combiner`, `decoders`, and the encoder or decoder of each column.

        Columns of one type with equal encoder options share an encoder: theirs is the same.
        """
        combiner = [] if self.combiner is None else [self.combiner]
        found: dict[str, list[nn.Module]] = {"encoders": [], "combiner": [*combiner]}
        found["decoders"] = [*self.decoders.values()]
        for names, _, encoder in self.inputs.encoders(tied=True):
            if encoder not in found["encoders"]:
                found["encoders"].append(encoder)
            found |= {name: [encoder] for name in names}
        return found | {name: [self.decoder(name)] for name in self.outputs}

    def freeze(self, parts: Iterable[str], *, epoch: int = 0) -> None:
        """Let only these parts keep their weights while training; all others learn, but for what encoders let rest.

        A frozen part computes as it does when it predicts: without dropout, and its norms keep their statistics.
        """
        self._frozen = [module for part in parts for module in self.parts[part]]
        self.requires_grad_(requires_grad=True)
        for module in self._frozen:
            module.requires_grad_(requires_grad=False)
        for _, _, encoder in self.inputs.encoders():
            if resting := encoder.resting(epoch):
                for parameter in encoder.parameters():
                    if id(parameter) in resting:
                        parameter.requires_grad = False
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """As torch has it, but for what is frozen."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def rates(self, ratio: float) -> dict[int, float]:
        """By id of a parameter, what its learning rate is multiplied by: encoders 1 / ratio or less, decoders 1."""
        combiner = 1 / math.sqrt(ratio)
        scales = {"encoders": 1 / ratio, "combiner": combiner, "decoders": 1.0}
        parts = self.parts
        found = {
            id(parameter): scale
            for part, scale in scales.items()
            for module in parts[part]
            for parameter in module.parameters()
        }
        for _, _, encoder in self.inputs.encoders():
            for parameter, share in encoder.rates().items():
                found[id(parameter)] *= share
        return found

    def decoder(self, output: str) -> Decoder:
        """The decoder of an output."""
        decoder = self.decoders[self.outputs[output].array]
        assert isinstance(decoder, Decoder)
        return decoder

    def _add_output(self, output: Output, section: Mapping[str, Any]) -> None:
        members = self.members
        if output.name in self.read:
            width, members = self.inputs.states_width(self.read[output.name]) or 0, 1
        else:
            assert self.combiner is not None, "an output reads it"
            width = self.combiner.width + sum(
                self.outputs[each].size for each in self.needs[output.name]
            )
        options = {key: each for key, each in section["decoder"].items() if key != "type"}
        made = _decoder(output, section)
        decoder: Decoder = build_part(made, output, width, members, section=options)
        options = dict(section["loss"])
        self.loss_weights[output.name] = options.pop("weight", 1.0)
        loss: Loss = build(losses.get(options.pop("type"), of=output.type), output, **options)
        self.decoders[output.array] = decoder
        self.losses[output.array] = loss

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        targets: Mapping[str, Tensor] | None = None,
        blend: Blend | None = None,
    ) -> dict[str, Tensor]:
        """Logits by output name.

        Args:
            inputs: As `Batch.inputs`.
            targets: As `Batch.targets`: a text is scored as it should have been written so far. None leaves texts
                out, which `models.search` writes.
            blend: How rows are mixed, where they are to be.

        Returns:
            number, binary `[batch]`; category, set `[batch, size]`; with members an axis for them in second
            place: `[batch, members]`, `[batch, members, size]`. Never with members: sequence `[batch, length, size]`,
            text `[batch, places, size + copies]`.
        """
        return self.answer(inputs, targets, blend)[0]

    def answer(
        self,
        inputs: Mapping[str, Tensor],
        targets: Mapping[str, Tensor] | None = None,
        blend: Blend | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, States]]:
        """As `forward`, and by name of every input that is read token by token its states."""
        arrays = dict(inputs)
        ends: dict[str, tuple[Tensor, Tensor]] = {}
        for array, level in self.levels.items():
            arrays[array], *end = level(arrays[array])
            ends[array] = (end[0], end[1])
        rows, states = self.inputs.read(
            arrays,
            rows=self.combiner is not None,
            tokens=set(self.read.values()),
            blend=blend,
        )
        combined = None if self.combiner is None else self.combiner(rows)
        found: dict[str, Tensor] = {}
        for name in self.order:
            decoder = self.decoders[self.outputs[name].array]
            if name in self.written:
                if targets is not None:
                    copied = inputs.get(self.outputs[name].copied)
                    seen = states[self.read[name]]
                    found[name] = decoder(combined, *seen, copied, targets[name])
                continue
            if name in self.read:
                found[name] = decoder(combined, *states[self.read[name]])
                continue
            assert combined is not None
            found[name] = self._of_row(name, combined, found)
            if (output := self.outputs[name]).follows:
                found[name] = back(found[name], *ends[output.follows], output)
        return found, states

    def of_rows(self, rows: list[Tensor]) -> dict[str, Tensor]:
        """Logits by output name, of a network whose outputs read nothing but rows' vectors.

        Args:
            rows: As `Inputs.forward` gives them.
        """
        assert self.combiner is not None, "its outputs read rows' vectors"
        combined = self.combiner(rows)
        found: dict[str, Tensor] = {}
        for name in self.order:
            found[name] = self._of_row(name, combined, found)
        return found

    def _of_row(self, name: str, combined: Tensor, found: Mapping[str, Tensor]) -> Tensor:
        """Logits of an output that reads the combined vector, and what others said before it."""
        values = combined
        if self.needs[name]:
            before = [_wide(found[each], self.outputs[each]) for each in self.needs[name]]
            values = torch.cat([combined, *before], -1)
        logits: Tensor = self.decoders[self.outputs[name].array](values)
        return logits

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
        penalty = self.combiner.penalty() if self.training and self.combiner is not None else None
        return total if penalty is None else total + penalty

    def predict(self, logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the graph puts out, by `Output.array`: members' probabilities averaged, numbers likewise.

        Returns:
            number `[batch]`, standardised; binary `[batch]`, of the positive class; category, set `[batch, size]`;
            sequence `[batch, length, size]`, anything where padded. A text is not predicted at once.
        """
        return {
            output.array: self._probabilities(output, logits[name].float())
            for name, output in self.outputs.items()
            if name not in self.written
        }

    def _probabilities(self, output: Output, logits: Tensor) -> Tensor:
        if output.type == "sequence":  # rows may end before padding does
            logits = nn.functional.pad(logits, (0, 0, 0, output.length - logits.shape[1]))
        if output.type in ("category", "sequence"):
            logits = logits.softmax(-1)
        elif output.type not in ("number", "timeseries"):
            logits = logits.sigmoid()
        return logits.mean(1) if self.members > 1 and output.name not in self.read else logits

    def to_config(self) -> dict[str, Any]:
        """Plain JSON values from which `from_config` builds the same network, weights aside."""
        return self._config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The network that `to_config` described, with weights yet to be loaded."""
        return cls(_layout(config["layout"]), config["architecture"])

    def provenance(self) -> dict[str, Any]:
        """What its encoders began with, where that was published, by input."""
        return {
            name: encoder.provenance
            for names, _, encoder in self.inputs.encoders()
            for name in names
            if encoder.provenance is not None
        }

    def merge(self) -> None:
        """Training is over: what was only for it goes."""
        sections = self._config["architecture"]["inputs"]
        for names, _, encoder in self.inputs.encoders():
            changed = encoder.merge()
            for name in names:
                sections[name]["encoder"] |= changed

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


def _decoder(output: Output, section: Mapping[str, Any]) -> type[Decoder]:
    return decoders.get(section["decoder"]["type"], of=output.type)


def _input(name: str, decoder: Mapping[str, Any], layout: Layout, inputs: Inputs) -> str:
    """The input that an output reads token by token."""
    names = [each.name for each in layout.tokens if each.type in ("text", "sequence")]
    chosen = decoder.get("input") or (names[0] if len(names) == 1 else None)
    where = f"{name}.decoder.input"
    if chosen is None:
        which = f"one of {', '.join(map(repr, names))}" if names else "but there is none"
        raise ConfigError(
            Problem(where, f"{decoder['type']!r} reads one text or sequence input: {which}")
        )
    if inputs.states_width(chosen) is None:
        raise ConfigError(
            Problem(
                where,
                f"the encoder of {chosen!r} has no vector for each token. "
                "Take one that does not pool, such as `rnn`.",
            )
        )
    return chosen


def _wide(logits: Tensor, output: Output) -> Tensor:
    """With a last axis of `output.size`."""
    return logits if output.scored else logits.unsqueeze(-1)


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
