"""Sentences from facts, E2E challenge: `python benchmarks/generation.py DATA [--seconds 500]` prints figures and seconds.

DATA is the folder of `text_e2e_nlg`. BLEU is printed as a run has it, against one reference a row, and as the challenge
counts it: one sentence for each set of facts, against all its references.
"""

import argparse
import tempfile
import time
from pathlib import Path

import sacrebleu

import crosstie
from crosstie.data.read import open_source


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=int, default=500)
    parser.add_argument("--beam", type=int, default=1)
    asked = parser.parse_args()
    test = str(asked.data / "testset_w_refs.csv.gz")
    config = {
        "name": "e2e",
        "data": {"train": str(asked.data / "devset.csv"), "test": test},
        "input_features": [{"name": "mr", "type": "text"}],
        "output_features": [
            {
                "name": "ref",
                "type": "text",
                "decoder": {"type": "generator", "beam_width": asked.beam},
            }
        ],
        "split": {"type": "group", "column": "mr", "probabilities": [0.9, 0.1, 0]},
        "trainer": {
            "batch_size": 32,
            "learning_rate": 0.002,
            "epochs": 30,
            "time_limit": asked.seconds,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = crosstie.train(config, runs=folder)
        seconds = time.perf_counter() - started
        figures = run.metrics["test"]["ref"]
        several = against_all(crosstie.load(run.path), test)
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    print(f"{shown}, bleu against all references {several:.4g}, {seconds:.0f} s")


def against_all(model: crosstie.Model, test: str) -> float:
    """BLEU of one sentence for each set of facts."""
    table = open_source(test).table(["mr", "ref"])
    references: dict[str, list[str]] = {}
    for facts, said in zip(table.cells("mr"), table.cells("ref"), strict=True):
        references.setdefault(facts, []).append(said)
    written = [
        row["ref_prediction"] for row in model.predict([{"mr": each} for each in references])
    ]
    most = max(map(len, references.values()))
    columns = [
        [said[place] if place < len(said) else None for said in references.values()]
        for place in range(most)
    ]
    return float(sacrebleu.corpus_bleu(written, columns, force=True).score)


if __name__ == "__main__":
    main()
