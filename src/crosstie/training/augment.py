"""Training pictures a little changed, batch by batch; nothing else ever sees a changed one."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crosstie.config.options import build
from crosstie.data.batch import Layout
from crosstie.training.augmentations.augmentation import augmentations


class Augment:
    """The augmentations of a network's inputs.

    Args:
        layout: What the arrays are.
        sections: Of the inputs, by name; `augmentation` is a list of filled sections.

    Raises:
        MissingExtra: kornia is not installed.
    """

    def __init__(self, layout: Layout, sections: Mapping[str, Mapping[str, Any]]) -> None:
        self.modules = {
            each.array: modules(given)
            for each in layout.images
            if (given := sections[each.name].get("augmentation"))
        }

    def __call__(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The arrays of a batch, those of pictures changed: bytes still, for a network takes floats for vectors."""
        if not self.modules:
            return inputs
        with (
            torch.no_grad(),
            torch.autocast(next(iter(inputs.values())).device.type, enabled=False),
        ):
            changed = {
                name: (module(inputs[name].float() / 255).clamp(0, 1) * 255).round().to(torch.uint8)
                for name, module in self.modules.items()
            }
        return {**inputs, **changed}


def modules(sections: Sequence[Mapping[str, Any]]) -> nn.Sequential:
    """What changes pictures, one after the other."""
    found = []
    for section in sections:
        options = {name: value for name, value in section.items() if name != "type"}
        found.append(build(augmentations.get(section["type"]), **options).module())
    return nn.Sequential(*found)
