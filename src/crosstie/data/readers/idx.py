"""IDX: arrays with a head of their own, as MNIST and its like are published (`t10k-images-idx3-ubyte`)."""

import re
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosstie.data.cells import PlainCells
from crosstie.data.reader import Reading, WholeReader, readers
from crosstie.data.scratch import Scratch
from crosstie.data.table import Table
from crosstie.errors import DataError

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@readers("idx")
class Idx(WholeReader):
    """Pictures in the column `image`, or labels in the column `label`; both where the file of labels is known.

    Args:
        path: As for `Reader`.
        name: As for `Reader`.
        reading: As for `Reader`.
        scratch: As for `Reader`.
        labels: The file of the pictures' labels.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        reading: Reading,
        scratch: Scratch,
        *,
        labels: Path | None = None,
    ) -> None:
        self.labels = labels
        super().__init__(path, name, reading, scratch)

    def _read(self) -> Table:
        values = _array(self.path, self.name)
        none: frozenset[str] = frozenset()
        if values.ndim == 1:
            classes = PlainCells([str(each) for each in values], none, stored="class")
            return Table({"label": classes}, len(values))
        cells = {"image": PlainCells(list(values), none)}
        if self.labels is not None:
            labels = _array(self.labels, f"the labels of {self.name}")
            if len(labels) != len(values):
                raise DataError(
                    f"{self.name}: holds {len(values)} pictures, and the file of labels beside it {len(labels)} "
                    "labels. Give the two files of one data set."
                )
            cells["label"] = PlainCells([str(each) for each in labels], none, stored="class")
        return Table(cells, len(values))


def _array(path: Path, name: str) -> NDArray[np.generic]:
    content = path.read_bytes()
    start = (
        4 + 4 * content[3] if len(content) > 3 else 0
    )  # two zeros, a type, how many axes, their lengths
    kind = _TYPES.get(int.from_bytes(content[:3]))
    try:
        shape = struct.unpack(f">{start // 4 - 1}I", content[4:start])
        flat = np.frombuffer(content, kind or ">u1", offset=start)
        values = flat.reshape(shape)
    except (struct.error, ValueError):
        kind = None
    if kind is None or not shape:
        raise DataError(
            f"{name}: is no IDX file that can be read: its head and its {len(content)} bytes do not agree"
        )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def is_idx(name: str) -> bool:
    """Whether a name is that of an IDX file: `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, `a.idx`."""
    return bool(re.search(r"idx\d-ubyte$|\.idx\d?$", name.lower()))


def labels_beside(path: Path) -> Path | None:
    """The labels that are published with a file of pictures, if they lie beside it; compressed or not."""
    name = path.name.removesuffix(".gz")
    wanted = re.sub(r"idx3(?=-ubyte$)", "idx1", name.replace("images", "labels"))
    if wanted == name:
        return None
    found = (path.with_name(wanted), path.with_name(f"{wanted}.gz"))
    return next((each for each in found if each.is_file()), None)
