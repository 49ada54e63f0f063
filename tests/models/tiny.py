"""Published models small enough for tests, made here: a tokenizer of words, and a BERT of two layers."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel

WORDS = [
    "free",
    "win",
    "prize",
    "cash",
    "now",
    "call",
    "txt",
    "claim",
    "hello",
    "how",
    "are",
    "you",
    "today",
    "fine",
    "thanks",
    "see",
    "home",
    "the",
    "a",
]
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
SHAPE: dict[str, Any] = {
    "model_type": "bert",
    "vocab_size": len(MARKS) + len(WORDS),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
}


def tokenizer() -> Tokenizer:
    """Splits at spaces, lowercase, with BERT's marks around a text."""
    vocabulary = {word: i for i, word in enumerate([*MARKS, *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


@cache
def _network() -> Any:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own = {key: each for key, each in SHAPE.items() if key != "model_type"}
        return AutoModel.from_config(AutoConfig.for_model("bert", **own)).eval()


def published(folder: Path, *, card: str = "") -> Path:
    """A folder as the hub has them."""
    _network().save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 20}))
    if card:
        (folder / "README.md").write_text(card)
    return folder
