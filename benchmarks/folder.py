"""Memory of training on a folder of pictures, 5 GB against half of one: `folder.py GIGABYTES` prints one line of JSON.

The pictures are noise, 1280 x 960 in JPEG, so that nothing can be compressed away; 50 different ones under many names.
The folder is made in a temporary place and goes with it.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from memory import peak
from PIL import Image
from process import CROSSTIE, run

DIFFERENT = 50
STEPS = 20


def folder() -> list[dict[str, Any]]:
    """Peak memory of one `crosstie train FOLDER` of few steps."""
    small, large = (run(sys.executable, __file__, size, limit=3600).json for size in ("0.5", "5"))
    return [
        {
            "what": f"memory of `train` on {large['pictures']:,} pictures, 5 GB",
            "ours": f"{large['mb']:,} MB",
            "peer": f"{small['mb']:,} MB",
            "ratio": f"{large['mb'] / small['mb']:.2f}",
            "note": f"0.5 GB; {large['seconds']:.0f} s, of which {STEPS} steps; encoded pictures stay in memory up to 1 GB",
        }
    ]


def make(place: Path, gigabytes: float) -> int:
    """Write noise until so much lies there, by turns in two classes; the number of pictures."""
    rng = np.random.default_rng(0)
    different = []
    for number in range(DIFFERENT):
        different.append(place / f"{number}.jpg")
        pixels = rng.integers(0, 256, (960, 1280, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(different[-1], quality=90)
    for name in ("one", "other"):
        (place / "pictures" / name).mkdir(parents=True)
    written, number = 0, 0
    while written < gigabytes * 1e9:
        source = different[number % DIFFERENT]
        shutil.copyfile(source, place / "pictures" / ("one", "other")[number % 2] / f"{number}.jpg")
        written += source.stat().st_size
        number += 1
    return number


def main(gigabytes: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        pictures = make(place, float(gigabytes))
        command = [*CROSSTIE, "train", "pictures", "--model-type", "ecd", "-q"]
        most, seconds = peak([*command, "--set", f"trainer.train_steps={STEPS}"], place)
    print(json.dumps({"pictures": pictures, "mb": most, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1])
