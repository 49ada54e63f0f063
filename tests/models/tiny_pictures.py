"""Published networks for pictures small enough for tests, made here."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel

LAYERS: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 8,
}
NARROW: dict[str, Any] = {"hidden_sizes": [4, 8], "depths": [1, 1]}
WINDOWS: dict[str, Any] = {
    "embed_dim": 8,
    "depths": [1, 1],
    "num_heads": [1, 2],
    "window_size": 2,
    "image_size": 16,
    "patch_size": 4,
}
CLIP = {"vision_config": {**LAYERS, "intermediate_size": 24}}
CLIP["text_config"] = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
CLIP["text_config"] |= {"intermediate_size": 8, "vocab_size": 9}
STEPS: dict[str, Any] = {"hidden_sizes": [4, 8, 8, 16], "depths": [1] * 4}
SHAPES: dict[str, dict[str, Any]] = {
    "vit": {**LAYERS, "intermediate_size": 24},
    "deit": {**LAYERS, "intermediate_size": 24},
    "dinov2": {**LAYERS, "mlp_ratio": 2},
    "swin": WINDOWS,
    "swinv2": WINDOWS,
    "resnet": {**NARROW, "embedding_size": 4, "layer_type": "basic"},
    "regnet": {**NARROW, "embedding_size": 4, "groups_width": 4},
    "convnext": {**NARROW, "num_stages": 2},
    "convnextv2": {**NARROW, "num_stages": 2},
    "clip": CLIP,
    "siglip": CLIP,
    "blip": CLIP,
    "beit": {**LAYERS, "intermediate_size": 24},
    "segformer": {**STEPS, "num_attention_heads": [1, 1, 1, 2], "sr_ratios": [1] * 4},
    "poolformer": STEPS,
}
SAID: dict[str, Any] = {
    "do_resize": True,
    "size": {"height": 16, "width": 16},
    "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.25, 0.3],
}


def published(folder: Path, kind: str, **said: Any) -> Path:
    """A folder as the hub has them; `said` changes its preprocessor_config.json, `hiding` hides places at random."""
    shape = SHAPES.get(kind, SHAPES["vit"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model("vit_mae" if kind == "hiding" else kind, **shape)
        network = AutoModel.from_config(config)
        with torch.no_grad():
            for each in network.parameters():  # some begin so small that all pictures look the same
                each.add_(torch.randn_like(each) * 0.1)
        network.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({**SAID, **said}))
    return folder
