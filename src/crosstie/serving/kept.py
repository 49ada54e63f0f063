"""What a long prediction has said so far, in a hidden file beside its output, so that it can go on after a stop.

One record for each piece, only ever added to. A record holds its own checksum and its place, so whatever a kill or
a full disk left half-written is seen and cut off. Nothing in it is code: JSON, then the bytes of arrays.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from crosstie.data.write import Columns
from crosstie.errors import DataError
from crosstie.features.counts import Counts

FORMAT = 1
NUMBERS = "biuf"  # kinds of numpy arrays whose bytes say everything
HEAD = 12  # bytes before a record: its length and its checksum


@dataclass(frozen=True)
class Piece:
    """Predictions for some rows on end.

    Attributes:
        columns: By name.
        counts: What was odd about the cells that they are from, by column.
    """

    columns: Columns
    counts: Mapping[str, Counts]

    @property
    def rows(self) -> int:
        """How many predictions."""
        return len(next(iter(self.columns.values())))


class Kept:
    """The pieces that are done, on disk.

    Args:
        output: The file that they are for; theirs lies beside it and is hidden.
        about: Gives what they depend on, by what people call it; to go on, all of it must be as it was. Called where
            there is something to keep, for it reads the data.

    Attributes:
        rows: How many predictions are kept.
    """

    def __init__(self, output: Path, about: Callable[[], Mapping[str, Any]]) -> None:
        self.path = output.with_name(f".{output.name}.resume")
        self._output = output
        self._about = about
        self.rows = 0
        self._file: IO[bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether an earlier prediction left pieces."""
        return self.path.is_file()

    def earlier(self) -> Iterator[Piece]:
        """The pieces of the earlier prediction, in order; `add` then goes on behind the last that is whole.

        Raises:
            DataError: They are of another model, of other data or made with other options.
        """
        self._check()
        end = 0
        with self.path.open("rb") as file:
            for head, body in _records(file):
                if "process" in head:
                    self._sweep(head["process"])
                elif head["first"] == self.rows:
                    piece = _piece(head, body)
                    self.rows += piece.rows
                    yield piece
                else:
                    break
                end = file.tell()
        os.truncate(self.path, end)
        self._file = self.path.open("ab")
        self._write({"process": os.getpid()})

    def add(self, piece: Piece) -> None:
        """Keep a piece, whose rows come behind those that are kept.

        Raises:
            OSError: There is no room for it.
        """
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(
                missing_ok=True
            )  # whoever still writes the earlier one does not disturb
            self._file = self.path.open("xb")
            self._write({"format": FORMAT, "about": self._about(), "process": os.getpid()})
        arrays = {
            name: np.ascontiguousarray(each)
            for name, each in piece.columns.items()
            if isinstance(each, np.ndarray) and each.dtype.kind in NUMBERS
        }
        lists = {name: _listed(each) for name, each in piece.columns.items() if name not in arrays}
        head = {
            "first": self.rows,
            "names": list(piece.columns),
            "arrays": {name: [each.dtype.str, each.shape] for name, each in arrays.items()},
            "lists": lists,
            "counts": {name: each.to_json() for name, each in piece.counts.items()},
        }
        self._write(head, b"".join(each.tobytes() for each in arrays.values()))
        self.rows += piece.rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """The output is whole: nothing has to be kept."""
        self.path.unlink(missing_ok=True)

    def _write(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        text = json.dumps(head, default=_plain).encode()
        record = len(text).to_bytes(8, "little") + text + body
        checked = zlib.crc32(record).to_bytes(4, "little")
        assert self._file is not None
        self._file.write(len(record).to_bytes(8, "little") + checked + record)
        self._file.flush()

    def _check(self) -> None:
        with self.path.open("rb") as file:
            head = next(_records(file), ({}, b""))[0]
        was = head.get("about") if head.get("format") == FORMAT else None
        if was is None:
            raise DataError(
                f"{self.path}: holds nothing that can be gone on with. Leave out --resume to begin anew"
            )
        now = json.loads(json.dumps(self._about()))
        other = [name for name, value in now.items() if was.get(name) != value]
        if other:
            raise DataError(
                f"{self._output}: what was done of it before is of {' and '.join(other)}. Go back to "
                "that, or leave out --resume to begin anew"
            )

    def _sweep(self, process: int) -> None:
        """Remove the half-written output of a process that was killed."""
        if process != os.getpid():
            half = self._output.with_name(f".{self._output.name}.{process}.part")
            half.unlink(missing_ok=True)


def _records(file: IO[bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Heads and bodies of records up to the first that is not whole."""
    left = os.fstat(file.fileno()).st_size
    while len(start := file.read(HEAD)) == HEAD:
        length = int.from_bytes(start[:8], "little")
        left -= HEAD + length
        if left < 0:
            return
        record = file.read(length)
        if zlib.crc32(record) != int.from_bytes(start[8:], "little"):
            return
        text = int.from_bytes(record[:8], "little")
        yield json.loads(record[8 : 8 + text]), record[8 + text :]


def _piece(head: Mapping[str, Any], body: bytes) -> Piece:
    columns: dict[str, Any] = dict.fromkeys(head["names"])
    columns |= head["lists"]
    start = 0
    for name, (dtype, shape) in head["arrays"].items():
        count = int(np.prod(shape))
        columns[name] = np.frombuffer(body, dtype, count, start).reshape(shape)
        start += columns[name].nbytes
    counts = {
        name: Counts(**{**each, "unparsed_examples": tuple(each["unparsed_examples"])})
        for name, each in head["counts"].items()
    }
    return Piece(columns, counts)


def _listed(values: Any) -> list[Any]:
    return list(values.tolist()) if isinstance(values, np.ndarray) else list(values)


def _plain(value: Any) -> Any:
    """A number or array of numpy inside a cell, as JSON has it."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a prediction holds a {type(value).__name__}, which JSON has not")
