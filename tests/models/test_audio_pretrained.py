"""Published networks for sounds as encoders."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_sounds import BANDS, SAMPLES, published
from transformers import AutoFeatureExtractor, AutoModel
from worlds import BINARY, architecture, check_graph_and_config, network

from crosstie.config.options import build
from crosstie.data.batch import Layout, Series
from crosstie.data.column import Column
from crosstie.errors import ConfigError
from crosstie.features.audio import Audio
from crosstie.features.sound import data_uri
from crosstie.models.encoders.audio_pretrained import AudioPretrained
from crosstie.models.encoders.encoder import Columns
from crosstie.models.vectors import vectors

LENGTH = 300
COLUMNS = Columns("audio", ("a",), shape=(LENGTH, 1), rows=50)
LENGTHS = (300, 120, 77, 25, 7, 0)  # one is shorter than a piece, one is missing
PIECES = 25  # samples of a piece


def encoder(folder: Path, **options: Any) -> AudioPretrained:
    torch.manual_seed(0)
    return build(AudioPretrained, COLUMNS, model=str(folder), **options).eval()


def sounds() -> np.ndarray:
    found = np.random.default_rng(0).normal(0.1, 0.2, (len(LENGTHS), LENGTH, 1)).astype(np.float32)
    for row, length in zip(found, LENGTHS, strict=True):
        row[length:] = np.nan
    return found


def by_hand(folder: Path, samples: np.ndarray, pooling: str) -> np.ndarray:
    """With the library alone: its own preparation of one sound, without padding."""
    prepare = AutoFeatureExtractor.from_pretrained(folder)
    given = prepare(samples, sampling_rate=8000, return_tensors="pt")["input_values"]
    with torch.no_grad():
        rows = AutoModel.from_pretrained(folder).eval()(given).last_hidden_state[0]
    return {"mean": rows.mean(0), "max": rows.amax(0)}[pooling].numpy()


@pytest.mark.slow
@pytest.mark.parametrize("level", [True, False])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_vector_is_the_librarys_own_whatever_stands_beside_it(
    tmp_path: Path, name: str, level: bool
) -> None:
    published(tmp_path, name, do_normalize=level)
    rows = sounds()
    for pooling in ("mean", "max"):
        with torch.no_grad():
            found = encoder(tmp_path, pooling=pooling)(torch.from_numpy(rows)).numpy()
        for row, length, vector in zip(rows, LENGTHS, found, strict=True):
            if length >= PIECES:
                expected = by_hand(tmp_path, row[:length, 0], pooling)
                np.testing.assert_allclose(vector, expected, atol=1e-5)
        assert np.isfinite(found).all()
        assert np.abs(found[4]).max() > 0.01
        assert not found[5].any()


def waves() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(0, 0.1, n).astype(np.float32) for n in (4000, 3001, 1777, 700)]


def steps(options: dict[str, Any]) -> list[np.ndarray]:
    """The waves as a feature with those options hears them."""
    feature = build(Audio, "a", **{**options, "audio_file_length_limit_in_s": 9.0})
    values = [data_uri(wave, 16_000) for wave in waves()]
    column = Column("a", values, np.ones(len(values), np.bool_))
    feature.observe(column)
    feature.finish()
    found = feature.encode(column)
    return [each[~np.isnan(each[:, 0])] for each in found]


def rounded(samples: np.ndarray) -> np.ndarray:
    """As a file of 16 bits keeps them."""
    return (np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16) / 32768).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", BANDS)
def test_what_hears_bands_says_what_the_library_does(tmp_path: Path, name: str) -> None:
    published(tmp_path, name)
    options = AudioPretrained.feature_options({"model": str(tmp_path)})
    heard = steps(options)
    rows = np.full((5, max(map(len, heard)), 20), np.nan, np.float32)
    for row, each in zip(rows, heard, strict=False):
        row[: len(each)] = each
    columns = Columns("audio", ("a",), shape=rows.shape[1:], rows=50)
    made = build(AudioPretrained, columns, model=str(tmp_path)).eval()
    assert made.pooling == ("cls_pooled" if name == "ast" else "mean")
    with torch.no_grad():
        found = made(torch.from_numpy(rows)).numpy()
        alone = made(torch.from_numpy(rows[2:3, : len(heard[2])])).numpy()
    np.testing.assert_allclose(alone, found[2:3], atol=1e-6)
    assert not found[4].any()  # nothing is heard in a missing sound
    prepare = AutoFeatureExtractor.from_pretrained(tmp_path)
    theirs = AutoModel.from_pretrained(tmp_path).eval()
    theirs = getattr(theirs, "encoder", theirs) if name == "whisper" else theirs
    for wave, own, vector in zip(waves(), heard, found[:4], strict=True):
        given = prepare(rounded(wave), sampling_rate=16_000, return_tensors="pt")
        there = given.get("attention_mask")
        with torch.no_grad():
            said = theirs(**given)
        pieces = said.last_hidden_state[0]
        if name == "whisper":
            pieces = pieces[: -(-len(own) // 2)]
        elif there is not None:
            pieces = pieces[there[0].bool()]
        expected = said.pooler_output[0] if name == "ast" else pieces.mean(0)
        np.testing.assert_allclose(vector, expected.numpy(), atol=1e-4)


def test_a_sound_that_is_squeezed_is_the_same_whatever_stands_beside_it(tmp_path: Path) -> None:
    made = encoder(published(tmp_path, "sew"))
    rows = torch.from_numpy(sounds())
    with torch.no_grad():
        for row, length in zip(rows, LENGTHS, strict=True):
            beside = made(rows)[LENGTHS.index(length)]
            torch.testing.assert_close(made(row[None, : max(length, 1)])[0], beside)


def test_its_files_say_the_rate_of_the_sounds_it_reads(tmp_path: Path) -> None:
    published(tmp_path, "hubert")
    options = {"model": str(tmp_path)}
    samples = {"type": "raw", "standardise": False}
    assert AudioPretrained.feature_options(options) == {**samples, "sampling_rate": 8000}
    (tmp_path / "preprocessor_config.json").unlink()
    assert AudioPretrained.feature_options(options) == samples
    with pytest.raises(ConfigError, match=r"no preprocessor_config.json that says the rate of its"):
        encoder(tmp_path)


@pytest.mark.slow
def test_left_alone_it_hears_a_sound_once(tmp_path: Path) -> None:
    made = encoder(published(tmp_path, "wav2vec2")).train()
    assert made.once
    rows = vectors(made, sounds())
    with torch.no_grad():
        np.testing.assert_allclose(made(torch.from_numpy(sounds())), rows, atol=1e-6)
    assert torch.equal(made(torch.from_numpy(rows)), torch.from_numpy(rows))


def test_layers_are_trained_from_the_top(tmp_path: Path) -> None:
    made = encoder(published(tmp_path, "wav2vec2"), trainable="last_1", layer_decay=0.5)
    learning = {name for name, each in made.published.named_parameters() if each.requires_grad}
    assert learning
    assert all(name.startswith("encoder.layers.1.") for name in learning)
    made.train()(torch.from_numpy(sounds())).square().sum().backward()
    learnt = made.get_parameter("published.encoder.layers.1.feed_forward.output_dense.weight")
    assert learnt.grad is not None
    assert learnt.grad.isfinite().all()


@pytest.mark.slow
def test_an_adapter_learns_alone_and_is_merged(tmp_path: Path) -> None:
    made = encoder(published(tmp_path, "wav2vec2"), adapter={"type": "lora", "r": 2})
    rows = torch.from_numpy(sounds())
    with torch.no_grad():
        for name, each in made.named_parameters():
            if "lora_B" in name:
                each.normal_()
        before = made(rows)
        assert made.merge() == {"adapter": None}
        torch.testing.assert_close(made(rows), before, atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wav2vec2", "hubert-large", "whisper", "ast", "wav2vec2-bert"])
def test_the_graph_holds_the_whole_network(tmp_path: Path, name: str) -> None:
    published(tmp_path / "net", name)
    series = Series("a", "series_0", "audio", *((30, 20) if name in BANDS else (200, 1)))
    layout = Layout(series=(series,), outputs=(BINARY,))
    section = {"type": "pretrained", "model": str(tmp_path / "net")}
    built = network(layout, architecture({"a": "audio"}, (BINARY,), encoder=section)).eval()
    check_graph_and_config(built, layout, tmp_path)


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pooling: this model has no pooler of its own; take"):
        encoder(published(tmp_path, "hubert"), pooling="cls_pooled")
    folder = published(tmp_path, "ast", feature_extractor_type="ClapFeatureExtractor")
    with pytest.raises(ConfigError, match=r"prepares its sounds with ClapFeatureExtractor, which"):
        encoder(folder)
    assert AudioPretrained.feature_options({"model": str(folder)})["type"] == "raw"
    with pytest.raises(ConfigError, match=r"model: a 'bert' is no network that hears sounds here"):
        build(AudioPretrained, COLUMNS, architecture={"model_type": "bert", "hidden_size": 12})
