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
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2": ("wav2vec2", {}),
    "wav2vec2-large": ("wav2vec2", DEEP),
    "hubert": ("hubert", {}),
    "hubert-large": ("hubert", DEEP),
}


def published(folder: Path, name: str, **said: Any) -> Path:
    """A folder as the hub has them; `said` changes its preprocessor_config.json."""
    kind, changes = SHAPES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model(kind, **SHAPE, **changes)
        AutoModel.from_config(config).save_pretrained(folder)
    usual = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 8000}
    usual |= {"do_normalize": True, "feature_size": 1, "padding_value": 0.0}
    (folder / "preprocessor_config.json").write_text(json.dumps({**usual, **said}))
    return folder
