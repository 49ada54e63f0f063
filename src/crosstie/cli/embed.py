"""`crosstie embed`: a column to vectors."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put_json, tell
from crosstie.cli.progress import shown
from crosstie.cli.types import TablePath


def embed(
    data: TablePath,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    column: str | None = None,
    encoder: str | None = None,
    pooling: Literal["mean", "max", "sum", "last", "cls", "cls_pooled"] | None = None,
    normalize: Annotated[bool, Parameter(negative="")] = False,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Turn texts, pictures or sounds into vectors. The same command goes on where it was, after Ctrl-C or a kill.

    Args:
        data: A .txt file with one text a line, a folder of pictures or of sounds, such a file, a pattern in quotes
            ('*.jpg'), or a table; `-` reads a table from standard input.
        output: Where to write: .hdf5, .npy, .parquet, .csv, .arrow, .jsonl.
        column: The table's column; not needed where there is but one.
        encoder: A folder with a published model, an installed package that carries one, a name of the hub, or a
            run (its directory, NAME/latest). A small one if not given, of texts for English sentences.
        pooling: How a text's tokens become one vector; by default what the model's authors say.
        normalize: Divide each vector by its length.
        runs: The folder of all runs.
        quiet: Show no progress.
        json: Print one line of JSON on standard output.
    """
    vectors = api.embed(
        data,
        encoder=encoder,
        column=column,
        output=output,
        pooling=pooling,
        normalize=normalize,
        runs=runs,
        progress=None if quiet else shown("different rows were computed before"),
    )
    shape = vectors.shape
    import numpy as np  # 0.1 s, loaded by now

    unread = int(np.isnan(vectors).all(axis=1).sum())
    if unread:
        tell(f"{unread} of {shape[0]} files are missing or cannot be read: their vectors are NaN")
    if json:
        put_json({"vectors": str(output.resolve()), "rows": shape[0], "width": shape[1]})
    elif not quiet:
        tell(f"{shape[0]} vectors of {shape[1]} numbers in {output}")
    return 0
