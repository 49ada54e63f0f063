"""The contract of a feature type: raw columns in, arrays out. What a predicted one adds is in `output_feature`.

A feature is fitted on training rows, then frozen: the same numpy-only object encodes training rows and a
request in production. Its constructor's keyword-only parameters are the `preprocessing` options of the file.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.config.registry import Registry
from crosstie.config.words import ANYTHING, Answer
from crosstie.data.column import Column, Form
from crosstie.data.profile import ColumnProfile

Kind = Literal["number", "category", "tokens", "vector", "date", "image", "series"]
State = dict[str, Any]  # JSON values
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Defaults:
    """The names of what a feature type uses unless the file says otherwise."""

    encoder: str = ""
    decoder: str = ""
    loss: str = ""
    metric: str = ""  # what early stopping watches for an output of this type


class Feature(ABC):
    """One column's way into arrays.

    Class attributes:
        type: The name in the file.
        kind: Which array of the `Batch` an input of this type goes to; "" if it cannot be an input.
        reads: The form of `data.Column` it wants.
        output: Whether it can be an output.
        defaults: Names of its default encoder, decoder, loss and metric.
        input_only: Options that only an input reads; on an output they are an error.
        output_only: Likewise.
        folders: Options that may name a folder; a saved model knows its last name alone.
        like: Of a type that did not come with Crosstie: the type whose encoders and learners it can use. Both
            give the same kind of array.

    Attributes:
        name: What the file calls the feature.
        column: The column of the table it reads.
        missing_value_strategy: What stands in for a missing cell; `drop_row` leaves the row out.
        tied: The input whose vocabulary and scale it shares: both learn from both columns.
        whole: Whether an output reads it token by token, so that its length is to hold all training rows.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "computed_fill_value": Answer("is computed from the training rows", (ANYTHING,)),
        "computed_outlier_fill_value": Answer("is computed from the training rows", (ANYTHING,)),
        "cache_encoder_embeddings": Answer(
            "vectors of a published encoder that is left alone are always kept; leave it out",
            (True, False),
        ),
        "pretrained_model_name_or_path": Answer(
            "belongs into the encoder: `encoder: {type: pretrained, model: …}`", (None,)
        ),
        "prompt": Answer("language models are not part of this version", (None,)),
        "vocab_file": Answer(
            "the vocabulary is learned from the training rows; leave it out", (None,)
        ),
        "vocab": Answer("the vocabulary is learned from the training rows; leave it out", (None,)),
        "padding": Answer(
            "padding is on the right, and no result depends on it", ("right", "left")
        ),
        "padding_symbol": Answer("padding has an id and no spelling; leave it out", ("<PAD>",)),
        "unknown_symbol": Answer("unknown has an id and no spelling; leave it out", ("<UNK>",)),
        "compute_idf": Answer("tokens are not weighed by rarity; leave it out", (False,)),
        "ngram_size": Answer("is read of a text", (2, None)),
        "datetime_format": Answer(
            "the shape of dates is found out from the column; leave it out", (None,)
        ),
    }
    type: ClassVar[str]
    kind: ClassVar[Kind | Literal[""]]
    reads: ClassVar[Form]
    output: ClassVar[bool] = False
    defaults: ClassVar[Defaults]
    input_only: ClassVar[tuple[str, ...]] = ()
    output_only: ClassVar[tuple[str, ...]] = ()
    folders: ClassVar[tuple[str, ...]] = ()
    like: ClassVar[str] = ""

    name: str
    column: str
    missing_value_strategy: str
    tied: str = ""
    whole: bool = False

    @classmethod
    def defaults_for(cls, options: Mapping[str, Any]) -> Defaults:
        """As `defaults`, where the preprocessing has these options."""
        return cls.defaults

    @classmethod
    def acts_as(cls) -> str:
        """The type that encoders and learners take it for."""
        return cls.like or cls.type

    @classmethod
    @abstractmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        """How well a column of this profile fits this type, 0 to 1. The highest vote wins."""

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        """Why a column of this profile is of this type, where it is: "all cells are numbers"."""
        return f"it looks like a {cls.type}"

    @abstractmethod
    def observe(self, column: Column) -> None:
        """Learn from some training rows. May be called for one chunk of a large table after another."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Take over what `other` has observed, so that chunks can be observed apart."""

    @abstractmethod
    def finish(self) -> None:
        """Turn what was observed into the fitted state, and forget the observations."""

    def fit(self, column: Column) -> Self:
        """Learn from all training rows at once."""
        self.observe(column)
        self.finish()
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the training rows, a sentence each; there after `finish`."""
        return ()

    def one_cell(self, value: Sequence[Any] | NDArray[Any]) -> float:
        """How much a list or an array looks like one cell, from 0, a column of cells, to 1; 0.5 may be either.

        A dict of such values is one row or a dict of columns, which only the features of a model can tell.
        """
        return 0.0

    def opened(self, column: Column) -> Column:
        """The column with its files read, where its cells are files; those that cannot be read count as unparsed.

        `encode` and `usable` take either; only a fitted feature is asked.
        """
        return column

    @abstractmethod
    def encode(self, column: Column) -> NDArray[Any]:
        """The column as an input.

        By kind: number float32 `[rows]`, category int32 `[rows]`, tokens int32 `[rows, length]`, vector
        float32 `[rows, width]`, date float32 `[rows, parts]`, image uint8 `[rows, channels, height, width]`,
        series float32 `[rows, length, channels]`, NaN where missing and after a row's end.
        """

    @property
    def wanted(self) -> str:
        """What a cell should hold, in words."""
        return "a value"

    def readable(self, column: Column) -> NDArray[np.bool_]:
        """Which rows hold what this fitted feature can read, bool `[rows]`; values it never saw are no fault.

        Args:
            column: Its files are read already, see `opened`.
        """
        return column.valid

    @property
    def drops(self) -> bool:
        """Whether `usable` can leave rows out."""
        return self.missing_value_strategy == "drop_row"

    def usable(self, column: Column) -> NDArray[np.bool_]:
        """Which rows stay, bool `[rows]`: False where one is left out for what stands in this column."""
        return column.valid if self.drops else np.ones(len(column), bool)

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        """How many rows hold a value that training never saw, or too rarely to keep.

        Args:
            column: What was encoded.
            encoded: What `encode` made of it.
        """
        return 0

    def tokens(self, column: Column) -> list[list[str]]:
        """The tokens of every row, none cut, of a feature whose rows are tokens in order."""
        raise NotImplementedError(f"a {self.type} has no tokens")

    def spellings(self, column: Column) -> list[list[str]]:
        """As `tokens`, as they are written, for texts to copy: small and capital letters stay."""
        return self.tokens(column)

    def read(self, rows: Sequence[Sequence[str]]) -> list[int]:
        """How many tokens of each row are read, of rows as `tokens` gives them; the others stand behind those."""
        return [min(len(row), self.width) for row in rows]

    @property
    def places(self) -> int:
        """Pieces of words in a row of `encode`'s result, where tokens are read so; 0 where each is read whole."""
        return 0

    @property
    def letters(self) -> tuple[int, int]:
        """Of tokens: how many ids of letters there are, and how many letters a token has; 0 without letters."""
        return 0, 0

    @property
    def unit(self) -> tuple[float, float]:
        """Of a number, `(shift, scale)`: the table has `encoded * scale + shift`; (0, 1) where it is no such line."""
        return 0.0, 1.0

    @property
    def codes(self) -> int:
        """How many different codes or ids `encode` can give; 0 where it gives numbers."""
        return 0

    @property
    def words(self) -> tuple[str, ...]:
        """What codes stand for, from the third code on; nothing where they have no spelling."""
        return ()

    def continued(self, earlier: Self) -> Self | None:
        """The feature to go on with, fitted, where an earlier run fitted `earlier` with the same options.

        What that run's weights learned must mean the same now: by default the earlier scale is kept, whatever the
        new training rows hold. A type whose codes stand for words adds the new ones behind the earlier.

        Returns:
            The feature that takes this one's place; None if nothing of the earlier can be kept.
        """
        state, arrays = earlier.state()
        found = type(self).from_state(self.name, {**state, "options": self.options()}, arrays)
        found.tied = self.tied
        return found

    @property
    def width(self) -> int:
        """Columns of `encode`'s result."""
        return 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a row of `encode`'s result, without the axis of rows; numbers and categories have none of their own."""
        return (self.width,)

    @property
    def mean(self) -> tuple[float, ...]:
        """Of an image, by channel, for pixels from 0 to 1: what models see is (pixel - mean) / std."""
        return ()

    @property
    def std(self) -> tuple[float, ...]:
        """As `mean`."""
        return ()

    @property
    def requires(self) -> tuple[str, ...]:
        """Packages beyond numpy that encoding needs where the model is served."""
        return ()

    def options(self) -> dict[str, Any]:
        """The constructor's keyword-only parameters as they are set."""
        return {name: getattr(self, name) for name in option_defaults(type(self))}

    @abstractmethod
    def state(self) -> tuple[State, Arrays]:
        """Options and fitted state: what JSON can hold, and arrays."""

    @classmethod
    @abstractmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        """The fitted feature that `state` came from."""

    @abstractmethod
    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        """`n` synthetic raw values that could stand in the column (never a training row's text)."""


@cache
def option_defaults(cls: type[Feature]) -> Mapping[str, Any]:
    """The keyword-only parameters of a feature type's constructor, with their defaults."""
    parameters = inspect.signature(cls).parameters.values()
    return {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}


feature_types: Registry[Feature] = Registry("feature type", home=__package__)
