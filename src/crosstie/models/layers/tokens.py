"""Token ids as vectors, with a mask of what is there and what is padding."""

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional

from crosstie.models.layers.dropout import Dropout

Characters = bool | Annotated[int, Ge(1)]
FILTERS = 64
LETTER_WIDTH = 24
NEIGHBOURS = 3  # letters that a filter sees


def filters_of(characters: Characters) -> int:
    """The filters that the option `characters` asks for; 0 for none."""
    return FILTERS if characters is True else int(characters)


class TokenVectors(nn.Module):
    """A learned vector for each id; padding (0) is all zeros and stays so.

    Args:
        size: Ids.
        width: Of a vector.
        dropout: Share of the entries set to 0 in training.
        letters: Ids of letters, where tokens come with theirs; 0 where they do not.
        filters: Of a convolution over a token's letters, whose largest values stand beside its vector; 0 for none.

    Attributes:
        width: Of a token's vector and of what its letters say, together.
    """

    def __init__(
        self, size: int, width: int, *, dropout: float = 0.0, letters: int = 0, filters: int = 0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, width))
        self.axes = {"weight": (0, [("code", 0, size)])}
        nn.init.normal_(self.weight, std=width**-0.5)
        with torch.no_grad():
            self.weight[0] = 0
        self.spelling = Spelling(letters, filters) if letters and filters else None
        self.width = width + (filters if self.spelling is not None else 0)
        self.dropout = Dropout(dropout)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Ids to (vectors `[batch, length, width]`, bool `[batch, length]`: no padding).

        Args:
            ids: `[batch, length]`, or with those of each token's letters behind its own `[batch, length, 1 + letters]`.
        """
        words = ids if ids.dim() == 2 else ids[..., 0]
        vectors = functional.embedding(words, self.weight, padding_idx=0)
        if self.spelling is not None:
            vectors = torch.cat([vectors, self.spelled(ids[..., 1:], words != 0)], dim=-1)
        found: Tensor = self.dropout(vectors)
        return found, words != 0

    def spelled(self, letters: Tensor, present: Tensor) -> Tensor:
        """What letters say `[batch, length, filters]`, 0 where padded: most of a batch is, and is not computed."""
        assert self.spelling is not None
        if torch.onnx.is_in_onnx_export():
            whole: Tensor = self.spelling(letters.flatten(0, 1)).unflatten(0, present.shape)
            return whole * present.unsqueeze(-1)
        there: Tensor = self.spelling(letters[present])
        return there.new_zeros(*present.shape, there.shape[1]).masked_scatter(
            present.unsqueeze(-1), there
        )


class Spelling(nn.Module):
    """What a token's letters say: filters over neighbouring ones, the largest value of each (arXiv:1508.06615).

    Args:
        size: Ids of letters.
        filters: How many.
    """

    def __init__(self, size: int, filters: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, LETTER_WIDTH))
        nn.init.normal_(self.weight, std=LETTER_WIDTH**-0.5)
        with torch.no_grad():
            self.weight[0] = 0
        self.conv = nn.Conv1d(LETTER_WIDTH, filters, NEIGHBOURS, padding=NEIGHBOURS // 2)

    def forward(self, letters: Tensor) -> Tensor:
        """Ids `[tokens, letters]` to `[tokens, filters]`."""
        vectors = functional.embedding(letters, self.weight, padding_idx=0)
        found = self.conv(vectors.transpose(1, 2))
        most = found.masked_fill((letters == 0).unsqueeze(1), torch.finfo(found.dtype).min).amax(2)
        spelled: Tensor = torch.relu(most)
        return spelled
