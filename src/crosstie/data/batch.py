"""What crosses from the table side to the models: a few dense arrays, and the layout that names them.

Features of one kind stand together: every number (and binary) input is a column of `numbers`, every category
input a column of `categories`. That is what makes the loop, the served row and the graph's inputs cheap.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import ConfigError, Problem, nearest

Array = NDArray[Any]
UNKNOWN = "<UNK>"  # Ludwig's name of what is no class
SHOWN = 8  # classes that an error names
# What a graph holds meanwhile then fits beside a core: with 8,192 a network took 60 % longer and 250 MB more.
ROWS_AT_ONCE = 512
SCORES_AT_ONCE = (
    1 << 21
)  # of tokens, at one place of a text; a beam search holds several times as many


@dataclass(frozen=True)
class Categories:
    """A category input. Codes run from 0 to `size - 1`; 0 is unknown, 1 is missing."""

    name: str
    size: int


@dataclass(frozen=True)
class Tokens:
    """A text, sequence, set or bag input. Ids run from 0 to `size - 1`; 0 is padding, 1 is unknown.

    `array` is its key in `Batch.inputs` and the graph's input: `tokens_0`, `tokens_1`, …

    Attributes:
        letters: Ids of letters, 0 padding and 1 unknown, where each token has those of its letters behind its own.
        word: Letters of a token; 0 where there are none, and the array is `[rows, length]`.
        words: Of a row, where ids are of pieces of words and each has behind it the place of its word, from 1 on, 0 of
            none: the array is `[rows, length, 2]`. 0 where ids are of whole tokens.
    """

    name: str
    array: str
    type: str
    size: int
    length: int
    letters: int = 0
    word: int = 0
    words: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a row."""
        beside = 1 if self.words else self.word
        return (self.length, 1 + beside) if beside else (self.length,)


@dataclass(frozen=True)
class Vector:
    """A vector input of `width` numbers, NaN where missing; `array` is `vector_0`, … ."""

    name: str
    array: str
    width: int


@dataclass(frozen=True)
class Date:
    """A date input: `features.date.PARTS` as float32 columns, NaN where missing; `array` is `date_0`, … ."""

    name: str
    array: str
    width: int


@dataclass(frozen=True)
class Image:
    """An image input: uint8 `[rows, channels, height, width]`; `array` is `image_0`, … .

    Models see `(pixel / 255 - mean) / std`, the first thing their graph does: bytes are a quarter of floats.

    Attributes:
        mean: By channel, of pixels from 0 to 1.
        std: Likewise.
    """

    name: str
    array: str
    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Series:
    """An input of numbers in time, audio or a time series: float32 `[rows, length, channels]`; `array` is `series_0`, … .

    NaN where missing; a row that ends early is NaN in all channels from there on.
    """

    name: str
    array: str
    type: str
    length: int
    channels: int


@dataclass(frozen=True)
class Output:
    """What is to be predicted.

    Attributes:
        name: The output's name, the key in `Batch.targets`.
        array: The graph's output: `output_0`, `output_1`, …
        type: `number`, `binary`, `category`, `set`, `sequence`, `timeseries` or `text`.
        size: Classes of a category, labels of a set, tags of a sequence, steps of a series, ids of a text, 1 for
            number and binary.
        prior: `[size]` training share of each class or label; binary: [share of the positive]; number: empty.
        labels: What the table calls the classes or labels; binary: the negative, the positive; number: empty.
        length: Of a row of a sequence, padding included; of a text, its end included; 0 of the others.
        follows: The array of the series that a predicted series goes on with, if it is an input: what is predicted
            is relative to its last number, in units of its own spread.
        rate: By which numbers scaled as in that array are multiplied, and `shift` added, to be scaled as this output.
        shift: See `rate`.
        copies: Of a text: how many tokens of an input it can copy; 0 where it copies none.
    """

    name: str
    array: str
    type: str
    size: int
    prior: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    length: int = 0
    follows: str = ""
    rate: float = 1.0
    shift: float = 0.0
    copies: int = 0

    @property
    def scored(self) -> bool:
        """Whether the last axis of its logits is `size`."""
        return self.type in ("category", "set", "sequence", "timeseries")

    @property
    def copied(self) -> str:
        """The input array that says what copying each token of the input means: `copies_0`, `copies_1`, … ."""
        return f"copies_{self.array.rpartition('_')[2]}"

    def in_order(self, given: Mapping[str, float] | Sequence[float]) -> list[float]:
        """One number a class, in their order, from a list of them or from numbers by class.

        Raises:
            ConfigError: There is not one for each class. `<UNK>`, as Ludwig has it, may be there: no row is of it.
        """
        classes = 2 if self.type == "binary" else self.size
        if not isinstance(given, Mapping):
            if len(given) != classes:
                raise ConfigError(
                    Problem(
                        f"{self.name}.class_weights",
                        f"has {len(given)} weights, but there are {classes} classes{_some(self.labels)}. "
                        "Write one for each, in their order, or each under the name of its class",
                    )
                )
            return list(given)
        problems = [
            Problem(
                f"{self.name}.class_weights",
                f"no class is called {name!r}; {nearest(name, self.labels)}",
            )
            for name in given
            if name not in (*self.labels, UNKNOWN)
        ]
        lacking = [name for name in self.labels if name not in given]
        if lacking and not problems:
            problems = [
                Problem(f"{self.name}.class_weights", f"lacks the weight of {_some(lacking)[2:]}")
            ]
        if problems:
            raise ConfigError(problems)
        return [given[name] for name in self.labels]


