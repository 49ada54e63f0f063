"""The tables of a model: what `data:` says, opened, and how the filled file names them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.config.document import Document, Place
from crosstie.config.yaml import Keys
from crosstie.data.built import built_table, environment_name, is_step
from crosstie.data.postgres import without_password
from crosstie.data.profile import ColumnProfile, profile
from crosstie.data.read import Source, open_source
from crosstie.data.reader import Reading
from crosstie.datasets.load import load, named
from crosstie.errors import CrosstieError
from crosstie.pipeline.findings import Findings

PARTS = ("train", "validation", "test")
PASSWORD = "holds a password, which stands in the file; write ${NAME} in its place, and set the variable NAME"  # noqa: S105 - none


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
        spec = spec.get("path") if isinstance(spec, Mapping) else spec
        spec = spec[0] if isinstance(spec, list) and spec else spec
        if not isinstance(spec, str) or spec == "-":
            return ""
        path = Path(spec)
        stem = path.name.split(".")[0]
        return path.parent.name if stem in {"train", "training", "data", "*"} else stem


class Opened:
    """Tables that are opened and looked at once, however many plans there are of them."""

    def __init__(self) -> None:
        self._tables: Tables | None = None
        self._looks: dict[str, ColumnProfile] | None = None

    def tables(self, data: Any, given: Mapping[str, Any], findings: Findings) -> Tables:
        """As `read_tables`; a copy of what it gave before."""
        if self._tables is None:
            before = len(findings.problems)
            found = read_tables(data, given, findings)
            if len(findings.problems) > before:
                return found  # which the next plan is to be told, too
            self._tables = found
        kept = self._tables
        return Tables(dict(kept.sources), dict(kept.specs), kept.written)

    def looks(self, table: Source | None, private: Collection[str]) -> dict[str, ColumnProfile]:
        """What each column of the first table looks like, as row-wise features leave it."""
        if table is None:
            return {}
        if self._looks is None:
            self._looks = profile(table, private=private)
        return self._looks


def read_tables(data: Any, given: Mapping[str, Any], findings: Findings) -> Tables:
    """Open every table.

    Args:
        data: The section of the file.
        given: Tables by part that go before the file's: opened ones, or anything that `open_source` takes.
            Their paths are relative to where one stands.
        findings: Gets what is wrong.
    """
    tables = Tables()
    reference = ""
    if "train" not in given:
        data = _built(data, findings)
    if named(data):
        data, reference = _dataset(data, findings)
    parts = _parts(data, findings)
    shown: dict[str, Any] = {}
    options = _options(data)
    if "train" in given:
        _check_options(data, findings)
    for part in PARTS:
        if part in given:
            table = given[part]
            if options and isinstance(table, str | Path | list):
                names = list(map(str, table)) if isinstance(table, list) else str(table)
                table = {"path": names, **options}
            _take(tables, part, table, findings, shown)
        elif part in parts:
            spec, path = parts[part]
            tables.specs[part] = _placed(spec, path, findings.document)
            if _tells_password(spec, path, findings.document):
                findings.wrong(findings.document.at(*path, "connection"), PASSWORD)
                continue
            shown[part] = _shown(spec, path, findings.document)
            folder = _folder(path, findings.document)
            _open(tables, part, spec, folder, findings.document.at(*path), findings)
    if "train" not in parts and "train" not in given and not findings.document.value.get("data"):
        findings.wrong(findings.document.at(), "no table to learn from. Write `data: FILE`")
    if "train" in shown:
        tables.written = shown if len(shown) > 1 else shown["train"]
        if reference and not given:
            tables.written = reference
    return tables


def _built(data: Any, findings: Findings) -> Any:
    """A table's file where `data:` names the table of a project's step, as the last build made it."""
    folder = _folder(("data",), findings.document)
    if not isinstance(data, str) or not data.isidentifier() or (folder / data).exists():
        return data
    table = built_table(folder, environment_name(), data)
    if table.is_file():
        return str(table.relative_to(folder))
    if is_step(folder, data):
        findings.wrong(
            findings.document.at("data"),
            f"{data!r} is the table of a step, and is not built; crosstie build makes it, then the model",
        )
        return None
    return data


def _dataset(name: str, findings: Findings) -> tuple[Any, str]:
    """The tables of a dataset that `data:` names, and its reference; nothing if there is none, which is noted."""
    try:
        found = load(name)
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(findings.document.at("data"), str(problem))
        return None, ""
    return found.tables(), found.reference


def _tells_password(spec: Any, path: Keys, document: Document) -> bool:
    """Whether the file itself holds a password, in place of `${NAME}`."""
    address = spec.get("connection") if isinstance(spec, Mapping) else None
    if not isinstance(address, str) or (*path, "connection") in document.written:
        return False
    return bool(document.name) and without_password(address) != address


def _parts(data: Any, findings: Findings) -> dict[str, tuple[Any, Keys]]:
    """(what the file says, where) by part."""
    document = findings.document
    if data is None or _options(data):
        return {}
    if not isinstance(data, Mapping) or not set(PARTS) & set(data):
        return {"train": (data, ("data",))}
    for key in data:
        findings.known(key, PARTS, document.at("data", key), "no part of the data is called")
    if "train" not in data:
        findings.wrong(document.at("data"), "needs 'train': the table to learn from")
    return {part: (data[part], ("data", part)) for part in PARTS if part in data}


def _options(data: Any) -> Mapping[str, Any]:
    """What `--set data.header=false` says of a table whose path stands elsewhere."""
    options = vars(Reading())
    return data if isinstance(data, Mapping) and data and set(data) <= set(options) else {}


def _check_options(data: Any, findings: Findings) -> None:
    """Note what is said of a table whose path stands elsewhere and that nothing reads."""
    if not isinstance(data, Mapping) or {*PARTS, *PLACES} & set(data) or _is_columns(data):
        return
    for key in data:
        place = findings.document.at("data", key)
        findings.known(key, list(vars(Reading())), place, "no option of reading is called")


def _take(tables: Tables, part: str, given: Any, findings: Findings, shown: dict[str, Any]) -> None:
    """A table from Python or the command line; the filled file names it if it is a path or a query."""
    if isinstance(given, Source):
        tables.sources[part] = given
        return
    given = str(given) if isinstance(given, Path) else given
    query = (
        isinstance(given, Mapping)
        and bool({"connection", "path"} & set(given))
        and not _is_columns(given)
    )
    paths = (
        isinstance(given, list)
        and bool(given)
        and all(isinstance(each, str | Path) for each in given)
    )
    if isinstance(given, str) or query or paths:
        here = Document({})
        given = [str(each) for each in given] if paths else given
        tables.specs[part] = _placed(given, ("data",), here)
        shown[part] = _shown(given, ("data",), here)
    _open(tables, part, given, Path(), part if part != "train" else "data", findings)


def _is_columns(given: Mapping[str, Any]) -> bool:
    """Whether a dict is a table itself: a list in every place."""
    return all(not isinstance(each, str | Path | bool) for each in given.values())


def _open(
    tables: Tables, part: str, spec: Any, folder: Path, place: Place | str, findings: Findings
) -> None:
    try:
        tables.sources[part] = open_source(spec, base=folder)
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(place, str(problem))


PLACES = ("path", "connection", "query")  # what of a table's section names a place


def _placed(value: Any, path: Keys, document: Document) -> Any:
    """The same with absolute paths."""
    if isinstance(value, Mapping):
        return {
            key: _placed(each, (*path, key), document) if key in PLACES else each
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_placed(each, (*path, index), document) for index, each in enumerate(value)]
    return _absolute(value, path, document)


def _shown(value: Any, path: Keys, document: Document) -> Any:
    """As `_placed`, with environment variables as the file has them."""
    if isinstance(value, Mapping):
        return {key: _shown(each, (*path, key), document) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, (*path, index), document) for index, each in enumerate(value)]
    if not _is_place(path):
        return document.written.get(
            path, value.replace("${", "$${") if isinstance(value, str) else value
        )
    if path not in document.written:
        placed = _absolute(value, path, document)
        if path[-1] == "connection" and isinstance(placed, str):
            placed = without_password(placed)  # of one given from Python; a file's are refused
        return placed.replace("${", "$${") if isinstance(placed, str) else placed
    text, placed = document.written[path], _absolute(value, path, document)
    if placed == value:
        return text
    return placed[: -len(value)].replace("${", "$${") + text if placed.endswith(value) else text


def _is_place(path: Keys) -> bool:
    """Whether what stands at `path` of `data:` names a place: a path, or a part of a list of them."""
    names = [key for key in path if isinstance(key, str) and key not in ("data", *PARTS)]
    return not names or names[-1] in PLACES


def _absolute(value: Any, path: Keys, document: Document) -> Any:
    if not isinstance(value, str) or value == "-":
        return value
    base = _folder(path, document).absolute()
    if path[-1] == "query" and not value.endswith(".sql"):
        return value
    if path[-1] == "connection" or "://" in value:
        scheme, mark, rest = value.partition(":///")
        local = scheme in {"duckdb", "sqlite"} and mark and rest and not rest.startswith((":", "/"))
        return f"{scheme}:///{base / rest}" if local else value
    return str(base / Path(value).expanduser())


def _folder(path: Keys, document: Document) -> Path:
    """What a path is relative to: the file, or where one stands if the command line has set it."""
    given = any(path[:end] in document.replaced for end in range(1, len(path) + 1))
    return Path() if given else document.folder
