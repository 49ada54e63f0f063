"""Shares that add up to 1 and are mostly 0."""

import torch
from torch import Tensor


def sparsemax(scores: Tensor) -> Tensor:
    """The nearest point of the simplex to `scores` in the last axis (arXiv:1602.02068).

    Examples:
        >>> sparsemax(torch.tensor([1.0, 0.8, -1.0]))
        tensor([0.6000, 0.4000, 0.0000])
    """
    ordered = scores.sort(dim=-1, descending=True).values
    ranks = torch.arange(1, scores.shape[-1] + 1, dtype=scores.dtype, device=scores.device)
    sums = ordered.cumsum(-1)
    kept = (1 + ranks * ordered > sums).to(scores.dtype)
    count = kept.sum(-1, keepdim=True)
    threshold = ((ordered * kept).sum(-1, keepdim=True) - 1) / count
    return (scores - threshold).clamp(min=0)
