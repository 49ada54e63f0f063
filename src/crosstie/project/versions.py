"""The table that production was trained on, beside the candidate's: what moved between them, and which rows did.

Where only code moved, the two are compared row by row: what an edit did is seen cell by cell. Where data moved, every row
may be another, and drift is what can be told.
"""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from crosstie.gates.row_diff import row_diff
from crosstie.gates.tables import Versions
from crosstie.project.build.workspace import Workspace
from crosstie.project.features import ROW, features_moved, write_features
from crosstie.project.fingerprint.fingerprint import Component, Fingerprint
from crosstie.project.keys import naming_columns, shared_columns
from crosstie.project.steps.duck import connect
from crosstie.project.steps.read import MODEL
from crosstie.project.store.store import Product, Record, Store
from crosstie.serving.model import Model

WORDS: dict[Component, str] = {"code": "code", "sql": "query", "params": "settings", "env": "libraries"}  # fmt: skip


@dataclass
class _Moved:
    """What moved between two tables: steps whose code did, and data."""

    code: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)


def versions(here: Workspace, run: str, product: Product, models: tuple[Model, Model]) -> Versions:
    """The training table of the model in production, and the candidate's, with what their row-wise features make of it.

    Args:
        here: The project, its model built.
        run: The run that is in production.
        product: Its run in the store.
        models: That of the run, and the candidate.
    """
    table = here.steps[MODEL].upstreams[0]
    built = here.state.get(table)
    after = None if built is None else here.store.record(table, built.key)
    before = _trained_on(here.store, run, product)
    if after is None:
        return Versions(table, why="it lies in a database, which keeps no earlier rows")
    if before is None:
        return Versions(table, why="the store does not know what production was trained on")
    features = features_moved(*models)
    if before.product.digest == after.product.digest and not features:
        return Versions(table, same=True)
    found = _Moved([*features])
    _compare(here.store, before, after, found)
    if found.data:
        return Versions(
            table, tuple(found.code), why=f"data moved: {', '.join(found.data)}; see drift"
        )
    if not here.store.has(before.product) or not here.store.has(after.product):
        return Versions(table, tuple(found.code), why="the store no longer has both")
    return _row_by_row(
        here, table, (before, after), models if features else None, tuple(found.code)
    )


def _trained_on(store: Store, run: str, product: Product) -> Record | None:
    """The record of the table that a model was trained on."""
    models = [
        each
        for each in store.records(MODEL)
        if each.cost.get("run") == run or each.product.digest == product.digest
    ]
    for name, digest in models[-1].fingerprint["inputs"].items() if models else ():
        found = _made(store, name, digest)
        if found is not None:
            return found
    return None


def _made(store: Store, name: str, digest: str) -> Record | None:
    """The last record of a step that gave this; None of what is no step: a file, a table of a database."""
    found = [] if "/" in name else [each for each in store.records(name) if each.product.digest == digest]  # fmt: skip
    return found[-1] if found else None


def _compare(store: Store, before: Record, after: Record, found: _Moved) -> None:
    """Note what moved between two records of a step, and of those behind it, as far as they gave different tables."""
    if before.product.digest == after.product.digest:
        return
    was, now = (Fingerprint.from_json(each.fingerprint) for each in (before, after))
    if now.code is None and now.sql is None:  # a file of data
        found.data += [each for each in now.inputs if each not in found.data]
        return
    moved = now.moved(was)
    own = [word for component, word in WORDS.items() if component in moved]
    if own or was.inputs.keys() != now.inputs.keys():
        found.code.append(f"{' and '.join(own) or 'inputs'} of {after.step}")
    for name in now.inputs.keys() & was.inputs.keys():
        if was.inputs[name] == now.inputs[name]:
            continue
        pair = _made(store, name, was.inputs[name]), _made(store, name, now.inputs[name])
        if pair[0] is not None and pair[1] is not None:
            _compare(store, pair[0], pair[1], found)
        elif name not in found.data:
            found.data.append(name)


def _row_by_row(
    here: Workspace,
    table: str,
    records: tuple[Record, Record],
    models: tuple[Model, Model] | None,
    moved: tuple[str, ...],
) -> Versions:
    """The two tables compared; where models are given, with the columns that each makes of its own."""
    same = records[0].product.digest == records[1].product.digest
    with TemporaryDirectory() as folder:
        paths = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        for record, path in zip(records, paths, strict=True):
            here.store.fetch(record.product, path)
        with connect() as connection:
            for name, path in zip(("before", "after"), paths, strict=True):
                connection.read_parquet(str(path)).create_view(name)
            key = naming_columns(
                connection, shared_columns(connection), here.model_file.key_columns
            )
        if not key and not same:
            return Versions(table, moved, why="no column names a row in both")
        if models is not None:
            for model, path in zip(models, paths, strict=True):
                write_features(model, path, key, path.with_stem(f"{path.stem}_features"))
            paths = paths[0].with_stem("before_features"), paths[1].with_stem("after_features")
            key = key or [ROW]
        return Versions(
            table, moved, key=tuple(key), diff=row_diff(str(paths[0]), str(paths[1]), key)
        )
