"""Sound as numbers: files decoded, brought to one rate, and what the ear hears of them, with numpy alone."""

import base64
import io
import math
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.media import Unreadable, content
from crosstie.errors import MissingExtra

Floats = NDArray[np.float32]

CROSSINGS = 24  # of zero on either side of the resampling filter: 16 bits' worth of what must not come through
BETA = 9.0  # of its Kaiser window
AT_ONCE = 1 << 14  # samples
QUIETEST = 1e-10  # what silence has in place of the logarithm of 0


def decoded(value: Any, *, seconds: float) -> tuple[Floats, int]:
    """The samples of a file, channels averaged, from -1 to 1 `[samples]`, and how many there are in a second.

    Args:
        value: As `Column.values` in the form media: a path, an address, bytes.
        seconds: Only so much from the beginning.

    Raises:
        Unreadable: The file is absent, or no sound.
        MissingExtra: soundfile is not installed.
    """
    try:
        import soundfile
    except ModuleNotFoundError:
        raise MissingExtra("soundfile", "audio", needed_for="reading sound") from None
    if isinstance(value, np.ndarray | list):
        raise Unreadable("an array does not say its rate; give a file's path or bytes")
    try:
        with soundfile.SoundFile(io.BytesIO(content(value))) as file:
            rate = int(file.samplerate)
            samples = file.read(math.ceil(seconds * rate), dtype="float32", always_2d=True)
    except (RuntimeError, TypeError, ValueError) as error:  # soundfile's own are RuntimeErrors
        reason = str(error).removeprefix("Error opening ").split(": ", 1)[-1].rstrip(".")
        raise Unreadable(reason[:1].lower() + reason[1:]) from None
    if not len(samples):
        raise Unreadable("holds no sample")
    return np.nan_to_num(samples.mean(axis=1, dtype=np.float32)), rate


def resampled(samples: Floats, rate: int, wanted: int) -> Floats:
    """The same sound with `wanted` samples a second: a sinc below the lower of both limits, under a Kaiser window."""
    if rate == wanted:
        return samples
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    filters = _filters(up, down)
    half = filters.shape[1] // 2
    padded = np.pad(samples.astype(np.float32), (half, half + 1))
    count = -(-len(samples) * up // down)
    windows = np.lib.stride_tricks.sliding_window_view(padded, filters.shape[1])
    found = np.empty(count, np.float32)
    for start in range(0, count, AT_ONCE):
        places = np.arange(start, min(start + AT_ONCE, count)) * down
        rows = windows[places // up]
        found[start : start + len(places)] = np.einsum("ij,ij->i", rows, filters[places % up])
    return found


@lru_cache(maxsize=8)
def _filters(up: int, down: int) -> Floats:
    """The filter by phase `[up, taps]`: what samples around count for one that lies `phase / up` after the middle one."""
    limit = min(1.0, up / down)
    half = math.ceil(CROSSINGS / limit)
    distances = np.arange(-half, half + 1)[None, :] - np.arange(up)[:, None] / up
    inside = np.clip(1 - (distances / (half + 1)) ** 2, 0, None)
    window = np.i0(BETA * np.sqrt(inside)) / np.i0(BETA)
    found = limit * np.sinc(limit * distances) * window
    scaled: Floats = (found / found.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled


def framed(samples: Floats, size: int, step: int) -> Floats:
    """Frames of `size` samples every `step`, `[frames, size]`; a shorter sound is one frame with silence behind it."""
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::step]


def log_mel(frames: Floats, rate: int, *, bands: int, points: int, window: str) -> Floats:
    """Logarithms of the power in bands as wide as the ear's, `[frames, bands]`.

    Triangular bands equally far apart in mel (2595 log10(1 + f / 700), O'Shaughnessy 1987) from 0 to half the
    rate, over the squared magnitudes of a Fourier transform of `points` points.
    """
    size = frames.shape[1]
    shape = np.hamming(size) if window == "hamming" else np.hanning(size)
    spectrum = np.fft.rfft(frames * shape.astype(np.float32), points)
    power = np.square(np.abs(spectrum)).astype(np.float32)
    found: Floats = np.log(np.maximum(power @ mel_bands(rate, bands, points), QUIETEST))
    return found


@lru_cache(maxsize=8)
def mel_bands(rate: int, bands: int, points: int) -> Floats:
    """How much each frequency counts for each band, `[points // 2 + 1, bands]`, 1 at a band's middle."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    frequencies = np.arange(points // 2 + 1)[:, None] * rate / points
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (
        (frequencies - low) / (middle - low),
        (high - frequencies) / (high - middle),
    )
    weights: Floats = np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
    return weights


def data_uri(samples: Floats, rate: int) -> str:
    """Samples as a WAV file of 16 bits in a text: `data:audio/wav;base64,…`."""
    body = np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16),
        *(b"data", len(body)),
    )
    return f"data:audio/wav;base64,{base64.b64encode(head + body).decode()}"
