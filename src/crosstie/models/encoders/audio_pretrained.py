"""Sounds through a published network."""

from collections.abc import Mapping
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from crosstie.data.published import Published, Sounds, find
from crosstie.errors import ConfigError, Problem
from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pretrained import Pretrained
from crosstie.models.layers.steps import before_end

FAMILIES = {
    "ast": "MIT/ast-finetuned-audioset-10-10-0.4593",
    "hubert": "facebook/hubert-base-ls960",
    "wav2vec2": "facebook/wav2vec2-base-960h",
    "wavlm": "microsoft/wavlm-base-plus",
    "whisper": "openai/whisper-base",
}
LEAST = 1e-7  # added to a sound's variance, as those networks were trained with
DEPTH, SILENCE = (
    2.0,
    -1.5,
)  # of Whisper's spectrogram: from the loudest to the quietest, and of silence alone


@encoders(
    "pretrained", of=("audio",), presets={name: {"model": each} for name, each in FAMILIES.items()}
)
class AudioPretrained(Pretrained):
    """A published network of transformers that hears sounds, as it is or trained on.

    It reads samples (wav2vec 2.0, HuBERT, WavLM …) or its own kind of spectrogram (Whisper, the Audio Spectrogram
    Transformer, Wav2Vec2-BERT), and says their rate; a sound's vector is the same whatever longer ones stand beside
    it. Left as it is (`trainable: false`) it hears every sound once, and training sees the vectors. Weights come as
    safetensors; code that came with them is never run.

    Args:
        model: A folder, an installed package that carries weights, or a name of the hub, which is fetched once.
        pooling: How a sound becomes one vector: `mean`, `max`, `sum`, `last`, `attention`, `cls` (the first) of
            those of its pieces, `cls_pooled` (the network's own way). Null is `cls_pooled` where a network always
            hears one length and has such a way, else `mean`.
    """

    lacks: ClassVar[tuple[str, ...]] = ("word_pooling",)
    part = "audio"

    def _usual(self, network: nn.Module, published: Published | None) -> str:
        return ""  # `_fit` sees what it makes of a sound

    def _fit(self, columns: Columns, network: nn.Module, published: Published | None) -> int:
        config: Any = network.config
        if published is not None:
            config.sounds = asdict(published.sounds())  # travels in its shape
        said = getattr(config, "sounds", None) or {"rate": 16_000}
        self.sounds = Sounds(**dict(said))
        config.apply_spec_augment = False  # pieces hidden in their own training
        if hasattr(network, "masked_spec_embed"):
            network.masked_spec_embed = None  # type: ignore[assignment]
        self.layered = hasattr(getattr(network, "feature_extractor", None), "conv_layers")
        self.squeezed = int(getattr(config, "squeeze_factor", 1))  # SEW's: pieces heard as one
        self.shortest = self.squeezed  # samples that make one piece
        if self.layered:
            pairs = list(zip(config.conv_kernel, config.conv_stride, strict=True))
            for kernel, stride in reversed(pairs):
                self.shortest = (self.shortest - 1) * stride + kernel
            self._seen: Tensor | None = None
            assert isinstance(network.encoder, nn.Module), "beside what extracts"
            for each in network.encoder.modules():
                if isinstance(each, nn.Conv1d):
                    each.register_forward_pre_hook(self._silenced)
        if self.layered != (self.sounds.type == "raw") or getattr(config, "add_adapter", False):
            raise _no_sounds(config, "")
        channels = 1 if self.layered else self.sounds.bands
        assert columns.trial or columns.shape[1] == channels, "feature_options asks for them"
        found = self._tried(network, channels)
        pooled = getattr(found, "pooler_output", None)
        if not self.pooling:
            whole = self.sounds.length is not None and pooled is not None
            self.pooling = "cls_pooled" if whole else "mean"
        if self.pooling == "cls_pooled" and (pooled is None or self.sounds.length is None):
            raise ConfigError(
                Problem("pooling", "this model has no pooler of its own; take `mean` or `max`")
            )
        return int(found.last_hidden_state.shape[2])

    def _tried(self, network: nn.Module, channels: int) -> Any:
        """What it makes of a short sound."""
        config: Any = network.config
        device = next(network.parameters()).device
        steps = max(self.shortest, 2 * self.sounds.stride)
        training = network.training
        self.published = network.eval()
        try:
            with torch.no_grad():
                values = torch.zeros(1, steps, channels, device=device)
                found, _ = self._heard(values, torch.ones_like(values[..., 0], dtype=torch.bool))
        except Exception as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            if device.type == "meta" and "device" in first:  # some make tensors of their own there
                width = torch.zeros(1, 1, config.hidden_size, device=device)
                return SimpleNamespace(last_hidden_state=width)
            raise _no_sounds(config, f": {first}") from error
        finally:
            network.train(training)
        return found

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        known = (options.get("architecture") or {}).get("sounds")
        if known is None:
            try:
                known = asdict(find(str(options["model"]), options.get("revision")).sounds())
            except (KeyError, ConfigError):  # told when the network is tried
                return {"type": "raw", "standardise": False}
        said = Sounds(**known)
        found = {"type": said.type, "standardise": False, "sampling_rate": said.rate}
        if said.type == "raw":
            return found
        return {
            **found,
            "num_filter_bands": said.bands,
            "window_length_in_s": said.size / said.rate,
            "window_shift_in_s": said.step / said.rate,
        }

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, length, channels]`, NaN after the end, or vectors computed before, to `[batch, width]`."""
        if values.dim() == 2:  # vectors
            return values
        there = before_end(values.isnan())
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found, present = self._heard(values.nan_to_num(0.0) * there.unsqueeze(-1), there)
        if self.pooling == "cls_pooled":
            return self._scaled(found.pooler_output * there.any(1, keepdim=True))
        return self.row(found.last_hidden_state, present)

    def _heard(self, values: Tensor, there: Tensor) -> tuple[Any, Tensor]:
        """(what the network says, which of its pieces are of the sound), from steps `[batch, length, channels]`, 0 after the end."""
        if self.layered:
            return self._of_samples(values.squeeze(-1), there)
        if self.sounds.length is not None:
            return self._of_one_length(values, there)
        return self._of_steps(values, there)

    def _of_samples(self, samples: Tensor, there: Tensor) -> tuple[Any, Tensor]:
        """As `_heard`, by convolutions over samples."""
        network: Any = self.published
        lengths = there.sum(1, keepdim=True)
        if self.sounds.level:
            samples = _level(samples.unsqueeze(-1), there).squeeze(-1)
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
        vectors = hidden.transpose(1, 2)
        if self.squeezed > 1:  # half of one would be heard with what is behind it
            lengths = torch.div(lengths, self.squeezed, rounding_mode="floor") * self.squeezed
        seen = torch.arange(hidden.shape[2], device=hidden.device) < lengths
        if hasattr(network, "layer_norm"):
            vectors = network.layer_norm(vectors)
        if getattr(network, "feature_projection", None) is not None:
            projected = network.feature_projection(vectors)
            vectors = projected[0] if isinstance(projected, tuple) else projected
        mask = None if vectors.is_meta else seen  # a mask's values are looked at
        self._seen = seen
        try:
            return network.encoder(vectors, attention_mask=mask), seen & ~empty
        finally:
            self._seen = None

    def _silenced(self, module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        """What a convolution of the encoder reads, without what layers before it made of the time after the end."""
        if self._seen is None or self._seen.shape[1] != given[0].shape[2]:
            return given
        return (given[0] * self._seen.unsqueeze(1),)

    def _of_one_length(self, steps: Tensor, there: Tensor) -> tuple[Any, Tensor]:
        """As `_heard`, by a network whose sounds are all of one length."""
        length, said = self.sounds.length, self.sounds
        assert length is not None, "asked before"
        steps, there = steps[:, :length], there[:, :length]
        more = length - steps.shape[1]
        fill = torch.zeros_like(steps[:, 0, 0])
        if said.type == "whisper":
            loudest = steps.masked_fill(~there.unsqueeze(-1), SILENCE).amax((1, 2))
            fill = (loudest - DEPTH).clamp(min=SILENCE)
        steps = torch.where(there.unsqueeze(-1), steps, fill[:, None, None])
        behind = fill[:, None, None].expand(-1, more, steps.shape[2])
        steps = (torch.cat([steps, behind], 1) - said.mean) / said.std
        network: Any = self.published
        name = network.main_input_name
        if name == "input_features":  # bands first
            steps = steps.transpose(1, 2)
        found = network(**{name: steps})
        pieces = found.last_hidden_state.shape[1]
        if said.type != "whisper":  # places in time and frequency at once
            return found, there.any(1, keepdim=True).expand(-1, pieces)
        heard = there.sum(1, keepdim=True) * pieces
        return found, torch.arange(pieces, device=steps.device) * length < heard

    def _of_steps(self, steps: Tensor, there: Tensor) -> tuple[Any, Tensor]:
        """As `_heard`, by a network that is told where a sound ends."""
        said = self.sounds
        network: Any = self.published
        if said.level:
            steps = _level(steps, there, lost=1)
        count = steps.shape[1] // said.stride * said.stride
        steps, there = steps[:, :count], there[:, :count]
        rows = steps.reshape(steps.shape[0], -1, said.stride * steps.shape[2])
        present = there.reshape(there.shape[0], -1, said.stride).all(2)
        first = torch.ones_like(
            present[:, :1]
        )  # a row of silence alone still needs one place to look at
        seen = torch.cat([first, present[:, 1:]], 1)
        mask = None if rows.is_meta else seen.long()  # its values are looked at
        return network(input_features=rows, attention_mask=mask), present


def _no_sounds(config: Any, why: str) -> ConfigError:
    return ConfigError(
        Problem(
            "model",
            f"a {config.model_type!r} is no network that hears sounds here{why}; wav2vec2, hubert, wavlm, whisper and ast "
            "are",
        )
    )


def _level(steps: Tensor, there: Tensor, *, lost: int = 0) -> Tensor:
    """Each channel of each sound with mean 0 and variance 1, 0 after its end.

    Args:
        steps: `[batch, length, channels]`, 0 after the end.
        there: Before the end.
        lost: Degrees of freedom that the variance is short of.
    """
    count = there.sum(1, keepdim=True).unsqueeze(-1)
    middle = steps - steps.sum(1, keepdim=True) / count.clamp(min=1)
    middle = middle * there.unsqueeze(-1)
    variance = middle.square().sum(1, keepdim=True) / (count - lost).clamp(min=1)
    return middle / (variance + LEAST).sqrt()


def _normed(norm: nn.GroupNorm, hidden: Tensor, lengths: Tensor) -> Tensor:
    """What `norm`, of one group a channel, makes of each row alone: what is after its end does not count."""
    there = (torch.arange(hidden.shape[2], device=hidden.device) < lengths).unsqueeze(1)
    count = lengths.unsqueeze(2)
    middle = hidden - (hidden * there).sum(2, keepdim=True) / count
    spread = ((middle * there).square().sum(2, keepdim=True) / count + norm.eps).sqrt()
    return middle / spread * norm.weight.unsqueeze(1) + norm.bias.unsqueeze(1)
