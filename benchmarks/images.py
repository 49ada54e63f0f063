"""The figures of pictures: MNIST's test part, 400 photographs of hands as they are published, and large ones made here.

A script too: `images.py read FOLDER` prints pictures read and encoded a second, `images.py memory ROWS` the most
memory that encoding so many photographs takes.
"""

import json
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from process import PEERS, crosstie, run
from table import CACHE, originals
from tables import prepared

MNIST = "img_mnist_t10k/t10k-images-idx3-ubyte.gz"
LUDWIG = "Ludwig, another machine: 30 s, .940"


def images() -> list[dict[str, Any]]:
    """One epoch of MNIST by default, the loop against one by hand, reading against training, and memory."""
    where, mnist = CACHE / "figures" / "mnist", originals() / MNIST
    done = crosstie(
        "train", mnist, "--model-type", "ecd", "--set", "trainer.epochs=1", "-q", "--json",
        "-o", where / str(time.time_ns()),
    )  # fmt: skip
    accuracy = done.json["metrics"]["test"]["label"]["accuracy"]
    digits = loop(mnist, batch=64, epochs=3)
    small, large = (run(sys.executable, __file__, "memory", rows).json for rows in ("500", "20000"))
    prepared("sign_digits")
    hands = CACHE / "sign_digits" / "files" / "sign_digits"
    return [
        {
            "what": "`train` MNIST, 7,000 rows, one epoch",
            "ours": f"{done.seconds:.1f} s, {accuracy:.3f}",
            "peer": LUDWIG.partition(": ")[2],
            "ratio": f"{done.seconds / 30:.2f}",
            "note": LUDWIG.partition(":")[0],
        },
        {
            "what": "training loop, pictures, batch 64",
            "ours": f"{digits['ours_rows_s']:,} rows/s",
            "peer": f"{digits['hand_rows_s']:,} rows/s",
            "ratio": f"{digits['ratio']:.2f}",
            "note": "by hand, same network; target 0.9",
        },
        reading("read JPEGs of 100x100", hands),
        reading("read JPEGs of 2400x1600", large_photographs()),
        {
            "what": "memory of preparing 20,000 photographs of 128x128",
            "ours": f"{large['mb']:,} MB",
            "peer": f"{small['mb']:,} MB",
            "ratio": f"{large['mb'] / small['mb']:.2f}",
            "note": "500 photographs; 983 MB of arrays",
        },
    ]


def loop(table: Path, *, batch: int, epochs: int) -> dict[str, Any]:
    """Rows a second of our loop and of one by hand."""
    words = (table, "label", str(batch), str(epochs))
    return run(sys.executable, PEERS / "torch_loop.py", *words).json


def reading(what: str, folder: Path) -> dict[str, Any]:
    """How many times as fast pictures are read as an epoch of the default network learns from them."""
    read = run(sys.executable, __file__, "read", folder).json["pictures_s"]
    learned = loop(folder, batch=32, epochs=1)["ours_rows_s"]
    return {
        "what": what,
        "ours": f"{read:,} pictures/s",
        "peer": f"{learned:,} rows/s",
        "ratio": f"{read / learned:.1f}",
        "note": "an epoch of training on them; read once, resized to 128 at most; target 2",
    }


def large_photographs() -> Path:
    """Two classes of 40 photographs, made once."""
    from PIL import Image as Pillow

    folder = CACHE / "figures" / "large"
    rng = np.random.default_rng(0)
    for number in range(0 if folder.is_dir() else 80):
        place = folder / ("one", "other")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        photo = Pillow.fromarray(noise).resize((2400, 1600), Pillow.Resampling.BICUBIC)
        photo.save(place / f"{number}.jpg", quality=90)
    return folder


def read(folder: str) -> None:
    """Pictures a second, from files to arrays."""
    from crosstie.data.read import open_source
    from crosstie.features.image import Image

    column = open_source(folder).table().column("image", "media")
    feature = Image("image").fit(column)
    start = time.perf_counter()
    feature.encode(column)
    seconds = time.perf_counter() - start
    print(json.dumps({"pictures_s": round(len(column) / seconds)}))


def memory(rows: str) -> None:
    """The most memory of preparing a table that names one photograph so many times."""
    from PIL import Image as Pillow

    import crosstie
    from crosstie.pipeline.prepare import assign, prepare

    with tempfile.TemporaryDirectory() as place:
        noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
        Pillow.fromarray(noise).save(f"{place}/a.jpg")
        names = "\n".join(f"a.jpg,{row % 2}" for row in range(int(rows)))
        Path(place, "a.csv").write_text(f"photo,y\n{names}\n")
        plan = crosstie.check(
            f"{place}/a.csv", target="y", model_type="ecd", types={"photo": "image"}
        )
        with ThreadPoolExecutor(1) as watch:
            done = threading.Event()
            most = watch.submit(_most, done)
            prepare(plan, assign(plan), folder=Path(place), in_memory=0)
            done.set()
        print(json.dumps({"mb": most.result() // 1024}))


def _most(done: threading.Event) -> int:
    """The most kB of its own that this process held, 50 times a second; mapped files are the system's to drop."""
    most = 0
    while not done.wait(0.02):
        lines = Path("/proc/self/status").read_text().splitlines()
        most = max(most, *(int(each.split()[1]) for each in lines if each.startswith("RssAnon")))
    return most


if __name__ == "__main__":
    {"read": read, "memory": memory}[sys.argv[1]](sys.argv[2])
