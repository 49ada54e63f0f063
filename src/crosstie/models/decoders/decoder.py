"""The contract of a decoder: a row's vector in, one output's raw scores out."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from torch import Tensor, nn

from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.models.layers.called import CALLED

_PLAIN = "leave it out"


class Decoder(nn.Module, ABC):
    """Maps the combined vector to the logits of one output.

    A constructor takes, by position, the `Output`, the width of the vector and the number of members (1: no
    member axis), and its options as keyword-only parameters; those are the options of `decoder:` in the
    file. With members the vector is `[batch, members, width]` and so are the logits; `layers.ensemble.head`
    gives a last layer that is each member's own.

    One that reads an input token by token says `reads = "states"`, has the option `input: str | None = None` (the
    input's name; None is the only one made of tokens), is given the width of a token's vector, 1 for members,
    and called with None or the combined vector, those vectors `[batch, length, width]` and where there is no
    padding, bool `[batch, length]`.

    Class attributes:
        reads: Either the `combined` vector of a row, or the `states` of an input's tokens.
        aligned: Of one that reads states: whether it says one thing of each token.
        writes: Of one that reads states: whether it writes a text of its own length. It is then called with what
            copying means (`Output.copied`, or None) and the target too, and only where there is one; what is
            written without one is `models.search`'s.

    Examples:
        >>> from crosstie.data.batch import Output
        >>> from crosstie.models.layers.ensemble import head
        >>> @decoders("bounded", of=("number",))
        ... class Bounded(Decoder):
        ...     '''A number that stays within a limit, in standard deviations.
        ...
        ...     Args:
        ...         limit: Largest distance from the training mean.
        ...     '''
        ...
        ...     def __init__(self, output: Output, width: int, members: int, *, limit: float = 3.0) -> None:
        ...         super().__init__()
        ...         self.limit = limit
        ...         self.head = head(width, 1, members)
        ...
        ...     def forward(self, combined: Tensor) -> Tensor:
        ...         return self.limit * self.head(combined).squeeze(-1).tanh()
    """

    reads: ClassVar[Literal["combined", "states"]] = "combined"
    aligned: ClassVar[bool] = False
    writes: ClassVar[bool] = False
    called: ClassVar[dict[str, tuple[str, ...]]] = CALLED
    answers: ClassVar[dict[str, Answer]] = {
        "input_size": Answer(f"the decoder sees how wide its input is; {_PLAIN}", (None,)),
        "num_classes": Answer(f"classes are counted in the training rows; {_PLAIN}", (None,)),
        "use_bias": Answer(
            f"scores have a bias, which starts at the training rows'; {_PLAIN}", (True,)
        ),
        "fc_norm_params": Answer(f"norms have no options in this version; {_PLAIN}", (None,)),
        "fc_weights_initializer": Answer("write `weights_initializer: …`", (None,)),
        "fc_bias_initializer": Answer("write `bias_initializer: …`", (None,)),
        "top_k": Answer("belongs to the output, beside 'decoder'"),
    }

    def class_axes(self) -> dict[str, int]:
        """Weights with an axis that runs over the classes, and which; for a start from earlier weights.

        A decoder that names none begins with earlier weights only where its classes are exactly the earlier ones.
        """
        return {}

    @abstractmethod
    def forward(self, combined: Tensor) -> Tensor:
        """Logits.

        Args:
            combined: `[batch, width]`, or `[batch, members, width]`. A decoder that reads states is called with
                `(combined, states, present)`.

        Returns:
            number: the standardised value `[batch]`. binary: the logit of the positive class `[batch]`.
            category and set: logits `[batch, output.size]`. sequence: logits `[batch, length, output.size]`. With members `[batch, members]` and
            `[batch, members, output.size]`. text: log-probabilities `[batch, places, output.size + output.copies]`.
        """


decoders: Registry[Decoder] = Registry("decoder", home="crosstie.models.decoders")
