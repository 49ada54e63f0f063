"""Series seen relative to where they end: what is learned of one level holds at another (Kim 2022, RevIN)."""

import torch
from torch import Tensor, nn

from crosstie.data.batch import Output

LEAST = 1e-2  # a series that hardly moves: in standard deviations of the training rows


class Level(nn.Module):
    """Takes the last number and the spread around it out of each row's series."""

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`[batch, length, channels]`, NaN where missing, to (the same relative to them, last `[batch]`, spread `[batch]`).

        Both are those of the first channel; of a row without a number 0 and `LEAST`.
        """
        first = values[..., 0]
        missing = first.isnan()
        there = ~missing
        numbers = first.masked_fill(missing, 0.0)
        places = torch.arange(1, first.shape[1] + 1, device=values.device)
        ends = (there * places).amax(1, keepdim=True)
        last = numbers.gather(1, (ends - 1).clamp(min=0))
        squares = ((numbers - last) * there).square().sum(1, keepdim=True)
        spread = (squares / there.sum(1, keepdim=True).clamp(min=1)).sqrt().clamp(min=LEAST)
        relative = (values - last.unsqueeze(-1)) / spread.unsqueeze(-1)
        return relative, last.squeeze(1), spread.squeeze(1)


def back(relative: Tensor, last: Tensor, spread: Tensor, output: Output) -> Tensor:
    """What is predicted relative to a series, in the output's own scale: `[batch, …, steps]` to the same."""
    over = (-1, *[1] * (relative.dim() - 1))
    return (relative * spread.view(over) + last.view(over)) * output.rate + output.shift
