"""Pictures through a published network."""

import inspect
import math
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
    "beit": "microsoft/beit-base-patch16-224",
    "clip": "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    "convnext": "facebook/convnext-tiny-224",
    "convnextv2": "facebook/convnextv2-tiny-1k-224",
    "dinov2": "facebook/dinov2-small",
    "efficientnet": "google/efficientnet-b0",
    "mobilenetv2": "google/mobilenet_v2_1.0_224",
    "regnet": "facebook/regnet-y-040",
    "siglip": "google/siglip-base-patch16-224",
    "swin": "microsoft/swin-tiny-patch4-window7-224",
    "swin_transformer": "microsoft/swin-tiny-patch4-window7-224",
    "swinv2": "microsoft/swinv2-tiny-patch4-window8-256",
}
ALIKE = 1e-3  # what may differ where a picture stands twice
PAIR = 2  # pictures looked at, to see that each has its own row
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
        return ""  # `_fit` sees what it makes of a picture

    def _fit(self, columns: Columns, network: nn.Module, published: Published | None) -> int:
        config: Any = network.config
        mean: tuple[float, ...] = (HALF,) * 3
        std = mean
        shape = columns.shape
        if published is not None:
            self._is_of_pictures(network)
            said = published.pictures()
            mean, std = said.mean, said.std
            config.blue_first = said.blue_first
            if columns.trial:
                shape = (len(mean), said.height, said.width)
        self.blue_first = bool(getattr(config, "blue_first", False))
        self.scale = nn.Buffer(1 / torch.tensor(std).view(-1, 1, 1))
        self.shift = nn.Buffer(
            -torch.tensor(mean).view(-1, 1, 1) / torch.tensor(std).view(-1, 1, 1)
        )
        whole = getattr(config, "image_size", None)
        usual = tuple(whole) if isinstance(whole, list | tuple) else (whole, whole)
        known = inspect.signature(network.forward).parameters
        self.stretched = "interpolate_pos_encoding" in known and shape[1:] != usual
        found = self._tried(network, shape)
        places, pooled = _places(found, config), getattr(found, "pooler_output", None)
        if not self.pooling:
            marked = any(name.endswith("cls_token") for name, _ in network.named_parameters())
            marked = marked and _hidden(found).dim() == 3
            marked = marked and not getattr(config, "use_mean_pooling", False)
            self.pooling = "cls" if marked else "mean" if pooled is None else "cls_pooled"
        if self.pooling != "cls_pooled":
            return places.shape[2]
        if pooled is None:
            raise ConfigError(
                Problem("pooling", "this model has no pooler of its own; take `mean` or `max`")
            )
        return int(pooled.flatten(1).shape[1])

    def _is_of_pictures(self, network: nn.Module) -> None:
        """Raises ConfigError where it does not take pixels."""
        config: Any = network.config
        if getattr(network, "main_input_name", "") != "pixel_values":
            raise ConfigError(
                Problem(
                    "model", f"a {config.model_type!r} is no network that makes vectors of images"
                )
            )

    def _tried(self, network: nn.Module, shape: tuple[int, ...]) -> Any:
        """What the network makes of a picture that stands there twice."""
        config: Any = network.config
        device = next(network.parameters()).device
        training = network.training
        pixels = torch.linspace(-1, 1, math.prod(shape), device=device).view(1, *shape)
        try:
            with torch.no_grad():
                found = network.eval()(pixel_values=pixels.repeat(PAIR, 1, 1, 1), **self._asked)
        except Exception as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            size = "x".join(map(str, shape))
            raise ConfigError(
                Problem(
                    "model",
                    f"a {config.model_type!r} makes no vector of a picture of {size}: {first}",
                )
            ) from error
        finally:
            network.train(training)
        if _hidden(found) is None or len(_hidden(found)) != PAIR:
            raise ConfigError(
                Problem(
                    "model", f"a {config.model_type!r} is no network that makes vectors of images"
                )
            )
        if device.type != "meta" and not _alike(_hidden(found)):
            raise ConfigError(
                Problem(
                    "model",
                    f"a {config.model_type!r} sees the same picture differently each time (it hides parts of it at "
                    "random)",
                )
            )
        return found

    @property
    def _asked(self) -> dict[str, Any]:
        return {"interpolate_pos_encoding": True} if self.stretched else {}

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
        pixels = (values.flip(1) if self.blue_first else values) * self.scale + self.shift
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found: Any = self.published(pixel_values=pixels, **self._asked)
        if self.pooling == "cls_pooled":
            return self._scaled(found.pooler_output.flatten(1))
        places = _places(found, self.published.config)
        return self.row(places, torch.ones_like(places[..., 0], dtype=torch.bool))


def _places(found: Any, config: Any) -> Tensor:
    """Vectors of places `[batch, places, width]`, of tokens, or of a map of channels first or last."""
    hidden: Tensor = _hidden(found)
    if hidden.dim() != 4:
        return hidden
    width = getattr(config, "hidden_size", None)
    if hidden.shape[3] == width != hidden.shape[1]:
        return hidden.flatten(1, 2)
    return hidden.flatten(2).transpose(1, 2)


def _hidden(found: Any) -> Any:
    """The last layer's tensor of a row for each picture; None where there is none."""
    hidden = getattr(found, "last_hidden_state", None)
    if hidden is None and getattr(found, "feature_maps", None):
        hidden = found.feature_maps[-1]  # of a network that others stand on
    return hidden if isinstance(hidden, Tensor) and hidden.dim() in (3, 4) else None


def _alike(rows: Tensor) -> bool:
    return bool((rows[0] - rows[1]).abs().max() <= ALIKE)
