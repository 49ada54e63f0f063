"""The contract of an encoder: columns of one feature type in, their representation out.

Features of one type with equal encoder options share one encoder, which sees all their columns at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.models.layers.called import CALLED

_PLAIN = "leave it out"


@dataclass(frozen=True)
class Columns:
    """What the framework tells an encoder about the columns it is for.

    Attributes:
        type: Their feature type: `number`, `category`, `text` …
        names: One for each column; token, vector and date features come one at a time.
        sizes: Codes of each category (0 unknown, 1 missing), ids of a token feature (0 padding,
            1 unknown), width of a vector or date; empty for numbers, images and series.
        length: Ids in a row of a token feature, padding included; 0 for other types.
        letters: Ids of letters, where each token has those of its letters behind its own; else 0.
        words: Of a row, where ids are of pieces of words and each has the place of its word behind it; else 0.
        shape: Of a row of an image (channels, height, width) or of a series (length, channels); else empty.
        rows: Training rows.
        values: Up to 100,000 training rows `[rows, columns]` of numbers, NaN where missing, for what
            starts from data (quantiles). None when a saved network is rebuilt: buffers come from its weights.
        trial: Whether it is built only to see whether it can be: large weights need not be read.
    """

    type: str
    names: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    length: int = 0
    letters: int = 0
    words: int = 0
    shape: tuple[int, ...] = ()
    rows: int = 0
    values: NDArray[np.float32] | None = None
    trial: bool = False


class Encoder(nn.Module, ABC):
    """Maps columns of one feature type to vectors.

    A constructor takes the `Columns` first and its options as keyword-only parameters; those are the
    options of `encoder:` in the file. It must set `widths`. What it learns from `columns.values` belongs in
    buffers, and an option that it decided itself (because it was None) in `decided`, so that a network can
    be rebuilt from its configuration and weights alone.

    Attributes:
        widths: Numbers that each column becomes, one entry a column.
        states_width: Of the vector that each token becomes, for outputs that read a row token by token; None
            where there is none, and then neither `states` nor `row` is called.
        decided: Options left open that the data decided.
        by_column: Whether the first axis of every weight and buffer is that of the columns.
        order: Columns in the order of the result, where that is not their own.
        forgets: Whether some of its codes are replaced with unknown in training. Not where they have a meaning
            already.
        provenance: What it began with, where that was published: source, revision, licence, sha256, card.
        once: Whether a row's vector never changes while training, so that the loop may hand over vectors that were
            computed before (float `[batch, sum(widths)]`) in place of what the row holds.
        once_by_word: Likewise of the vectors that `states` gives of words (float `[batch, words, states_width]`, 0 behind
            a row's last).

    Examples:
        A user's own encoder is an option of the file once its module is in `components/`:

        >>> import torch
        >>> @encoders("squares", of=("number",))
        ... class Squares(Encoder):
        ...     '''x and its square, limited.
        ...
        ...     Args:
        ...         limit: Largest square.
        ...     '''
        ...
        ...     def __init__(self, columns: Columns, *, limit: float = 9.0) -> None:
        ...         super().__init__()
        ...         self.limit = limit
        ...         self.widths = (2,) * len(columns.names)
        ...
        ...     def forward(self, values: Tensor) -> Tensor:
        ...         return torch.stack([values, (values**2).clamp(max=self.limit)], dim=-1)
    """

    called: ClassVar[dict[str, tuple[str, ...]]] = CALLED
    answers: ClassVar[dict[str, Answer]] = {
        **dict.fromkeys(
            ("trainable", "requires_grad"), Answer("write `trainer: {freeze: [NAME]}`", (True,))
        ),
        "freeze": Answer("write `trainer: {freeze: [NAME]}`", (False,)),
        "vocab_size": Answer(
            "is counted in the training rows; how many are kept says `preprocessing: {most_common: …}`"
        ),
        "vocab": Answer(f"is learned from the training rows; {_PLAIN}", (None,)),
        "skip": Answer(f"an encoder is not skipped; write `passthrough`, or {_PLAIN}", (False,)),
        "input_size": Answer(f"the encoder sees how wide its input is; {_PLAIN}", (None,)),
        "max_sequence_length": Answer("belongs into 'preprocessing'", (None,)),
        "should_embed": Answer(f"tokens are ids, so they are embedded; {_PLAIN}", (True,)),
        "embeddings_on_cpu": Answer(
            f"vectors are where the network is, see trainer.device; {_PLAIN}", (False,)
        ),
        "embeddings_trainable": Answer(
            f"is for published vectors, which are not part of this version; {_PLAIN}", (True,)
        ),
        "pretrained_embeddings": Answer(
            f"published vectors are not part of this version; {_PLAIN}", (None,)
        ),
        "embedding_initializer": Answer(
            f"vectors start as numbers from a normal distribution; {_PLAIN}", (None, "normal")
        ),
        "recurrent_initializer": Answer("write `weights_initializer: …`", (None,)),
        "representation": Answer(
            "a vector for each is `dense`; for 0 and 1 write `encoder: onehot` (of a category)",
            ("dense",),
        ),
        "use_bias": Answer(f"the layers of this encoder add a bias; {_PLAIN}", (True,)),
        "norm_params": Answer(f"norms have no options in this version; {_PLAIN}", (None,)),
        "recurrent_dropout": Answer("write `dropout: …`", (0, 0.0)),
        "activation": Answer("a recurrent cell's is tanh", ("tanh",)),
        "recurrent_activation": Answer("a recurrent cell's is sigmoid", ("sigmoid",)),
        "unit_forget_bias": Answer(
            f"a forget gate starts like the other gates; {_PLAIN}", (False,)
        ),
        "strides": Answer(f"convolutions look at every place; {_PLAIN}", (None, 1)),
        "padding": Answer("convolutions keep the length", ("same",)),
        "pool_strides": Answer("a pool moves on by its own size", (None,)),
        "pool_padding": Answer("a pool takes in what is left at the end", ("same",)),
        "lr": Answer("belongs into 'trainer', as `learning_rate: …`"),
    }
    widths: tuple[int, ...]
    states_width: int | None = None
    by_column: bool = False
    order: Sequence[int] | None = None
    forgets: bool = True
    provenance: dict[str, Any] | None = None

    @property
    def once(self) -> bool:
        return False

    @property
    def once_by_word(self) -> bool:
        return False

    def __init__(self) -> None:
        super().__init__()
        self.decided: dict[str, Any] = {}

    @abstractmethod
    def forward(self, values: Tensor) -> Tensor:
        """Encode rows.

        Args:
            values: By type. number, binary: float `[batch, columns]` without NaN. category: int32 codes
                `[batch, columns]`. text, sequence, set, bag: int32 ids `[batch, length]`, with letters
                `[batch, length, 1 + letters]`, of pieces of words `[batch, pieces, 2]`. vector and date:
                float `[batch, width]` without NaN. image: float `[batch, channels, height, width]`, normalised.
                audio, timeseries: float `[batch, length, channels]`, NaN where missing or after the end.

        Returns:
            `[batch, columns, width]`, or `[batch, sum(widths)]` with the columns side by side.
        """

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """A vector for each token.

        Args:
            values: As for `forward`, of a type whose rows are tokens.

        Returns:
            (vectors `[batch, length, states_width]`, zero or anything where padded; bool `[batch, length]`: no padding).
        """
        raise NotImplementedError(f"{type(self).__name__} has no vector for each token")

    def row(self, states: Tensor, present: Tensor) -> Tensor:
        """What `forward` gives, from what `states` gave: nothing is computed twice where both are read."""
        raise NotImplementedError(f"{type(self).__name__} has no vector for each token")

    def marked(self, names: Sequence[str]) -> dict[str, tuple[int, list[list[Any]]]]:
        """Weights with an axis that tells columns or their codes apart, for a start from earlier weights.

        Args:
            names: Of the columns.

        Returns:
            Tensor name to the axis and its runs, each `[kind, column, count]`. Kinds: `column`; `code`, from 0 on.
        """
        if self.by_column:
            runs = [["column", name, 1] for name in names]
            return dict.fromkeys(self.state_dict(), (0, runs))
        return {
            ".".join(filter(None, (prefix, name))): (
                axis,
                [[kind, names[column], count] for kind, column, count in runs],
            )
            for prefix, module in self.named_modules()
            for name, (axis, runs) in getattr(module, "axes", {}).items()
        }

    def yields(self, names: Sequence[str], kind: str) -> list[list[Any]]:
        """What stands side by side in the result, for a start from earlier weights: runs as in `marked`.

        Args:
            names: Of the columns.
            kind: The name of this encoder.
        """
        order = range(len(names)) if self.order is None else self.order
        return [
            [kind, names[column], width] for column, width in zip(order, self.widths, strict=True)
        ]

    def resting(self, epoch: int) -> set[int]:
        """Ids of parameters that do not learn in this epoch of training, from 0 on."""
        return set()

    def rates(self) -> dict[nn.Parameter, float]:
        """Shares of the learning rate, of parameters that do not learn at the whole of it."""
        return {}

    def merge(self) -> dict[str, Any]:
        """Told once training is over: what was only for training may go. The options that this changes."""
        return {}

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """Preprocessing options that the feature must have for this encoder, given its own filled options."""
        return {}

    @classmethod
    def word_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """As `feature_options`, of a feature whose tokens are to stay what they are: each has a vector of its own."""
        return cls.feature_options(options)


encoders: Registry[Encoder] = Registry("encoder", home="crosstie.models.encoders")
