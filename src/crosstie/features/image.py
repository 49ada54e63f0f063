"""Pictures: files, addresses, bytes or arrays as bytes of one size."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.config.words import ANYTHING, Answer
from crosstie.data.column import Column
from crosstie.data.media import open_all
from crosstie.data.profile import ColumnProfile
from crosstie.errors import ConfigError, DataError, Problem
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.nested import nested
from crosstie.features.picture_sample import PictureSample
from crosstie.features.pixels import Resize, data_uri, fitted, picture

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # RGB of 1.2 million photographs
HALF = 0.5  # of the files that cannot be opened: more is a wrong folder


@feature_types("image")
class Image(Feature):
    """A picture: uint8 `[rows, channels, height, width]`.

    JPEG, PNG, WebP, TIFF, BMP and GIF as Pillow reads them: upright as the camera noted, what is transparent
    white, of 16 bits the upper 8, of an animation the first frame. An array is `[height, width]`,
    `[height, width, channels]` or `[channels, height, width]`, of bytes, or of floats from 0 to 1.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing picture, or for one that cannot be read: the
            training rows' mean colour, or nothing (the row is left out).
        height: Pixels; None takes the middle one of the training pictures' heights, within
            `infer_image_max_height`.
        width: Pixels; None likewise.
        num_channels: 1 is grey, 3 is red, green and blue; None is 1 where all training pictures are grey.
        resize_method: How a picture of another size is brought to this one: `interpolate` stretches it, `crop`
            fills the size and cuts off what is over, `pad` shows it whole between bands of the mean colour,
            `crop_or_pad` cuts or adds bands at its own scale.
        standardize_image: Which mean and spread of the channels become 0 and 1: the training rows', or those
            published for `imagenet1k`. None leaves pixels from 0 to 1.
        infer_image_max_height: The most pixels where `height` is None; larger pictures are made smaller, in
            proportion.
        infer_image_max_width: As `infer_image_max_height`.
        infer_image_sample_size: How many training pictures, evenly spaced, are looked at for size, channels,
            mean and spread; so many of every 100,000 rows.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "in_memory": Answer("arrays larger than memory go to files by themselves", (ANYTHING,)),
        "num_processes": Answer("pictures are read in all threads; see --threads", (ANYTHING,)),
        "infer_image_num_channels": Answer("give num_channels", (True,)),
        "infer_image_dimensions": Answer("give height and width", (True,)),
        "requires_equal_dimensions": Answer("give height and width", (False,)),
        "scaling": Answer("see standardize_image", ("pixel_normalization",)),
    }
    type = "image"
    kind = "image"
    reads = "media"
    defaults = Defaults("stacked_cnn")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["fill_with_mean", "drop_row"], FILLS
        ] = "fill_with_mean",
        height: Annotated[int, Ge(1)] | None = None,
        width: Annotated[int, Ge(1)] | None = None,
        num_channels: Literal[1, 3] | None = None,
        resize_method: Resize = "interpolate",
        standardize_image: Literal["train", "imagenet1k"] | None = "train",
        infer_image_max_height: Annotated[int, Ge(1)] = 128,
        infer_image_max_width: Annotated[int, Ge(1)] = 128,
        infer_image_sample_size: Annotated[int, Ge(1)] = 500,
    ) -> None:
        if standardize_image == "imagenet1k" and num_channels == 1:
            raise ConfigError(
                Problem(
                    f"{name}.preprocessing.standardize_image",
                    "'imagenet1k' is for pictures in colour, and num_channels is 1. Take one of them out.",
                )
            )
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.height = height
        self._width = width  # `width` is that of what is encoded
        self.num_channels = num_channels
        self.resize_method = resize_method
        self.standardize_image = standardize_image
        self.infer_image_max_height = infer_image_max_height
        self.infer_image_max_width = infer_image_max_width
        self.infer_image_sample_size = infer_image_sample_size
        self._sample = PictureSample()
        self._notes: tuple[str, ...] = ()
        self.shape_: tuple[int, int, int] = (num_channels or 1, height or 1, width or 1)
        self.mean_: tuple[float, ...] = (0.0,) * self.shape_[0]
        self.std_: tuple[float, ...] = (1.0,) * self.shape_[0]
        self.blank_ = np.zeros(self.shape_[0], np.uint8)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 1.0 if profile.media == "image" else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return "its cells are names, addresses or contents of pictures"

    def observe(self, column: Column) -> None:
        values = [column.values[row] for row in np.flatnonzero(column.valid)]
        self._sample.add(values, self.infer_image_sample_size)

    def merge(self, other: Self) -> None:
        self._sample.merge(other._sample)

    def finish(self) -> None:
        sample, self._sample = self._sample, PictureSample()
        self._notes = tuple(_oddities(self.column, sample))
        if sample.absent > HALF * sample.rows or sample.failed > HALF * sample.looked:
            shown = ", ".join(map(repr, sample.examples))
            few = (
                f"{sample.absent} of {sample.rows} files are absent"
                if sample.absent > HALF * sample.rows
                else f"{sample.failed} of {sample.looked} pictures that were tried cannot be read"
            )
            raise DataError(
                Problem(
                    self.column,
                    f"{few}, for example {shown}. Paths are relative to the folder of the table's file.",
                )
            )
        if not len(sample):
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a picture. Take the column out, or give it another type.",
                )
            )
        colours = 3 if self.standardize_image == "imagenet1k" or not sample.grey else 1
        channels = self.num_channels or colours
        self.shape_ = (channels, *self._size(*sample.size))
        mean, spread = sample.moments(channels)
        self.blank_ = np.rint(mean * 255).astype(np.uint8)
        self.mean_, self.std_ = (0.0,) * channels, (1.0,) * channels
        if self.standardize_image == "train":
            self.mean_, self.std_ = tuple(mean.tolist()), tuple(spread.tolist())
        if self.standardize_image == "imagenet1k":
            self.mean_, self.std_ = IMAGENET

    def _size(self, height: float, width: float) -> tuple[int, int]:
        """The size of all pictures, from the middle one of training."""
        if self.height and self._width:
            return self.height, self._width
        if self.height:
            return self.height, max(round(width * self.height / height), 1)
        if self._width:
            return max(round(height * self._width / width), 1), self._width
        most = self.infer_image_max_height / height, self.infer_image_max_width / width
        scale = min(1.0, *most)
        return max(round(height * scale), 1), max(round(width * scale), 1)

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    def one_cell(self, value: Sequence[Any] | NDArray[Any]) -> float:
        """Of three axes one may be that of the channels, or that of grey pictures."""
        shape = nested(value)
        if len(shape) != 3 or shape[2] in (3, 4):
            return float(len(shape) in (2, 3))
        return 0.5 if shape[0] in (1, 3, 4) else float(shape[2] == 1)

    def opened(self, column: Column) -> Column:
        if isinstance(column.values, np.ndarray):
            return column
        found = open_all(column.values, self._fitted)
        values = np.empty((len(column), *self.shape_), np.uint8)
        values[:] = self.blank_.reshape(-1, 1, 1)
        for row, each in enumerate(found.values):
            if each is not None:
                values[row] = each
        valid = np.array([each is not None for each in found.values], np.bool_)
        failed = len(found.failed)
        return replace(
            column, values=values, valid=valid, unparsed=failed, unparsed_examples=found.examples
        )

    def _fitted(self, value: Any) -> NDArray[np.uint8]:
        channels, height, width = self.shape_
        near = 0 if self.resize_method == "crop_or_pad" else 2 * max(height, width)
        return fitted(
            picture(value, near=near),
            channels=channels,
            height=height,
            width=width,
            resize=self.resize_method,
            blank=self.blank_,
        )

    @property
    def wanted(self) -> str:
        return "a picture, such as data:image/png;base64,…"

    def encode(self, column: Column) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = np.asarray(self.opened(column).values)
        return found

    def options(self) -> dict[str, Any]:
        return {**super().options(), "width": self._width}

    def state(self) -> tuple[State, Arrays]:
        learned = {
            "shape": list(self.shape_),
            "mean": list(self.mean_),
            "std": list(self.std_),
            "blank": self.blank_.tolist(),
        }
        return {"options": self.options(), **learned}, {}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        channels, height, width = state["shape"]
        feature.shape_ = (channels, height, width)
        feature.mean_, feature.std_ = tuple(state["mean"]), tuple(state["std"])
        feature.blank_ = np.array(state["blank"], np.uint8)
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        channels, height, width = self.shape_
        down, across = min(height, 4), min(width, 4)
        drawn = rng.integers(0, 256, (n, channels, down, across), dtype=np.uint8)
        rows, columns = np.arange(height) * down // height, np.arange(width) * across // width
        return [data_uri(each[:, rows][:, :, columns]) for each in drawn]

    @property
    def width(self) -> int:
        return self.shape_[2]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shape_

    @property
    def mean(self) -> tuple[float, ...]:
        return self.mean_

    @property
    def std(self) -> tuple[float, ...]:
        return self.std_

    @property
    def requires(self) -> tuple[str, ...]:
        return ("pillow",)


def _oddities(column: str, sample: PictureSample) -> Iterator[str]:
    shown = ", ".join(map(repr, sample.examples))
    if sample.absent:
        yield f"column {column!r}: {sample.absent} of {sample.rows} files are absent, for example {shown}"
    if sample.failed:
        yield (
            f"column {column!r}: {sample.failed} of {sample.looked} pictures that were tried cannot be read and "
            f"count as missing, for example {shown}"
        )