def _some(names: Sequence[str]) -> str:
    """`: 'a', 'b'`, shortened where there are many; nothing of none."""
    text = ", ".join(map(repr, names[:SHOWN])) + ", …" * (len(names) > SHOWN)
    return f": {text}" if names else ""


@dataclass(frozen=True)
class Layout:
    """The shape of a `Batch`: which arrays it has and what each column of them is.

    Attributes:
        units: Of each of `numbers`, `(shift, scale)`: the table has `encoded * scale + shift`; (0, 1) where it is no such line.
            Empty where it is not known.
    """

    numbers: tuple[str, ...] = ()
    categories: tuple[Categories, ...] = ()
    tokens: tuple[Tokens, ...] = ()
    vectors: tuple[Vector, ...] = ()
    dates: tuple[Date, ...] = ()
    images: tuple[Image, ...] = ()
    series: tuple[Series, ...] = ()
    outputs: tuple[Output, ...] = ()
    units: tuple[tuple[float, float], ...] = field(default=(), compare=False)

    @property
    def inputs(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Input array name to (numpy dtype, shape of a row), in the graph's order: `{"numbers": ("float32", (3,)), …}`."""
        found: dict[str, tuple[str, tuple[int, ...]]] = {}
        if self.numbers:
            found["numbers"] = ("float32", (len(self.numbers),))
        if self.categories:
            found["categories"] = ("int32", (len(self.categories),))
        found |= {each.array: ("int32", each.shape) for each in self.tokens}
        found |= {each.array: ("float32", (each.width,)) for each in self.vectors}
        found |= {each.array: ("float32", (each.width,)) for each in self.dates}
        found |= {
            each.array: ("uint8", (each.channels, each.height, each.width)) for each in self.images
        }
        found |= {each.array: ("float32", (each.length, each.channels)) for each in self.series}
        found |= {each.copied: ("int32", (each.copies,)) for each in self.outputs if each.copies}
        return found

    @property
    def rows_at_once(self) -> int:
        """How many rows a graph takes at once at most, for what it holds meanwhile of outputs that are texts.

        Examples:
            >>> Layout(outputs=(Output("story", "output_0", "text", 2048, length=40),)).rows_at_once
            512
        """
        widest = max(
            (each.size + each.copies for each in self.outputs if each.type == "text"), default=0
        )
        fitting = max(SCORES_AT_ONCE // max(widest, 1), 32)
        return min(ROWS_AT_ONCE, 1 << (fitting.bit_length() - 1))

    def rows_within(self, size: int, *, most: int) -> int:
        """How many rows of inputs take about `size` bytes: a power of two from 32 on, or `most` if that is less.

        Examples:
            >>> Layout(images=(Image("photo", "image_0", 3, 128, 128, (), ()),)).rows_within(1 << 28, most=100_000)
            4096
        """
        row = sum(
            np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in self.inputs.values()
        )
        fitting = max(size // max(row, 1), 32)
        return min(most, 1 << (fitting.bit_length() - 1))


@dataclass(frozen=True)
class Batch:
    """Encoded rows: arrays that share their first axis. They may be memory-mapped.

    Attributes:
        inputs: `numbers` float32 `[rows, n]` (NaN is missing); `categories` int32 `[rows, m]`;
            `tokens_<i>` int32 `[rows, length]`, padded with 0 on the right, or `[rows, length, 1 + letters]`, or
            `[rows, pieces, 2]` (`Tokens.words`); `vector_<i>` float32
            `[rows, width]`; `date_<i>` float32 `[rows, parts]`; `image_<i>` uint8 `[rows, channels, height,
            width]`; `series_<i>` float32 `[rows, length, channels]`; `copies_<i>` int32 `[rows, length]`: the id
            that each token of an input has in a text. Names as in `Layout.inputs`.
        targets: By output name. number: float32 `[rows]`, standardised. binary: float32 `[rows]` of 0 and 1.
            category: int64 `[rows]`. set: float32 `[rows, size]` of 0 and 1. sequence: int32
            `[rows, length]`, -1 after a row's end, -2 a tag that training rows lack. timeseries: float32 `[rows,
            size]`, standardised. text: int32 `[rows, length]`: ids, 0 at the end, -1 after it. Empty when predicting.
        weights: float32 `[rows]`, or None for all equal.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array] = field(default_factory=dict)
    weights: Array | None = None

    def __len__(self) -> int:
        return len(next(iter({**self.inputs, **self.targets}.values())))

    def take(self, rows: Array | slice) -> "Batch":
        """The same arrays with only these rows, in this order."""
        return Batch(
            {name: array[rows] for name, array in self.inputs.items()},
            {name: array[rows] for name, array in self.targets.items()},
            None if self.weights is None else self.weights[rows],
        )


def joined(first: Batch, second: Batch) -> Batch:
    """The rows of two batches of one layout, in memory."""
    weights = None
    if first.weights is not None and second.weights is not None:
        weights = np.concatenate([first.weights, second.weights])
    return Batch(
        {
            name: np.concatenate([array, second.inputs[name]])
            for name, array in first.inputs.items()
        },
        {
            name: np.concatenate([array, second.targets[name]])
            for name, array in first.targets.items()
        },
        weights,
    )
