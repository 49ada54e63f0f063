"""Published networks for sounds small enough for tests, made here."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel

SHAPE: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8, 8],
    "conv_kernel": [10, 4],
    "conv_stride": [5, 3],
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
DEEP = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}  # of the large ones
SQUEEZED = {"squeeze_factor": 2}
ENCODER = {key: SHAPE[key] for key in list(SHAPE)[:4]}
HALVES: dict[str, Any] = {  # of a network that hears and writes
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "vocab_size": 30,
    "pad_token_id": 0,
    "num_mel_bins": 20,
    "max_source_positions": 50,
}
PATCHES = {"max_length": 40, "num_mel_bins": 20, "patch_size": 8}
PATCHES |= {"frequency_stride": 8, "time_stride": 8}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2": ("wav2vec2", SHAPE),
    "wav2vec2-large": ("wav2vec2", SHAPE | DEEP),
    "hubert": ("hubert", SHAPE),
    "hubert-large": ("hubert", SHAPE | DEEP),
    "wavlm": ("wavlm", SHAPE),
    "data2vec-audio": ("data2vec-audio", SHAPE | {"num_conv_pos_embeddings": 2}),
    "sew": ("sew", SHAPE | SQUEEZED),
    "whisper": ("whisper", HALVES),
    "ast": ("audio-spectrogram-transformer", ENCODER | PATCHES),
    "wav2vec2-bert": ("wav2vec2-bert", ENCODER | {"feature_projection_input_dim": 40}),
}
SAMPLES = ["wav2vec2", "wav2vec2-large", "hubert", "hubert-large", "data2vec-audio"]
BANDS: dict[str, dict[str, Any]] = {
    "whisper": {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": 20,
        "chunk_length": 1,
    },
    "ast": {"feature_extractor_type": "ASTFeatureExtractor", "num_mel_bins": 20, "max_length": 40},
    "wav2vec2-bert": {"feature_extractor_type": "SeamlessM4TFeatureExtractor", "num_mel_bins": 20},
}


def published(folder: Path, name: str, **said: Any) -> Path:
    """A folder as the hub has them; `said` changes its preprocessor_config.json."""
    kind, shape = SHAPES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model(kind, **shape)
        AutoModel.from_config(config).save_pretrained(folder)
    usual = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 8000}
    usual |= {"do_normalize": True, "feature_size": 1, "padding_value": 0.0, **BANDS.get(name, {})}
    if name in BANDS:
        usual["sampling_rate"] = 16_000
        usual["feature_size"] = 20 if name != "ast" else 1
    (folder / "preprocessor_config.json").write_text(json.dumps({**usual, **said}))
    return folder
