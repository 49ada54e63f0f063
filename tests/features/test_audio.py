import base64
import io

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from crosstie.data.media import Unreadable
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.audio import Audio
from crosstie.features.sound import data_uri, decoded, framed, log_mel, mel_bands, resampled


def sine(frequency, rate, seconds=0.5):
    return np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def file(samples, rate, kind="WAV"):
    held = io.BytesIO()
    soundfile.write(held, samples, rate, format=kind)
    return held.getvalue()


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 16000), (8000, 16000), (22050, 8000)])
def test_a_tone_stays_itself_at_another_rate(rate, wanted):
    found = resampled(sine(1000, rate), rate, wanted)
    expected = sine(1000, wanted)
    inside = slice(200, -200)  # at the ends silence comes in
    assert len(found) == len(expected)
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-3)
    common = np.gcd(rate, wanted)
    other = resample_poly(sine(1000, rate), wanted // common, rate // common)
    np.testing.assert_allclose(found[inside], other[: len(found)][inside], atol=5e-3)


def test_a_tone_above_the_new_limit_is_gone():
    found = resampled(sine(7000, 44100), 44100, 8000)
    assert np.abs(found[200:-200]).max() < 2e-4


def test_bands_are_triangles_that_touch_their_neighbours_middles():
    bands = mel_bands(8000, 4, 4096)
    frequencies = np.arange(2049) * 8000 / 4096
    mels = 2595 * np.log10(1 + 4000 / 700) / 5
    middles = 700 * (10 ** (np.arange(1, 5) * mels / 2595) - 1)
    peaks = frequencies[bands.argmax(axis=0)]
    np.testing.assert_allclose(peaks, middles, atol=2)
    inside = (frequencies > middles[0]) & (frequencies < middles[-1])
    np.testing.assert_allclose(bands[inside].sum(axis=1), 1, atol=1e-5)


def test_the_spectrum_is_that_of_the_definition():
    rate, size, points, bands = 800, 10, 16, 3
    samples = np.random.default_rng(0).normal(size=25).astype(np.float32)
    found = log_mel(framed(samples, size, 5), rate, bands=bands, points=points, window="hamming")
    assert found.shape == (4, bands)
    for frame, start in zip(found, (0, 5, 10, 15), strict=True):
        piece = samples[start : start + size]
        faded = [
            x * (0.54 - 0.46 * np.cos(2 * np.pi * n / (size - 1))) for n, x in enumerate(piece)
        ]
        power = [
            abs(sum(x * np.exp(-2j * np.pi * k * n / points) for n, x in enumerate(faded))) ** 2
            for k in range(points // 2 + 1)
        ]
        edges = 700 * (10 ** (np.arange(bands + 2) * np.log10(1 + 400 / 700) / (bands + 1)) - 1)
        for band in range(bands):
            low, middle, high = edges[band : band + 3]
            total = 0.0
            for k, each in enumerate(power):
                f = k * rate / points
                weight = min((f - low) / (middle - low), (high - f) / (high - middle))
                total += max(weight, 0) * each
            assert frame[band] == pytest.approx(np.log(total), abs=1e-4)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_every_kind_of_file_holds_the_tone_that_was_written(kind):
    stereo = np.stack([sine(440, 16000), np.zeros(8000, np.float32)], axis=1)
    samples, rate = decoded(file(stereo, 16000, kind), seconds=9)
    assert rate == 16000
    strongest = np.abs(np.fft.rfft(samples[:8000])).argmax() * 2
    assert strongest == 440
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)  # the mean of both channels


def test_only_the_beginning_is_read():
    assert len(decoded(file(sine(440, 8000), 8000), seconds=0.1)[0]) == 800


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("/nowhere/a.wav", "no such file or directory"),
        (b"RIFFnothing", "format not recognised"),
        (np.zeros(5), "an array does not say its rate; give a file's path or bytes"),
    ],
)
def test_what_cannot_be_read_says_why(value, said):
    with pytest.raises(Unreadable) as caught:
        decoded(value, seconds=1)
    assert str(caught.value).lower() == said


def test_a_truncated_file_is_read_as_far_as_it_goes():
    whole = file(sine(440, 8000), 8000)
    samples, _ = decoded(whole[: len(whole) // 2], seconds=9)
    assert 1900 < len(samples) < 2100


def test_rows_end_where_their_sound_ends_and_unreadable_ones_are_counted():
    cells = [file(sine(440, 8000), 8000), file(sine(880, 16000, 0.1), 16000), b"junk"]
    data = Table.from_columns({"x": [*cells[:2] * 4, cells[2]]}).column("x", "media")
    feature = Audio("x", sampling_rate=8000).fit(data)
    opened = feature.opened(data)
    assert (opened.unparsed, opened.valid.tolist()) == (1, [True] * 8 + [False])
    encoded = feature.encode(data)
    assert encoded.shape == (9, 24, 40)  # (4000 samples - 320) / 160 + 1
    assert (~np.isnan(encoded[:, :, 0])).sum(axis=1).tolist() == [24, 4] * 4 + [0]
    assert feature.notes[0].startswith("column 'x': 1 of 9 sounds that were tried cannot be read")


def test_raw_sound_is_a_series_of_samples():
    data = Table.from_columns({"x": [file(sine(440, 8000), 8000)]}).column("x", "media")
    encoded = Audio("x", type="raw", standardise=False).fit(data).encode(data)
    np.testing.assert_allclose(encoded[0, :, 0], sine(440, 8000), atol=1e-4)


def test_a_wrong_folder_is_one_error():
    data = Table.from_columns({"x": ["a.wav", "b.wav"]}).column("x", "media")
    with pytest.raises(DataError) as caught:
        Audio("x").fit(data)
    assert str(caught.value) == (
        "x: 2 of 2 sounds that were tried cannot be read, for example 'a.wav: no such file or directory', "
        "'b.wav: no such file or directory'. Paths are relative to the folder of the table's file."
    )


def test_what_an_example_holds_can_be_read():
    samples = sine(440, 8000)
    text = data_uri(samples, 8000)
    found, rate = decoded(base64.b64decode(text.partition(",")[2]), seconds=9)
    assert rate == 8000
    np.testing.assert_allclose(found, samples, atol=1e-4)


def test_clips_of_the_codec_samples_decode(shared_data):
    clips = sorted((shared_data / "aud_codec_samples").glob("*.ogg"))
    rates = [decoded(str(each), seconds=2)[1] for each in clips]
    assert rates == [22050] * 4
