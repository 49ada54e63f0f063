"""Sentences from facts, the E2E challenge, as docs/generation.md has it.

BLEU is given as a run has it, against one reference a row, and as the challenge counts it: one sentence for each set of
facts, against all its references.
"""

from pathlib import Path
from typing import Any

import sacrebleu
from table import CACHE, originals
from trained import trained

import crosstie
from crosstie.data.read import open_source

TITLE = "Sentences from facts"
CASES = ("e2e",)
SECONDS = 720  # after which the epoch under way is the last


def measure(name: str) -> dict[str, float]:
    folder = originals() / "text_e2e_nlg"
    test = str(folder / "testset_w_refs.csv.gz")
    file = {
        "data": {"train": str(folder / "devset.csv"), "test": test},
        "input_features": [{"name": "mr", "type": "text"}],
        "output_features": [{"name": "ref", "type": "text"}],
        "split": {"type": "group", "column": "mr", "probabilities": [0.9, 0.1, 0]},
        "trainer": {
            "batch_size": 32,
            "learning_rate": 0.002,
            "epochs": 30,
            "time_limit": SECONDS,
        },
    }
    done = trained(file, CACHE / "generation" / name, limit=3600)
    epochs = sum(1 for _ in (done.run / "metrics.jsonl").open())
    return {
        **done.metrics["ref"],
        "bleu_several": against_all(done.run, test),
        "epochs": epochs,
        "train_s": round(done.seconds),
    }


def against_all(run: Path, test: str) -> float:
    """BLEU of one sentence for each set of facts."""
    table = open_source(test).table(["mr", "ref"])
    references: dict[str, list[str]] = {}
    for facts, said in zip(table.cells("mr"), table.cells("ref"), strict=True):
        references.setdefault(facts, []).append(said)
    found = crosstie.load(run).predict([{"mr": each} for each in references])
    most = max(map(len, references.values()))
    columns = [
        [said[place] if place < len(said) else None for said in references.values()]
        for place in range(most)
    ]
    written = [row["ref_prediction"] for row in found]
    return float(sacrebleu.corpus_bleu(written, columns, force=True).score)


def markdown(done: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| case | epochs | BLEU | chrF | ROUGE-L | BLEU, several references | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {found['epochs']} | {found['bleu']:.1f} | {found['chrf']:.1f} | {found['rouge_l']:.3f} "
        f"| {found['bleu_several']:.1f} | {found['train_s']} |"
        for name, found in done.items()
    ]
    return "\n".join(lines)
