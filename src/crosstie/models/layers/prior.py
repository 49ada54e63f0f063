"""Where the last layer starts: at what is known without any input."""

import torch
from torch import Tensor, nn

from crosstie.data.batch import Output


def start_at_prior(layer: nn.Module, output: Output) -> None:
    """Add the log-odds of the training shares to the bias, so that no step is spent on learning them."""
    bias = layer.bias
    if not output.prior or bias is None:
        return
    assert isinstance(bias, Tensor)
    shares = torch.tensor(output.prior).clamp(1e-4, 1 - 1e-4)
    logits = shares.log() if output.type in ("category", "sequence") else shares.logit()
    with torch.no_grad():
        bias.add_(logits)
