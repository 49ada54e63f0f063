"""Spectrograms as published networks were trained on them, to the last decimal, with numpy alone.

`whisper` is that of Whisper (Radford et al., 2022), `kaldi` and `ast` that of the Kaldi toolkit's filter bank, the first
of samples of 16 bits under Povey's window, the second of samples from -1 to 1 under Hann's (Gong et al., 2021).
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.features.sound import Floats, framed

Spectrum = Literal["whisper", "kaldi", "ast"]

WHOLE = 30  # seconds: what Whisper hears at once, silence behind what is shorter
DEPTH = 8.0  # powers of ten below the loudest that Whisper's spectrogram tells apart
QUIETEST = 1e-10  # in place of the logarithm of 0
EPSILON = float(np.finfo(np.float32).eps)  # likewise in Kaldi
EMPHASIS = 0.97
LOWEST = 20.0  # Hz of Kaldi's lowest band
BITS = 2.0**15
FLAT, STEP = (
    200 / 3,
    np.log(6.4) / 27,
)  # Slaney's scale: even up to 1,000 Hz, then by a constant factor


def spectrum(
    samples: Floats, rate: int, kind: Spectrum, *, size: int, step: int, bands: int
) -> Floats:
    """Logarithms of the power in bands `[steps, bands]`.

    Args:
        samples: From -1 to 1.
        rate: Of them in a second.
        kind: As whose.
        size: Samples of a piece.
        step: From one piece to the next.
        bands: How many.
    """
    if kind == "whisper":
        return whisper(samples, rate, size=size, step=step, bands=bands)
    return kaldi(samples, rate, size=size, step=step, bands=bands, whole=kind == "kaldi")


def whisper(samples: Floats, rate: int, *, size: int, step: int, bands: int) -> Floats:
    """Up to the last step that hears any of the sound; those of the silence behind it are all as quiet as can be."""
    most = WHOLE * rate
    samples = samples[:most]
    half = size // 2
    steps = min(-(-(len(samples) + half) // step), most // step)
    padded = np.pad(samples, (0, min(most - len(samples), size + step)))
    frames = framed(np.pad(padded, half, mode="reflect"), size, step)[:steps]
    power = _power(frames * _hann(size), size) @ _even_bands(rate, bands, size)
    found = np.log10(np.maximum(power, QUIETEST))
    found = np.maximum(found, found.max() - DEPTH)
    return np.asarray((found + 4.0) / 4.0, np.float32)


def kaldi(samples: Floats, rate: int, *, size: int, step: int, bands: int, whole: bool) -> Floats:
    """As Kaldi's `fbank` without dither; `whole` counts amplitudes up to 32,768, as 16 bits do."""
    frames = framed(samples, size, step).astype(np.float64) * (BITS if whole else 1.0)
    frames = frames - frames.mean(axis=1, keepdims=True)
    earlier = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = frames - EMPHASIS * earlier
    points = 1 << (size - 1).bit_length()
    window = np.hanning(size) ** 0.85 if whole else np.hanning(size)
    power = _power(frames * window, points) @ _kaldi_bands(rate, bands, points)
    return np.asarray(np.log(np.maximum(power, EPSILON)), np.float32)


def _power(frames: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(frames, points)))
    return found


def _hann(size: int) -> NDArray[np.float64]:
    """That begins again where it ends: one point more, without the last."""
    return np.hanning(size + 1)[:-1]


@lru_cache(maxsize=8)
def _even_bands(rate: int, bands: int, points: int) -> NDArray[np.float64]:
    """Triangles of one area on Slaney's scale, from 0 to 8,000 Hz, `[points // 2 + 1, bands]`."""
    places = np.linspace(0.0, _slaney(8000.0), bands + 2)
    above = 15.0  # on the scale, 1,000 Hz
    edges = np.where(
        places < above, FLAT * places, 1000 * np.exp(STEP * (np.maximum(places, above) - above))
    )
    frequencies = np.linspace(0, rate // 2, points // 2 + 1)
    return _triangles(frequencies, edges) * (2.0 / (edges[2:] - edges[:-2]))


def _slaney(frequency: float) -> float:
    return float(15 + np.log(frequency / 1000) / STEP)


@lru_cache(maxsize=8)
def _kaldi_bands(rate: int, bands: int, points: int) -> NDArray[np.float64]:
    """Triangles on the mel scale itself, from 20 Hz to half the rate, `[points // 2 + 1, bands]`."""
    edges = np.linspace(_mel(np.array(LOWEST)), _mel(np.array(float(rate // 2))), bands + 2)
    return _triangles(_mel(np.arange(points // 2 + 1) * rate / points), edges)


def _mel(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + frequencies / 700.0))


def _triangles(places: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each place counts for each band, 1 in its middle, `[places, bands]`."""
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (places[:, None] - low) / (middle - low)
    falling = (high - places[:, None]) / (high - middle)
    found: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0.0, None)
    return found
