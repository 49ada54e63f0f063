"""The tables of a model: what `data:` says, opened, and how the filled file names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.config.document import Document, Keys
from crosstie.data.read import Source, open_source
from crosstie.errors import CrosstieError
from crosstie.pipeline.findings import Findings

PARTS = ("train", "validation", "test")


@dataclass
class Tables:
    """The tables by part.

    Attributes:
        sources: Those that could be opened.
        specs: What `open_source` takes, paths absolute; empty for tables from Python.
        written: `data:` for the filled file: paths absolute, `${NAME}` as written. None for tables from Python.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    specs: dict[str, Any] = field(default_factory=dict)
    written: Any = None

    @property
    def train(self) -> Source | None:
        """The first table, if it could be opened."""
        return self.sources.get("train")

    @property
    def stem(self) -> str:
        """A name for a model of this table: `adult` of `data/adult.csv.gz`, `titanic` of `titanic/train.csv`."""
        spec = self.specs.get("train")
        spec = spec[0] if isinstance(spec, list) and spec else spec
        if not isinstance(spec, str) or spec == "-":
            return ""
        path = Path(spec)
        stem = path.name.split(".")[0]
        return path.parent.name if stem in {"train", "training", "data", "*"} else stem


def read_tables(
    data: Any, source: Source | Mapping[str, Source] | None, findings: Findings
) -> Tables:
    """Open every table.

    Args:
        data: The section of the file.
        source: Tables from Python, which go before the file's: one, or by part.
        findings: Gets what is wrong.
    """
    document = findings.document
    if source is not None:
        given = dict(source) if isinstance(source, Mapping) else {"train": source}
        return Tables(sources=given)
    if data is None:
        findings.wrong(document.at(), "no table to learn from. Write `data: FILE`")
        return Tables()
    parted = isinstance(data, Mapping) and not {"connection", "query"} & set(data)
    if isinstance(data, Mapping) and parted:
        for key in data:
            findings.known(
                key, (*PARTS, "connection", "query"), document.at("data", key), "unknown option;"
            )
        if "train" not in data:
            findings.wrong(document.at("data"), "needs 'train': the table to learn from")
            return Tables()
    tables = Tables(written={} if parted else None)
    for part in PARTS if parted else ("train",):
        path: Keys = ("data", part) if parted else ("data",)
        if parted and part not in data:
            continue
        spec = data[part] if parted else data
        tables.specs[part] = _placed(spec, path, document)
        shown = _shown(spec, path, document)
        if parted:
            tables.written[part] = shown
        else:
            tables.written = shown
        _open(tables, part, path, findings)
    return tables


def _open(tables: Tables, part: str, path: Keys, findings: Findings) -> None:
    try:
        tables.sources[part] = open_source(tables.specs[part])
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(findings.document.at(*path), str(problem))


def _placed(value: Any, path: Keys, document: Document) -> Any:
    """The same with absolute paths."""
    if isinstance(value, Mapping):
        return {key: _placed(each, (*path, key), document) for key, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, (*path, index), document) for index, each in enumerate(value)]
    return _absolute(value, path, document)


def _shown(value: Any, path: Keys, document: Document) -> Any:
    """As `_placed`, with environment variables as the file has them."""
    if isinstance(value, Mapping):
        return {key: _shown(each, (*path, key), document) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, (*path, index), document) for index, each in enumerate(value)]
    if path not in document.written:
        placed = _absolute(value, path, document)
        return placed.replace("${", "$${") if isinstance(placed, str) else placed
    text, placed = document.written[path], _absolute(value, path, document)
    if placed == value:
        return text
    return placed[: -len(value)].replace("${", "$${") + text if placed.endswith(value) else text


def _absolute(value: Any, path: Keys, document: Document) -> Any:
    if not isinstance(value, str) or value == "-":
        return value
    # The command line's paths are relative to where one stands, the file's to the file.
    given = any(path[:end] in document.replaced for end in range(1, len(path) + 1))
    base = (Path() if given else document.folder).absolute()
    if path[-1] == "query" and not value.endswith(".sql"):
        return value
    if path[-1] == "connection" or "://" in value:
        scheme, mark, rest = value.partition(":///")
        local = scheme in {"duckdb", "sqlite"} and mark and rest and not rest.startswith((":", "/"))
        return f"{scheme}:///{base / rest}" if local else value
    return str(base / Path(value).expanduser())
