"""Row-wise features as the file asks for them: which file holds them, and every table with the columns they make.

They run before anything else looks at the table, so that profiles, types and checks see what the model will see.
Targets and weights stay out of their sight; those columns, and the ones that a split reads, are carried beside.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.config.document import Place
from crosstie.data.built import FEATURES
from crosstie.data.profile import look, looked_at
from crosstie.data.rowwise.function import use_features
from crosstie.data.rowwise.python import RowwisePython
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.data.rowwise.sql import RowwiseSql
from crosstie.data.rowwise.statement import read_statement
from crosstie.data.source import Source
from crosstie.data.table import Table
from crosstie.errors import CrosstieError, DataError, Problem
from crosstie.features.counts import Counts, count
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.tables import Tables

KEY = "features"
SHOWN = 8


@dataclass(frozen=True)
class Made:
    """Row-wise features, and what they leave alone.

    Attributes:
        rowwise: The features; None where there are none.
        path: Their file.
        reserved: Columns that are carried beside what they make, by what for: no inputs.
        private: Columns that they make of private ones.
        raw: Columns of the training table.
    """

    rowwise: Rowwise | None = None
    path: Path | None = None
    reserved: Mapping[str, str] = field(default_factory=dict)
    private: Sequence[str] = ()
    raw: Sequence[str] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What a person should know of them, in a line; none where there are none."""
        if self.rowwise is None:
            return ()
        made = [name for name in self.rowwise.columns if name not in self.rowwise.passed]
        some = ", ".join(made[:SHOWN]) + (
            f" and {len(made) - SHOWN} more" if len(made) > SHOWN else ""
        )
        passed = len(self.rowwise.passed)
        more = f"; {passed} columns are handed on as they are" if passed else ""
        return (f"{self.path}: makes {some or 'no new column'}{more}",)


def make_rowwise(
    top: Mapping[str, Any], seen: Mapping[str, Any], tables: Tables, findings: Findings
) -> Made:
    """Find the file, check it, and put what it makes in the place of the tables; what is wrong is noted."""
    path, place = _file(findings)
    if path is None or tables.train is None:
        return Made()
    before = len(findings.problems)
    made = _made(path, place, top, seen, tables, findings)
    if len(findings.problems) > before:
        tables.sources.clear()  # of columns that nobody knows nothing more is to be said
    return made


def _made(
    path: Path,
    place: Place,
    top: Mapping[str, Any],
    seen: Mapping[str, Any],
    tables: Tables,
    findings: Findings,
) -> Made:
    source = tables.train
    assert source is not None, "was asked"
    hidden = dict.fromkeys(
        _targets(top), "is what is predicted; a feature cannot see it, for a request has none"
    )
    if isinstance(top["weight"], str):
        hidden[top["weight"]] = "holds the row weights, which a request has not; leave it out"
    columns = [name for name in source.columns if name not in hidden]
    try:
        rowwise = _read(path, columns, hidden, source, top["private"])
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(problem.where or place, problem.what)
        return Made()
    left = [name for name in columns if name not in rowwise.inputs]
    if rowwise.function is not None and left:
        names = ", ".join(map(repr, left))
        findings.warnings.append(f"{path}: is not given {names}: lists and files are no cells of its frame")  # fmt: skip
    beside = _beside(hidden, seen, rowwise, source, path, findings)
    for part, each in list(tables.sources.items()):
        try:
            tables.sources[part], counts = derived(rowwise, each, beside)
        except CrosstieError as error:
            for problem in error.problems:
                findings.wrong(problem.where or place, f"{problem.what} ({part} data)")
            continue
        findings.warnings += _notes(counts, each.name, top["private"])
    secret = {*top["private"]}
    private = [name for name in rowwise.columns if secret & {*rowwise.sources(name)}]
    others = {name: why for name, why in beside.items() if name not in hidden}
    return Made(rowwise, path, others, private, source.columns)


def derived(
    rowwise: Rowwise, source: Source, beside: Mapping[str, str]
) -> tuple[Source, dict[str, Counts]]:
    """A source with the columns that are made of its rows, and what was odd about the cells that were worked with.

    Args:
        rowwise: What makes them.
        source: The table.
        beside: Its columns that are carried along.

    Raises:
        DataError: A row cannot be worked out, or a column is absent.
    """
    carried = [name for name in source.columns if name in beside]
    absent = [name for name in rowwise.reads if name not in source.columns]
    if absent:
        names = ", ".join(map(repr, absent))
        raise DataError(Problem(source.name, f"lacks {names}, which {rowwise.file} reads"))
    counts: dict[str, Counts] = {}

    made = [name for name in rowwise.columns if name not in carried]

    def of(table: Table) -> Table:
        found, _ = rowwise.of(table, strict=True)
        own = {name: name for name in carried}
        return table.derived([*made, *carried], own, found.select(made))

    for table in source.chunks(columns=rowwise.reads or source.columns[:1]):
        _, read = rowwise.of(table, strict=True)
        for name, column in read.items():
            more = count(column, 0, Counts(len(column)))
            counts[name] = counts[name] + more if name in counts else more
    whole = hashlib.sha256(f"{source.fingerprint} {rowwise.fingerprint}".encode()).hexdigest()
    return source.made([*made, *carried], of, fingerprint=whole), counts


