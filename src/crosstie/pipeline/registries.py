"""Where the classes of a network's parts are, asked for only when a file names one: they import torch."""

from typing import Any

from crosstie.config.registry import Registry


def registry(part: str) -> Registry[Any]:
    """Where the classes of a network's part are; imports torch, 2 s."""
    if part == "encoder":
        from crosstie.models.encoders.encoder import encoders

        return encoders
    if part == "decoder":
        from crosstie.models.decoders.decoder import decoders

        return decoders
    if part == "loss":
        from crosstie.models.losses.loss import losses

        return losses
    from crosstie.models.combiners.combiner import combiners

    return combiners
