"""Sounds through a published network."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from crosstie.data.published import Published, find
from crosstie.errors import ConfigError, Problem
from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pretrained import Pretrained
from crosstie.models.layers.steps import before_end

FAMILIES = {"hubert": None, "wav2vec2": "facebook/wav2vec2-base-960h"}
LEAST = 1e-7  # added to a sound's variance, as those networks were trained with


@encoders(
    "pretrained", of=("audio",), presets={name: {"model": each} for name, each in FAMILIES.items()}
)
class AudioPretrained(Pretrained):
    """A published network of transformers that reads the samples of a sound, as it is or trained on: wav2vec 2.0, HuBERT.

    It says their rate; a sound's vector is the same whatever longer ones stand beside it. Left as it is (`trainable:
    false`) it hears every sound once, and training sees the vectors. Weights come as safetensors; code that came with
    them is never run.

    Args:
        model: A folder, an installed package that carries weights, or a name of the hub, which is fetched once.
        pooling: How a sound becomes one vector: `mean`, `max`, `sum`, `last`, `attention`, `cls` (the first) of
            those of its pieces. Null is `mean`.
    """

    lacks: ClassVar[tuple[str, ...]] = ("word_pooling",)
    part = "audio"

    def _usual(self, network: nn.Module, published: Published | None) -> str:
        return "mean"

    def _fit(self, columns: Columns, network: nn.Module, published: Published | None) -> int:
        config: Any = network.config
        if config.model_type not in FAMILIES:
            raise ConfigError(
                Problem(
                    "model",
                    f"a {config.model_type!r} is no network that reads the samples of sounds here; wav2vec2 and "
                    "hubert are",
                )
            )
        if self.pooling == "cls_pooled":
            raise ConfigError(
                Problem("pooling", "this model has no pooler of its own; take `mean` or `max`")
            )
        assert columns.trial or columns.shape[1] == 1, "feature_options asks for samples"
        network.masked_spec_embed = None  # type: ignore[assignment]  # pieces hidden in their own training
        level = published is None or published.sounds().level
        self.level = nn.Buffer(torch.tensor(level))
        pairs = list(zip(config.conv_kernel, config.conv_stride, strict=True))
        self.shortest = 1  # samples that make one piece
        for kernel, stride in reversed(pairs):
            self.shortest = (self.shortest - 1) * stride + kernel
        return int(config.hidden_size)

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        found = {"type": "raw", "standardise": False}  # the network does it
        if options.get("model") is None or options.get("architecture") is not None:
            return found
        try:
            said = find(options["model"], options.get("revision")).sounds()
        except ConfigError:
            return found  # told when the network is tried
        return {**found, "sampling_rate": said.rate}

    def forward(self, values: Tensor) -> Tensor:
        """Samples `[batch, length, 1]`, NaN after the end, or vectors computed before, to `[batch, width]`."""
        if values.dim() == 2:  # vectors
            return values
        there = before_end(values.isnan())
        samples = values.squeeze(-1).nan_to_num(0.0) * there
        lengths = there.sum(1, keepdim=True)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            pieces, present = self._heard(
                torch.where(self.level, _level(samples, there), samples), lengths
            )
        return self.row(pieces, present)

    def _heard(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(vectors of pieces, whether they are of the sound), from samples `[batch, length]` and their count `[batch, 1]`."""
        network: Any = self.published
        hidden = nn.functional.pad(samples, (0, max(self.shortest - samples.shape[1], 0)))
        hidden = hidden.unsqueeze(1)
        empty = lengths == 0
        lengths = lengths.clamp(min=self.shortest)  # silence behind a shorter sound
        for layer in network.feature_extractor.conv_layers:
            size, step = layer.conv.kernel_size[0], layer.conv.stride[0]
            lengths = torch.div(lengths - size, step, rounding_mode="floor") + 1
            norm = getattr(layer, "layer_norm", None)
            if isinstance(norm, nn.GroupNorm):
                hidden = layer.activation(_normed(norm, layer.conv(hidden), lengths))
            else:
                hidden = layer(hidden)
        seen = torch.arange(hidden.shape[2], device=hidden.device) < lengths
        projected = network.feature_projection(hidden.transpose(1, 2))
        vectors = projected[0] if isinstance(projected, tuple) else projected
        found = network.encoder(vectors, attention_mask=seen)
        return found.last_hidden_state, seen & ~empty


def _level(samples: Tensor, there: Tensor) -> Tensor:
    """Each sound with mean 0 and variance 1, silence after its end."""
    count = there.sum(1, keepdim=True).clamp(min=1)
    middle = samples - samples.sum(1, keepdim=True) / count
    middle = middle * there
    spread: Tensor = (middle.square().sum(1, keepdim=True) / count + LEAST).sqrt()
    return middle / spread


def _normed(norm: nn.GroupNorm, hidden: Tensor, lengths: Tensor) -> Tensor:
    """What `norm`, of one group a channel, makes of each row alone: what is after its end does not count."""
    there = (torch.arange(hidden.shape[2], device=hidden.device) < lengths).unsqueeze(1)
    count = lengths.unsqueeze(2)
    middle = hidden - (hidden * there).sum(2, keepdim=True) / count
    spread = ((middle * there).square().sum(2, keepdim=True) / count + norm.eps).sqrt()
    return middle / spread * norm.weight.unsqueeze(1) + norm.bias.unsqueeze(1)