def _file(findings: Findings) -> tuple[Path | None, Place]:
    """The file that the document names, or the one that lies beside it."""
    document = findings.document
    place = document.at(KEY)
    if KEY in document.value:
        given = document.value[KEY]
        if not isinstance(given, str):
            return None, place  # null switches them off; the grammar says what else is wrong
        base = Path() if (KEY,) in document.replaced else document.folder
        path = base / Path(given).expanduser()
        if path.suffix not in (".sql", ".py"):
            findings.wrong(place, f"names a .sql or a .py file with row-wise features, got {given!r}")  # fmt: skip
        elif not path.is_file():
            findings.wrong(place, f"there is no file {str(path)!r}; write null to go without")
        else:
            return path, place
        return None, place
    if not document.name:
        return None, place
    found = [document.folder / name for name in FEATURES if (document.folder / name).is_file()]
    if len(found) > 1:
        findings.wrong(place, f"both {found[0]} and {found[1]} are there; say which: `features: features.sql`, or null for none")  # fmt: skip
        return None, place
    return (found[0] if found else None), place


def _read(
    path: Path, columns: Sequence[str], hidden: Mapping[str, str], source: Source, private: Sequence[str]
) -> Rowwise:  # fmt: skip
    """The file's features, over the columns of a training table."""
    sample = looked_at(source)
    if path.suffix == ".py":
        function = use_features(path)
        inputs = _typed(columns, sample, source, private)
        return RowwisePython.tried(function, inputs, sample, missing=source.missing)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(Problem(str(path), f"is not UTF-8 text (byte {error.start}); save it as UTF-8")) from None  # fmt: skip
    statement = read_statement(text, columns, where=str(path), hidden=hidden)
    wanted = sorted({each for names in statement.reads.values() for each in names})
    inputs, problems = _typed(wanted, sample, source, private), []
    for name in wanted:
        if name not in inputs:
            line = min(statement.lines[each] for each, names in statement.reads.items() if name in names)  # fmt: skip
            problems.append(Problem(f"{path}:{line}", f"{name!r} holds lists or files, which can be handed on but not worked with"))  # fmt: skip
    if problems:
        raise DataError(problems)
    return RowwiseSql(statement, inputs, missing=source.missing, file=path.name, where=str(path))


def _typed(
    columns: Sequence[str], sample: Table, source: Source, private: Sequence[str]
) -> dict[str, RawColumn]:
    """Columns as they are worked with; lists and files are not."""
    found = {}
    for name in columns:
        seen = look(sample, name, total=source.rows, private=name in private)
        raw = RawColumn.of(seen, sample.distinct(name)[1])
        if raw is not None:
            found[name] = raw
    return found


def _beside(
    hidden: Mapping[str, str],
    seen: Mapping[str, Any],
    rowwise: Rowwise,
    source: Source,
    path: Path,
    findings: Findings,
) -> dict[str, str]:
    """Columns that go along with what is made, by what for; two of one name are noted."""
    split = seen.get("split") or {}
    named = split.get("column")
    placed = [named] if isinstance(named, str) else list(named or ())
    found = dict(hidden)
    for name in placed:
        found.setdefault(name, "says which part a row belongs to")
    for name in [*found]:
        if name not in rowwise.columns:
            continue
        if rowwise.sources(name) == (name,) and name not in hidden:
            if name in rowwise.passed:
                del found[name]  # it is handed on: an input as any other
            continue  # a function gives it back; what rows are split by is the table's own
        why = "is there already" if name in hidden else "is what rows are split by"
        findings.wrong(str(path), f"makes a column {name!r}, which {why}; call it otherwise")
    return {name: why for name, why in found.items() if name in source.columns}


def _targets(top: Mapping[str, Any]) -> list[str]:
    """Columns that are to be predicted, as far as the file says it rightly."""
    given = top["target"]
    found = [given] if isinstance(given, str) else list(given or ())
    for each in top["output_features"] or ():
        name = each.get("column") or each.get("name") if isinstance(each, Mapping) else each
        if isinstance(name, str):
            found.append(name)
    return found


def _notes(counts: Mapping[str, Counts], table: str, private: Sequence[str]) -> list[str]:
    found = []
    for name, each in counts.items():
        shown = ", ".join(map(repr, each.unparsed_examples)) if name not in private else "(private)"
        if each.unparsed:
            found.append(
                f"{table}: column {name!r}: {each.unparsed} cells could not be read for row-wise features and count as "
                f"missing, for example {shown}"
            )
    return found
