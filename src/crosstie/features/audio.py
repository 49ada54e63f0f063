"""Sound: files, addresses or bytes as series of what the ear hears, or of samples."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from crosstie.config.words import ANYTHING, Answer
from crosstie.data.column import Column
from crosstie.data.media import open_all
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.moments import Moments
from crosstie.features.sound import data_uri, decoded, framed, log_mel, resampled
from crosstie.features.spectra import spectrum

HALF = 0.5  # of the files that cannot be opened: more is a wrong folder
EXAMPLE = 0.3  # seconds


@feature_types("audio")
class Audio(Feature):
    """A sound: float32 `[rows, length, channels]`, NaN after its end; channels are bands of frequency, or one.

    WAV, FLAC, OGG and MP3 as soundfile reads them; several channels are averaged.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing sound, or for one that cannot be read: `indicator`
            is a series without a number, `drop_row` leaves its row out.
        audio_file_length_limit_in_s: Cut sounds to so many seconds; the length is that of the longest training
            sound looked at, if that is less.
        sampling_rate: Samples a second that every sound is brought to; None takes the training sounds' usual one.
        type: `fbank` is the logarithm of the power in bands of frequency, every `window_shift_in_s`; `raw` the
            samples themselves. `whisper`, `kaldi` and `ast` are what published networks read, which set them.
        window_length_in_s: Of the piece of sound behind one step of all but `raw`.
        window_shift_in_s: From one such piece to the next.
        num_fft_points: Of the Fourier transform of `fbank`; None is the least power of 2 that holds a piece.
        window_type: What fades a piece of `fbank` in and out.
        num_filter_bands: Bands, as wide as the ear's (mel).
        standardise: Whether every channel is brought to mean 0 and spread 1, those of the training sounds.
        sample_size: How many training sounds, evenly spaced, are looked at for rate, length, mean and spread; so
            many of every 100,000 rows.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "in_memory": Answer("arrays larger than memory go to files by themselves", (ANYTHING,)),
        "padding_value": Answer(
            "no result depends on what comes after a sound; leave it out", (ANYTHING,)
        ),
        "norm": Answer("see standardise", (None,)),
    }
    type = "audio"
    kind = "series"
    reads = "media"
    defaults = Defaults("parallel_cnn")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[Literal["indicator", "drop_row"], FILLS] = "indicator",
        audio_file_length_limit_in_s: Annotated[float, Gt(0)] = 7.5,
        sampling_rate: Annotated[int, Ge(100)] | None = None,
        type: Literal["fbank", "raw", "whisper", "kaldi", "ast"] = "fbank",
        window_length_in_s: Annotated[float, Gt(0)] = 0.04,
        window_shift_in_s: Annotated[float, Gt(0)] = 0.02,
        num_fft_points: Annotated[int, Ge(2)] | None = None,
        window_type: Literal["hamming", "hann"] = "hamming",
        num_filter_bands: Annotated[int, Ge(1)] = 40,
        standardise: bool = True,
        sample_size: Annotated[int, Ge(1)] = 500,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.audio_file_length_limit_in_s = audio_file_length_limit_in_s
        self.sampling_rate = sampling_rate
        self.form = type
        self.window_length_in_s = window_length_in_s
        self.window_shift_in_s = window_shift_in_s
        self.num_fft_points = num_fft_points
        self.window_type = window_type
        self.num_filter_bands = num_filter_bands
        self.standardise = standardise
        self.sample_size = sample_size
        self._sample: list[Any] = []
        self._notes: tuple[str, ...] = ()
        self.rate_ = sampling_rate or 0
        self.length_ = 0
        self.mean_ = np.zeros(0)
        self.spread_ = np.ones(0)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 1.0 if profile.media == "audio" else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return "its cells are names, addresses or contents of sounds"

    def observe(self, column: Column) -> None:
        rows = np.flatnonzero(column.valid)
        step = -(-len(rows) // self.sample_size) or 1
        self._sample += [column.values[row] for row in rows[::step]]

    def merge(self, other: Self) -> None:
        self._sample += other._sample

    def finish(self) -> None:
        tried, self._sample = self._sample, []
        if not tried:
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a sound. Take the column out, or give it another type.",
                )
            )
        found = open_all(tried, self._decoded)
        shown = ", ".join(map(repr, found.examples))
        if len(found.failed) > HALF * len(tried):
            raise DataError(
                Problem(
                    self.column,
                    f"{len(found.failed)} of {len(tried)} sounds that were tried cannot be read, for example {shown}. "
                    "Paths are relative to the folder of the table's file.",
                )
            )
        if found.failed:
            self._notes = (
                (
                    f"column {self.column!r}: {len(found.failed)} of {len(tried)} sounds that were tried cannot be "
                    f"read and count as missing, for example {shown}"
                ),
            )
        sounds = [each for each in found.values if each is not None]
        rates = Counter(rate for _, rate in sounds)
        self.rate_ = self.sampling_rate or max(rates, key=lambda each: (rates[each], each))
        steps = [self._steps(*each) for each in sounds]
        moments = Moments(steps[0].shape[1])
        for each in steps:
            moments.add(each.astype(np.float64))
        self.length_ = max(map(len, steps))
        self.mean_, self.spread_ = moments.centre, moments.spread

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    def opened(self, column: Column) -> Column:
        if isinstance(column.values, np.ndarray):
            return column
        found = open_all(column.values, lambda value: self._steps(*self._decoded(value)))
        values = np.full((len(column), *self.shape), np.nan, np.float32)
        for row, each in enumerate(found.values):
            if each is None:
                continue
            if self.standardise:
                each = ((each - self.mean_) / self.spread_).astype(np.float32)  # noqa: PLW2901
            values[row, : len(each)] = each[: self.length_]
        valid = np.array([each is not None for each in found.values], np.bool_)
        failed = len(found.failed)
        return replace(
            column, values=values, valid=valid, unparsed=failed, unparsed_examples=found.examples
        )

    @property
    def wanted(self) -> str:
        return "a sound, such as data:audio/wav;base64,…"

    def encode(self, column: Column) -> NDArray[np.float32]:
        found: NDArray[np.float32] = np.asarray(self.opened(column).values)
        return found

    def _decoded(self, value: Any) -> tuple[NDArray[np.float32], int]:
        return decoded(value, seconds=self.audio_file_length_limit_in_s)

    def _steps(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """`[length, channels]`, not yet scaled."""
        samples = resampled(samples, rate, self.rate_)
        if self.form == "raw":
            return samples[:, None]
        size = max(round(self.window_length_in_s * self.rate_), 1)
        step = max(round(self.window_shift_in_s * self.rate_), 1)
        if self.form != "fbank":
            bands = self.num_filter_bands
            return spectrum(samples, self.rate_, self.form, size=size, step=step, bands=bands)
        return log_mel(
            framed(samples, size, step),
            self.rate_,
            bands=self.num_filter_bands,
            points=max(self.num_fft_points or 0, 1 << math.ceil(math.log2(size))),
            window=self.window_type,
        )

    def options(self) -> dict[str, Any]:
        return {**super().options(), "type": self.form}

    def state(self) -> tuple[State, Arrays]:
        fitted = {"rate": self.rate_, "length": self.length_}
        return {"options": self.options(), **fitted}, {"mean": self.mean_, "spread": self.spread_}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.rate_, feature.length_ = state["rate"], state["length"]
        feature.mean_, feature.spread_ = arrays["mean"], arrays["spread"]
        return feature

    def continued(self, earlier: Self) -> Self | None:
        same = self.rate_ == earlier.rate_ and self.length_ <= earlier.length_
        return super().continued(earlier) if same else None

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        samples = rng.normal(0, 0.1, (n, int(EXAMPLE * self.rate_))).astype(np.float32)
        return [data_uri(each, self.rate_) for each in samples]

    @property
    def width(self) -> int:
        return self.length_

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length_, len(self.mean_))

    @property
    def requires(self) -> tuple[str, ...]:
        return ("soundfile",)
