"""`python -m PACKAGE`: what a packaged model can be told on a command line, with nothing but Python's own parser.

Exit codes are those of `crosstie`: 0 done, 1 a check said no, 2 the input is wrong, 130 after Ctrl-C.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from crosstie.artifact.loading import read_json
from crosstie.data.write import TableWriter
from crosstie.errors import CrosstieError
from crosstie.serving.model import Model
from crosstie.serving.packaged import check_package


def main(make: Callable[[], Model], package: str, words: Sequence[str] | None = None) -> int:
    """Do what a command line says.

    Args:
        make: Opens the model.
        package: What `import` calls it.
        words: In place of the command line's.

    Returns:
        The exit code.
    """
    asked = _parser(package).parse_args(words)
    try:
        code: int = asked.do(make, package, asked)
    except CrosstieError as error:
        for problem in error.problems:
            _tell(f"error: {problem}")
        return 2
    except KeyboardInterrupt:
        _tell("interrupted")
        return 130
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _tell(f"error: {error.filename or ''}: {os.strerror(error.errno or 0).lower()}")
        return 2
    return code


def _parser(package: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description="A packaged model.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    predict = commands.add_parser("predict", help="Predict the rows of tables.")
    predict.set_defaults(do=_predict)
    predict.add_argument("data", nargs="+", help="A table: .csv, .json, …; - is standard input.")
    predict.add_argument(
        "-o", "--output", type=Path, help="Where to write: .csv, .jsonl, .parquet, .arrow."
    )
    predict.add_argument(
        "--keep", default="", help="Input columns to carry along, separated by commas."
    )
    predict.add_argument(
        "-q", "--quiet", action="store_true", help="Say nothing of unknown and missing values."
    )

    check = commands.add_parser("check", help="See that it predicts here what it did elsewhere.")
    check.set_defaults(do=_check)
    check.add_argument("--json", action="store_true", help="Print one line of JSON.")

    schema = commands.add_parser("schema", help="Print the JSON Schema of a row and a prediction.")
    schema.set_defaults(do=_schema)
    return parser


def _predict(make: Callable[[], Model], _package: str, asked: argparse.Namespace) -> int:
    model = make()
    keep = [each for each in asked.keep.split(",") if each]
    source = model.open(asked.data if len(asked.data) > 1 else asked.data[0])
    rows = 0
    with TableWriter(asked.output, inputs=source.files) as writer:
        for piece in model.predict_source(source, keep=keep):
            writer.append(piece)
            rows += len(next(iter(piece.values())))
    if not asked.quiet:
        for line in [*source.notes, *model.notes]:
            _tell(line)
        if asked.output is not None:
            _tell(f"{rows} predictions in {asked.output}")
    return 0


def _check(make: Callable[[], Model], package: str, asked: argparse.Namespace) -> int:
    checked = check_package(make(), package)
    if asked.json:
        _put(asdict(checked))
    for problem in checked.problems:
        _tell(f"error: {problem}")
    if not asked.json and not checked.problems:
        sys.stdout.write(f"{checked.rows} example rows are predicted as where it was trained\n")
    return 1 if checked.problems else 0


def _schema(make: Callable[[], Model], _package: str, _asked: argparse.Namespace) -> int:
    folder = make().artifact.folder
    assert folder is not None
    _put(read_json(folder / "schema.json"))
    return 0


def _put(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
