"""A whole table to a file of predictions: piece by piece, telling how far it is, able to go on after a stop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.data.files import sha256
from crosstie.data.read import Source
from crosstie.data.write import Columns, TableWriter
from crosstie.errors import DataError
from crosstie.features.counts import Counts
from crosstie.serving.ahead import behind
from crosstie.serving.kept import Kept, Piece
from crosstie.serving.model import Model
from crosstie.serving.notes import added, notes

if TYPE_CHECKING:
    from crosstie.data.destination import DatabaseWriter, Destination

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


def predict_to(
    model: Model,
    source: Source,
    output: "Path | Destination | None",
    *,
    keep: Sequence[str] = (),
    each_row: bool = False,
    augment: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> int:
    """Write the predictions for a table; `model.notes` is about all of its rows afterwards.

    What is done is kept beside the output until that is whole. Going on gives the bytes of never having stopped.

    Args:
        model: What predicts.
        source: The table; only the answers for one in files can be gone on with.
        output: As for `write_table`; or a table of a database, which has all predictions or none.
        keep: As for `Model.predict`. In a new table of a database a column of them is of numbers if all its cells are.
        each_row: As for `Model.predict`.
        augment: As for `Model.predict`.
        resume: Go on where an earlier call with the same arguments stopped.
        progress: Called with rows done and rows in all.
        say: Told where it goes on.

    Returns:
        How many predictions the output holds.

    Raises:
        DataError: As for `Model.predict_source` and `write_table`; or what is to be gone on with is of another
            model, other data or other options, or the table is of a kind that cannot be gone on with.
    """
    rows, counts = 0, dict[str, Counts]()
    file = output if isinstance(output, Path) else None
    options = [list(keep), each_row, augment, *(["intervals"] if model.artifact.intervals else [])]
    kept = _kept(model, source, file, options)
    if kept is None and resume:
        raise DataError(
            f"--resume: what is predicted for {source.name} is not kept: only from files to a file can be gone on "
            "with, and not with a model of series. Leave it out"
        )
    try:
        with _writer(output, source, keep) as writer, kept or nullcontext():
            for piece in _earlier(kept, source, say) if resume and kept else ():
                writer.append(piece.columns)
                rows, counts = rows + piece.rows, added(counts, piece.counts)
            if progress is not None:
                progress(rows, source.rows)
            found = model.counted_pieces(
                source, keep=keep, each_row=each_row, augment=augment, skip=rows
            )
            with closing(behind(partial(_put, writer, kept, source.rows), found)) as put:
                for piece in put:
                    rows, counts = rows + piece.rows, added(counts, piece.counts)
                    if progress is not None:
                        progress(rows, source.rows)
    except KeyboardInterrupt:
        if kept is None or not kept.exists:
            raise
        raise KeyboardInterrupt(
            f"{rows} of {source.rows} rows are done and kept; the same command with --resume goes on"
        ) from None
    if kept is not None:
        kept.remove()
    model.notes = notes(counts)
    return rows


def _writer(
    output: "Path | Destination | None", source: Source, keep: Sequence[str]
) -> "TableWriter | DatabaseWriter":
    if output is None or isinstance(output, Path):
        return TableWriter(output, inputs=source.files)
    return output.writer(numbers=keep)


def _put(
    writer: "TableWriter | DatabaseWriter",
    kept: Kept | None,
    total: int,
    found: tuple[Columns, Mapping[str, Counts]],
) -> Piece:
    """Write predictions, and keep them unless they are the last."""
    piece = Piece(*found)
    writer.append(piece.columns)
    if kept is not None and kept.rows + piece.rows < total:
        kept.add(piece)
    return piece


def _kept(model: Model, source: Source, output: Path | None, options: list[Any]) -> Kept | None:
    """Where pieces are kept; None where there would be but one, or where nothing says what they are of."""
    folder = model.artifact.folder
    if output is None or folder is None or not source.files or model.artifact.windows is not None:
        return None
    return Kept(
        output,
        lambda: {
            "another model": sha256(folder / "manifest.json"),
            "other data": [source.fingerprint, source.rows, list(source.columns)],
            "other options": options,
        },
    )


def _earlier(kept: Kept, source: Source, say: Say | None) -> Iterator[Piece]:
    """What an earlier call kept, and a word on it."""
    rows = 0
    if kept.exists:
        for piece in kept.earlier():
            rows += piece.rows
            yield piece
    if say is not None:
        say(
            f"going on behind {rows} of {source.rows} rows"
            if rows
            else "nothing is kept of an earlier prediction; beginning with the first row"
        )
