"""`python -m PACKAGE`: what a packaged model can be told on a command line, with nothing but Python's own parser.

Exit codes are those of `crosstie`: 0 done, 1 a check said no, 2 the input is wrong, 130 after Ctrl-C.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from crosstie.artifact.loading import read_json
from crosstie.config.docstring import describe_args
from crosstie.errors import CrosstieError, MissingExtra
from crosstie.serving.batch import predict_to
from crosstie.serving.http.settings import Settings
from crosstie.serving.model import Model
from crosstie.serving.packaged import check_package

FROM_ENVIRONMENT = ("host", "port")


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
    except KeyboardInterrupt as stop:
        _tell(f"interrupted: {stop}" if str(stop) else "interrupted")
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
        "--resume", action="store_true", help="Go on where the same command was stopped."
    )
    predict.add_argument(
        "-q", "--quiet", action="store_true", help="Say nothing of unknown and missing values."
    )

    check = commands.add_parser("check", help="See that it predicts here what it did elsewhere.")
    check.set_defaults(do=_check)
    check.add_argument("--json", action="store_true", help="Print one line of JSON.")

    _serve_options(commands.add_parser("serve", help="Answer requests over HTTP."))

    schema = commands.add_parser("schema", help="Print the JSON Schema of a row and a prediction.")
    schema.set_defaults(do=_schema)
    return parser


def _serve_options(parser: argparse.ArgumentParser) -> None:
    """The server's settings as options; where it listens may come from HOST and PORT, as containers are told."""
    parser.set_defaults(do=_serve)
    said = describe_args((Settings.__doc__ or "").replace("Attributes:", "Args:"))
    for each in fields(Settings):
        option = f"--{each.name.replace('_', '-')}"
        text = said[each.name].replace("%", "%%")
        if isinstance(each.default, bool):
            parser.add_argument(option, action="store_true", help=text)
            continue
        usual = os.environ.get(each.name.upper(), "") if each.name in FROM_ENVIRONMENT else ""
        kind = str if each.default is None else type(each.default)
        parser.add_argument(option, type=kind, default=usual or each.default, help=text)


def _serve(make: Callable[[], Model], _package: str, asked: argparse.Namespace) -> int:
    try:
        from crosstie.serving.http.serve import serve  # starlette, uvicorn: 200 ms
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "serve", needed_for="serving") from None
    given = {each.name: getattr(asked, each.name) for each in fields(Settings)}
    given["token"] = given["token"] or os.environ.get("CROSSTIE_TOKEN") or None
    settings = Settings(**given)
    settings.check()  # before the model is opened
    serve(make(), settings, say=_tell)
    return 0


def _predict(make: Callable[[], Model], _package: str, asked: argparse.Namespace) -> int:
    model = make()
    keep = [each for each in asked.keep.split(",") if each]
    source = model.open(asked.data if len(asked.data) > 1 else asked.data[0])
    say = _silent if asked.quiet else _tell
    for line in source.notes:
        say(line)
    rows = predict_to(model, source, asked.output, keep=keep, resume=asked.resume, say=say)
    for line in model.notes:
        say(line)
    if asked.output is not None:
        say(f"{rows} predictions in {asked.output}")
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


def _silent(_text: str) -> None:
    """What `-q` wants."""
