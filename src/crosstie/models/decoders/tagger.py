"""One tag for each token of an input."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.config.words import Answer
from crosstie.data.batch import Output
from crosstie.models.decoders.decoder import Decoder, decoders
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.ensemble import head
from crosstie.models.layers.prior import start_at_prior
from crosstie.models.layers.stack import Activation, Layer, fully_connected


@decoders("tagger", of=("sequence",), elsewhere=("token_classifier", "ner", "sequence_tagger"))
class Tagger(Decoder):
    """A linear unit for each tag over the vector of each token.

    Args:
        input: The input whose tokens are tagged; None is the only text or sequence input.
        dropout: Share of a token's vector set to 0 in training.
        num_fc_layers: Fully connected layers before the scores, the same at every token.
        fc_output_size: Their width.
        fc_activation: After each of them.
        fc_dropout: Share of their outputs set to 0 in training.
        fc_norm: Normalise before the activation, over a token's `layer`.
        fc_use_bias: Whether they add a bias.
    """

    reads = "states"
    aligned = True
    answers: ClassVar[dict[str, Answer]] = {
        "use_attention": Answer(
            "tokens see each other in the encoder: take `transformer` there", (False,)
        ),
        "max_sequence_length": Answer("a row has as many tags as tokens; leave it out", (None,)),
        "vocab_size": Answer("tags are counted in the training rows; leave it out", (None,)),
    }

    def __init__(
        self,
        output: Output,
        width: int,
        members: int,
        *,
        input: str | None = None,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        fc_output_size: Annotated[int, Ge(1)] = 256,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        fc_norm: Literal["layer"] | None = None,
        fc_use_bias: bool = True,
    ) -> None:
        super().__init__()
        self.input = input
        self.dropout = Dropout(dropout)
        default = Layer(fc_output_size, fc_activation, fc_dropout, fc_norm, fc_use_bias)
        self.stack = fully_connected(width, None, num_fc_layers, default)
        self.head = head(self.stack.width, output.size, members)
        start_at_prior(self.head, output)

    def class_axes(self) -> dict[str, int]:
        """Those of the last layer."""
        return {f"head.{name}": 0 for name, _ in self.head.named_parameters()}

    def forward(self, combined: Tensor | None, states: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
        """`[batch, length, width]` to `[batch, length, size]`."""
        found: Tensor = self.head(self.stack(self.dropout(states)))
        return found
