"""Pictures through a published network."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from crosstie.config.words import Answer
from crosstie.data.published import Published, find
from crosstie.errors import ConfigError, Problem
from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pretrained import Pretrained

FAMILIES = {
    "clip": "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    "convnext": "facebook/convnext-tiny-224",
    "convnextv2": "facebook/convnextv2-tiny-1k-224",
    "dinov2": "facebook/dinov2-small",
    "siglip": "google/siglip-base-patch16-224",
    "swin": "microsoft/swin-tiny-patch4-window7-224",
    "swin_transformer": "microsoft/swin-tiny-patch4-window7-224",
    "swinv2": "microsoft/swinv2-tiny-patch4-window8-256",
}
HALF = 0.5  # mean and spread that networks expect whose files do not say


@encoders(
    "pretrained", of=("image",), presets={name: {"model": each} for name, each in FAMILIES.items()}
)
class ImagePretrained(Pretrained):
    """A published network of transformers for pictures, as it is or trained on; it says their size and colours' scale.

    Left as it is (`trainable: false`) it looks at every picture once, and training sees the vectors; changed pictures
    (`augmentation`) it looks at each time. Weights come as safetensors; code that came with them is never run.

    Args:
        model: A folder, an installed package that carries weights, or a name of the hub, which is fetched once.
        pooling: How a picture becomes one vector: `cls` (the vector of its first place), `cls_pooled` (the network's
            own way), `mean`, `max`, `sum`, `last`, `attention` over all places. Null is `cls` where a network has
            such a place, else `cls_pooled`.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "model_variant": Answer("write the model's name, `model: …`", (None,)),
        "model_cache_dir": Answer("the hub's own cache is used; leave it out", (None,)),
        **{
            each: Answer("is what the model's files say; leave it out", (None,))
            for each in ("height", "width", "num_channels")
        },
    }
    lacks: ClassVar[tuple[str, ...]] = ("word_pooling",)
    part = "vision"

    def _usual(self, network: nn.Module, published: Published | None) -> str:
        marked = any(name.endswith("cls_token") for name, _ in network.named_parameters())
        return "cls" if marked else "cls_pooled"

    def _fit(self, columns: Columns, network: nn.Module, published: Published | None) -> int:
        config: Any = network.config
        width = (
            getattr(config, "hidden_size", None) or [0, *getattr(config, "hidden_sizes", ())][-1]
        )
        if getattr(network, "main_input_name", "") != "pixel_values" or not width:
            raise ConfigError(
                Problem(
                    "model", f"a {config.model_type!r} is no network that makes vectors of images"
                )
            )
        mean: tuple[float, ...] = (HALF,) * 3
        std = mean
        if published is not None:
            said = published.pictures()
            mean, std = said.mean, said.std
        self.scale = nn.Buffer(1 / torch.tensor(std).view(-1, 1, 1))
        self.shift = nn.Buffer(
            -torch.tensor(mean).view(-1, 1, 1) / torch.tensor(std).view(-1, 1, 1)
        )
        whole = getattr(config, "image_size", None)
        usual = tuple(whole) if isinstance(whole, list | tuple) else (whole, whole)
        known = inspect.signature(network.forward).parameters
        self.stretched = "interpolate_pos_encoding" in known and columns.shape[1:] != usual
        return int(width)

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        if options.get("model") is None or options.get("architecture") is not None:
            return {}
        try:
            said = find(options["model"], options.get("revision")).pictures()
        except ConfigError:
            return {}  # told when the network is tried
        return {
            "height": said.height,
            "width": said.width,
            "num_channels": len(said.mean),
            "resize_method": said.resize,
            "standardize_image": None,  # the network does it
        }

    def forward(self, values: Tensor) -> Tensor:
        """Pixels from 0 to 1 `[batch, channels, height, width]`, or vectors computed before, to `[batch, width]`."""
        if values.dim() == 2:  # vectors
            return values
        pixels = values * self.scale + self.shift
        asked = {"interpolate_pos_encoding": True} if self.stretched else {}
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found: Any = self.published(pixel_values=pixels, **asked)
        if self.pooling == "cls_pooled":
            return self._scaled(found.pooler_output.flatten(1))
        places = found.last_hidden_state
        if places.dim() == 4:  # of a network of convolutions
            places = places.flatten(2).transpose(1, 2)
        return self.row(places, torch.ones_like(places[..., 0], dtype=torch.bool))
