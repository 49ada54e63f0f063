"""One number a row."""

from torch import Tensor

from crosstie.models.decoders.decoder import decoders
from crosstie.models.decoders.scores import Scores


@decoders("regressor", of=("number", "binary"), elsewhere=("regression", "linear"))
class Regressor(Scores):
    """One linear unit: a number's value, or the logit of a binary output's positive class."""

    def forward(self, combined: Tensor) -> Tensor:
        """`[batch, width]` to `[batch]`; a member axis stays."""
        return super().forward(combined).squeeze(-1)
