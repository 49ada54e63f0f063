"""`learning_rate: auto`: train a little with a rate that grows, and see where the loss falls fastest.

A range test (Smith 2017, arXiv:1506.01186); the rate is a tenth of the one with the least smoothed loss, the
rule of the fast.ai course. It is deterministic, and the weights it spoils are put back.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 100
SMOOTHING = 0.9
DIVERGED = 4.0  # times the least smoothed loss


@dataclass(frozen=True)
class Curve:
    """The rates tried, the smoothed loss after each, and the rate chosen."""

    rates: list[float]
    losses: list[float]
    chosen: float


def range_test(optimizer: torch.optim.Optimizer, step: Callable[[], float]) -> Curve:
    """Try rates from 1e-6 to 1.

    Args:
        optimizer: Its rate is changed; the caller puts everything back afterwards.
        step: Does one step of training and gives its loss.
    """
    rates, losses = [], []
    mean, least = 0.0, math.inf
    for i in range(STEPS):
        rate = LOWEST * (HIGHEST / LOWEST) ** (i / (STEPS - 1))
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        loss = step()
        if not math.isfinite(loss):
            break
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smooth = mean / (1 - SMOOTHING ** (i + 1))
        rates.append(rate)
        losses.append(smooth)
        least = min(least, smooth)
        if smooth > DIVERGED * least:
            break
    best = min(range(len(losses)), key=losses.__getitem__, default=None)
    return Curve(rates, losses, LOWEST if best is None else rates[best] / 10)
