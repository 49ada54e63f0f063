"""The contract of a feature type that can be predicted: targets out of a column, and a prediction's way back."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.features.feature import Feature


class OutputFeature(Feature):
    """A feature type that can also be predicted.

    Class attributes:
        amount: Whether predictions are amounts in the unit of the column, rather than probabilities.

    Attributes:
        predicted: Whether this one is an output; set before it is fitted. `encode` is for inputs,
            `size` to `decode` are for outputs.
        source: The input that it is read from token by token; empty of one that is read from a row's vector.
        aligned: Whether it has one label for each token of `source`.
        reader: The input of that name, once features stand together.
        copying: Whether it can copy tokens of `source`.
        copies: How many of them, once that is known.
        usual: Options that an output of this type has unless the file says otherwise, where they are not an input's.
    """

    usual: ClassVar[Mapping[str, Any]] = {}
    output = True
    amount: ClassVar[bool] = False
    predicted: bool = False
    source: str = ""
    aligned: bool = False
    reader: Feature | None = None
    copying: bool = False
    copies: int = 0

    @property
    def as_shown(self) -> bool:
        """Whether what comes out of a model is in the unit of the column once it is decoded: amounts, and texts."""
        return self.amount or self.type == "text"

    @classmethod
    def because_predicted(cls, profile: ColumnProfile) -> str:
        """As `because`, where the column is to be predicted."""
        return cls.because(profile)

    @property
    def usual_change(self) -> float:
        """How much the column changed from one season to the next in training; NaN where that means nothing."""
        return math.nan

    def goes_on_from(self, other: Feature) -> tuple[float, float] | None:
        """As `data.batch.Output.rate` and `shift`, where this series goes on with the input `other`."""
        return None

    @property
    def fills(self) -> bool:
        """Whether a missing target is filled rather than its row left out."""
        return self.missing_value_strategy.startswith("fill_with")

    @property
    def drops(self) -> bool:
        return not self.fills if self.predicted else super().drops

    @property
    @abstractmethod
    def size(self) -> int:
        """Width of a raw prediction: classes of a category, labels of a set or sequence, 1 for number and binary."""

    @property
    def length(self) -> int:
        """Places in a row of a sequence or a text; 0 of other types."""
        return 0

    def align(self, length: int) -> None:
        """Take the length of the input that it has a label for each token of, or copies from."""
        raise NotImplementedError(f"a {self.type} has no label for each token")

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes or labels in the order of the raw prediction; binary: (negative, positive); none of amounts and texts."""
        return ()

    @property
    def prior(self) -> tuple[float, ...]:
        """As `data.batch.Output.prior`; nothing of amounts and texts."""
        return ()

    @abstractmethod
    def encode_target(self, column: Column) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """(targets as in `Batch.targets`, which rows have a usable one)."""

    def encode_target_beside(
        self, column: Column, tokens: Sequence[Sequence[str]] | None
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """As `encode_target`, with the tokens of each row of `source`: a text copies them, a tag is of one that is read."""
        return self.encode_target(column)

    def learnable(self, column: Column, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows can be learned from, bool `[rows]`: those that are `known`, and what `encode_target` completed."""
        return known

    def truth(self, column: Column) -> NDArray[Any]:
        """Texts as they should be written `[rows]`, for types whose predictions are texts."""
        raise NotImplementedError(f"a {self.type} is not written")

    def copied(self, tokens: Sequence[Sequence[str]]) -> NDArray[np.int32]:
        """What copying each token of `source` means: as `Output.copied`, for types that can."""
        raise NotImplementedError(f"a {self.type} copies nothing")

    @abstractmethod
    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        """Predictions from what a graph puts out, as columns by suffix.

        Args:
            raw: number `[rows]` in standardised units; binary `[rows]` probability of the positive class;
                category `[rows, classes]`, set `[rows, labels]`, sequence `[rows, length, labels]` probabilities;
                timeseries `[rows, steps]` in standardised units; text `[rows, length]` ids.
            threshold: Of a binary output, or one for each label of a set.
            tokens: Of each row of `source`, for those that have one.

        Returns:
            `{"prediction": …}` and, but for numbers, `"probability_<class>"` for every class:
            float64 arrays for numbers and probabilities, lists of str for classes, of lists for sets.
        """
