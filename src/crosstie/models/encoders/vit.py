"""Pictures as patches through transformer layers."""

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.config.words import Alias, Answer
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.attention import blocks

PATCHES = 8  # along the longer side, where the file does not say how large a patch is
_PRETRAINED = (
    "this one starts from nothing; for published weights write `{type: pretrained, model: …}`"
)


@encoders("vit", of=("image",))
class ViT(Encoder):
    """A picture's patches through transformer layers, averaged (arXiv:2010.11929, arXiv:2205.01580); starts from nothing.

    Args:
        patch_size: Pixels of a patch, each way; None takes as many as make 8 patches of the longer side. What
            does not fill a patch at the right and the bottom is filled up with the mean colour.
        hidden_size: Width of a patch's vector.
        num_layers: Transformer layers.
        num_heads: Heads of an attention layer; they divide `hidden_size`.
        intermediate_size: Width inside a layer's feed-forward part; None is four times `hidden_size`.
        dropout: Share of vectors' entries and of attention weights set to 0 in training.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "use_pretrained": Answer(_PRETRAINED, (False,)),
        **dict.fromkeys(
            ("model", "model_name", "pretrained_model_name_or_path"), Answer(_PRETRAINED, (None,))
        ),
        "trainable": Answer("what starts from nothing is trained", (True,)),
        "saved_weights_in_checkpoint": Answer("a checkpoint holds all weights", (True, False)),
        "height": Answer("belongs into 'preprocessing'", (None,)),
        "width": Answer("belongs into 'preprocessing'", (None,)),
        "num_channels": Answer("belongs into 'preprocessing'", (None,)),
        "hidden_act": Answer("the feed-forward part's is gelu", ("gelu",)),
        "hidden_dropout_prob": Answer("write `dropout: …`"),
        "attention_probs_dropout_prob": Answer("write `dropout: …`"),
        "initializer_range": Answer("write `weights_initializer: …`", (0.02,)),
        "output_attentions": Answer("attention is not kept", (False,)),
    }

    def __init__(
        self,
        columns: Columns,
        *,
        patch_size: Annotated[int, Ge(1)] | None = None,
        hidden_size: Annotated[int, Ge(1)] = 192,
        num_layers: Annotated[int, Ge(1), Alias("num_hidden_layers")] = 6,
        num_heads: Annotated[int, Ge(1), Alias("num_attention_heads")] = 4,
        intermediate_size: Annotated[int, Ge(1)] | None = None,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
    ) -> None:
        super().__init__()
        channels, height, width = columns.shape
        size = patch_size or max(-(-max(height, width) // PATCHES), 1)
        rows, across = -(-height // size), -(-width // size)
        self.edges = (0, across * size - width, 0, rows * size - height)
        self.embed = nn.Conv2d(channels, hidden_size, size, size)
        self.places = nn.Parameter(torch.randn(rows * across, hidden_size) * 0.02)
        inner = intermediate_size or 4 * hidden_size
        self.blocks = nn.ModuleList(
            blocks(num_layers, hidden_size, num_heads, inner=inner, dropout=dropout)
        )
        self.norm = nn.LayerNorm(hidden_size)
        self.widths = (hidden_size,)

    def forward(self, values: Tensor) -> Tensor:
        """Pixels `[batch, channels, height, width]` to `[batch, hidden_size]`."""
        patches = self.embed(functional.pad(values, self.edges))
        vectors = patches.flatten(2).transpose(1, 2) + self.places
        for block in self.blocks:
            vectors = block(vectors)
        found: Tensor = self.norm(vectors).mean(dim=1)
        return found
