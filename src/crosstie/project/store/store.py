"""Products by what is in them, and what each step gave by what it was made of.

    objects/ab/abcdef…             the bytes of a file, by their hash
    records/<step>/<key>.json      what a step gave when code, settings and inputs were what the key says

Nothing is ever overwritten, so that several people may share one: what two of them write under one name is the same,
or is reported as a step that does not give the same twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from crosstie.data.files import atomic, sha256
from crosstie.errors import RunError
from crosstie.project.store.place import Place


@dataclass(frozen=True)
class Product:
    """What a step gave.

    Attributes:
        kind: A table is one Parquet file; a folder is many.
        digest: Of what is in it: of a table's rows, however they are written.
        objects: By path in the folder ("" for a table), the hash of each file.
        rows: Of a table.
    """

    kind: Literal["table", "folder"]
    digest: str
    objects: Mapping[str, str]
    rows: int | None = None


@dataclass(frozen=True)
class Record:
    """What running a step once took and gave.

    Attributes:
        step: Its name.
        key: What it was made of.
        product: What it gave.
        fingerprint: The components behind the key, as JSON values.
        cost: `rows`, `seconds`, `cpu_seconds`, `peak_bytes`, `bytes`, and the `machine` it ran on.
        made: When, in UTC.
        by: Version of Crosstie and git commit.
    """

    step: str
    key: str
    product: Product
    fingerprint: Mapping[str, Any]
    cost: Mapping[str, Any] = field(default_factory=dict)
    made: str = ""
    by: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Record":
        """The same again."""
        return cls(**{**value, "product": Product(**value["product"])})


class Store:
    """Products and records in one place.

    Args:
        place: Where.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def tidy(self) -> None:
        """Remove what processes that were killed left unfinished."""
        self._place.tidy()

    def keep_file(self, path: Path) -> str:
        """Keep a file; its hash."""
        digest = sha256(path)
        name = _object(digest)
        if not self._place.has(name):
            self._place.put(name, path)
        return digest

    def keep_text(self, text: str) -> str:
        """Keep a text as a file; its hash."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            path.write_text(text, "utf-8", newline="")
            return self.keep_file(path)

    def text(self, digest: str) -> str:
        """A text that is kept.

        Raises:
            RunError: As `fetch_file`.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            self.fetch_file(digest, path)
            return path.read_bytes().decode("utf-8")

    def copy(self, digest: str, to: "Store") -> bool:
        """Have another store keep a file of this one; whether it was not there yet.

        Raises:
            RunError: As `fetch_file`.
        """
        if to.has_file(digest):
            return False
        with TemporaryDirectory() as folder:
            path = Path(folder) / "object"
            self.fetch_file(digest, path)
            to.keep_file(path)
        return True

    def has_file(self, digest: str) -> bool:
        """Whether a file is kept."""
        return self._place.has(_object(digest))

    def keep_folder(self, folder: Path, *, leaving_out: Sequence[str] = ()) -> dict[str, str]:
        """Keep the files of a folder: their hashes by path.

        Args:
            folder: Which.
            leaving_out: Folders in it.
        """
        files = sorted(
            each
            for each in folder.rglob("*")
            if each.is_file() and each.relative_to(folder).parts[0] not in leaving_out
        )
        return {each.relative_to(folder).as_posix(): self.keep_file(each) for each in files}

    def fetch(self, product: Product, to: Path) -> None:
        """Write a product to a path, whole or not at all.

        Raises:
            RunError: A file of it is no longer in the store, or is damaged there; a damaged one is removed.
        """
        if product.kind == "table":
            self.fetch_file(product.objects[""], to)
            return
        part = to.with_name(f".{to.name}.part")
        with TemporaryDirectory(dir=_made(to.parent), prefix=f".{to.name}.") as temporary:
            part = Path(temporary) / to.name
            for name, digest in product.objects.items():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts:
                    raise RunError(f"a product in the store names a file outside itself: {name!r}")
                self.fetch_file(digest, part / name)
            part.replace(to)

    def fetch_file(self, digest: str, to: Path) -> None:
        """Write a kept file to a path, whole or not at all.

        Raises:
            RunError: It is no longer in the store, or is damaged there; a damaged one is removed.
        """
        _made(to.parent)
        with atomic(to) as temporary:
            if not self._place.get(_object(digest), temporary):
                raise RunError(f"object {digest[:12]} is no longer in the store; build again")
            if sha256(temporary) != digest:
                self._place.remove(_object(digest))
                raise RunError(f"object {digest[:12]} was damaged in the store and is removed; build again")  # fmt: skip

    def has(self, product: Product) -> bool:
        """Whether all files of a product are there."""
        return all(self._place.has(_object(each)) for each in product.objects.values())

    def record(self, step: str, key: str) -> Record | None:
        """What a step gave when it was made of this, if anyone has run it so."""
        value = self.read_json(_record(step, key))
        return None if value is None else Record.from_json(value)

    def keys(self, step: str) -> list[str]:
        """What a step was ever made of."""
        return [PurePosixPath(each).stem for each in self._place.names(f"records/{step}")]

    def records(self, step: str) -> list[Record]:
        """Everything a step ever gave, oldest first."""
        found = [self.read_json(name) for name in self._place.names(f"records/{step}")]
        return sorted(
            (Record.from_json(each) for each in found if each is not None),
            key=lambda each: each.made,
        )

    def write(self, record: Record, *, instead: bool = False) -> Record | None:
        """Keep a record: the one that was there already if it says something else, which stays.

        Args:
            record: What to keep.
            instead: In place of one that is there.
        """
        there = self.record(record.step, record.key)
        if there is not None and not instead and self.has(there.product):
            return there if there.product.digest != record.product.digest else None
        self.write_json(_record(record.step, record.key), record.to_json())
        return None

    def alias(self, name: str) -> dict[str, Any] | None:
        """What a name such as `production` stands for."""
        found: dict[str, Any] | None = self.read_json(f"aliases/{name}.json")
        return found

    def set_alias(self, name: str, value: Mapping[str, Any]) -> None:
        """Have a name stand for something else from now on; it is moved at once and whole."""
        self.write_json(f"aliases/{name}.json", value)

    def names(self, folder: str) -> list[str]:
        """What is kept below a name, in order."""
        return self._place.names(folder)

    def read_json(self, name: str) -> Any:
        """The JSON that is kept under a name; None if nothing is.

        Raises:
            RunError: It is no JSON.
        """
        held = self._place.read(name)
        if held is None:
            return None
        try:
            return json.loads(held)
        except ValueError:
            raise RunError(f"{name}: is damaged in the store; remove it there") from None

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep JSON under a name, whole or not at all."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "value.json"
            path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
            self._place.put(name, path)


def _object(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"


def _record(step: str, key: str) -> str:
    return f"records/{step}/{key}.json"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
